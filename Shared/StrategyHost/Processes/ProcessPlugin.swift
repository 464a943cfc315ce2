// A plugin that runs in a process of its own: a Python file, a program with a `plugin.json`, or a native
// library that the platform does not want in its own process.
//
// Everything that can be wrong with the file is found here, before a strategy is made: the plugin is started
// once, says hello with its metadata, and is ended.

import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

package final class ProcessPlugin: StrategyPlugin {
    package let path: String
    package let kind: PluginKind
    package let metadata: PluginMetadata
    package let limits: ProcessLimits
    /// What starts it, inside `plugin-host`.
    package let command: ChildCommand
    package var isIsolated: Bool { true }

    /// Starts the plugin once and asks what it is.
    ///
    /// - Parameter path: a shared library, a `.py` file, or a `plugin.json`.
    package init(
        path: String, limits: ProcessLimits = ProcessLimits(), runtime: PluginRuntime = .shared
    ) throws(PluginError) {
        guard access(path, R_OK) == 0 else {
            throw PluginError(code: .fileNotFound, sentence: "\(path): there is no such file to be read")
        }
        self.limits = limits
        let full = realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
        let program = try runtime.program(for: full ?? path)
        (self.path, kind) = (program.file, program.kind)
        command = try runtime.sandboxed(program, limits: limits)
        metadata = try Self.greet(command, path: path, limits: limits)
    }

    /// A plugin whose metadata are known, for tests that play its part.
    package init(path: String, kind: PluginKind, metadata: PluginMetadata, command: ChildCommand) {
        (self.path, self.kind, self.metadata, self.command) = (path, kind, metadata, command)
        limits = ProcessLimits()
    }

    package func makeInstance(waits: Bool) -> any StrategyInstance {
        ProcessInstance(self, waits: waits, limits: limits)
    }

    /// A new process of it.
    func start() -> Result<PluginChannel, ChannelError> { PluginChannel.start(command) }

    /// The answer to hello.
    private static func greet(
        _ command: ChildCommand, path: String, limits: ProcessLimits
    ) throws(PluginError) -> PluginMetadata {
        func failed(_ code: PluginError.Code, _ why: String) -> PluginError {
            PluginError(code: code, sentence: "\(path): \(why)")
        }
        let channel: PluginChannel
        switch PluginChannel.start(command) {
        case .success(let started): channel = started
        case .failure(let error): throw failed(.cannotStart, "\(error)")
        }
        defer { channel.end() }
        var writer = JSONWriter()
        writer.hello(batch: limits.batch)
        writer.withBytes { channel.send($0) }
        var conversation = Conversation(channel)
        guard let line = conversation.firstLine(milliseconds: limits.startMilliseconds) else {
            let end = channel.ending ?? "it said nothing within \(limits.startMilliseconds) ms"
            throw failed(.protocolViolation, "\(end)\(conversation.printedText)")
        }
        var actions: [PluginAction] = []
        let outcome = line.withUnsafeBytes { bytes -> Result<PluginLine, JSONError> in
            do throws(JSONError) {
                return .success(try PluginLine.read(bytes, slot: { _ in nil }, into: &actions))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(.failed(let code, let reason)):
            throw PluginError(code: PluginError.Code(rawValue: code) ?? .protocolViolation, sentence: reason)
        case .success(.hello(let hello)):
            let version = hello.version
            guard version == pluginProtocolVersion else {
                throw failed(
                    .wrongVersion,
                    "it speaks version \(version) of the plugin protocol, version \(pluginProtocolVersion) "
                        + "is wanted")
            }
            do throws(MetadataError) { return try PluginMetadata(json: hello.metadata) } catch {
                throw error.error(in: path)
            }
        case .success: throw failed(.protocolViolation, "it said something else before hello")
        case .failure(let error):
            let beginning = String(decoding: line.prefix(80), as: UTF8.self)
            throw failed(.protocolViolation, "its hello is not of the protocol, \(error): \(beginning)")
        }
    }
}

/// The first line that somebody says, and what was printed before.
struct Conversation {
    private let channel: PluginChannel
    private var printed: [UInt8] = []

    init(_ channel: PluginChannel) { self.channel = channel }

    /// The end of what was printed, to stand behind a sentence.
    var printedText: String {
        let text = String(decoding: printed.suffix(2_000), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).suffix(ProcessLimits.tailLines)
        return lines.isEmpty ? "" : "; it printed last: " + lines.joined(separator: " | ")
    }

    /// Waits for a line, at most so long; nil at the end of the process too.
    mutating func firstLine(milliseconds: Int) -> [UInt8]? {
        var lines = LineBuffer(limit: ProcessLimits.lineBytes)
        var found: [UInt8]?
        let deadline = MonotonicTime.microseconds() + milliseconds * 1_000
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while found == nil, MonotonicTime.microseconds() < deadline {
            channel.wait(milliseconds: 100)
            let (answers, prints) = (channel.answers, channel.prints)
            if prints >= 0,
                case .bytes(let count) = chunk.withUnsafeMutableBytes({
                    channel.read(prints, into: $0)
                })
            {
                printed.append(contentsOf: chunk[..<count])
                if printed.count > 16_384 { printed.removeFirst(8_192) }
            }
            switch chunk.withUnsafeMutableBytes({ channel.read(answers, into: $0) }) {
            case .nothing: continue
            case .end:
                channel.reap(waits: true)
                drainPrints(&chunk)
                return nil
            case .bytes(let count):
                let isWhole = chunk.withUnsafeBytes { bytes in
                    lines.take(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { line in
                        if found == nil { found = Array(line) }
                    }
                }
                guard isWhole else { return nil }
            }
        }
        return found
    }

    private mutating func drainPrints(_ chunk: inout [UInt8]) {
        let prints = channel.prints
        guard prints >= 0 else { return }
        while case .bytes(let count) = chunk.withUnsafeMutableBytes({ channel.read(prints, into: $0) }) {
            printed.append(contentsOf: chunk[..<count])
            if printed.count > 16_384 { printed.removeFirst(8_192) }
        }
    }
}

// The other end of a plugin's pipes, played by a test: what the host asks is read, what a plugin would answer
// is written, line by line.

import Contracts
import Foundation

@testable import StrategyHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

final class PluginPeer {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    let instance: ProcessInstance
    let strategy: HostedStrategy

    /// A strategy on symbols 3 and 5 whose plugin takes `batch` events at a time and has said hello, unless
    /// `greets` is false: then it was asked for it.
    init(
        batch: Int, snapshots: Bool = false, greets: Bool = true, limits: ProcessLimits = ProcessLimits()
    ) throws {
        var pair: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let stream = SOCK_STREAM
        #else
            let stream = Int32(SOCK_STREAM.rawValue)
        #endif
        guard socketpair(AF_UNIX, stream, 0, &pair) == 0 else { throw POSIXError(.EMFILE) }
        descriptor = pair[1]
        let plugin = ProcessPlugin(
            path: "peer", kind: .executable,
            metadata: try PluginMetadata(json: #"{"id":"peer","version":"1"}"#),
            command: ChildCommand(executable: "/nowhere", arguments: [], environment: []))
        instance = ProcessInstance(
            plugin, waits: false, limits: limits,
            channel: PluginChannel(answers: pair[0], input: dup(pair[0])))
        strategy = try HostedStrategy(
            id: "s1", instance: instance, symbols: [SymbolIndex(3), SymbolIndex(5)], names: ["A", "B"],
            parameters: ParameterValues(), cash: Money(whole: 1_000))
        guard greets else { return }
        _ = question()
        say(
            #"{"type":"hello","protocol":1,"batch":\#(batch),"snapshots":\#(snapshots),"#
                + #""metadata":{"id":"peer","version":"1"}}"#)
        instance.receive()
        let first = question()
        say(#"{"type":"done","id":\#(first?["id"]?.asUnsigned ?? 0)}"#)
        try take()
        instance.batchSize.next = batch
    }

    deinit { close(descriptor) }

    /// What was asked last; nil when nothing was.
    func question() -> JSONValue? {
        while !bytes.contains(0x0a) {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
        guard let end = bytes.firstIndex(of: 0x0a) else { return nil }
        let line = Array(bytes[..<end])
        bytes.removeSubrange(...end)
        return try? JSONValue(parsing: line)
    }

    func say(_ line: String) { say(Array(line.utf8)) }

    func say(_ line: [UInt8]) {
        let whole = line + [0x0a]
        _ = whole.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Answers the question that was read with these actions.
    func answer(_ question: JSONValue?, handled: Int? = nil, actions: String = "") {
        let id = question?["id"]?.asUnsigned ?? 0
        let count = handled.map { ",\"handled\":\($0)" } ?? ""
        say(#"{"type":"done","id":\#(id)\#(count)\#(actions.isEmpty ? "" : ",\"actions\":[\(actions)]")}"#)
    }

    /// The host takes what was said.
    func take() throws {
        instance.receive()
        try strategy.proceed()
    }
}

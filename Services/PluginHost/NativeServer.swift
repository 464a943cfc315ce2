// Speaks the plugin protocol for a native plugin: questions in, calls of the C interface, answers out.
//
// One question at a time, in order. What the plugin prints goes to standard error; standard output is the
// protocol's and hidden from it.

import CSandbox
import CStrategyABI
import Contracts
import StrategyHost

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A question that the plugin cannot answer: the process ends with it.
private struct Unanswerable: Error {
    var code: String
    var reason: String
}

struct NativeServer: ~Copyable {
    private let output: Int32
    private var writer = JSONWriter(capacity: 64 << 10)
    private let plugin: NativePlugin
    private var strategy: HostedStrategy?
    private var names: [String] = []
    private var commands: [Command] = []
    private let reader = QuestionReader()

    /// Loads the library and answers until the input ends. Returns the exit code.
    static func run(_ library: String) -> Int32 {
        let output = dup(1)
        dup2(2, 1)
        sandbox_print_lines()
        do throws(PluginError) {
            var server = NativeServer(output: output, plugin: try NativePlugin(path: library))
            return server.serve()
        } catch {
            fail(output, code: error.code.rawValue, reason: error.sentence)
            return 1
        }
    }

    private init(output: Int32, plugin: NativePlugin) {
        self.output = output
        self.plugin = plugin
    }

    private mutating func serve() -> Int32 {
        var input = InputLines(descriptor: 0)
        while let line = input.next() {
            do {
                let isLast = try answer(line)
                send()
                if isLast { return 0 }
            } catch let failure as Unanswerable {
                Self.fail(output, code: failure.code, reason: failure.reason)
                return 1
            } catch {
                Self.fail(output, code: "failed", reason: strategy?.noted ?? "\(error)")
                return 1
            }
        }
        return 0
    }

    /// Handles one question and writes its answer; true for the last one.
    private mutating func answer(_ line: UnsafeRawBufferPointer) throws -> Bool {
        let question = try reader.read(line)
        if let number = question.lastCommand { try strategyMade().count(from: number) }
        switch question.type {
        case "hello":
            writer.beginObject()
            writer.field("type", word: "hello")
            writer.field("protocol", pluginProtocolVersion)
            writer.field("batch", question.batch)
            if plugin.givesSnapshots { writer.field("snapshots", true) }
            // As the plugin wrote it, but on one line.
            writer.key("metadata")
            try JSONValue(parsing: plugin.metadataJSON).write(into: &writer)
            writer.endObject()
            writer.append(0x0a as UInt8)
            return false
        case "initialize":
            try make(question, from: nil)
            try done(question)
        case "restore":
            try make(question, from: StandingReader.snapshot(question))
            try strategyMade().setCold(cold(question))
            try done(question)
        case "snapshot":
            try done(question, state: strategyMade().instanceState())
        case "events":
            let handled = try handleEvents(question)
            try done(question, handled: handled)
        case "report":
            try strategyMade().setCold(cold(question))
            try strategyMade().take(question.report(names))
            try done(question)
        case "timer":
            try strategyMade().setCold(cold(question))
            try strategyMade().fire(
                timer: question.timer, due: question.due.microseconds, seq: question.seq,
                now: question.sessionTime.microseconds)
            try done(question)
        case "cleanup":
            try strategyMade().cleanup()
            try done(question)
            return true
        default:
            throw Unanswerable(code: "protocol_violation", reason: "unknown question \(question.type)")
        }
        return false
    }

    private func cold(_ question: Question) -> [UInt32] {
        question.warmingUp.compactMap { name in names.firstIndex(of: name).map(UInt32.init) }
    }

    private func strategyMade() throws -> HostedStrategy {
        guard let strategy else {
            throw Unanswerable(code: "protocol_violation", reason: "asked before initialize")
        }
        return strategy
    }

    private mutating func make(_ question: Question, from snapshot: HostedSnapshot?) throws {
        let config = try JSONValue(parsing: question.config)
        names = try config.array("symbols").compactMap(\.asString)
        let texts = try config.object("parameters").map { "\($0.name)=\($0.value.asString ?? $0.value.text)" }
        let hosted = try HostedStrategy(
            id: try config.string("strategy"), instance: plugin.makeInstance(),
            symbols: names.indices.map { SymbolIndex(Int32($0)) }, names: names,
            parameters: ParameterValues(texts, for: plugin.metadata.parameters),
            cash: Money(units: question.cash), notesTimers: true, from: snapshot
        ) { [output] level, text in Self.log(output, level, text) }
        strategy = hosted
    }

    /// Hands over events up to the first on which the strategy acts; returns how many.
    private mutating func handleEvents(_ question: Question) throws -> UInt64 {
        let strategy = try strategyMade()
        var handled: UInt64 = 0
        try reader.events(question.events, names: names) { event in
            switch event {
            case .instrument(let slot, let price, let size):
                strategy.setIncrements(slot: slot, price: price, size: size)
            case .data(let data, let now, let cold):
                strategy.setCold(cold)
                try strategy.deliver(data, now: now)
            }
            handled += 1
            return !strategy.hasCommands && strategy.setDelays?.isEmpty != false
        }
        return handled
    }

    private mutating func done(
        _ question: Question, handled: UInt64? = nil, state: [UInt8]? = nil
    ) throws {
        let strategy = try strategyMade()
        writer.beginObject()
        writer.field("type", word: "done")
        writer.field("id", question.id)
        if let handled { writer.field("handled", handled) }
        if let state { try write(state: state) }
        let delays = strategy.takeTimers()
        if strategy.hasCommands || !delays.isEmpty {
            commands.removeAll(keepingCapacity: true)
            strategy.takeCommands(into: &commands)
            writer.beginArray("actions")
            for command in commands { write(command) }
            for delay in delays {
                writer.beginObject()
                writer.field("action", word: "timer")
                writer.field("delay_us", delay)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        writer.append(0x0a as UInt8)
    }

    /// A state that no line can hold is none: the strategy is rebuilt from the session's start instead.
    private mutating func write(state: [UInt8]) throws {
        guard state.count <= ProcessLimits.stateBytes else {
            let text = "its state of \(state.count) bytes is too large, \(ProcessLimits.stateBytes) are taken"
            return Self.log(output, 2, text)
        }
        writer.field("state", base64(state))
    }

    private mutating func write(_ command: Command) {
        writer.beginObject()
        writer.field("action", command.action)
        switch command.action {
        case .submit:
            writer.field("symbol", names[Int(command.symbol.rawValue)])
            writer.field("side", command.side)
            writer.field("order_type", command.type)
            writer.field("time_in_force", command.timeInForce)
        case .replace, .cancel: writer.field("order", command.order)
        case .input: preconditionFailure("a plugin makes no input")
        }
        if command.action != .cancel {
            writer.field("quantity_e8", command.quantity.units)
            writer.field("price_e8", command.price.units)
            writer.field("stop_price_e8", command.stopPrice.units)
        }
        writer.endObject()
    }

    private mutating func send() {
        writer.withBytes { Self.write(output, $0) }
        writer.reset()
    }

    private static func fail(_ output: Int32, code: String, reason: String) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", word: "failed")
        writer.field("code", code)
        writer.field("reason", reason)
        writer.endObject()
        writer.append(0x0a as UInt8)
        writer.withBytes { write(output, $0) }
    }

    private static func log(_ output: Int32, _ level: UInt32, _ text: String) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", word: "log")
        writer.field("level", ["debug", "info", "warning", "error"][Int(min(level, 3))])
        writer.field("text", text)
        writer.endObject()
        writer.append(0x0a as UInt8)
        writer.withBytes { write(output, $0) }
    }

    private static func write(_ output: Int32, _ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            #if canImport(Darwin)
                let count = Darwin.write(output, rest.baseAddress, rest.count)
            #else
                let count = Glibc.write(output, rest.baseAddress, rest.count)
            #endif
            if count < 0, errno == EINTR { continue }
            // The host has gone: so does its plugin.
            guard count > 0 else { exit(0) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}

/// Lines of standard input, read with waiting. A line is valid until the next one.
private struct InputLines {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var start = 0
    private var end = 0
    private var briefLook = BriefLook()

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next line without its newline; nil at the end of the input.
    mutating func next() -> UnsafeRawBufferPointer? {
        var searched = start
        while true {
            let found = buffer.withUnsafeBytes { bytes in
                memchr(bytes.baseAddress! + searched, 0x0a, end - searched).map {
                    UnsafeRawPointer($0) - bytes.baseAddress!
                }
            }
            if let found {
                let line = start..<found
                start = found + 1
                // Valid until the buffer is written again, which the next call does.
                return buffer.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[line]) }
            }
            searched = end
            if start > 0 {
                buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
                (searched, end, start) = (end - start, end - start, 0)
            }
            if end == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
            let (offset, room) = (end, buffer.count - end)
            let count = buffer.withUnsafeMutableBytes {
                Self.take(descriptor, $0.baseAddress! + offset, room, &briefLook)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            end += count
        }
    }

    /// Reads with waiting; from a socket it looks for a moment first.
    private static func take(
        _ descriptor: Int32, _ place: UnsafeMutableRawPointer, _ room: Int, _ briefLook: inout BriefLook
    ) -> Int {
        var count = -1
        let isThere = briefLook.find {
            count = recv(descriptor, place, room, Int32(MSG_DONTWAIT))
            return count >= 0
        }
        return isThere ? count : read(descriptor, place, room)
    }
}

// One running instance of a strategy in a process of its own, as far as pipes and lines go: questions are
// sent, answers are looked for, and nothing waits. `HostedStrategy` decides what is asked when.
//
// Guarantees: at most one question is open. A line that is not of the protocol, an answer that nobody asked
// for, silence beyond the deadline, and the end of the process each make `failure`, once; after that nothing
// of the plugin is read any more. Time counts only as `look` is told it.

import CStrategyABI
import Contracts

package final class ProcessInstance: StrategyInstance {
    /// What is asked and not answered.
    package enum Question: Equatable {
        case hello
        case initialize
        /// So many events.
        case events(Int)
        case report
        case timer
        case cleanup
    }

    package let plugin: ProcessPlugin
    /// Whether calls wait for their answers, as in a backtest.
    package let waits: Bool
    package private(set) var question: Question?
    /// Why it cannot go on; nil while it can.
    package private(set) var failure: String?
    /// Events in one message that both sides take.
    package private(set) var batch = 1
    /// What the last answer asked for.
    package private(set) var actions: [PluginAction] = []
    package private(set) var channel: PluginChannel?
    /// Told once when the pipes are about to be closed.
    package var onEnd: (() -> Void)?

    private let limits: ProcessLimits
    private unowned var host: HostedStrategy?
    private var slots: [String: UInt32] = [:]
    private var configuration: [UInt8] = []
    private var lastID: UInt64 = 0
    private var answer: Int?
    private var waited = 0
    private var output = LineBuffer(limit: ProcessLimits.lineBytes)
    private var printed = LineBuffer(limit: ProcessLimits.logLineBytes, cuts: true)
    private var tail: [String] = []
    private var logged = 0
    private var writer = JSONWriter(capacity: 4 << 10)

    /// - Parameter channel: nil starts the plugin's own process.
    package init(
        _ plugin: ProcessPlugin, waits: Bool, limits: ProcessLimits = ProcessLimits(),
        channel: PluginChannel? = nil
    ) {
        self.plugin = plugin
        self.waits = waits
        self.limits = limits
        self.channel = channel
    }

    package var barIntervals: [UInt32] { plugin.metadata.barIntervals }

    // MARK: Questions

    package func create(in host: HostedStrategy) -> Int32 {
        self.host = host
        for (slot, name) in host.symbolNames.enumerated() { slots[name] = UInt32(slot) }
        var writer = JSONWriter()
        host.writeConfiguration(into: &writer)
        configuration = writer.array
        if channel == nil {
            switch plugin.start() {
            case .success(let started): channel = started
            case .failure(let error):
                host.noteFailure("\(error)")
                return 1
            }
        }
        self.writer.hello(batch: limits.batch)
        ask(.hello)
        return 0
    }

    func sendEvents(_ events: some Collection<[UInt8]>) {
        writer.beginMessage("events", id: lastID + 1)
        writer.beginArray("events")
        for event in events { event.withUnsafeBytes { writer.value(raw: $0) } }
        writer.endArray()
        writer.endMessage()
        lastID += 1
        ask(.events(events.count))
    }

    func sendTimer(
        _ timer: UInt64, due: Int64, seq: UInt64, now: Int64, cold: [UInt32], names: SymbolNames
    ) {
        lastID += 1
        writer.timer(id: lastID, timer: timer, due: due, seq: seq, now: now)
        writer.warmingUp(cold, names: names)
        writer.endMessage()
        ask(.timer)
    }

    func sendReport(
        _ report: Report, cold: [UInt32], names: SymbolNames, name: (SymbolIndex) -> String
    ) {
        lastID += 1
        writer.report(id: lastID, strategy: host?.id ?? "", report, name: name)
        writer.warmingUp(cold, names: names)
        writer.endMessage()
        ask(.report)
    }

    private func sendInitialize() {
        lastID += 1
        writer.beginMessage("initialize", id: lastID)
        configuration.withUnsafeBytes { writer.field("config", raw: $0) }
        writer.amount("cash", "cash_e8", host?.cash.units ?? 0)
        writer.endMessage()
        ask(.initialize)
    }

    /// Asks for an orderly end.
    func sendCleanup() {
        lastID += 1
        writer.beginMessage("cleanup", id: lastID)
        writer.endMessage()
        ask(.cleanup)
    }

    private func ask(_ question: Question) {
        precondition(self.question == nil, "one question is open at a time")
        self.question = question
        answer = nil
        waited = 0
        actions.removeAll(keepingCapacity: true)
        writer.withBytes { channel?.send($0) }
        writer.reset()
    }

    // MARK: Answers

    /// The answer to the open question: how many events it handled, of a batch; nil when there is none yet.
    func takeAnswer() -> (question: Question, handled: Int)? {
        guard failure == nil, let question, let answer else { return nil }
        self.question = nil
        self.answer = nil
        return (question, answer)
    }

    /// Takes what the plugin has said and printed. Call when a pipe is readable, or to see.
    package func receive() {
        guard failure == nil, let channel else { return }
        withUnsafeTemporaryAllocation(byteCount: ProcessLimits.bytesPerTurn, alignment: 16) { buffer in
            receivePrints(channel, buffer)
            switch channel.read(channel.answers, into: buffer) {
            case .nothing: return
            case .end: ended()
            case .bytes(let count):
                let isWhole = output.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { take($0) }
                if !isWhole { fail("it wrote a line of more than \(ProcessLimits.lineBytes) bytes") }
            }
        }
    }

    private func receivePrints(_ channel: PluginChannel, _ buffer: UnsafeMutableRawBufferPointer) {
        guard channel.prints >= 0, case .bytes(let count) = channel.read(channel.prints, into: buffer) else {
            return
        }
        _ = printed.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { line in
            keep(String(decoding: line, as: UTF8.self), level: UInt32(TR_LOG_INFO))
        }
    }

    private func take(_ line: UnsafeRawBufferPointer) {
        guard failure == nil, !line.isEmpty else { return }
        let slots = slots
        do throws(JSONError) {
            switch try PluginLine.read(line, slot: { slots[$0] }, into: &actions) {
            case .log(let level, let text): keep(text, level: level)
            case .failed(_, let reason): fail(reason, isItsOwn: true)
            case .hello(let version, let batch, let metadata): greeted(version, batch, metadata)
            case .done(let id, let handled): done(id, handled)
            }
        } catch {
            let beginning = String(decoding: line.prefix(80), as: UTF8.self)
            fail("it wrote a line that is not of the protocol, \(error): \(beginning)")
        }
    }

    private func greeted(_ version: UInt64, _ batch: UInt64, _ metadata: String) {
        guard question == .hello else { return fail("it said hello twice") }
        guard version == pluginProtocolVersion else {
            return fail("it speaks version \(version) of the protocol, not \(pluginProtocolVersion)")
        }
        guard batch >= 1, batch <= UInt64(limits.batch) else {
            return fail("it wants \(batch) events at a time; 1 to \(limits.batch) are offered")
        }
        self.batch = Int(batch)
        question = nil
        sendInitialize()
    }

    private func done(_ id: UInt64, _ handled: UInt64?) {
        guard let question, question != .hello, answer == nil, id == lastID else {
            return fail("it answered message \(id), which was not asked or is answered")
        }
        guard case .events(let count) = question else {
            guard handled == nil else { return fail("it counts events in an answer to something else") }
            answer = 0
            return
        }
        let number = handled ?? UInt64(count)
        guard number >= 1, number <= UInt64(count) else {
            return fail("it says that it handled \(number) of \(count) events")
        }
        answer = Int(number)
    }

    private func ended() {
        guard let channel else { return }
        channel.reap(waits: true)
        fail(channel.ending ?? "it closed its output")
    }

    // MARK: Time and end

    /// So much time has passed while this process ran.
    package func look(milliseconds: Int) {
        guard question != nil, failure == nil else { return }
        channel?.flush()
        waited += milliseconds
        let isStarting = question == .hello || question == .initialize
        let limit = isStarting ? limits.startMilliseconds : limits.answerMilliseconds
        guard waited > limit else { return }
        // What it has said meanwhile counts.
        receive()
        guard answer == nil, question != nil, failure == nil else { return }
        fail("it gave no answer within \(limit) ms of running time")
    }

    /// Waits for something of the plugin, and lets the time count.
    func wait() {
        guard let channel else { return }
        let before = MonotonicMilliseconds.now()
        channel.wait(milliseconds: 250)
        receive()
        // A machine that slept meanwhile does not make the plugin late.
        look(milliseconds: min(500, MonotonicMilliseconds.now() - before))
    }

    private func fail(_ reason: String, isItsOwn: Bool = false) {
        guard failure == nil else { return }
        // What it printed before is often the reason.
        if let channel {
            withUnsafeTemporaryAllocation(byteCount: ProcessLimits.bytesPerTurn, alignment: 16) {
                receivePrints(channel, $0)
            }
        }
        let last = tail.isEmpty || isItsOwn ? "" : "; it printed last: " + tail.joined(separator: " | ")
        failure = reason + last
        actions.removeAll()
        endProcess()
    }

    private func endProcess() {
        onEnd?()
        onEnd = nil
        channel?.end()
    }

    private func keep(_ line: String, level: UInt32) {
        var line = line
        if line.utf8.count > ProcessLimits.logLineBytes {
            line = String(decoding: line.utf8.prefix(ProcessLimits.logLineBytes), as: UTF8.self) + "…"
        }
        tail.append(line)
        if tail.count > ProcessLimits.tailLines { tail.removeFirst() }
        logged += 1
        if logged <= ProcessLimits.logLines { host?.log(level: level, line) }
        if logged == ProcessLimits.logLines {
            host?.log(level: UInt32(TR_LOG_WARNING), "it prints too much: further lines are not logged")
        }
    }

    package func destroy() { endProcess() }

    // MARK: Calls of the C interface, which are questions here

    package func initialize() -> Int32 { 0 }
    package func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32 { isAsked() }
    package func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 { isAsked() }
    package func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 { isAsked() }
    package func onTimer(_ timer: UInt64, due: Int64) -> Int32 { isAsked() }
    package func cleanup() -> Int32 { isAsked() }
    package func snapshot() -> [UInt8]? { nil }
    package func restore(_ state: [UInt8]) -> Int32 { 1 }

    private func isAsked() -> Int32 { preconditionFailure("a process is asked, not called") }
}

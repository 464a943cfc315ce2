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
        case restore
        case snapshot
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
    /// Events in the next message.
    var batchSize = BatchSize()
    private var askedAt = 0
    /// What the last answer asked for.
    package private(set) var actions: [PluginAction] = []
    /// Whether its hello says that it has snapshots.
    package private(set) var givesSnapshots = false
    /// The answer to the last question for a snapshot; nil when it has none now.
    package private(set) var snapshotState: [UInt8]?
    package private(set) var channel: PluginChannel?
    /// Told once when the pipes are about to be closed.
    package var onEnd: (() -> Void)?

    private let limits: ProcessLimits
    private unowned var host: HostedStrategy?
    private var slots: [String: UInt32] = [:]
    private var configuration: [UInt8] = []
    /// The state that it begins from, in the place of `initialize`.
    private var restored: [UInt8]?
    /// Whether it has answered `initialize` or `restore`.
    private var isMade = false
    private var lastID: UInt64 = 0
    /// What the plugin is told with the next question: it counts its commands on from here.
    private var countFrom: UInt64?
    private var answer: Int?
    /// Microseconds of running time for which the open question waits.
    private(set) var waited = 0
    /// Bytes that it has said and printed since it was asked.
    private var said = 0
    private var isFailing = false
    private var output = LineBuffer(limit: ProcessLimits.lineBytes)
    private var printed = LineBuffer(limit: ProcessLimits.logLineBytes, cuts: true)
    private var tail: [String] = []
    private var logged = 0
    private var loggedNow = 0
    private var writer = JSONWriter(capacity: 4 << 10)
    private var briefLook = BriefLook()

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

    /// Begins from a state that a process of the same plugin gave; call before `create`.
    func begin(from state: [UInt8]) { restored = state }

    /// Whether it was made and no question is open.
    var isReady: Bool { isMade && question == nil && failure == nil }

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

    /// Commands up to this number were not the plugin's: an input from outside, or those of another version.
    func count(from command: UInt64) { countFrom = command }

    private func writeCount() {
        guard let countFrom else { return }
        writer.field("last_command", countFrom)
        self.countFrom = nil
    }

    /// Asks about those of the events that the strategy is told.
    func sendEvents(_ events: ArraySlice<HeldEvent>) {
        lastID += 1
        writer.beginMessage("events", id: lastID)
        writeCount()
        writer.beginArray("events")
        var count = 0
        for event in events where !event.json.isEmpty {
            event.json.withUnsafeBytes { writer.value(raw: $0) }
            count += 1
        }
        writer.endArray()
        writer.endMessage()
        ask(.events(count))
    }

    func sendTimer(
        _ timer: UInt64, due: Int64, seq: UInt64, now: Int64, cold: [UInt32], names: SymbolNames
    ) {
        lastID += 1
        writer.timer(id: lastID, timer: timer, due: due, seq: seq, now: now)
        writeCount()
        writer.warmingUp(cold, names: names)
        writer.endMessage()
        ask(.timer)
    }

    func sendReport(
        _ report: Report, cold: [UInt32], names: SymbolNames, name: (SymbolIndex) -> String
    ) {
        lastID += 1
        writer.report(id: lastID, strategy: host?.id ?? "", report, name: name)
        writeCount()
        writer.warmingUp(cold, names: names)
        writer.endMessage()
        ask(.report)
    }

    private func sendInitialize() {
        lastID += 1
        writer.beginMessage(restored == nil ? "initialize" : "restore", id: lastID)
        configuration.withUnsafeBytes { writer.field("config", raw: $0) }
        writer.amount("cash", "cash_e8", host?.cash.units ?? 0)
        if let restored, let host {
            writer.standing(host.hostedState, names: host.symbolNames, cold: host.coldSlots)
            writer.field("state", base64(restored))
        }
        writer.endMessage()
        ask(restored == nil ? .initialize : .restore)
    }

    /// Asks for the state.
    func sendSnapshot() {
        lastID += 1
        writer.beginMessage("snapshot", id: lastID)
        writer.endMessage()
        ask(.snapshot)
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
        (waited, said, loggedNow) = (0, 0, 0)
        askedAt = MonotonicTime.microseconds()
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
        if question == .initialize || question == .restore { isMade = true }
        return (question, answer)
    }

    /// Takes what the plugin has said and printed. Call when a pipe is readable, or to see.
    package func receive() { receive(prints: true, answers: true) }

    private func receive(prints: Bool, answers: Bool) {
        guard failure == nil, let channel else { return }
        withUnsafeTemporaryAllocation(byteCount: ProcessLimits.bytesPerTurn, alignment: 16) { buffer in
            if prints { receivePrints(channel, buffer) }
            guard answers, failure == nil else { return }
            switch channel.read(channel.answers, into: buffer) {
            case .nothing: return
            case .end: ended()
            case .bytes(let count):
                guard !isFlooding(count) else { return }
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
        _ = isFlooding(count)
    }

    /// Counts what it says; stops it when that is more than anybody reads.
    private func isFlooding(_ count: Int) -> Bool {
        said += count
        guard said > ProcessLimits.saidBytes, !isFailing else { return isFailing }
        fail("it said and printed more than \(ProcessLimits.saidBytes) bytes over one question")
        return true
    }

    private func take(_ line: UnsafeRawBufferPointer) {
        guard failure == nil, !line.isEmpty else { return }
        let slots = slots
        do throws(JSONError) {
            switch try PluginLine.read(line, slot: { slots[$0] }, into: &actions) {
            case .log(let level, let text): keep(text, level: level)
            case .failed(_, let reason): fail(reason, isItsOwn: true)
            case .hello(let hello): greeted(hello)
            case .done(let id, let handled, let state): done(id, handled, state)
            }
        } catch {
            let beginning = String(decoding: line.prefix(80), as: UTF8.self)
            fail("it wrote a line that is not of the protocol, \(error): \(beginning)")
        }
    }

    private func greeted(_ hello: PluginHello) {
        guard question == .hello else { return fail("it said hello twice") }
        guard hello.version == pluginProtocolVersion else {
            return fail("it speaks version \(hello.version) of the protocol, not \(pluginProtocolVersion)")
        }
        guard hello.batch >= 1, hello.batch <= UInt64(limits.batch) else {
            return fail("it wants \(hello.batch) events at a time; 1 to \(limits.batch) are offered")
        }
        guard restored == nil || hello.snapshots else {
            return fail("it gave a snapshot before, and its hello says now that it has none")
        }
        batch = Int(hello.batch)
        givesSnapshots = hello.snapshots
        question = nil
        sendInitialize()
    }

    private func done(_ id: UInt64, _ handled: UInt64?, _ state: [UInt8]?) {
        guard let question, question != .hello, answer == nil, id == lastID else {
            return fail("it answered message \(id), which was not asked or is answered")
        }
        guard state == nil || question == .snapshot else {
            return fail("it gives its state in an answer to something else")
        }
        if question == .snapshot || question == .restore || question == .cleanup, !actions.isEmpty {
            return fail("it acts in an answer to \(question), where no order is taken")
        }
        snapshotState = state
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
        batchSize.answered(
            events: Int(number), microseconds: MonotonicTime.microseconds() - askedAt,
            deadline: limits.answerMilliseconds * 1_000, largest: batch)
    }

    private func ended() {
        guard let channel else { return }
        channel.reap(waits: true)
        fail(channel.ending ?? "it closed its output")
    }

    // MARK: Time and end

    /// So much time has passed while this process ran.
    package func look(milliseconds: Int) { look(microseconds: milliseconds * 1_000) }

    private func look(microseconds: Int) {
        guard question != nil, failure == nil else { return }
        channel?.flush()
        waited += microseconds
        let isStarting = question == .hello || question == .initialize || question == .restore
        let limit = isStarting ? limits.startMilliseconds : limits.answerMilliseconds
        guard waited > limit * 1_000 else { return }
        // What it has said meanwhile counts.
        receive()
        guard answer == nil, question != nil, failure == nil else { return }
        fail("it gave no answer within \(limit) ms of running time")
    }

    /// Waits for something of the plugin, and lets the time count.
    func wait() {
        guard let channel else { return }
        // The struct's own copy: the closure changes this object.
        var brief = briefLook
        let answered = brief.find {
            receive(prints: false, answers: true)
            return answer != nil || question == nil || failure != nil
        }
        briefLook = brief
        if answered { return receive(prints: true, answers: false) }
        let before = MonotonicTime.microseconds()
        let readable = channel.wait(milliseconds: 50)
        receive(prints: readable.prints, answers: readable.answers)
        // A machine that slept meanwhile, or a process that was stopped, does not make the plugin late.
        look(microseconds: min(150_000, MonotonicTime.microseconds() - before))
    }

    private func fail(_ reason: String, isItsOwn: Bool = false) {
        guard !isFailing else { return }
        isFailing = true
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
        loggedNow += 1
        guard logged <= ProcessLimits.logLines, loggedNow <= ProcessLimits.logLinesPerQuestion else { return }
        host?.log(level: level, line)
        if logged == ProcessLimits.logLines || loggedNow == ProcessLimits.logLinesPerQuestion {
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

// The simulator's side of one session (DESIGN 7, "Between the processes") as a pure state machine: no socket,
// no journal, no clock. The order simulator journals what it returns before it answers anybody.
//
// Guarantees: the session goes through an event only when the strategy's progress covers everything before it
// and every command up to the one that the progress names is held. Attaching never moves it. After a restart
// it is rerun over its journalled commands until every journalled report, halt and mark has been made again,
// and then waits.

import Contracts

/// What became of a command that a runner sent.
package enum CommandVerdict: Equatable, Sendable {
    /// New: journal it.
    case taken
    /// Held already, and the same.
    case known
    /// Held already with other content, or new at a place that the session has passed: the strategy is not
    /// deterministic.
    case differs
    /// Held already, but so long ago that only the journal still knows its content.
    case old
    /// One before it is missing, or nobody has attached since the start: answer "attach".
    case attachFirst
}

package struct ServedSession: Sendable {
    /// Reports sent beyond what the runner has handled, at most, unless told otherwise; sessions that are
    /// served to one runner share it, each with the least of it at least.
    package static let reportWindow: UInt64 = 4_096
    static let leastReports: UInt64 = 16

    package internal(set) var driver: SessionDriver
    package let symbols: SymbolSet
    /// First market event of the session.
    package let start: UInt64
    /// The next event of the stream to look at.
    package private(set) var next: UInt64
    package private(set) var isAttached = false
    /// Highest fence seen.
    package internal(set) var fence: UInt64 = 0
    /// Whether the `end` of finite data was taken and handled by the strategy, and nothing was left to do
    /// then.
    package private(set) var isDone = false

    private let reportWindow: UInt64
    /// How far the strategy has come; nil until the attached runner has said it. Even the first event waits
    /// for that: a strategy may place orders before it.
    private var progress: Progress?
    private var handledReport: UInt64 = 0
    private var sentReport: UInt64 = 0
    private var ahead = LookAhead()
    private var tookEnd = false
    /// Digests of the commands held, but for those so old that only the journal knows them.
    private var commandDigests = NumberedValues()
    /// Reports that the journal holds and that a rerun must make again.
    private var owedReports: UInt64 = 0
    /// The same of halts and of marks: an input must not come in force before what the journal has made of a
    /// later event.
    private var owedHalts: UInt64 = 0
    private var owedMarks: UInt64 = 0
    /// Inputs from outside, in the order of their numbers.
    package internal(set) var inputs: [Command] = []
    /// The event after which the last command was decided.
    package internal(set) var lastCommandEvent: UInt64 = 0
    /// Whether an operator wants trading to be halted as soon as that can be.
    package var wantsHalt = false
    /// The furthest event that the strategy may ever have been promised.
    package private(set) var promised: UInt64 = 0
    /// What the strategy had handled before the last step; nil before the first. Every command made by then
    /// was held then.
    private var passed: (event: UInt64, report: UInt64)?

    package init(
        settings: SessionSettings, symbols: [SymbolIndex], start: UInt64,
        reportWindow: UInt64 = ServedSession.reportWindow
    ) {
        precondition(reportWindow > 0, "a runner is sent at least one report at a time")
        self.reportWindow = reportWindow
        driver = SessionDriver(settings: settings, symbols: symbols)
        self.symbols = SymbolSet(symbols)
        self.start = start
        next = start
    }

    // MARK: restart

    /// A command from the journal, in the order of the numbers.
    package mutating func restore(_ command: Command) { hold(command) }

    /// A halt from the journal, made after this event of the stream.
    package mutating func restoreHalt(after event: UInt64) {
        driver.planHalt(after: event)
        owedHalts += 1
    }

    /// The journal holds reports up to this number and this fence.
    package mutating func restore(reports: UInt64, fence: UInt64) {
        owedReports = max(owedReports, reports)
        self.fence = max(self.fence, fence)
    }

    /// The journal holds marks up to this number.
    package mutating func restore(marks: UInt64) { owedMarks = max(owedMarks, marks) }

    /// Lets go of the content of commands up to this one: it stands in the journal.
    package mutating func forget(commands number: UInt64) { commandDigests.forget(through: number) }

    /// Commands up to this one are held, and only the journal knows their content.
    package var forgotten: UInt64 { commandDigests.base }

    /// Whether journalled reports, halts or marks are still to be made again.
    package var isRerunning: Bool {
        driver.lastReport < owedReports || driver.halts < owedHalts || driver.lastMark < owedMarks
    }

    // MARK: runner

    /// Whether a message with this fence is accepted; false for one lower than seen.
    package func accepts(fence: UInt64) -> Bool { fence >= self.fence }

    /// A runner attached with this fence, whose strategy has handled reports up to `report`. Never moves the
    /// session: progress only says which reports to send.
    package mutating func attach(fence: UInt64, handledReport report: UInt64) {
        precondition(accepts(fence: fence), "a lower fence was refused before")
        self.fence = fence
        isAttached = true
        progress = nil
        handledReport = report
        sentReport = report
    }

    /// Numbers of the reports to send now: those not sent, no further than the window beyond what the
    /// runner has handled. Nil when there is none or nobody to send it to.
    ///
    /// - Parameter sharing: sessions that share the window with this one, itself included.
    package mutating func takeReportsToSend(sharing: Int = 1) -> ClosedRange<UInt64>? {
        let share = max(Self.leastReports, reportWindow / UInt64(max(1, sharing)))
        let last = min(driver.lastReport, handledReport + min(reportWindow, share))
        guard isAttached, !isRerunning, sentReport < last else { return nil }
        defer { sentReport = last }
        return sentReport + 1...last
    }

    /// Whether the runner was sent every report made.
    package var isSentThrough: Bool { sentReport == driver.lastReport }

    /// The runner went away: nothing moves until one attaches again.
    package mutating func detach() {
        isAttached = false
        progress = nil
    }

    package mutating func receive(_ command: Command) -> CommandVerdict {
        guard isAttached else { return .attachFirst }
        // Numbers begin at 1: another one is no command of a strategy that counts.
        guard command.number > 0 else { return .differs }
        if command.number <= commandDigests.base { return .old }
        if command.number <= driver.lastCommand {
            return commandDigests[command.number] == command.digest ? .known : .differs
        }
        guard command.number == driver.lastCommand + 1 else { return .attachFirst }
        // It would run at once, but in a rerun at its place.
        guard isAhead(command) else { return .differs }
        // A wish that is journalled is not made again under another number.
        if let input = command.input, inputs.contains(where: { $0.input?.id == input.id }) {
            return .differs
        }
        hold(command)
        return .taken
    }

    /// Whether no step was made since the position of a command.
    private func isAhead(_ command: Command) -> Bool {
        guard let passed else { return true }
        guard command.afterEvent >= passed.event, command.afterReport >= passed.report else { return false }
        return command.afterEvent > passed.event || command.afterReport > passed.report
    }

    private mutating func hold(_ command: Command) {
        isDone = false
        commandDigests.append(command.digest)
        if command.input != nil { inputs.append(command) }
        lastCommandEvent = command.afterEvent
        driver.enqueue(command)
    }

    /// Takes a progress report; false when commands are missing or nobody attached: answer "attach".
    package mutating func receive(_ progress: Progress) -> Bool {
        guard isAttached, progress.command <= driver.lastCommand else { return false }
        if self.progress.map(progress.isBeyond) ?? true { self.progress = progress }
        handledReport = max(handledReport, progress.report)
        return true
    }

    // MARK: time

    /// Goes on as far as the events in the window and the strategy's progress allow, and stops after a step
    /// that made reports: the caller journals and sends them, and calls again.
    ///
    /// - Returns: whether anything moved.
    package mutating func advance(_ window: borrowing EventWindow, into reports: inout [Report]) -> Bool {
        guard next >= window.first else { return false }
        var moved = false
        while isReady {
            if wantsHalt, mayHalt() {
                halt(into: &reports)
                return true
            }
            let before = (event: driver.handed, report: driver.lastReport)
            let step = oneStep(window, into: &reports)
            if case .idle = step {
                // Events of other symbols may have been passed, the last that were promised.
                if wantsHalt, mayHalt() {
                    halt(into: &reports)
                    return true
                }
                isDone = tookEnd && isCovered
                return moved
            }
            passed = before
            moved = true
            if !reports.isEmpty { return true }
        }
        return moved
    }

    /// The last event through which nothing is due if the strategy makes no further command, for a strategy
    /// that waits for each event; nil where that says nothing.
    package mutating func lookAhead(_ window: borrowing EventWindow) -> UInt64? {
        guard isAttached, !isRerunning, progress != nil, driver.isBusy, !wantsHalt, next >= window.first
        else { return nil }
        let event = ahead.through(driver, next: next, symbols: symbols, window)
        promised = max(promised, event)
        return event
    }

    /// Takes out the marks made by `advance` that lie before the execution with this number.
    package mutating func takeMarks(before strategySeq: UInt64 = .max) -> [EquityMark] {
        driver.takeMarks(before: strategySeq)
    }

    /// Whether it would take the next event if it were there.
    package var isReady: Bool { isRerunning || (isAttached && isCovered) }

    /// Whether somebody waits for what the next event of the stream brings: the strategy, with an order at
    /// work or a command unanswered, or a runner that has seen more than lies before `windowEnd`.
    package func isAwaited(beyond windowEnd: UInt64) -> Bool {
        guard let progress else { return true }
        return isRerunning || progress.event >= windowEnd || (driver.isBusy && isCovered)
    }

    // MARK: halt

    /// Whether a halt may act now: the strategy has handled the last event taken and all reports, was handed
    /// nothing later (and can have been promised nothing later), and no command of a later position is held.
    /// See the head of this file. Behind the end of the data there is nothing to halt.
    package mutating func mayHalt() -> Bool {
        guard isAttached, !isRerunning, !tookEnd, isCovered, progress?.event == driver.handed, next > promised
        else { return false }
        return lastCommandEvent <= driver.handed && driver.isAtRest()
    }

    /// Halts at once; see `mayHalt`. The caller journals it before the reports.
    mutating func halt(into reports: inout [Report]) {
        wantsHalt = false
        passed = (driver.handed, driver.lastReport)
        driver.halt(into: &reports)
    }

    private var isCovered: Bool { progress.map(driver.isCovered) ?? false }

    private mutating func oneStep(_ window: borrowing EventWindow, into reports: inout [Report])
        -> SessionStep
    {
        guard let seq = window.first(of: symbols, from: next) else {
            // The window may have begun again before where this session stands.
            next = max(next, window.next)
            return driver.stepWithoutEvent(into: &reports)
        }
        let event = window[seq]
        let step = driver.step(next: event, into: &reports)
        switch step {
        case .tookEvent, .tookClock:
            next = seq + 1
            tookEnd = tookEnd || event.kind == .end
        case .executed, .idle: next = seq
        }
        return step
    }
}

extension ServedSession {
    /// Whether nothing from outside has come to the session: no input and no halt. Its strategy can then be
    /// made from a snapshot of its own; that of another session is rebuilt from the session's beginning, so
    /// pruning leaves all of it (`PrunePlan`).
    package var isUntouched: Bool { inputs.isEmpty && driver.halts == 0 && owedHalts == 0 }

    /// What a restarted simulator goes on from; who is attached and what was sent is not part of it, nor what
    /// was promised or wanted: an attach takes back every promise, and nothing moves before it. Not while the
    /// session is rerunning, and only after everything that it has made was journalled.
    package func write(into state: inout StateWriter) {
        precondition(!isRerunning, "a session is stored when the journal was made again")
        state.put(next)
        state.put(fence)
        state.put(tookEnd)
        state.put(lastCommandEvent)
        state.put(each: passed.map { [$0] } ?? []) { passed, state in
            state.put(passed.event)
            state.put(passed.report)
        }
        driver.write(into: &state)
        state.put(each: inputs) { $0.write(into: &$1, symbols: []) }
    }

    /// A session as it was stored; `settings`, `symbols` and `start` are its terms.
    package init(
        settings: SessionSettings, symbols: [SymbolIndex], start: UInt64,
        reportWindow: UInt64 = ServedSession.reportWindow, from state: inout StateReader
    ) throws(StateError) {
        self.init(settings: settings, symbols: symbols, start: start, reportWindow: reportWindow)
        next = try state.take()
        fence = try state.take()
        tookEnd = try state.take()
        lastCommandEvent = try state.take()
        let places = try state.take { (state) throws(StateError) -> (event: UInt64, report: UInt64) in
            (try state.take(), try state.take())
        }
        guard places.count < 2 else { throw StateError() }
        passed = places.first
        driver = try SessionDriver(settings: settings, symbols: symbols, from: &state)
        inputs = try state.take { (state) throws(StateError) in try Command(from: &state, symbols: []) }
        commandDigests = NumberedValues(after: driver.lastCommand)
        owedReports = driver.lastReport
        owedHalts = driver.halts
    }
}

extension Command {
    /// A number that two commands share only when they are the same (but for one in 2^64).
    package var digest: UInt64 {
        var digest = Digest()
        for word in [number, order, afterEvent, afterReport] { digest.add(word) }
        digest.add(decided.microseconds)
        digest.add(Int64(symbol.rawValue))
        digest.add(
            UInt64(action.rawValue) | UInt64(side.rawValue) << 8 | UInt64(type.rawValue) << 16
                | UInt64(timeInForce.rawValue) << 24)
        for amount in [quantity.units, price.units, stopPrice.units] { digest.add(amount) }
        if let input { input.add(to: &digest) }
        return digest.value
    }
}

extension StrategyInput {
    fileprivate func add(to digest: inout Digest) {
        digest.add(id)
        digest.add(UInt64(kind.rawValue) | UInt64(beginning.rawValue) << 8)
        for word in [sinceEvent, sinceReport] { digest.add(word) }
        digest.add(version?.pluginID ?? "")
        for parameter in version?.parameters ?? [] {
            digest.add(parameter.name)
            digest.add(parameter.value)
        }
    }
}

/// Mixes whole numbers into one: the same in every process, unlike `Hasher`. Finds change, not malice.
package struct Digest: Sendable {
    package private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

    package init() {}

    package mutating func add(_ word: UInt64) {
        var mixed = (value ^ word) &* 0xbf58_476d_1ce4_e5b9
        mixed ^= mixed >> 27
        mixed = mixed &* 0x94d0_49bb_1331_11eb
        value = mixed ^ (mixed >> 31)
    }

    package mutating func add(_ word: Int64) { add(UInt64(bitPattern: word)) }

    package mutating func add(_ text: String) {
        for byte in text.utf8 { add(UInt64(byte)) }
        add(UInt64(text.utf8.count) | 1 << 63)
    }
}

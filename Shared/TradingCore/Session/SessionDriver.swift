// The loop of DESIGN 7, one step at a time: WHEN a session's commands run and its events apply.
// `SessionBook` decides WHAT then happens.
//
// Guarantees: the order of steps depends only on the market events in `seq` order and on the commands with
// their positions; never on when anything arrived. The backtester, the order simulator and its rerun after a
// crash call the same `step`. Between two steps the caller lets the strategy handle what the step made.
//
// Costs: a step without due commands is a comparison and `SessionBook.apply`; it does not allocate.

import Contracts

/// What one step did.
package enum SessionStep: Sendable {
    /// Nothing can happen before the next market event.
    case idle
    /// One command ran; its reports were appended. The strategy handles them before the next step.
    case executed
    /// The event was applied; its reports were appended. The strategy handles them, then the event.
    case tookEvent
    /// Time moved; strategies never see clock events.
    case tookClock
}

package struct SessionDriver: Sendable {
    /// Commands one strategy may make for one event and its reports; one more is rejected.
    package static let commandsPerEvent = 64

    package internal(set) var book: SessionBook
    /// Last event of the stream that was taken, clock events included.
    package private(set) var cursor: UInt64 = 0
    /// Last event handed to the strategy.
    package private(set) var handed: UInt64 = 0
    /// Largest market timestamp so far.
    package private(set) var time = Timestamp(microseconds: 0)
    /// Number of the last command that was given to `enqueue`.
    package private(set) var lastCommand: UInt64 = 0

    /// What the account was worth at the moments of `EquityClock`, in their order; whoever steps takes them
    /// out before its next step. Those of one step lie before its reports, but after the end of the data.
    package private(set) var marks: [EquityMark] = []

    /// The last mark made.
    package var lastMark: UInt64 { equityClock.number }
    /// Halts made since the session's start.
    package private(set) var halts: UInt64 = 0

    private let latency: Int64
    private var equityClock = EquityClock()
    /// Commands whose position is not reached yet, by number. Only a rerun has more than a handful.
    private var waiting = CommandQueue()
    /// Commands whose position is reached, by (active time, number).
    private var scheduled: [ScheduledCommand] = []
    /// Whether step 1 of the next event has begun.
    private var entered = false
    /// Where recorded halts are to be made again: the last event of the stream taken before each. Only a
    /// rerun has any.
    private var plannedHalts: [UInt64] = []
    private var countedEvent: UInt64 = 0
    private var commandsOfEvent = 0

    package init(settings: SessionSettings, symbols: [SymbolIndex]) {
        book = SessionBook(settings: settings, symbols: symbols)
        latency = settings.latencyMicroseconds
    }

    /// The last report made.
    package var lastReport: UInt64 { book.lastReport }

    /// Whether a command is still unanswered or an order works: then the strategy must wait for each event.
    package var isBusy: Bool { !scheduled.isEmpty || !waiting.isEmpty || book.hasWorkingOrders }

    /// Whether `progress` covers everything handed to the strategy so far, so that the next step may be made.
    @inlinable
    package func isCovered(by progress: Progress) -> Bool {
        progress.event >= handed && progress.report >= lastReport && lastCommand >= progress.command
    }

    /// Takes the next command. Its number must be the one after `lastCommand`.
    package mutating func enqueue(_ command: Command) {
        precondition(command.number == lastCommand + 1, "commands come in the order of their numbers")
        lastCommand = command.number
        waiting.append(command)
    }

    /// Makes one step: at most one command, or the next event of the session's symbols (a clock event too).
    ///
    /// Call it with the same event until it says `tookEvent` or `tookClock`; with nil when none is there yet.
    package mutating func step(next event: borrowing MarketEvent, into reports: inout [Report]) -> SessionStep
    {
        if isQuiet { return take(event, into: &reports) }
        return stepWithCommands(event, into: &reports)
    }

    /// As `step(next:into:)` when no event is there: runs what is due at the standing time.
    package mutating func stepWithoutEvent(into reports: inout [Report]) -> SessionStep {
        guard !entered else { return .idle }
        schedule()
        guard execute(through: time, into: &reports) else {
            return repeatHalt(into: &reports) ? .executed : .idle
        }
        // No later event will mark it.
        if equityClock.hasEnded { mark() }
        return .executed
    }

    /// Takes out the marks that lie before the execution with this number.
    package mutating func takeMarks(before strategySeq: UInt64 = .max) -> [EquityMark] {
        guard !marks.isEmpty else { return [] }
        let end = marks.firstIndex { $0.strategySeq >= strategySeq } ?? marks.endIndex
        defer { marks.removeSubrange(..<end) }
        return Array(marks[..<end])
    }

    /// Called when time reaches a moment that `EquityClock` waits for.
    @inline(never)
    private mutating func reach(_ now: Int64, by kind: MarketEvent.Kind?) {
        let due = equityClock.reach(now, from: time.microseconds, isHolding: book.isHolding, by: kind)
        if due { mark() }
    }

    private mutating func mark() {
        let moment = Timestamp(microseconds: max(time.microseconds, equityClock.moment))
        guard let mark = book.mark(number: equityClock.number + 1, at: moment) else { return }
        equityClock.number = mark.number
        marks.append(mark)
    }

    // MARK: halt

    /// Whether the session stands between two events with nothing due: where a halt may be made.
    package mutating func isAtRest() -> Bool {
        schedule()
        guard let first = scheduled.first else { return !entered }
        return !entered && first.active > time.microseconds
    }

    /// The kill switch. The caller decides the moment, which must be at rest, and records `cursor`.
    package mutating func halt(into reports: inout [Report]) {
        halts += 1
        book.halt(at: time, after: handed, into: &reports)
    }

    /// A recorded halt is to be made again after this event; in the order in which they were made.
    package mutating func planHalt(after event: UInt64) { plannedHalts.append(event) }

    private mutating func repeatHalt(into reports: inout [Report]) -> Bool {
        guard let planned = plannedHalts.first, planned <= cursor else { return false }
        plannedHalts.removeFirst()
        halt(into: &reports)
        return true
    }

    private var isQuiet: Bool { scheduled.isEmpty && waiting.isEmpty && plannedHalts.isEmpty }

    private mutating func stepWithCommands(_ event: borrowing MarketEvent, into reports: inout [Report])
        -> SessionStep
    {
        schedule()
        if !entered {
            if execute(through: time, into: &reports) || repeatHalt(into: &reports) { return .executed }
            entered = true
        }
        if execute(through: max(time, event.timestamp), into: &reports) { return .executed }
        return take(event, into: &reports)
    }

    /// Inlined down to the market's fields: on most events this is all there is to do.
    @inline(__always)
    private mutating func take(_ event: borrowing MarketEvent, into reports: inout [Report]) -> SessionStep {
        entered = false
        let now = max(time.microseconds, event.timestamp.microseconds)
        let kind = event.kind
        if now >= equityClock.due || kind == .end { reach(now, by: kind) }
        time = Timestamp(microseconds: now)
        cursor = event.seq
        guard event.kind != .clock else { return .tookClock }
        book.apply(event, at: time, after: handed, into: &reports)
        handed = event.seq
        return .tookEvent
    }

    /// Moves commands whose position is reached to the schedule, fixing what was true when they were decided.
    private mutating func schedule() {
        while let command = waiting.first, command.afterEvent <= handed, command.afterReport <= lastReport {
            waiting.removeFirst()
            if countedEvent != command.afterEvent {
                countedEvent = command.afterEvent
                commandsOfEvent = 0
            }
            // An input is not the strategy's doing.
            if command.input == nil { commandsOfEvent += 1 }
            let (active, overflow) = command.decided.microseconds.addingReportingOverflow(latency)
            let item = ScheduledCommand(
                active: overflow ? .max : active, command: command,
                reference: book.referencePrice(for: command),
                isSurplus: command.input == nil && commandsOfEvent > Self.commandsPerEvent)
            let place = scheduled.firstIndex { item.isBefore($0) } ?? scheduled.endIndex
            scheduled.insert(item, at: place)
        }
    }

    /// Runs the first command that is active at or before `limit`; false when there is none.
    private mutating func execute(through limit: Timestamp, into reports: inout [Report]) -> Bool {
        guard let first = scheduled.first, first.active <= limit.microseconds else { return false }
        scheduled.removeFirst()
        let active = Timestamp(microseconds: first.active)
        if first.active >= equityClock.due { reach(first.active, by: nil) }
        equityClock.ran(at: first.active)
        if first.isSurplus {
            let reason = Reason(
                code: "event_order_limit",
                sentence: "more than \(Self.commandsPerEvent) commands for one event and its reports")
            book.reject(first.command, reason: reason, at: active, after: handed, into: &reports)
        } else {
            book.execute(
                first.command, reference: first.reference, at: active, after: handed, into: &reports)
        }
        return true
    }
}

extension SessionDriver {
    /// Everything that decides what comes next; between two steps, with the marks taken out and every
    /// recorded halt made again.
    func write(into state: inout StateWriter) {
        precondition(marks.isEmpty, "marks are journalled before a session is stored")
        precondition(plannedHalts.isEmpty, "a session is stored when its halts were made again")
        book.write(into: &state)
        state.put(cursor)
        state.put(handed)
        state.put(time)
        state.put(lastCommand)
        state.put(halts)
        equityClock.write(into: &state)
        state.put(each: waiting.all) { $0.write(into: &$1, symbols: book.symbols) }
        state.put(each: scheduled) { $0.write(into: &$1, symbols: book.symbols) }
        state.put(entered)
        state.put(countedEvent)
        state.put(commandsOfEvent)
    }

    init(
        settings: SessionSettings, symbols: [SymbolIndex], from state: inout StateReader
    ) throws(StateError) {
        book = try SessionBook(settings: settings, symbols: symbols, from: &state)
        latency = settings.latencyMicroseconds
        cursor = try state.take()
        handed = try state.take()
        time = try state.take()
        lastCommand = try state.take()
        halts = try state.take()
        equityClock = try EquityClock(from: &state)
        let own = book.symbols
        let commands = try state.take { (reader) throws(StateError) in
            try Command(from: &reader, symbols: own)
        }
        for command in commands { waiting.append(command) }
        scheduled = try state.take { (reader) throws(StateError) in
            try ScheduledCommand(from: &reader, symbols: own)
        }
        entered = try state.take()
        countedEvent = try state.take()
        commandsOfEvent = try state.take()
    }
}

/// A command with what was true at its position.
private struct ScheduledCommand: Sendable {
    var active: Int64
    var command: Command
    var reference: Price
    var isSurplus: Bool

    func isBefore(_ other: ScheduledCommand) -> Bool {
        active != other.active ? active < other.active : command.number < other.command.number
    }

    func write(into state: inout StateWriter, symbols: [SymbolIndex]) {
        state.put(active)
        command.write(into: &state, symbols: symbols)
        state.put(reference)
        state.put(isSurplus)
    }

    init(active: Int64, command: Command, reference: Price, isSurplus: Bool) {
        self.active = active
        self.command = command
        self.reference = reference
        self.isSurplus = isSurplus
    }

    init(from state: inout StateReader, symbols: [SymbolIndex]) throws(StateError) {
        active = try state.take()
        command = try Command(from: &state, symbols: symbols)
        reference = try state.take()
        isSurplus = try state.take()
    }
}

/// First in, first out, without moving what stays; empty most of the time.
private struct CommandQueue: Sendable {
    private var items: [Command] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }
    var first: Command? { isEmpty ? nil : items[head] }
    var all: ArraySlice<Command> { items[head...] }

    mutating func append(_ command: Command) { items.append(command) }

    mutating func removeFirst() {
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
    }
}

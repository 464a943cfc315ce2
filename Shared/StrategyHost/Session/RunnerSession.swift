// The runner's side of one session (DESIGN 7, "Between the processes") as a pure state machine: no socket, no
// clock. Whoever owns the sockets feeds it messages and market events and sends what it gives back.
//
// Guarantees: a report is handed to the strategy after the event that it names and before the next, never on
// arrival. While a command is unanswered or an order works, the next event waits for "matched through".
// After a reset nothing that was promised before counts.

import Contracts
import TradingCore

/// Where a session stands towards the simulator.
package enum AttachState: Equatable, Sendable {
    /// Nothing was asked since the connection was made.
    case detached
    /// Asked with this id, not answered.
    case asked(UInt64)
    case attached
}

/// What the simulator answers to `attach`.
package struct AttachAnswer: Equatable, Sendable {
    /// The id of the request that it answers.
    package var id: UInt64
    /// First market event of the session.
    package var start: UInt64
    /// Last command that the simulator holds.
    package var command: UInt64
    /// Last report that the simulator has made.
    package var report: UInt64
    /// Last event that the simulator has matched.
    package var matched: UInt64

    package init(id: UInt64, start: UInt64, command: UInt64, report: UInt64, matched: UInt64) {
        self.id = id
        self.start = start
        self.command = command
        self.report = report
        self.matched = matched
    }
}

/// A report came too late: the strategy has gone on without it, so its session is not the recorded one.
package struct ReportOutOfPlace: Error, CustomStringConvertible {
    package let description: String

    init(strategy: String, report: Report, event: UInt64) {
        let place = "belongs after event \(report.after), but event \(event) was handled"
        description = "report \(report.number) of \(strategy) \(place)"
    }
}

package struct RunnerSession {
    package let strategy: HostedStrategy
    package let symbols: SymbolSet
    package let fence: UInt64
    package private(set) var state = AttachState.detached
    /// The next event of the stream to look at; nil until the first attach is answered.
    package private(set) var next: UInt64?
    /// What the last attach answer named: a rebuilt strategy has caught up when it has handled all of it.
    package private(set) var goal = Progress()
    /// Whether the `end` of finite data was handled.
    package private(set) var sawEnd = false

    /// Reports received and not handled yet, without a hole.
    private var reports = ReportQueue()
    private var matchedEvent: UInt64 = 0
    private var matchedReport: UInt64 = 0
    /// What the simulator has promised beyond what it has matched, see `promised`.
    private var promise = Progress()
    package private(set) var attachID: UInt64
    private var sentCommand: UInt64 = 0
    /// Nil: nothing was sent since the attach, and even "nothing handled" must be.
    private var sentProgress: Progress?
    /// Commands made and not known to be held by the simulator.
    private var unacknowledged: [Command] = []

    /// - Parameter attachID: of the last attach of the same owner, which went before this session.
    package init(strategy: HostedStrategy, symbols: [SymbolIndex], fence: UInt64, attachID: UInt64 = 0) {
        self.attachID = attachID
        self.strategy = strategy
        self.symbols = SymbolSet(symbols)
        self.fence = fence
    }

    /// Whether the strategy may go on from a snapshot: the simulator holds every command that it has made and
    /// has made every report that it has handled. Not so, it would stand where its session has never been.
    package func isCovered(by answer: AttachAnswer) -> Bool {
        strategy.lastCommand <= answer.command && strategy.lastReport <= answer.report
    }

    /// What the strategy has handled and made.
    package var progress: Progress {
        Progress(event: strategy.lastEvent, report: strategy.lastReport, command: strategy.lastCommand)
    }

    /// Whether it has handled everything that the last attach answer names: it was not rebuilt, or no longer
    /// is.
    package var isRebuilt: Bool {
        state == .attached && strategy.lastEvent >= goal.event && strategy.lastReport >= goal.report
            && strategy.lastCommand >= goal.command
    }

    /// The connection was reset or never made: ask anew. The caller sends `attach` with this id and
    /// `progress`.
    package mutating func beginAttach() -> UInt64 {
        attachID += 1
        state = .asked(attachID)
        // A promise made before the reset counts for what was handled, no further.
        matchedEvent = min(matchedEvent, strategy.lastEvent)
        promise = Progress()
        return attachID
    }

    /// The simulator answered. Ignored when it answers an older request.
    package mutating func attached(_ answer: AttachAnswer) {
        guard state == .asked(answer.id) else { return }
        state = .attached
        if next == nil { next = max(answer.start, strategy.lastEvent + 1) }
        goal = Progress(event: answer.matched, report: answer.report, command: answer.command)
        acknowledge(answer.command)
        sentCommand = min(answer.command, strategy.lastCommand)
        sentProgress = nil
    }

    /// A report arrived. False when one before it is missing: attach again.
    package mutating func received(_ report: Report) -> Bool {
        let expected = (reports.last?.number ?? strategy.lastReport) + 1
        if report.number < expected { return true }
        guard report.number == expected else { return false }
        reports.append(report)
        return true
    }

    /// "Matched through": no report is due before `event` beyond those up to `report`.
    package mutating func matched(event: UInt64, report: UInt64) {
        guard state == .attached else { return }
        matchedEvent = event
        matchedReport = report
    }

    /// No report is due before `event` beyond those up to `report`, if the strategy makes no command after
    /// `command`: one more withdraws the promise.
    package mutating func promised(event: UInt64, report: UInt64, command: UInt64) {
        guard state == .attached else { return }
        promise = Progress(event: event, report: report, command: command)
    }

    /// Hands the strategy everything that it may see now.
    ///
    /// - Returns: the number of events handed.
    /// - Throws: `StrategyFailure` when the strategy failed, `ReportOutOfPlace`; it must not be pumped again.
    package mutating func pump(_ window: EventWindow) throws -> Int {
        guard next != nil else { return 0 }
        var handed = 0
        while true {
            if strategy.process != nil {
                try strategy.proceed()
                if strategy.isPending { return handed }
            }
            if let report = reports.first, report.after <= strategy.lastEvent {
                guard report.after == strategy.lastEvent else {
                    throw ReportOutOfPlace(strategy: strategy.id, report: report, event: strategy.lastEvent)
                }
                reports.removeFirst()
                acknowledge(report.command)
                try strategy.handle(report)
                continue
            }
            let seq = strategy.takesMore ? skipForeign(window) : nil
            if seq == nil, let held = strategy.heldEvent {
                guard mayHand(held) else { return handed }
                try strategy.sendHeld()
                continue
            }
            guard let seq, mayHand(seq) else { return handed }
            let event = window[seq]
            next = seq + 1
            if event.kind == .clock {
                strategy.advanceClock(to: event.timestamp)
            } else {
                try strategy.handle(event)
                sawEnd = sawEnd || event.kind == .end
            }
            handed += 1
        }
    }

    /// Whether the strategy stands further than the simulator was told.
    package var hasUnsaidProgress: Bool {
        state == .attached && !strategy.isPending && progress != sentProgress
    }

    /// Commands that the simulator lacks, in order, then the progress if it has moved. Empty and nil when
    /// there is nothing to say or nobody to say it to.
    ///
    /// - Parameter isDue: false leaves out a progress that nobody waits for: that of a strategy without
    ///   orders, which has made no command and handled no report since the last.
    package mutating func takeOutgoing(isDue: Bool = true) -> (commands: [Command], progress: Progress?) {
        strategy.takeCommands(into: &unacknowledged)
        // Where a strategy stands is not known while its process has not answered.
        guard state == .attached, !strategy.isPending else { return ([], nil) }
        var fresh: [Command] = []
        if sentCommand < strategy.lastCommand {
            let known = sentCommand
            fresh = unacknowledged.filter { $0.number > known }
            sentCommand = strategy.lastCommand
        }
        let standing = progress
        guard standing != sentProgress, isDue || isUrgent(standing) else { return (fresh, nil) }
        sentProgress = standing
        return (fresh, standing)
    }

    private func isUrgent(_ standing: Progress) -> Bool {
        guard let sent = sentProgress else { return true }
        return strategy.isBusy || sawEnd || standing.report != sent.report || standing.command != sent.command
    }

    /// The next `takeOutgoing` says again where the strategy stands, though nothing has moved. A simulator
    /// that has forgotten the connection, which looks unbroken from here, then answers "attach".
    package mutating func repeatProgress() { sentProgress = nil }

    /// The simulator holds every command up to this one; they need not be sent again.
    private mutating func acknowledge(_ number: UInt64) {
        guard let first = unacknowledged.first, first.number <= number else { return }
        unacknowledged.removeAll { $0.number <= number }
    }

    /// The next event of this session that the window holds, moving over those of other symbols.
    private mutating func skipForeign(_ window: EventWindow) -> UInt64? {
        guard var seq = next, seq >= window.first else { return nil }
        while seq < window.next {
            if symbols.contains(window[seq]) {
                next = seq
                return seq
            }
            seq += 1
        }
        next = seq
        return nil
    }

    /// Whether the strategy would be handed the next event if it were there.
    package var isReady: Bool { next.map(mayHand) ?? false }

    private func mayHand(_ seq: UInt64) -> Bool {
        guard strategy.isBusy else { return true }
        let inHand = reports.last?.number ?? strategy.lastReport
        if matchedEvent >= seq, matchedReport <= inHand { return true }
        return promise.event >= seq && promise.report <= inHand && strategy.lastCommand <= promise.command
    }
}

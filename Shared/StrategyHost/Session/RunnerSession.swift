// The runner's side of one session (DESIGN 7, "Between the processes") as a pure state machine: no socket, no
// clock. Whoever owns the sockets feeds it messages and market events and sends what it gives back.
//
// Guarantees: a report is handed to the strategy after the event that it names and before the next, never on
// arrival. While a command is unanswered or an order works, the next event waits for "matched through".
// After a reset nothing that was promised before counts.
//
// Where an input from outside may be made (`inputFloor`): after an event beyond every event of which the
// simulator was told that it is handled. The simulator takes the event behind a progress at once, and makes
// no further step before progress covers that one too. So with f the last progress said and e > f where the
// strategy stands, it has taken e at most and made no step after it: what is made after e is not too late.
// Promises ("ahead") do not change that, because nothing is committed beyond the progress; a promise only
// lets the strategy be further than the simulator, which makes e larger. The input is a command that the
// promise did not count, so from there on `mayHand` waits for "matched" or a new promise. After an attach the
// floor is also what the simulator has taken, and where its last command was made: a runner before this one
// may have said more than this one knows.

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
    /// The event after which the last command was decided.
    package var commandEvent: UInt64
    /// Every input from outside that the simulator holds, in order.
    package var inputs: [Command]

    package init(
        id: UInt64, start: UInt64, command: UInt64, report: UInt64, matched: UInt64, commandEvent: UInt64 = 0,
        inputs: [Command] = []
    ) {
        self.commandEvent = commandEvent
        self.inputs = inputs
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
    /// The version that acts.
    package var strategy: HostedStrategy { versions.acting }
    package let symbols: SymbolSet
    package let fence: UInt64
    package private(set) var state = AttachState.detached
    /// The next event of the stream to look at; nil until the first attach is answered.
    package private(set) var next: UInt64?
    /// What the last attach answer named: a rebuilt strategy has caught up when it has handled all of it.
    package internal(set) var goal = Progress()
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

    private var versions: StrategyVersions
    private var wishes = InputWishes()
    /// While what was decided before is not made again.
    private var blind: BlindRebuild?
    /// Whether it begins blind: its strategy does not make the same decisions again.
    private let beginsBlind: Bool
    /// Inputs whose versions must be given with `provide` before the session begins.
    package private(set) var lacking: [Command] = []
    private var firstEvent: UInt64?
    /// An input is made only after an event beyond this one: the simulator cannot have gone on from there.
    var inputFloor: UInt64 = 0
    /// What the strategy had handled and made before what it is handling now.
    private var standing = Progress()

    /// - Parameters:
    ///   - attachID: of the last attach of the same owner, which went before this session.
    ///   - beginsBlind: whether what the journal holds is not to be decided again; `strategy` is then not
    ///     called.
    package init(
        strategy: HostedStrategy, symbols: [SymbolIndex], fence: UInt64, attachID: UInt64 = 0,
        beginsBlind: Bool = false
    ) {
        self.attachID = attachID
        self.beginsBlind = beginsBlind
        versions = StrategyVersions(strategy)
        self.symbols = SymbolSet(symbols)
        self.fence = fence
    }

    /// Whether the strategy may go on from a snapshot: the simulator holds every command that it has made and
    /// has made every report that it has handled. Not so, it would stand where its session has never been.
    /// And every input lies behind it and needs nothing before it.
    package func isCovered(by answer: AttachAnswer) -> Bool {
        strategy.lastCommand <= answer.command && strategy.lastReport <= answer.report
            && answer.inputs.allSatisfy { command in
                command.number > strategy.lastCommand && command.input?.needsBeginning != true
            }
    }

    /// Whether nothing from outside has come to the strategy and nothing is wanted of it. Only then snapshots
    /// of it are taken, see `ServedSession.isUntouched`.
    package var isUntouched: Bool {
        wishes.isUntouched && versions.isPlain && blind == nil && !beginsBlind && lacking.isEmpty
    }

    /// What the strategy has handled and made.
    package var progress: Progress {
        Progress(event: strategy.lastEvent, report: strategy.lastReport, command: strategy.lastCommand)
    }

    /// Whether it has handled everything that the last attach answer names: it was not rebuilt, or no longer
    /// is.
    package var isRebuilt: Bool {
        state == .attached && blind == nil && strategy.lastEvent >= goal.event
            && strategy.lastReport >= goal.report
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
        goal = Progress(event: answer.matched, report: answer.report, command: answer.command)
        inputFloor = max(inputFloor, answer.matched, answer.commandEvent)
        wishes.journalled(answer.inputs)
        if firstEvent == nil {
            firstEvent = max(answer.start, strategy.lastEvent + 1)
            begin(answer)
        }
        acknowledge(answer.command)
        // What a rebuild makes again is said again, to be compared.
        sentCommand = min(answer.command, sentCommand)
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
            if hasInputs, try !settle() { return handed }
            standing = progress
            if let report = reports.first, report.after <= strategy.lastEvent {
                guard report.after == strategy.lastEvent else {
                    throw ReportOutOfPlace(strategy: strategy.id, report: report, event: strategy.lastEvent)
                }
                reports.removeFirst()
                acknowledge(report.command)
                blind?.handled(report)
                if report.isOnInput { wishes.acknowledged(report.command) }
                if !versions.isPlain { versions.handing(report) }
                try strategy.handle(report)
                continue
            }
            var seq = takesMore ? skipForeign(window) : nil
            // An input that is due is applied before anything behind it is taken.
            if let found = seq, found > versions.boundary, strategy.heldEvent != nil { seq = nil }
            if seq == nil, let held = strategy.heldEvent {
                guard mayHand(held) else { return handed }
                try strategy.sendHeld()
                continue
            }
            guard let seq, mayHand(seq) else { return handed }
            let event = window[seq]
            next = seq + 1
            if !versions.isPlain { versions.handing(event) }
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
        isHeard && !strategy.isPending && progress != sentProgress
    }

    /// Whether the simulator listens, and the strategy stands somewhere. A blind rebuild says its progress
    /// too: more reports come only for those that were handled.
    private var isHeard: Bool { state == .attached && next != nil }

    /// Commands that the simulator lacks, in order, then the progress if it has moved. Empty and nil when
    /// there is nothing to say or nobody to say it to.
    ///
    /// - Parameter isDue: false leaves out a progress that nobody waits for: that of a strategy without
    ///   orders, which has made no command and handled no report since the last.
    package mutating func takeOutgoing(isDue: Bool = true) -> (commands: [Command], progress: Progress?) {
        versions.takeCommands(into: &unacknowledged)
        // Where a strategy stands is not known while its process has not answered, or before it has begun.
        guard isHeard, !strategy.isPending else { return ([], nil) }
        var fresh: [Command] = []
        if sentCommand < strategy.lastCommand {
            let known = sentCommand
            fresh = unacknowledged.filter { $0.number > known }
            sentCommand = strategy.lastCommand
        }
        let standing = progress
        guard standing != sentProgress, isDue || isUrgent(standing) else { return (fresh, nil) }
        sentProgress = standing
        inputFloor = max(inputFloor, standing.event)
        return (fresh, standing)
    }

    private func isUrgent(_ standing: Progress) -> Bool {
        guard let sent = sentProgress else { return true }
        return strategy.isBusy || sawEnd || standing.report != sent.report || standing.command != sent.command
    }

    /// The next `takeOutgoing` says again where the strategy stands, though nothing has moved. A simulator
    /// that has forgotten the connection, which looks unbroken from here, then answers "attach".
    package mutating func repeatProgress() { sentProgress = nil }

    /// The simulator holds every command up to this one; those that were sent need not be sent again.
    private mutating func acknowledge(_ number: UInt64) {
        let number = min(number, sentCommand)
        guard let first = unacknowledged.first, first.number <= number else { return }
        unacknowledged.removeAll { $0.number <= number }
    }

    /// The next event of this session that the window holds, moving over those of other symbols.
    private mutating func skipForeign(_ window: EventWindow) -> UInt64? {
        guard let seq = next, seq >= window.first, seq < window.next else { return nil }
        let found = window.first(of: symbols, from: seq)
        next = found ?? window.next
        return found
    }

    /// Whether the strategy would be handed the next event if it were there.
    package var isReady: Bool { next.map(mayHand) ?? false }

    private func mayHand(_ seq: UInt64) -> Bool {
        if let blind {
            // Every report up to the goal comes; none may be passed over.
            let inHand = reports.last?.number ?? strategy.lastReport
            return seq <= blind.event
                && (inHand >= blind.report || reports.first.map { $0.after >= seq } ?? false)
        }
        guard strategy.isBusy else { return true }
        let inHand = reports.last?.number ?? strategy.lastReport
        if matchedEvent >= seq, matchedReport <= inHand { return true }
        return promise.event >= seq && promise.report <= inHand && strategy.lastCommand <= promise.command
    }
}

// MARK: inputs from outside

extension RunnerSession {
    /// Somebody wants something of the strategy: it is made after an event that the simulator cannot have
    /// passed, once. What became of it comes from `takeOutcomes`.
    ///
    /// - Parameter version: the new version where the input changes it, made to watch.
    package mutating func want(_ input: StrategyInput, version: HostedStrategy? = nil) {
        wishes.add(input)
        guard let version, wishes.waiting.contains(where: { $0 === input }) else { return }
        versions.propose(version, for: input)
    }

    /// What became of wishes since the last call.
    package mutating func takeOutcomes() -> [(id: String, outcome: WishOutcome)] { wishes.takeOutcomes() }

    /// Whether something that is wanted was not made yet.
    package var hasWaitingWishes: Bool { !wishes.waiting.isEmpty }

    /// Whether a wish waits here, or is in the journal, or on its way there.
    package func knows(wish id: String) -> Bool { wishes.knows(id) }

    /// Gives the versions of `lacking`, in its order; then the session begins.
    package mutating func provide(_ made: [HostedStrategy]) {
        precondition(made.count == lacking.count, "every input that changes the version has one")
        for (command, version) in zip(lacking, made) { versions.prepare(version, for: command) }
        lacking = []
        next = firstEvent
    }

    /// The acting version failed. If another was there before it that can go on, it will; false else.
    package mutating func fallBack(_ sentence: String) -> Bool {
        guard versions.hasReserve, standingIsRebuilt else { return false }
        giveUp(.revert, sentence)
        return true
    }

    /// The acting version failed and does not begin again: the session goes on without it. False when the
    /// session has to be taken up blindly for that, because the strategy has not come to where it was.
    package mutating func stop(_ sentence: String) -> Bool {
        guard next != nil, standingIsRebuilt else { return false }
        giveUp(.stop, sentence)
        return true
    }

    /// Why the strategy was stopped, and the plugin and parameters that act since an input; as far as inputs
    /// say.
    package var stopReason: String { versions.stopReason }
    package var currentVersion: StrategyInput.Version? { versions.lastChange?.version }

    /// Time for processes that have not answered.
    package mutating func look(milliseconds: Int) { versions.look(milliseconds: milliseconds) }

    /// Ends the strategy in all its versions.
    package mutating func cleanup() { versions.cleanup() }

    private var standingIsRebuilt: Bool {
        state == .attached && blind == nil && standing.command >= goal.command
    }

    private mutating func giveUp(_ kind: StrategyInput.Kind, _ sentence: String) {
        let since = standing
        versions.fail(after: since.command)
        next = strategy.lastEvent + 1
        // A version that is taken back is named, so that its wish can be found.
        let change = kind == .revert ? versions.lastChange?.id : nil
        let id = "\(kind.wireName)-" + (change ?? "\(fence)-\(attachID)-\(since.command)")
        wishes.add(
            StrategyInput(
                id: id, kind: kind, reason: sentence, sinceEvent: since.event, sinceReport: since.report),
            first: true)
    }

    /// What the first attach answer says of how the session begins.
    private mutating func begin(_ answer: AttachAnswer) {
        var inputs = answer.inputs[...]
        versions.note(answer.inputs)
        if beginsBlind {
            inputs = []
            blind = BlindRebuild(event: answer.matched, report: answer.report, command: answer.command)
            vacate()
        } else if let origin = inputs.lastIndex(where: { $0.input?.isOrigin == true }) {
            inputs = inputs[origin...]
            let command = inputs[origin]
            blind = BlindRebuild(
                event: command.afterEvent, report: command.afterReport, command: command.number - 1)
            vacate()
        }
        versions.expect(Array(inputs))
        lacking = inputs.filter { $0.input?.changesVersion == true }
        if lacking.isEmpty { next = firstEvent }
    }

    /// What the strategy asked when it was made is not its session's.
    private mutating func vacate() {
        versions.vacate()
        unacknowledged.removeAll()
    }

    fileprivate var hasInputs: Bool { !versions.isPlain || !wishes.waiting.isEmpty || blind != nil }

    /// Whether another event may be taken before those held are handled. When something is wanted they are
    /// handled first.
    fileprivate var takesMore: Bool {
        strategy.takesMore && (wishes.waiting.isEmpty || strategy.heldEvent == nil)
    }

    /// Applies what is due where the strategy stands, and makes what is wanted if it may be made here. False
    /// when a version must answer first.
    fileprivate mutating func settle() throws -> Bool {
        if let reached = blind, reached.isReached(by: strategy) {
            strategy.assume(command: reached.command, unanswered: reached.unanswered)
            blind = nil
        }
        guard try versions.settle() else { return false }
        while let input = wishes.waiting.first, mayMake(input) {
            do {
                guard let command = try versions.make(placed(input)) else { return false }
                wishes.made(command)
            } catch let failure as StrategyFailure where input.changesVersion {
                versions.propose(nil, for: nil)
                wishes.settle(
                    input.id, input.beginning == .snapshot ? .needsReplay : .refused(failure.sentence))
            }
        }
        if sawEnd, strategy.lastEvent <= inputFloor { wishes.refuseOrdinary(InputWishes.tooLate) }
        return true
    }

    /// In a session that was taken up blindly nobody has acted since the last command before this input: the
    /// runner before this one may have let the simulator go on like this already, and no record says from
    /// where.
    private func placed(_ input: StrategyInput) -> StrategyInput {
        guard input.cutsOff, input.sinceEvent == .max || input.kind == .restart else { return input }
        return StrategyInput(id: input.id, kind: input.kind, reason: input.reason, version: input.version)
    }

    private func mayMake(_ input: StrategyInput) -> Bool {
        guard isRebuilt, versions.due.isEmpty, strategy.heldEvent == nil else { return false }
        return strategy.lastEvent > inputFloor || (input.cutsOff && isAtRestBehindEnd)
    }

    /// Behind the end of the data the simulator takes no step of its own: once every command is answered,
    /// what comes after the last report is not too late. A strategy that was taken up blindly must come to
    /// what it was taken up for, there too: only that input explains what it has let the simulator pass over.
    private var isAtRestBehindEnd: Bool {
        sawEnd && reports.last == nil && strategy.unansweredCommands == 0
    }
}

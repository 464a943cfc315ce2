// The strategy runner without its sockets: sessions of the strategies it has claimed, what they say to the
// simulator and what they hear.
//
// Guarantees: one message a poll, whatever happened in it. A strategy that fails is given up with its reason
// and harms no other. Nothing is handed to a strategy but what `RunnerSession` allows.

import Contracts
import TradingCore

/// One claimed strategy.
package struct RunningStrategy {
    package let terms: SessionTerms
    package var session: RunnerSession
    /// Why it does not run; nil while it does.
    package var failure: Reason?
    package var eventsHanded: UInt64 = 0
    /// What holds its session up, as the simulator says.
    package var standing: SessionStanding
    /// The kill switch was pressed and the simulator has not said that it acted.
    package var halts: [HaltWish] = []
    var hold = WindowHold()
    /// The key of the snapshot that the strategy was made from, until the simulator has confirmed it.
    var restoredKey: UInt64?
    /// What snapshots of it belong to; nil while the simulator has not answered.
    var snapshotKey: UInt64?
    /// Where the strategy stood at its last snapshot.
    var snapshotEvent: UInt64 = 0

    init(terms: SessionTerms, session: RunnerSession) {
        self.terms = terms
        self.session = session
        standing = SessionStanding(strategy: terms.strategyID)
    }

    package var id: String { terms.strategyID }

    /// Whether snapshots of it may be taken, see `RunnerSession.isUntouched`.
    var isUntouched: Bool {
        session.isUntouched && halts.isEmpty && standing == SessionStanding(strategy: terms.strategyID)
    }
}

package final class RunnerCore {
    /// Strategies that one runner takes; further ones are left to other runners.
    package static let maximumStrategies = 1_024

    package private(set) var strategies: [RunningStrategy] = []
    private var indexes: [String: Int] = [:]
    package private(set) var eventsHanded: UInt64 = 0
    package private(set) var roundTrips: UInt64 = 0
    /// Commands that were put into batches, those sent again included.
    package private(set) var commandsSaid: UInt64 = 0
    /// Told once when a strategy stops for good.
    package var onFailure: (_ strategy: String, Reason) -> Void
    /// Told when the simulator has seen a higher fence: the strategy is another runner's and was removed.
    package var onLost: (_ strategy: String, _ seen: UInt64) -> Void = { _, _ in }
    /// Told when the snapshot that a strategy was made from is beyond what its session has come to, or
    /// belongs to another one: it must be made anew from another, or from the start.
    package var onUnusableSnapshot: (_ strategy: String) -> Void = { _ in }
    /// The oldest market event that is kept; 0 while that is not known.
    package var marketDataFirst: UInt64 = 0
    /// Told when a session begins with inputs whose versions are to be given with `provide`.
    package var onLacking: (_ strategy: String, [Command]) -> Void = { _, _ in }
    /// Names this process among all that may ever claim a strategy.
    private let owner: String
    private var writer = JSONWriter(capacity: 64 << 10)
    private var waitingLines = 0
    private var snapshots: [StrategySnapshot] = []
    private let snapshotEvery: UInt64

    /// - Parameter snapshotEvery: market events between two snapshots of a strategy; 0: none are taken.
    package init(
        owner: String, snapshotEvery: UInt64 = 0,
        onFailure: @escaping (_ strategy: String, Reason) -> Void
    ) {
        self.owner = owner
        self.snapshotEvery = snapshotEvery
        self.onFailure = onFailure
    }

    /// Takes a strategy, in the place of an earlier claim of it; it attaches with the next `attachDetached`.
    ///
    /// - Parameters:
    ///   - beginsBlind: whether what the journal holds of it is not to be decided again.
    ///   - snapshot: what the strategy was made from, if it was.
    package func add(
        _ terms: SessionTerms, _ strategy: HostedStrategy, symbols: [SymbolIndex], fence: UInt64,
        beginsBlind: Bool = false, from snapshot: StrategySnapshot? = nil
    ) {
        // The simulator knows an owner's later attach by its id.
        let before = indexes[terms.strategyID].map { strategies[$0].session.attachID } ?? 0
        let session = RunnerSession(
            strategy: strategy, symbols: symbols, fence: fence, attachID: before, beginsBlind: beginsBlind)
        var running = RunningStrategy(terms: terms, session: session)
        running.restoredKey = snapshot?.key
        running.snapshotEvent = strategy.lastEvent
        if let index = indexes[terms.strategyID] {
            running.halts = strategies[index].halts
            strategies[index] = running
        } else {
            indexes[terms.strategyID] = strategies.count
            strategies.append(running)
        }
    }

    /// Gives a strategy up without a word: its lease is another's.
    package func remove(_ strategy: String) {
        guard let index = indexes.removeValue(forKey: strategy) else { return }
        strategies.remove(at: index)
        for later in index..<strategies.count { indexes[strategies[later].id] = later }
    }

    // MARK: connection

    /// The connection is new: whatever was under way is lost, so every strategy attaches again.
    package func connectionReset(_ symbols: SymbolTable) {
        writer.reset()
        waitingLines = 0
        for index in strategies.indices where strategies[index].failure == nil { attach(index, symbols) }
    }

    /// Attaches what is not attached: new strategies, and those whose answer has not come.
    package func attachDetached(_ symbols: SymbolTable) {
        for index in strategies.indices {
            guard strategies[index].failure == nil, strategies[index].session.state != .attached else {
                continue
            }
            attach(index, symbols)
        }
    }

    private func attach(_ index: Int, _ symbols: SymbolTable) {
        let id = strategies[index].session.beginAttach()
        let request = AttachRequest(
            fence: strategies[index].session.fence, owner: owner, attachID: id,
            report: strategies[index].session.progress.report, terms: strategies[index].terms)
        say(.attach(request), symbols)
    }

    /// Lets every attached strategy say again where it stands; call it now and then. A simulator that was not
    /// heard by for too long has forgotten the connection without anybody here noticing.
    package func repeatProgress() {
        for index in strategies.indices where strategies[index].session.state == .attached {
            strategies[index].session.repeatProgress()
        }
    }

    /// Handles one line of the simulator.
    package func receive(_ message: OrderEntryMessage, symbols: inout SymbolTable) throws(JSONError) {
        switch message {
        case .attached(let answer):
            guard let index = indexes[answer.strategy], strategies[index].failure == nil else { return }
            attached(answer, index, symbols)
        case .report(let order):
            guard let index = indexes[order.strategyID], strategies[index].failure == nil else { return }
            let report = try order.report(symbols: &symbols)
            if !strategies[index].session.received(report) { attach(index, symbols) }
        case .matched(let strategy, let event, let report):
            guard let index = indexes[strategy] else { return }
            roundTrips += 1
            strategies[index].session.matched(event: event, report: report)
        case .ahead(let strategy, let event, let report, let command):
            guard let index = indexes[strategy] else { return }
            roundTrips += 1
            strategies[index].session.promised(event: event, report: report, command: command)
        case .attachAgain(let strategy):
            guard let index = indexes[strategy], strategies[index].failure == nil,
                strategies[index].session.state == .attached
            else { return }
            attach(index, symbols)
        case .fenced(let strategy, let fence, let seen):
            guard let index = indexes[strategy], strategies[index].session.fence == fence else { return }
            remove(strategy)
            onLost(strategy, seen)
        case .refused(let strategy, _, let reason):
            guard let index = indexes[strategy] else { return }
            fail(index, reason)
        case .standing(let standing):
            guard let index = indexes[standing.strategy] else { return }
            strategies[index].standing = standing
        case .attach, .command, .progress, .halt: break
        }
    }

    // MARK: inputs from outside

    /// One strategy, by its id; nil when there is none.
    package func strategy(_ id: String) -> RunningStrategy? { indexes[id].map { strategies[$0] } }

    /// Changes one strategy, by its id; nil when there is none.
    @discardableResult
    package func withStrategy<Result>(_ id: String, _ body: (inout RunningStrategy) -> Result) -> Result? {
        indexes[id].map { body(&strategies[$0]) }
    }

    /// Presses the kill switch of a strategy; the simulator acts once the strategy has been caught up with.
    package func halt(_ strategy: String, _ wish: HaltWish, _ symbols: SymbolTable) {
        guard let index = indexes[strategy], !strategies[index].halts.contains(wish) else { return }
        strategies[index].halts.append(wish)
        if strategies[index].session.state == .attached { sayHalts(index, symbols) }
    }

    private func sayHalts(_ index: Int, _ symbols: SymbolTable) {
        let id = strategies[index].id
        for wish in strategies[index].halts {
            say(.halt(strategy: id, id: wish.id, reason: wish.reason), symbols)
        }
    }

    private func attached(_ answer: AttachedAnswer, _ index: Int, _ symbols: SymbolTable) {
        let key = strategies[index].terms.snapshotKey(marketDataEpoch: answer.marketDataEpoch)
        let taken = AttachAnswer(
            id: answer.attachID, start: answer.start, command: answer.command, report: answer.report,
            matched: answer.matched, commandEvent: answer.commandEvent, inputs: answer.inputs)
        if let restored = strategies[index].restoredKey {
            guard strategies[index].session.state == .asked(taken.id) else { return }
            guard restored == key, strategies[index].session.isCovered(by: taken) else {
                return onUnusableSnapshot(answer.strategy)
            }
            strategies[index].restoredKey = nil
        }
        strategies[index].snapshotKey = key
        strategies[index].session.attached(taken)
        sayHalts(index, symbols)
        let lacking = strategies[index].session.lacking
        if !lacking.isEmpty { onLacking(answer.strategy, lacking) }
    }

    /// A failed strategy does not begin again: its session goes on without it. False when it has to be taken
    /// up blindly for that.
    package func stop(_ strategy: String, _ sentence: String) -> Bool {
        guard let index = indexes[strategy], strategies[index].session.stop(sentence) else { return false }
        strategies[index].failure = nil
        return true
    }

    /// Ends every strategy, in all its versions.
    package func cleanup() { for index in strategies.indices { strategies[index].session.cleanup() } }

    /// What became of wishes since the last call, by strategy.
    package func takeOutcomes() -> [(strategy: String, id: String, outcome: WishOutcome)] {
        var outcomes: [(strategy: String, id: String, outcome: WishOutcome)] = []
        for index in strategies.indices {
            let id = strategies[index].id
            for (wish, outcome) in strategies[index].session.takeOutcomes() {
                outcomes.append((id, wish, outcome))
            }
            guard !strategies[index].halts.isEmpty else { continue }
            // The same halt is told until nobody waits for it.
            let standing = strategies[index].standing
            if strategies[index].halts.contains(where: { $0.id == standing.haltID }) {
                strategies[index].halts.removeAll { $0.id == standing.haltID }
                let isMade = standing.isHalted || standing.haltEvent > 0
                outcomes.append(
                    (
                        id, standing.haltID,
                        isMade ? .applied(event: standing.haltEvent) : .refused(InputWishes.tooLate)
                    ))
            }
        }
        return outcomes
    }

    // MARK: work

    /// Whether a strategy has gone on and the simulator was not told, because nothing waits for it.
    package var hasUnsaidProgress: Bool {
        strategies.indices.contains {
            strategies[$0].failure == nil && strategies[$0].session.hasUnsaidProgress
        }
    }

    /// Hands every strategy what it may see now, and collects what they have to say.
    ///
    /// - Parameter isProgressDue: false leaves the progress of strategies without orders for later.
    package func pump(
        _ window: borrowing EventWindow, _ symbols: SymbolTable, isProgressDue: Bool = true
    ) {
        for index in strategies.indices where strategies[index].failure == nil {
            if let next = strategies[index].session.next, next < marketDataFirst {
                fail(index, .historyGone(strategies[index].id, needs: next, keptFrom: marketDataFirst))
                continue
            }
            do {
                let handed = try strategies[index].session.pump(window)
                strategies[index].eventsHanded += UInt64(handed)
                eventsHanded += UInt64(handed)
            } catch {
                let isItsOwn = error is StrategyFailure
                guard isItsOwn, strategies[index].session.fallBack("\(error)") else {
                    let code = isItsOwn ? "strategy_failed" : "report_out_of_place"
                    fail(index, Reason(code: code, sentence: "\(error)"))
                    continue
                }
            }
            let (commands, progress) = strategies[index].session.takeOutgoing(isDue: isProgressDue)
            if snapshotEvery > 0 { lookForSnapshot(index, after: snapshotEvery) }
            guard let progress else { continue }
            let id = strategies[index].id
            let fence = strategies[index].session.fence
            commandsSaid += UInt64(commands.count)
            for command in commands { say(.command(strategy: id, fence: fence, command), symbols) }
            say(
                .progress(
                    strategy: id, fence: fence, event: progress.event, report: progress.report,
                    command: progress.command), symbols)
        }
    }

    /// Takes a snapshot of every strategy that has gone on since its last, before an orderly end; not of
    /// those in processes of their own, whose answers nobody would wait for.
    package func snapshotAll() {
        guard snapshotEvery > 0 else { return }
        for index in strategies.indices where strategies[index].failure == nil {
            guard strategies[index].session.strategy.process == nil else { continue }
            lookForSnapshot(index, after: 1)
        }
    }

    /// Takes a snapshot of a strategy when one is due and nothing of it is under way.
    private func lookForSnapshot(_ index: Int, after events: UInt64) {
        guard let key = strategies[index].snapshotKey else { return }
        let strategy = strategies[index].session.strategy
        let isDue = strategy.lastEvent >= strategies[index].snapshotEvent + events
        guard isDue || strategy.hasStateAnswer, strategies[index].isUntouched else { return }
        if isDue, strategy.takesSnapshots {
            strategies[index].snapshotEvent = strategy.lastEvent
            // What fails here has failed for good, and the next pump says so.
            try? strategy.wantState()
        }
        guard case .taken(let snapshot)? = strategy.takeState() else { return }
        snapshots.append(
            StrategySnapshot(
                strategyID: strategy.id, position: snapshot.position, key: key, state: snapshot.bytes))
    }

    /// The snapshots taken since the last call, to be kept where any runner finds them.
    package func takeSnapshots() -> [StrategySnapshot] {
        guard !snapshots.isEmpty else { return [] }
        defer { snapshots = [] }
        return snapshots
    }

    /// The oldest event to keep in the window (see `WindowHold`); nil while no strategy has begun.
    package var oldestNeeded: UInt64? {
        var oldest = WindowHold.Oldest()
        for index in strategies.indices where strategies[index].failure == nil {
            guard let next = strategies[index].session.next else { continue }
            oldest.add(next: next, isReady: strategies[index].session.isReady, strategies[index].hold)
        }
        return oldest.event
    }

    /// Ids of those that do not run, and how many sessions go on without theirs.
    package var failed: [String] {
        strategies.indices.lazy.filter { self.strategies[$0].failure != nil }.map { self.strategies[$0].id }
    }
    package var stoppedCount: Int { strategies.indices.count { strategies[$0].standing.isStopped } }

    /// Call every few hundred milliseconds.
    package func look() {
        for index in strategies.indices {
            strategies[index].hold.look(at: strategies[index].session.next ?? 0)
        }
    }

    /// So long this process has run since the last call: plugins that have not answered get later.
    package func count(milliseconds: Int) {
        for index in strategies.indices { strategies[index].session.look(milliseconds: milliseconds) }
    }

    /// The batch of lines, if there is one; `send` says whether it was taken, else it waits for the next
    /// poll.
    package func flush(_ send: (UnsafeRawBufferPointer) -> Bool) {
        guard waitingLines > 0, writer.withBytes(send) else { return }
        writer.reset()
        waitingLines = 0
    }

    private func say(_ message: OrderEntryMessage, _ symbols: SymbolTable) {
        message.write(symbols: symbols, into: &writer)
        waitingLines += 1
    }

    private func fail(_ index: Int, _ reason: Reason) {
        guard strategies[index].failure == nil else { return }
        strategies[index].failure = reason
        onFailure(strategies[index].id, reason)
    }
}

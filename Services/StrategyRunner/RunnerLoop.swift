// The turn of a runner's bus: messages and events come in, strategies decide, one batch leaves.
//
// Guarantees: nothing is said for a strategy whose lease has run out by this process's own clock. What the
// database is asked is asked on another thread; a database that is away for less than a lease's term is not
// noticed by any strategy.

import CCrashPoint
import Contracts
import Foundation
import Logging
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

final class RunnerLoop {
    private let bus: Bus
    private let name: String
    private let term: Duration
    private let store: any Store
    let feed: MarketFeed
    let connection: CommandConnection
    let loader: PluginLoader
    let processes: ProcessWatch
    let context: ServiceContext
    let core: RunnerCore
    private let lines = OrderEntryReader()
    private var leases: LeaseBook
    private var keeper: LeaseKeeper?
    /// Leases given up here that the database still has under this runner's name.
    private var released: [Claim] = []
    /// Leases whose fence the simulator has refused.
    private var surrendered: [Surrender] = []
    /// What became of operators' wishes, and is not in the database yet.
    private var settled: [InputSettlement] = []
    /// What operators want of the strategies held, as the database said last.
    var wanted: [OperatorInput] = []
    /// Strategies whose new version is being looked for.
    var preparing: Set<String> = []
    /// What is held, by strategy.
    var claimed: [String: ClaimedStrategy] = [:]
    /// Why claimed strategies could not even be made.
    var refused: [String: String] = [:]
    var policies: [String: RestartPolicy] = [:]
    /// Snapshots from which a held strategy can be made, the newest first.
    var snapshots: [String: [StrategySnapshot]] = [:]
    /// The newest snapshot of each strategy that the database does not hold yet.
    var unkept: [String: StrategySnapshot] = [:]
    /// Strategies that will be begun again.
    var restarting: Set<String> = []
    var again: [(due: ContinuousClock.Instant, item: ClaimedStrategy)] = []
    var watch: PluginWatch
    /// The file of each strategy's plugin.
    var files: [String: String] = [:]
    /// The answers of plugins are timed this often.
    private static let countEvery = Duration.milliseconds(50)
    static let longestCount = Duration.milliseconds(150)
    var countedAt = ContinuousClock.now
    let figures: RunnerFigures
    private(set) var failure: (any Error)?
    private var isProgressDue = true
    private var isProgressPlanned = false
    private static let progressEvery = Duration.milliseconds(2)
    /// Whether the last turn sent orders.
    private var hasSaidOrders = false
    private var looks = 0
    /// An unanswered attach, and the progress, are repeated after so many looks of 500 ms.
    private static let looksPerAttach = 6
    /// Strategies are looked for this often, or three times as often as they are renewed for a short term.
    private static let longestLook = Duration.milliseconds(500)
    /// Whether this process has claimed before: only then its own name in the database is its own doing.
    private var hasClaimed = false

    init(
        bus: Bus, name: String, leaseTerm: Duration, store: any Store, feed: MarketFeed,
        connection: CommandConnection, plugins: PluginFolders, snapshotEvery: UInt64, context: ServiceContext
    ) {
        self.bus = bus
        self.name = name
        term = leaseTerm
        self.store = store
        self.feed = feed
        self.connection = connection
        loader = PluginLoader(plugins, bus: bus)
        watch = PluginWatch(plugins.folders)
        processes = ProcessWatch(bus)
        self.context = context
        leases = LeaseBook(term: Int64(leaseTerm / .microseconds(1)))
        figures = RunnerFigures(context.metrics)
        core = RunnerCore(owner: randomEpoch(), snapshotEvery: snapshotEvery) { _, _ in }
    }

    func start() throws {
        core.onFailure = { [unowned self] strategy, reason in self.stopped(strategy, reason) }
        connection.onReset = { [unowned self] in self.core.connectionReset(self.feed.symbols) }
        connection.onLine = { [unowned self] line in self.receive(line) }
        core.onUnusableSnapshot = { [unowned self] strategy in self.snapshotIsUnusable(strategy) }
        core.onLacking = { [unowned self] strategy, inputs in self.provide(strategy, inputs) }
        core.onLost = { [unowned self] strategy, seen in self.fenced(strategy, seen) }
        context.health.set("market data", .starting("the gateway was not heard yet"))
        context.health.set("order entry", .starting("the simulator is not connected"))
        keeper = LeaseKeeper(bus: bus, store: store, name: name, term: term) { [unowned self] answer in
            self.answered(answer)
        }
        askForLeases()
        try feed.start()
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: .milliseconds(500)) { [unowned self] in self.look() }
        bus.timer(every: Self.countEvery) { [unowned self] in self.countTime() }
        bus.timer(every: lookInterval) { [unowned self] in self.askForLeases() }
    }

    private func receive(_ line: UnsafeRawBufferPointer) {
        do throws(JSONError) {
            try core.receive(try lines.read(line, symbols: &feed.symbols), symbols: &feed.symbols)
        } catch {
            context.log.error("a line of the simulator cannot be read: \(error)")
        }
    }

    private func turn() {
        context.health.beat()
        // Orders of the turn before may have arrived by now, those of this one hardly.
        if hasSaidOrders { crash_point(CRASH_POINT_ORDERED) }
        let ordersBefore = core.commandsSaid
        lost(leases.takeEnded(at: LeaseKeeper.now()), "its lease has run out")
        core.marketDataFirst = feed.keptFirst
        core.pump(feed.window, feed.symbols, isProgressDue: isProgressDue)
        noteSnapshots()
        isProgressDue = false
        for (strategy, id, outcome) in core.takeOutcomes() { became(outcome, of: id, strategy) }
        if !isProgressPlanned, core.hasUnsaidProgress { planProgress() }
        processes.turn()
        core.flush { connection.send($0) == .done }
        hasSaidOrders = core.commandsSaid != ordersBefore
        if hasSaidOrders { crash_point(CRASH_POINT_ORDERED) }
        let oldest = core.oldestNeeded
        do { try feed.require(oldest) } catch { fail(error) }
        feed.makeRoom(keeping: oldest)
        feed.reportPosition(oldest.map { $0 - 1 } ?? feed.window.next - 1)
        figures.update(core, feed, refused: refused.count, isRestarting: restarting.contains)
        if let stopped = feed.failure { fail(stopped) }
    }

    /// Progress that nobody waits for is said now and then, so that not every event costs the simulator a
    /// message.
    private func planProgress() {
        isProgressPlanned = true
        bus.timer(after: Self.progressEvery) { [unowned self] in
            self.isProgressPlanned = false
            self.isProgressDue = true
        }
    }

    private func fail(_ error: any Error) {
        failure = error
        bus.stop()
    }

    private func look() {
        core.look()
        beginDue()
        lookForPlugins()
        context.health.set(
            "market data", feed.epoch == nil ? .starting("the gateway was not heard yet") : .ready)
        let connected = connection.isConnected
        context.health.set("order entry", connected ? .ready : .starting("the simulator is not connected"))
        // An answer that did not come is asked for again, slowly: a busy simulator must be able to answer the
        // last.
        looks += 1
        if connected, looks.isMultiple(of: Self.looksPerAttach) {
            core.attachDetached(feed.symbols)
            core.repeatProgress()
        }
    }

    // MARK: leases

    private var lookInterval: Duration { min(Self.longestLook, term / 9) }

    /// A lease that ends before the next look is asked for in the moment of its end.
    private func lookAtEnd(_ share: RunnerShare?) {
        guard let left = share?.nextEnd, left < lookInterval else { return }
        bus.timer(after: left + .milliseconds(1)) { [unowned self] in self.askForLeases() }
    }

    private func askForLeases() {
        guard let keeper, !keeper.isBusy else { return }
        var request = LeaseRequest(
            released: released, surrendered: surrendered, held: leases.leases.count,
            takesBackOwn: takesBackOwn)
        request.snapshots = takeUnkept(leases)
        request.settled = settled
        if leases.isRenewalDue(at: LeaseKeeper.now()) {
            request.standings = leases.leases.map {
                (Claim(strategyID: $0.strategy, fence: $0.fence), standing($0))
            }
        }
        keeper.ask(request)
    }

    /// A runner that has just started under a name of its own takes back what its predecessor of that name
    /// held.
    private var takesBackOwn: Bool { !hasClaimed && context.isNamed }

    private func answered(_ answer: LeaseAnswer) {
        released.removeAll { answer.released.contains($0) }
        surrendered.removeAll { answer.surrendered.contains($0) }
        settled.removeAll { answer.settled.contains($0) }
        if let problem = answer.problem {
            context.log.warning("the database cannot be asked for strategies: \(problem)")
            context.health.set("database", .degraded(problem))
        } else {
            context.health.set("database", .ready)
        }
        lookAtEnd(answer.share)
        if let renewals = answer.renewals { renewed(renewals, asked: answer.renewalAsked) }
        for wish in answer.wishes { obey(wish) }
        hasClaimed = hasClaimed || answer.hasClaimed
        figures.snapshots.add(Int64(answer.snapshotsKept))
        for item in answer.claimed {
            take(item, answer.snapshots[item.strategy.id] ?? [], asked: answer.claimAsked)
        }
        // Asked before what was settled meanwhile is in the database.
        if let inputs = answer.inputs {
            wanted = inputs.filter { input in !settled.contains { $0.id == input.id } }
            obeyWanted()
        }
        guard let share = answer.share, answer.renewals != nil else { return }
        for lease in leases.takeSurplus(strategies: share.strategies, runners: share.runners) {
            giveBack(lease.strategy, fence: lease.fence, "another runner has room for it")
        }
    }

    private func renewed(_ renewals: [(claim: Claim, renewal: LeaseRenewal)], asked: Int64) {
        let gone = leases.renewed(
            renewals.map { ($0.claim.strategyID, $0.claim.fence, $0.renewal != .lost) }, asked: asked)
        lost(gone, "another runner has taken it over")
        for (claim, renewal) in renewals {
            guard case .held(let desired) = renewal else { continue }
            obey(StrategyWish(claim: claim, desiredState: desired))
        }
    }

    /// Gives back what an operator has stopped.
    private func obey(_ wish: StrategyWish) {
        let id = wish.claim.strategyID
        guard wish.desiredState == .stopped, leases.holds(id, fence: wish.claim.fence) else { return }
        giveBack(id, fence: wish.claim.fence, "it was stopped")
    }

    /// The simulator has seen a higher fence. Mostly another runner has claimed the strategy since; but a
    /// database that was restored does not know of that fence and has to be told.
    private func fenced(_ strategy: String, _ seen: UInt64) {
        if let item = claimed[strategy] {
            surrendered.append(Surrender(claim: Claim(strategyID: strategy, fence: item.fence), seen: seen))
        }
        lost([strategy], "another runner has taken it over")
    }

    /// The strategy is no longer ours, and nobody need be told.
    private func lost(_ strategies: [String], _ why: String) {
        for strategy in strategies {
            leases.drop(strategy)
            forget(strategy)
            figures.lost.add()
            context.log.warning("given up", metadata: ["strategy": "\(strategy)", "reason": "\(why)"])
        }
    }

    private func giveBack(_ strategy: String, fence: UInt64, _ why: String) {
        leases.drop(strategy)
        forget(strategy)
        released.append(Claim(strategyID: strategy, fence: fence))
        context.log.info("given back", metadata: ["strategy": "\(strategy)", "reason": "\(why)"])
    }

    private func forget(_ strategy: String) {
        core.remove(strategy)
        claimed[strategy] = nil
        refused[strategy] = nil
        policies[strategy] = nil
        snapshots[strategy] = nil
        unkept[strategy] = nil
        files[strategy] = nil
        restarting.remove(strategy)
        preparing.remove(strategy)
        again.removeAll { $0.item.strategy.id == strategy }
        context.health.set("strategy \(strategy)", .ready)
    }

    private func take(_ item: ClaimedStrategy, _ rows: [SnapshotRow], asked: Int64) {
        let id = item.strategy.id
        leases.claimed(id, fence: item.fence, asked: asked)
        figures.claimed.add()
        context.log.info("claimed", metadata: ["strategy": "\(id)", "fence": "\(item.fence)"])
        forget(id)
        claimed[id] = item
        snapshots[id] = item.strategy.recovery == .resume ? [] : readable(rows)
        start(item)
    }

    private func standing(_ lease: HeldLease) -> StrategyStanding {
        guard let running = core.strategy(lease.strategy) else {
            let reason = refused[lease.strategy]
            return StrategyStanding(state: reason == nil ? .waiting : .failed, reason: reason ?? "")
        }
        let session = running.session
        return StrategyStanding(
            state: state(running), reason: running.failure?.sentence ?? reason(running),
            event: session.progress.event,
            lag: session.next.map { feed.window.next > $0 ? feed.window.next - $0 : 0 } ?? 0)
    }

    private func state(_ running: RunningStrategy) -> StrategyStanding.State {
        if let failure = running.failure { return failure.code == "not_deterministic" ? .paused : .failed }
        guard running.session.state == .attached else { return .waiting }
        if !running.session.isRebuilt { return .rebuilding }
        if running.standing.isHalted { return .halted }
        if running.standing.isStopped { return .stopped }
        if running.standing.isPaused { return .paused }
        return running.session.sawEnd ? .done : .running
    }

    private func reason(_ running: RunningStrategy) -> String {
        let standing = running.standing
        if standing.isHalted { return "halted by an operator after event \(standing.haltEvent)" }
        if standing.isStopped { return running.session.stopReason }
        return standing.isPaused ? "paused by an operator" : ""
    }

    /// What became of a wish goes to the database with the next question.
    func settle(_ settlement: InputSettlement) {
        wanted.removeAll { $0.id == settlement.id }
        settled.append(settlement)
    }

    /// Gives the strategies back at a clean stop. Where the database does not take that, their leases run
    /// out.
    func release() {
        keeper?.stop()
        let held = leases.leases.map { (Claim(strategyID: $0.strategy, fence: $0.fence), standing($0)) }
        do {
            try keepLastSnapshots(leases, store, name)
            // So that `strategies list` says where they stand, not where they stood at the last renewal.
            try store.note(runner: name, held)
            if !settled.isEmpty { try store.settle(settled) }
            try store.release(runner: name, claims: released + held.map(\.0))
            try store.retire(runner: name)
        } catch {
            context.log.warning("the strategies are not given back: \(sentence(for: error))")
        }
        core.cleanup()
        try? store.close()
    }
}

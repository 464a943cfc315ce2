// A strategy runner: the shipped `RunnerCore` behind a loop like that of the service, leases from the world's
// table, crashes, sleep, and connections that break.

import Contracts
import StrategyHost
import TradingCore

final class RunnerProcess: WorldProcess {
    unowned let world: World
    let number: Int
    private(set) var life = 0
    private(set) var isUp = false
    private(set) var core = RunnerCore(owner: "") { _, _ in }
    private var feed: SimulatedFeed
    var symbols = SymbolTable()
    var wire: Wire?
    private var asleepUntil = 0
    private var turnIsPlanned = false
    private var isProgressDue = true
    private var isProgressPlanned = false
    var ticks = 0
    private let lines = OrderEntryReader()
    /// What it believes to hold.
    var leases = LeaseBook(term: Int64(LeaseTable.term))
    var released: [HeldLease] = []
    var surrendered: [(lease: HeldName, seen: UInt64)] = []
    var isAsking = false
    /// An answer of the database that came while it slept.
    var late: [() -> Void] = []
    /// Snapshots from which a strategy can be made, the newest first, and those that the database lacks.
    var snapshots: [String: [StrategySnapshot]] = [:]
    var unkept: [String: StrategySnapshot] = [:]
    /// The last promise heard, by strategy, for the broken rule that keeps it.
    private var promises: [String: (event: UInt64, report: UInt64)] = [:]

    init(_ world: World, number: Int) {
        self.world = world
        self.number = number
        feed = SimulatedFeed(symbols: symbols, as: symbols, capacity: 16, repairs: true)
    }

    var isAwake: Bool { world.now >= asleepUntil }

    /// For the sentence of a world that is stuck.
    var standing: String {
        let held = core.strategies.map {
            "\($0.id) \($0.session.fence) \($0.session.state) next \($0.session.next ?? 0)"
        }
        return "runner \(number)\(isUp ? "" : " down")\(isAwake ? "" : " asleep")\(isAsking ? " asking" : "")"
            + "\(wire == nil ? " no wire" : "") holds \(leases.leases.map(\.strategy)) runs \(held)"
    }

    // MARK: life

    /// The first start may come later: a runner that joins.
    func start() {
        let wait = world.plan.runners[number]
        world.plan(in: wait) { [unowned self] in
            if wait > 0 { self.world.count("runners joined") }
            self.begin()
        }
    }

    private func begin() {
        life += 1
        isUp = true
        asleepUntil = 0
        turnIsPlanned = false
        (isProgressDue, isProgressPlanned) = (true, false)
        symbols = world.shuffledSymbols()
        feed = world.makeFeed(symbols)
        leases = LeaseBook(term: Int64(LeaseTable.term))
        released = []
        surrendered = []
        isAsking = false
        late = []
        promises = [:]
        let owner = world.isBroken(.fenceShared) ? "" : "runner \(number) life \(life)"
        (snapshots, unkept) = ([:], [:])
        let every = world.plan.snapshotEvery
        core = RunnerCore(owner: owner, snapshotEvery: every) { [unowned self] id, reason in
            self.failed(id, reason)
        }
        core.onUnusableSnapshot = { [unowned self] id in self.snapshotIsUnusable(id) }
        core.onLacking = { [unowned self] id, inputs in self.provide(id, inputs) }
        core.onLost = { [unowned self] id, seen in
            self.world.count("fenced")
            if let lease = self.leases.leases.first(where: { $0.strategy == id }) {
                self.surrendered.append((HeldName(strategy: id, fence: lease.fence), seen))
            }
            self.leases.drop(id)
        }
        connect()
    }

    private func crash() {
        world.count("runner crashes")
        isUp = false
        life += 1
        wire?.close()
        wire = nil
        world.plan(in: world.random.within(200...6_000)) { [unowned self] in self.begin() }
    }

    /// A clean stop, and after a while somebody joins under that number.
    private func leave() {
        world.count("runners left")
        world.leases.retire(number)
        for lease in leases.leases {
            world.leases.release(HeldName(strategy: lease.strategy, fence: lease.fence), runner: number)
        }
        isUp = false
        life += 1
        wire?.close()
        wire = nil
        world.plan(in: world.random.within(2_000...15_000)) { [unowned self] in
            self.world.count("runners joined")
            self.begin()
        }
    }

    /// Noticed after a while; until then what had been sent still arrives.
    func simulatorIsGone() {
        guard let wire else { return }
        wire.sever()
        let life = life
        world.plan(in: world.random.within(1...300)) { [unowned self] in
            guard self.life == life, self.wire === wire else { return }
            wire.close()
            self.wire = nil
            self.connect()
        }
    }

    func simulatorIsBack() {
        guard isUp else { return }
        connect()
    }

    /// A new connection stands after a while.
    private func connect() {
        let (life, simulatorLife) = (life, world.simulator.life)
        world.plan(in: world.random.within(100...600)) { [unowned self] in
            guard self.isUp, self.life == life, self.world.simulator.life == simulatorLife,
                self.world.simulator.isUp, self.wire == nil
            else { return }
            self.wire = Wire(self.world, self)
            self.core.connectionReset(self.symbols)
            self.noteAttaches()
            self.turn()
        }
    }

    func breakConnection() {
        guard let wire else { return }
        world.count("resets")
        if world.random.chance(0.3) {
            wire.lose()
            let life = life
            world.plan(in: world.random.within(100...600)) { [unowned self] in
                guard self.isUp, self.life == life, self.wire === wire else { return }
                self.core.connectionReset(self.symbols)
                self.noteAttaches()
                self.turn()
            }
        } else {
            wire.close()
            self.wire = nil
            connect()
        }
    }

    // MARK: what arrives

    func marketArrives(_ events: [MarketEvent]) {
        guard isUp, isAwake else { return }
        feed.arrive(events)
        soon()
    }

    func receive(_ bytes: [UInt8], on wire: Wire) {
        guard wire === self.wire else { return }
        var messages: [OrderEntryMessage] = []
        for line in bytes.split(separator: 0x0a) {
            do {
                messages.append(try line.withUnsafeBytes { try lines.read($0, symbols: &symbols) })
            } catch { world.wrong("a line cannot be read: \(error)") }
        }
        for message in withoutRules(messages) { take(message) }
        noteAttaches()
        soon()
    }

    private func take(_ message: OrderEntryMessage) {
        // What it tells of makes strategies, with the same symbols.
        var table = symbols
        do throws(JSONError) {
            try core.receive(claimingAll(message), symbols: &table)
        } catch { world.wrong("a report cannot be read: \(error)") }
        symbols = table
        switch message {
        case .report where world.isBroken(.reportsOnArrival), .matched where world.isBroken(.matchedFirst):
            core.pump(feed.window, symbols)
        case .matched(let id, let event, let report): promises[id] = (event, report)
        case .ahead: world.count("promises")
        case .attached(let answer):
            let id = answer.strategy
            if world.isBroken(.noWait) {
                try? core.receive(.matched(strategy: id, event: .max, report: 0), symbols: &symbols)
            } else if world.isBroken(.promiseKept), let kept = promises[id] {
                let old = OrderEntryMessage.matched(strategy: id, event: kept.event, report: kept.report)
                try? core.receive(old, symbols: &symbols)
            }
        default: break
        }
    }

    // MARK: the turn

    private func soon() {
        guard isUp else { return }
        if world.random.chance(0.6) { return turn() }
        guard !turnIsPlanned else { return }
        turnIsPlanned = true
        let life = life
        world.plan(in: world.random.within(10...200)) { [unowned self] in
            guard self.life == life else { return }
            self.turnIsPlanned = false
            self.turn()
        }
    }

    /// As `RunnerLoop.turn`.
    private func turn() {
        guard isUp, isAwake else { return }
        for id in world.plan.clocksGoOn ? leases.takeEnded(at: Int64(world.now)) : [] {
            world.count("leases run out")
            core.remove(id)
        }
        for answer in late { answer() }
        late = []
        breakInputRules()
        core.pump(feed.window, symbols, isProgressDue: isProgressDue)
        settle()
        isProgressDue = false
        noteSnapshots()
        if !isProgressPlanned, core.hasUnsaidProgress { planProgress() }
        core.flush { bytes in
            guard let wire else { return false }
            wire.sendUp(bytes)
            return true
        }
        let (restarts, oldest) = (feed.restarts, core.oldestNeeded)
        feed.require(oldest)
        if feed.restarts > restarts { world.count("feeds begun again") }
        feed.makeRoom(keeping: oldest)
    }

    private func planProgress() {
        isProgressPlanned = true
        let life = life
        world.plan(in: world.random.within(10...2_000)) { [unowned self] in
            guard self.life == life else { return }
            (self.isProgressPlanned, self.isProgressDue) = (false, true)
            self.turn()
        }
    }

    func tick() {
        guard isUp else { return }
        if isAwake {
            core.look()
            look()
            let (life, restarts) = (life, feed.restarts)
            world.gateway.repair(feed) { [unowned self] events in
                if self.life == life, self.feed.restarts == restarts { self.marketArrives(events) }
            }
            turn()
        }
        if world.strikes(1) {
            crash()
        } else if world.strikes(1) {
            asleepUntil = world.now + world.random.within(2_000...9_000)
            world.count("runner sleeps")
            // Heard from no more, it is forgotten; it may wake without noticing.
            if world.random.chance(0.5) { wire?.forget() }
        } else if world.strikes(1) {
            breakConnection()
        } else if world.plan.runnersLeave, isAwake, world.strikes(0.5) {
            leave()
        }
    }
}

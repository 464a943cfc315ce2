// A strategy runner: the shipped `RunnerCore` behind a loop like that of the service, leases from the world's
// table, crashes, sleep, and connections that break.

import Contracts
import StrategyHost
import TradingCore

final class RunnerProcess {
    private unowned let world: World
    let number: Int
    private(set) var life = 0
    private(set) var isUp = false
    private var core = RunnerCore { _, _ in }
    private var feed: SimulatedFeed
    private var symbols = SymbolTable()
    private var wire: Wire?
    private var asleepUntil = 0
    private var turnIsPlanned = false
    private var isProgressDue = true
    private var isProgressPlanned = false
    private var ticks = 0
    private let lines = OrderEntryReader()
    /// What it believes to hold.
    private var leases = LeaseBook(term: Int64(LeaseTable.term))
    private var released: [HeldLease] = []
    private var isAsking = false
    /// An answer of the database that came while it slept.
    private var late: [() -> Void] = []
    /// The last promise heard, by strategy, for the broken rule that keeps it.
    private var promises: [String: (event: UInt64, report: UInt64)] = [:]

    init(_ world: World, number: Int) {
        self.world = world
        self.number = number
        feed = SimulatedFeed([], symbols: symbols, as: symbols, capacity: 16, repairs: true)
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

    func start() {
        life += 1
        isUp = true
        asleepUntil = 0
        turnIsPlanned = false
        (isProgressDue, isProgressPlanned) = (true, false)
        symbols = world.shuffledSymbols()
        feed = world.makeFeed(symbols)
        leases = LeaseBook(term: Int64(LeaseTable.term))
        released = []
        isAsking = false
        late = []
        promises = [:]
        core = RunnerCore { [unowned self] id, reason in
            self.world.wrong("\(id) stopped: \(reason.sentence)")
        }
        core.onLost = { [unowned self] id in
            self.world.count("fenced")
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
        world.plan(in: world.random.within(200...6_000)) { [unowned self] in self.start() }
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

    // MARK: leases

    private func look() {
        askForLeases()
        ticks += 1
        guard wire != nil else { return }
        if ticks % 3 == 0 {
            core.attachDetached(symbols)
            noteAttaches()
        }
        if ticks % 8 == 0 { core.repeatProgress() }
    }

    /// As `RunnerLoop.askForLeases`: the database answers after a while, or its answer is lost.
    private func askForLeases() {
        guard !isAsking else { return }
        isAsking = true
        let (life, asked) = (life, Int64(world.now))
        let named = leases.isRenewalDue(at: asked) ? leases.leases : nil
        let released = self.released
        world.plan(in: world.databaseDelay()) { [unowned self] in
            // The database is asked though the runner has crashed meanwhile.
            let table = self.world.leases
            for lease in released { table.release(lease, runner: self.number) }
            let answers = named.map { table.renew($0, runner: self.number, now: self.world.now) }
            let room = table.room(self.leases.leases.count)
            let given = self.life == life ? table.claim(room, runner: self.number, self.world) : []
            let wait = self.world.databaseDelay()
            self.world.plan(in: wait) { [unowned self] in
                guard self.life == life else { return }
                guard self.isAwake else {
                    // It is heard when the runner wakes, late.
                    self.late.append { self.answered(answers, given, released, asked) }
                    return
                }
                self.answered(answers, given, released, asked)
            }
        }
    }

    private func answered(
        _ answers: [(strategy: String, fence: UInt64, isHeld: Bool)]?, _ given: [HeldName],
        _ released: [HeldLease], _ asked: Int64
    ) {
        isAsking = false
        self.released.removeAll { released.contains($0) }
        if let answers { for id in leases.renewed(answers, asked: asked) { core.remove(id) } }
        for name in given {
            leases.claimed(name.strategy, fence: name.fence, asked: asked)
            guard let kind = StrategyKind.allCases.first(where: { $0.id == name.strategy }) else { continue }
            do {
                let made = try world.makeStrategy(kind, symbols: symbols)
                core.add(world.terms(kind), made.strategy, symbols: made.symbols, fence: name.fence)
            } catch { world.wrong("\(error)") }
        }
        guard answers != nil else { return }
        let runners = world.leases.runners
        for lease in leases.takeSurplus(strategies: StrategyKind.allCases.count, runners: runners) {
            world.count("given back")
            core.remove(lease.strategy)
            self.released.append(lease)
        }
    }

    // MARK: what arrives

    func marketArrives(_ range: ClosedRange<UInt64>) {
        guard isUp, isAwake else { return }
        feed.arrive(range)
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
        do throws(JSONError) {
            try core.receive(message, symbols: &symbols)
        } catch { world.wrong("a report cannot be read: \(error)") }
        switch message {
        case .report where world.isBroken(.reportsOnArrival), .matched where world.isBroken(.matchedFirst):
            core.pump(feed.window, symbols)
        case .matched(let id, let event, let report): promises[id] = (event, report)
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

    private func withoutRules(_ messages: [OrderEntryMessage]) -> [OrderEntryMessage] {
        guard world.broken != nil else { return messages }
        var first: [OrderEntryMessage] = []
        var rest: [OrderEntryMessage] = []
        for message in messages {
            switch message {
            case .matched where world.isBroken(.noWait): continue
            case .matched(let id, let event, _) where world.isBroken(.matchedFirst):
                first.append(.matched(strategy: id, event: event, report: 0))
            case .report(var order) where world.isBroken(.reportsOnArrival):
                let session = core.strategies.first { $0.id == order.strategyID }?.session
                order.after = session?.progress.event ?? 0
                rest.append(.report(order))
            default: rest.append(message)
            }
        }
        return first + rest
    }

    /// Where the strategies stood when they asked, for the broken rule that takes it for progress.
    private func noteAttaches() {
        guard world.isBroken(.attachMoves) else { return }
        for running in core.strategies {
            guard case .asked(let id) = running.session.state else { continue }
            world.placeAtAttach[AttachName(running.id, running.session.fence, id)] = running.session.progress
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
        core.pump(feed.window, symbols, isProgressDue: isProgressDue)
        isProgressDue = false
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
            if let missing = world.missing(feed) {
                let (life, restarts) = (life, feed.restarts)
                world.plan(in: world.delay(250)) { [unowned self] in
                    if self.life == life, self.feed.restarts == restarts { self.marketArrives(missing) }
                }
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
        }
    }
}

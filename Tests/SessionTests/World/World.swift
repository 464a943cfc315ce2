// A whole stack as a discrete-event simulation: one gateway, one simulator, runners that come and go, one
// tracker, an operator's lease table. Time, network, crashes and sleep come from one seed; the sessions, both
// ends of the order entry, their lines, the journal's records, the strategy host, the tracker and the order
// of its feed are the shipped code.

import Contracts
import StrategyHost
import TradingCore

/// One attach, over all runners.
struct AttachName: Hashable {
    var strategy: String
    var fence: UInt64
    var id: UInt64

    init(_ strategy: String, _ fence: UInt64, _ id: UInt64) {
        self.strategy = strategy
        self.fence = fence
        self.id = id
    }
}

final class World {
    /// What must have happened in many worlds, or they show nothing.
    static let faults = [
        "bookings begun again", "bookings tried again", "clock jumps", "database away",
        "database restored", "feeds begun again",
        "feeds cut", "fenced",
        "gateway crashes", "gateway sleeps", "given back", "halts", "inputs", "leases run out",
        "not deterministic", "promises", "replays", "resets", "reverts",
        "runner crashes",
        "runner sleeps", "runners joined", "runners left", "sessions from a snapshot", "simulator crashes",
        "simulator sleeps", "snapshots cut off", "snapshots lost", "snapshots passed over", "stops",
        "strategies from a snapshot", "torn batches", "tracker crashes", "tracker sleeps",
        "unusable snapshots",
    ]
    /// A tick of every process: heartbeats, leases, faults.
    static let tick = 500
    /// What is not done by then is stuck.
    static let patience = 1_500_000

    let seed: UInt64
    let broken: BrokenRule?
    var random: SplitMix64
    private var agenda = Agenda()
    private(set) var problems: [String] = []
    private(set) var counts: [String: Int] = [:]
    let plan: WorldPlan
    let journal = MemoryJournal()
    private(set) var leases: LeaseTable!
    private(set) var gateway: GatewayProcess!
    let operators: OperatorDesk
    private(set) var simulator: SimulatorProcess!
    private(set) var runners: [RunnerProcess] = []
    private(set) var tracker: TrackerProcess!
    /// All of them, in the order in which they start.
    private var processes: [any WorldProcess] = []
    var placeAtAttach: [AttachName: Progress] = [:]
    /// Files of the simulator's snapshots, the newest last; one that a crash has cut off may be among them.
    var snapshots: [(seq: UInt64, bytes: [UInt8], isWhole: Bool)] = []
    /// The database's snapshots of strategies, the newest first.
    var strategySnapshots: [String: [[UInt8]]] = [:]

    init(seed: UInt64, breaking broken: BrokenRule? = nil) {
        self.seed = seed
        self.broken = broken
        var random = SplitMix64(seed: seed)
        var plan = WorldPlan(&random)
        if broken != nil { plan.worsen() }
        self.plan = plan
        self.random = random
        operators = OperatorDesk(plan.wishes)
        leases = LeaseTable(self)
        gateway = GatewayProcess(self)
        simulator = SimulatorProcess(self)
        tracker = TrackerProcess(self)
        runners = plan.runners.indices.map { RunnerProcess(self, number: $0) }
        processes = [simulator, tracker, gateway] + runners
    }

    // MARK: for the processes

    var now: Int { agenda.now }
    var reportWindow: UInt64 { plan.reportWindow }
    func isBroken(_ rule: BrokenRule) -> Bool { broken == rule }
    func plan(in delay: Int, _ action: @escaping () -> Void) { agenda.plan(in: delay, action) }
    func wrong(_ what: String) { problems.append("at \(now): \(what)") }
    func count(_ what: String) { counts[what, default: 0] += 1 }

    /// Whether a fault strikes now: `weight` times as often as others do in this world.
    func strikes(_ weight: Double) -> Bool { now < plan.horizon && random.chance(plan.fault * weight) }

    /// How long something takes: mostly around `mean`, now and then much longer.
    func delay(_ mean: Int) -> Int { random.within(1...2 * mean) * (random.chance(0.02) ? 10 : 1) }

    /// How long the database takes; after the horizon never so long that a lease runs out meanwhile.
    func databaseDelay() -> Int { now < plan.horizon ? delay(100) : random.within(1...100) }

    /// Readers of the market data: each is handed what the gateway publishes.
    var readers: [([MarketEvent]) -> Void] { [simulator.marketArrives] + runners.map { $0.marketArrives } }

    func shuffledSymbols() -> SymbolTable {
        var table = SymbolTable()
        for name in random.shuffled(plan.symbols.names) { _ = try! table.intern(name) }
        return table
    }

    func makeFeed(_ symbols: SymbolTable) -> SimulatedFeed {
        SimulatedFeed(
            symbols: symbols, as: plan.symbols, capacity: plan.feedWindow, repairs: broken != .noGapRepair)
    }

    func terms(_ kind: StrategyKind) -> SessionTerms {
        SessionTerms(
            strategyID: kind.id, pluginID: "\(kind)", pluginVersion: "1", pluginSHA256: "",
            symbols: kind.symbols, parameters: [],
            simulation: plan.settings.fields.map { SessionTerms.Setting($0.name, $0.value) })
    }

    /// A strategy as it begins, or a version of it that watches.
    func makeStrategy(
        _ kind: StrategyKind, symbols: SymbolTable, version: StrategyInput.Version? = nil,
        from snapshot: HostedSnapshot? = nil
    ) throws -> (strategy: HostedStrategy, symbols: [SymbolIndex]) {
        let own = kind.symbols.map { symbols.index(of: $0)! }
        var habits = plan.habits
        if hasDice(kind) { habits.dice = { [unowned self] in Int64(self.random.below(3)) } }
        if version == nil { habits.failsAt = plan.failing[kind] ?? 0 }
        let instance =
            version.map { kind.makeInstance(habits, version: $0) } ?? kind.makeInstance(habits)
        let strategy = try HostedStrategy(
            id: kind.id, instance: instance, symbols: own, names: kind.symbols,
            parameters: ParameterValues(), cash: plan.settings.cash, watches: version != nil,
            from: snapshot)
        return (strategy, own)
    }

    func hasDice(_ kind: StrategyKind) -> Bool { plan.hasDice && kind == .crossover }

    /// Position of the last journalled command of a strategy.
    func lastCommandPlace(_ id: String) -> Progress? {
        for record in journal.records.reversed()
        where record.starts(with: Array("{\"type\":\"command\"".utf8)) {
            var table = plan.symbols
            let decoded = try? record.withUnsafeBytes { try CommandCodec.decode($0, symbols: &table) }
            guard let decoded, decoded.strategy == id else { continue }
            return Progress(event: decoded.command.afterEvent, report: decoded.command.afterReport)
        }
        return nil
    }

    // MARK: the run

    /// Runs until everything is traded and booked, and says what is wrong with the result.
    func run() -> [String] {
        for process in processes { process.start() }
        repeatedly { self.leases.tick() }
        for process in processes { repeatedly { process.tick() } }
        while problems.isEmpty, !isDone {
            guard now < Self.patience, let next = agenda.takeNext() else {
                wrong("stuck: " + processes.map(\.standing).joined(separator: "; "))
                break
            }
            next()
        }
        if problems.isEmpty { problems += Comparison(self).differences() }
        // What was still planned holds the world, which holds it.
        agenda = Agenda()
        return problems
    }

    private func repeatedly(_ action: @escaping () -> Void) {
        plan(in: random.within(1...Self.tick)) {
            action()
            self.repeatedly(action)
        }
    }

    private var isDone: Bool {
        now >= plan.horizon + 2 * Self.tick && gateway.isDone && simulator.isDone
            && tracker.isSettled
    }
}

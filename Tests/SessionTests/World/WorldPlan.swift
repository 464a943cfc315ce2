// What a seed decides before anything happens: market data, settings, how bad the network is.

import Contracts
import TradingCore

struct WorldPlan {
    /// A, B, C (of no strategy) and D (bars only).
    let symbols: SymbolTable
    let events: [MarketEvent]
    let settings: SessionSettings
    let habits: Habits
    /// When each runner starts.
    let runners: [Int]
    /// Runners leave and join again.
    private(set) var runnersLeave: Bool
    /// Whether what the gateway has not journalled before a crash is gone, as with live data.
    let isLive: Bool
    /// Share of published messages that are lost, and that come twice.
    let drop: Double
    let duplicate: Double
    /// Share of moments at which a fault strikes, until the horizon.
    private(set) var fault: Double
    let horizon: Int
    /// Mean time between two market events.
    let pace: Int
    let reportWindow: UInt64
    let feedWindow: UInt64
    /// What operators want, and when.
    let wishes: [OperatorWish]
    /// Base strategies that fail at their n-th event and are stopped.
    let failing: [StrategyKind: Int]
    /// Whether the crossover decides by chance: it is not deterministic and begins afresh after each rebuild.
    let hasDice: Bool
    /// Runners notice by their own clock that a lease has run out; where they do not, only the fence is left.
    let clocksGoOn: Bool
    /// The database's clock is set now and then.
    let clockJumps: Bool
    /// The database is restored from an older backup now and then.
    private(set) var restores: Bool
    /// Share of the simulator's turns after which it takes a snapshot.
    let snapshots: Double
    /// Market events between two snapshots of a strategy; 0: none are taken.
    let snapshotEvery: UInt64

    init(_ random: inout SplitMix64) {
        var symbols = SymbolTable()
        for name in ["A", "B", "C", "D"] { _ = try! symbols.intern(name) }
        self.symbols = symbols
        var market = MarketMaker(symbols)
        events = market.events(random.pick([40, 80, 120]), &random)
        var settings = SessionSettings()
        settings.latencyMicroseconds = random.pick([0, 0, 3, 11])
        settings.slippage = random.pick([.zero, .zero, Price(units: 12_345_678)])
        settings.maxPosition = random.pick([nil, nil, Quantity(whole: 60)])
        settings.fill = random.pick([.displayed, .displayed, .touch])
        settings.short = random.chance(0.8)
        self.settings = settings
        habits = Habits(beginsEarly: random.chance(0.5), bursts: random.chance(0.3))
        let joins = random.pick([[0, 0], [0, 0, 0], [0, 0, 20_000], [0, 9_000, 30_000, 30_000]])
        runners = joins.map { $0 / 2 + random.below($0 / 2 + 1) }
        runnersLeave = random.chance(0.5)
        isLive = random.chance(0.5)
        drop = random.pick([0, 0.05, 0.3])
        duplicate = random.pick([0, 0.05, 0.3])
        fault = random.pick([0, 0.004, 0.012, 0.03])
        horizon = random.pick([25_000, 50_000, 90_000])
        pace = random.pick([20, 200, 500])
        reportWindow = random.pick([1, 3, 17, ServedSession.reportWindow])
        feedWindow = random.pick([16, 32, 256])
        clocksGoOn = random.chance(0.5)
        clockJumps = random.chance(0.3)
        restores = random.chance(0.2)
        snapshots = random.pick([0, 0.02, 0.15])
        snapshotEvery = random.pick([0, 0, 3, 20])
        // Where nothing is wanted, snapshots are taken to the end.
        let isLeftAlone = random.chance(0.35)
        wishes = isLeftAlone ? [] : OperatorPlan.wishes(&random, until: 300 + pace * events.count)
        let fails = random.chance(0.15)
        failing = fails ? [random.pick(StrategyKind.allCases): random.within(1...25)] : [:]
        hasDice = random.chance(0.1)
    }

    /// A world without a rule is one in which much goes wrong, so that few are needed to notice it.
    mutating func worsen() {
        fault = max(fault, 0.012)
        runnersLeave = true
        restores = true
    }
}

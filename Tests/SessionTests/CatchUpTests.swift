// A session and its strategy that were stored at different places of one run, brought to one place and gone
// on with: the trades from the session's place on are those of the whole run.

import Contracts
import Testing

@testable import StrategyHost
@testable import TradingCore

/// A run of one session that stores its two sides at two events.
private struct StoredApart {
    let plan: WorldPlan
    let kind: StrategyKind
    private let own: [SymbolIndex]
    private(set) var trades: [Execution] = []
    private var reports: [Report] = []
    private var commands: [Command] = []
    private var session: (bytes: [UInt8], trades: Int, report: UInt64, command: UInt64, cursor: UInt64)
    private var strategy: (bytes: [UInt8], place: Progress)

    init(_ kind: StrategyKind, seed: UInt64, sessionAt: Int, strategyAt: Int) throws {
        var random = SplitMix64(seed: seed)
        plan = WorldPlan(&random)
        self.kind = kind
        let symbols = plan.symbols
        own = kind.symbols.map { symbols.index(of: $0)! }
        session = ([], 0, 0, 0, 0)
        strategy = ([], Progress())
        let made = try HostedStrategy(
            id: kind.id, instance: kind.makeInstance(plan.habits), symbols: own, names: kind.symbols,
            parameters: ParameterValues(), cash: plan.settings.cash)
        let run = BacktestSession(strategy: made, settings: plan.settings, symbols: own)
        let (notedReports, notedCommands, notedTrades) = (
            Noted<Report>(), Noted<Command>(), Noted<Execution>()
        )
        run.onReport = { notedReports.items.append($0) }
        run.onCommand = { notedCommands.items.append($0) }
        for (index, event) in plan.events.enumerated() {
            try run.take(event) { notedTrades.items.append($0) }
            run.collectCommands()
            if index == sessionAt {
                var state = StateWriter()
                run.driver.write(into: &state)
                session = (
                    state.bytes, notedTrades.items.count, run.driver.lastReport, run.driver.lastCommand,
                    run.driver.cursor
                )
            }
            if index == strategyAt {
                let place = Progress(
                    event: made.lastEvent, report: made.lastReport, command: made.lastCommand)
                strategy = (try made.stored(), place)
            }
        }
        try run.finish { notedTrades.items.append($0) }
        (reports, commands, trades) = (notedReports.items, notedCommands.items, notedTrades.items)
    }

    /// The trades from the session's place on, as the whole run has made them.
    var expected: [Execution] { Array(trades[session.trades...]) }

    /// The same, gone on with from the two stored sides.
    func goneOn(changing command: UInt64? = nil) throws -> [Execution] {
        var reader = StateReader(session.bytes)
        let driver = try SessionDriver(settings: plan.settings, symbols: own, from: &reader)
        let made = try HostedStrategy(
            id: kind.id, instance: kind.makeInstance(plan.habits), symbols: own, names: kind.symbols,
            parameters: ParameterValues(), cash: plan.settings.cash,
            from: try HostedSnapshot(bytes: strategy.bytes, symbols: own))
        let run = BacktestSession(strategy: made, driver: driver, symbols: own)
        let place = strategy.place
        let first = min(place.command, session.command)
        var between = JournalledBetween(commands: NumberedValues(after: first))
        for made in commands where made.number > first && made.number <= max(place.command, session.command) {
            between.commands.append(made.digest ^ (made.number == command ? 1 : 0))
            if made.number > session.command { between.missing.append(made) }
        }
        between.reports = reports.filter { $0.number > place.report && $0.number <= session.report }
        run.begin(with: between)
        let noted = Noted<Execution>()
        for event in plan.events where event.seq > min(place.event, session.cursor) {
            if run.isInStep {
                try run.take(event) { noted.items.append($0) }
            } else {
                try run.catchUp(event) { noted.items.append($0) }
            }
        }
        if run.isInStep {
            try run.finish { noted.items.append($0) }
        } else {
            try run.finishCatchingUp { noted.items.append($0) }
        }
        return noted.items
    }

    /// A command that the strategy makes again and the session holds.
    var repeated: UInt64? { strategy.place.command < session.command ? session.command : nil }
}

private final class Noted<Item> {
    var items: [Item] = []
}

@Suite struct CatchUpTests {
    @Test(arguments: StrategyKind.allCases)
    func sidesThatWereStoredApartGoOnToTheSameTrades(kind: StrategyKind) throws {
        var compared = 0
        for seed in 1...60 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed &* 104_729)
            for _ in 0..<3 {
                let (session, strategy) = (random.below(39), random.below(39))
                let apart = try StoredApart(kind, seed: seed, sessionAt: session, strategyAt: strategy)
                let expected = apart.expected
                compared += expected.count
                let place = "seed \(seed), session at \(session), strategy at \(strategy)"
                #expect(try apart.goneOn() == expected, "\(place)")
            }
        }
        #expect(compared > 300)
    }

    @Test func aCommandThatComesOutDifferentlyIsNoticed() throws {
        var noticed = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let apart = try StoredApart(.quoter, seed: seed, sessionAt: 30, strategyAt: 10)
            guard let command = apart.repeated else { continue }
            #expect(throws: CommandDiffers.self) { try apart.goneOn(changing: command) }
            noticed += 1
        }
        #expect(noticed > 5)
    }
}

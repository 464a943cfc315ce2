// A plugin on trial: `trading-robot plugins check` runs it twice over the same made-up market, with the
// session that backtests and the simulator use, and says what it does wrong.
//
// The market is a function of nothing: a seeded walk with quotes and trades of two symbols, and bars of a
// third that has no ticks. What is found is what would go wrong later with real data: a call that fails,
// orders that are refused, and decisions that are not the same the second time, which no recovery could
// repeat.

import Contracts
import MarketData
import TradingCore

/// What a trial came to.
package struct PluginTrialReport: Sendable {
    package var events = 0
    package var commands = 0
    package var trades = 0
    /// How often it was begun anew from a snapshot.
    package var restarts = 0
    /// One sentence for each thing that is wrong; empty for a good plugin.
    package var mistakes: [String] = []
    /// What a person should know and what is no mistake.
    package var remarks: [String] = []
}

package struct PluginTrial {
    private static let symbols = ["TRIAL-A", "TRIAL-B", "TRIAL-C"]
    /// Ticks of the first two symbols; every `ticksPerBar` a bar of the third follows.
    private static let ticks: UInt64 = 5_000
    private static let ticksPerBar: UInt64 = 10
    /// Reasons of refused orders that are said; the rest is counted.
    private static let maximumReasons = 5
    /// Events between two snapshots of the third run: no divisor of anything that a strategy counts.
    private static let eventsPerRestart = 613

    private let metadata: PluginMetadata
    private let makeInstance: () -> any StrategyInstance

    /// - Parameter makeInstance: a new instance of the plugin at each call.
    package init(_ metadata: PluginMetadata, makeInstance: @escaping () -> any StrategyInstance) {
        self.metadata = metadata
        self.makeInstance = makeInstance
    }

    /// Runs the plugin with its defaults.
    package func run() throws -> PluginTrialReport {
        var report = PluginTrialReport()
        let first = try runOnce()
        report.events = first.events
        report.commands = first.commands.count
        report.trades = first.trades
        report.mistakes = first.failures
        for (reason, count) in first.refusals.sorted(by: { $0.key < $1.key }).prefix(Self.maximumReasons) {
            report.remarks.append("\(count) orders were rejected: \(reason)")
        }
        if first.commands.isEmpty {
            report.remarks.append("it placed no order on the trial's market")
        }
        guard first.failures.isEmpty else { return report }
        let second = try runOnce()
        report.mistakes += second.failures
        if let difference = Self.difference(first.commands, second.commands) {
            report.mistakes.append(
                "it decides differently on the same market: \(difference). A strategy must decide from what "
                    + "it is handed and nothing else: no clock, no unseeded random numbers, no order of a "
                    + "hash table, nothing kept from another instance")
        }
        if report.mistakes.isEmpty, first.givesSnapshots { try compareRestarted(first, &report) }
        return report
    }

    /// A third run in which the strategy is begun anew from its snapshot, again and again.
    private func compareRestarted(_ first: Run, _ report: inout PluginTrialReport) throws {
        let third = try runOnce(restarts: true)
        report.restarts = third.restarts
        report.mistakes += third.failures
        guard third.failures.isEmpty, let difference = Self.difference(first.commands, third.commands)
        else { return }
        report.mistakes.append(
            "it decides differently when it is begun from its snapshot: \(difference). What `snapshot` gives "
                + "must hold everything that later decisions depend on")
    }

    // MARK: one run

    private struct Run {
        var events = 0
        var trades = 0
        var commands: [Command] = []
        var failures: [String] = []
        var refusals: [String: Int] = [:]
        var givesSnapshots = false
        /// How often it went on from a snapshot.
        var restarts = 0
    }

    private func runOnce(restarts: Bool = false) throws -> Run {
        var run = Run()
        var table = SymbolTable()
        let indexes = try Self.symbols.map { try table.intern($0) }
        let settings = SessionSettings()
        var commands: [Command] = []
        var refusals: [String: Int] = [:]
        func make(from snapshot: HostedSnapshot?) throws(StrategyFailure) -> HostedStrategy {
            try HostedStrategy(
                id: "trial", instance: makeInstance(), symbols: indexes, names: Self.symbols,
                parameters: defaults(), cash: settings.cash, from: snapshot)
        }
        func listen(_ session: BacktestSession) -> BacktestSession {
            session.onCommand = { commands.append($0) }
            session.onReport = { report in
                if report.status == .rejected { refusals[report.reason?.sentence ?? "", default: 0] += 1 }
            }
            return session
        }
        do {
            var session = listen(
                BacktestSession(strategy: try make(from: nil), settings: settings, symbols: indexes))
            var market = try TrialMarket(ticks: Self.ticks, ticksPerBar: Self.ticksPerBar, Self.symbols)
            while let event = try market.next(&table) {
                run.events += 1
                try session.take(event) { _ in run.trades += 1 }
                guard restarts, run.events.isMultiple(of: Self.eventsPerRestart) else { continue }
                try session.strategy.wantState()
                guard case .taken(let snapshot)? = session.strategy.takeState() else { continue }
                run.restarts += 1
                session = listen(BacktestSession(continuing: session, with: try make(from: snapshot)))
            }
            try session.finish { _ in run.trades += 1 }
            run.givesSnapshots = session.strategy.givesSnapshots
            try session.strategy.cleanup()
        } catch let failure as StrategyFailure {
            run.failures.append(failure.sentence)
        }
        run.commands = commands
        run.refusals = refusals
        return run
    }

    private func defaults() -> ParameterValues {
        guard let values = try? ParameterValues([], for: metadata.parameters) else {
            preconditionFailure("no text can be wrong where none is given")
        }
        return values
    }

    /// The first command that is not the same, in words.
    private static func difference(_ first: [Command], _ second: [Command]) -> String? {
        for (one, other) in zip(first, second) where one != other {
            return "command \(one.number) was \(words(one)), the second time \(words(other))"
        }
        guard first.count != second.count else { return nil }
        return "\(first.count) commands, the second time \(second.count)"
    }

    private static func words(_ command: Command) -> String {
        "\(command.action) \(command.side) \(command.quantity) at \(command.price) after event "
            + "\(command.afterEvent)"
    }
}

/// The trial's market: ticks of a synthetic source, and bars of one more symbol.
private struct TrialMarket {
    private var source: SyntheticSource
    private let bar: SymbolIndex
    private let ticksPerBar: UInt64
    private var seq: UInt64 = 0
    private var ticks: UInt64 = 0
    private var last: MarketEvent?
    private var lastClose = Price.zero
    private var owesBar = false

    init(ticks: UInt64, ticksPerBar: UInt64, _ symbols: [String]) throws {
        var settings = SyntheticSettings()
        settings.seed = 7
        settings.symbols = Array(symbols.dropLast())
        settings.count = ticks
        source = try SyntheticSource(settings)
        bar = SymbolIndex(Int32(symbols.count - 1))
        self.ticksPerBar = ticksPerBar
    }

    mutating func next(_ table: inout SymbolTable) throws -> MarketEvent? {
        seq += 1
        if owesBar, let last {
            owesBar = false
            return makeBar(after: last)
        }
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        guard try source.next(into: &event, symbols: &table) else { return nil }
        event.seq = seq
        if event.kind == .quote || event.kind == .trade {
            ticks += 1
            owesBar = ticks.isMultiple(of: ticksPerBar)
            last = event
        }
        return event
    }

    /// A bar whose prices follow the ticks of the others, one second long.
    private mutating func makeBar(after tick: MarketEvent) -> MarketEvent {
        var event = MarketEvent(kind: .bar, symbol: bar, timestamp: tick.timestamp)
        let close = tick.kind == .trade ? tick.price : max(tick.bid, tick.ask)
        let step = Price(units: 1_000_000)
        event.seq = seq
        event.interval = 1
        event.openTime = Timestamp(microseconds: tick.timestamp.microseconds - 1_000_000)
        event.open = lastClose == .zero ? close : lastClose
        event.price = close
        event.high = max(event.open, close) + step
        event.low = min(event.open, close) - step
        event.size = Quantity(whole: 1_000)
        lastClose = close
        return event
    }
}

// A backtest of any number of strategies over one source: what `backtest` prints and what `verify` compares.
//
// Memory grows with the number of trades, not with the length of the data.

import Contracts
import MarketData
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

/// What one strategy came to.
struct BacktestResult {
    let terms: SessionTerms
    let record: BacktestRecord
    var trades: [Execution] { record.trades }
    /// Why it stopped before the end; nil when it did not.
    var failure: String?
}

/// What a session made, in the order in which it made it.
final class BacktestRecord {
    private(set) var trades: [Execution] = []
    private(set) var marks: [EquityEvent] = []
    /// Nil before the first trade or mark.
    private(set) var performance: StrategyPerformance?
    private let strategy: String
    private let names: [SymbolIndex: String]
    private let keepsMarks: Bool
    private let isWhole: Bool

    /// - Parameter isWhole: whether it begins with the session; else nothing is counted.
    init(strategy: String, names: [SymbolIndex: String], keepsMarks: Bool, isWhole: Bool = true) {
        self.strategy = strategy
        self.names = names
        self.keepsMarks = keepsMarks
        self.isWhole = isWhole
    }

    func take(_ execution: Execution) {
        trades.append(execution)
        guard isWhole else { return }
        let facts = ExecutionFacts(execution, symbol: names[execution.symbol] ?? "")
        let outcome = StrategyPerformance.record(facts, in: &performance)
        precondition(outcome == .counted, "a session numbers its executions in order")
    }

    func take(_ mark: EquityMark) {
        let event = mark.event(strategy: strategy) { names[$0] ?? "" }
        guard isWhole else { return }
        let outcome = StrategyPerformance.record(event, in: &performance)
        precondition(outcome == .counted, "a mark names the execution before it")
        if keepsMarks { marks.append(event) }
    }
}

/// What the data were.
struct BacktestData {
    var events: UInt64 = 0
    var first: Timestamp?
    var last: Timestamp?
}

struct BacktestRun {
    private(set) var results: [BacktestResult] = []
    private(set) var data = BacktestData()
    private(set) var symbols = SymbolTable()
    private var sessions: [BacktestSession] = []
    private var plugins: [String: any StrategyPlugin] = [:]
    private let folders: PluginFolders
    private let keepsMarks: Bool
    private let onLog: ((_ strategy: String, _ text: String) -> Void)?

    /// - Parameters:
    ///   - keepsMarks: whether the marks of the accounts are wanted, not only what follows from them.
    ///   - symbols: the table that snapshots were read with.
    ///   - onLog: gets what the strategies log and print.
    init(
        plugins folders: PluginFolders, keepsMarks: Bool = false, symbols: SymbolTable = SymbolTable(),
        onLog: ((_ strategy: String, _ text: String) -> Void)? = nil
    ) {
        self.folders = folders
        self.keepsMarks = keepsMarks
        self.symbols = symbols
        self.onLog = onLog
    }

    /// The plugin with this id, loaded once.
    mutating func plugin(_ id: String) throws -> any StrategyPlugin {
        if let known = plugins[id] { return known }
        let plugin = try folders.plugin(id: id)
        plugins[id] = plugin
        return plugin
    }

    /// Adds a strategy, with what came to it from outside when its session was recorded; call before `run`.
    mutating func add(_ terms: SessionTerms, recorded: RecordedSession = RecordedSession()) throws {
        let indexes = try symbols.intern(all: terms.symbols)
        let settings = try SessionSettings(fields: terms.simulation.map { ($0.name, $0.value) })
        let strategy: HostedStrategy
        var inputs: RecordedInputs
        let log = { [onLog] (_: UInt32, text: String) -> Void in onLog?(terms.strategyID, text) }
        if recorded.decisions.isEmpty {
            strategy = try HostedStrategy.make(
                terms, plugin: plugin(terms.pluginID), symbols: indexes, onLog: log)
            inputs = try self.inputs(recorded, terms, indexes, log)
        } else {
            strategy = .vacant(id: terms.strategyID, symbols: indexes, names: terms.symbols)
            inputs = RecordedInputs()
            inputs.halts = recorded.halts
            inputs.decisions = try recorded.commands(&symbols)
        }
        let session = BacktestSession(
            strategy: strategy, settings: settings, symbols: indexes, recorded: inputs)
        let names = Dictionary(zip(indexes, terms.symbols)) { first, _ in first }
        let record = BacktestRecord(strategy: terms.strategyID, names: names, keepsMarks: keepsMarks)
        session.onMark = { record.take($0) }
        sessions.append(session)
        results.append(BacktestResult(terms: terms, record: record))
    }

    /// What came from outside, with the versions that it names.
    private mutating func inputs(
        _ recorded: RecordedSession, _ terms: SessionTerms, _ symbols: [SymbolIndex],
        _ log: ((UInt32, String) -> Void)?
    ) throws -> RecordedInputs {
        var inputs = RecordedInputs()
        inputs.halts = recorded.halts
        inputs.inputs = recorded.inputs
        for command in recorded.inputs {
            guard let version = command.input?.version else { continue }
            let made = try HostedStrategy.make(
                terms.with(version), plugin: plugin(version.pluginID), symbols: symbols, watches: true,
                onLog: log)
            inputs.versions.append((command, made))
        }
        return inputs
    }

    /// Adds a strategy that goes on from snapshots of its session and of itself, behind which everything lies
    /// that came from outside; call before `run`.
    mutating func add(_ basis: SessionBasis, recorded: RecordedSession) throws {
        let terms = basis.session.terms
        let plugin = try plugin(terms.pluginID)
        let symbols = basis.session.symbols
        let strategy = try HostedStrategy.make(
            terms, plugin: plugin, symbols: symbols, restored: basis.strategy.state)
        let session = BacktestSession(
            strategy: strategy, driver: basis.session.served.driver, symbols: symbols,
            recorded: try inputs(recorded, terms, symbols, nil))
        session.begin(with: basis.between)
        let names = Dictionary(zip(symbols, terms.symbols)) { first, _ in first }
        let record = BacktestRecord(
            strategy: terms.strategyID, names: names, keepsMarks: false, isWhole: false)
        sessions.append(session)
        results.append(BacktestResult(terms: terms, record: record))
    }

    /// Runs the source to its end, or so many events of it.
    ///
    /// - Parameter progress: told now and then how many events were taken.
    /// - Throws: what the source throws. A strategy that fails ends alone, see `BacktestResult.failure`.
    mutating func run(
        _ source: inout any MarketDataSource, through last: UInt64 = .max, progress: (UInt64) -> Void
    ) throws {
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        while data.events < last, try source.next(into: &event, symbols: &symbols) {
            data.events += 1
            if event.seq == 0 { event.seq = data.events }
            if event.kind != .end, event.kind != .instrument {
                if data.first == nil { data.first = event.timestamp }
                data.last = max(data.last ?? event.timestamp, event.timestamp)
            }
            for index in sessions.indices { take(event, index) }
            if data.events & 0x3fff == 0 { progress(data.events) }
        }
        for index in sessions.indices where results[index].failure == nil {
            do {
                let record = results[index].record
                if sessions[index].isInStep {
                    try sessions[index].finish { record.take($0) }
                } else {
                    try sessions[index].finishCatchingUp { record.take($0) }
                }
            } catch {
                results[index].failure = "\(error)"
            }
            sessions[index].cleanup()
        }
    }

    private mutating func take(_ event: MarketEvent, _ index: Int) {
        guard results[index].failure == nil, event.seq >= results[index].terms.start,
            sessions[index].symbols.contains(event)
        else { return }
        do {
            guard sessions[index].isInStep else {
                let record = results[index].record
                return try sessions[index].catchUp(event) { record.take($0) }
            }
            try sessions[index].take(event) { results[index].record.take($0) }
        } catch {
            results[index].failure = "\(error)"
        }
    }

    /// What there is to report, in the order in which the strategies were given.
    var reported: [ReportedStrategy] {
        results.map { result in
            let cash = (try? SessionSettings(fields: result.terms.simulation.map { ($0.name, $0.value) }))?
                .cash
            let nothing = StrategyPerformance(cash: cash ?? .zero, at: data.first ?? Timestamp(seconds: 0))
            return ReportedStrategy(
                id: result.terms.strategyID, performance: result.record.performance ?? nothing,
                failure: result.failure)
        }
    }

    /// The marks of all accounts, one JSON object a line, by strategy, then number.
    func equity() -> String {
        var writer = JSONWriter(capacity: 1 << 16)
        for result in sorted {
            for mark in result.record.marks {
                mark.writeCanonical(into: &writer)
                writer.append(0x0a as UInt8)
            }
        }
        return writer.string
    }

    private var sorted: [BacktestResult] {
        results.sorted {
            Array($0.terms.strategyID.utf8).lexicographicallyPrecedes(Array($1.terms.strategyID.utf8))
        }
    }

    /// The canonical ledger of all strategies: one trade a line, by strategy in byte order, then
    /// `strategy_seq`.
    func ledger() -> [String] {
        sorted.flatMap(lines)
    }

    /// The canonical lines of one strategy.
    func lines(of result: BacktestResult) -> [String] {
        var writer = JSONWriter(capacity: 1024)
        return result.trades.map { execution in
            writer.reset()
            TradeEvent(
                execution, strategy: result.terms.strategyID, symbol: symbols.name(of: execution.symbol)
            ).writeCanonical(into: &writer)
            return writer.string
        }
    }
}

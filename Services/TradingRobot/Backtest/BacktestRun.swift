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
    var trades: [Execution] = []
    var performance: Performance
    /// Why it stopped before the end; nil when it did not.
    var failure: String?
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
    private var plugins: [String: NativePlugin] = [:]
    private let folders: PluginFolders

    init(plugins folders: PluginFolders) { self.folders = folders }

    /// The plugin with this id, loaded once.
    mutating func plugin(_ id: String) throws -> NativePlugin {
        if let known = plugins[id] { return known }
        let plugin = try folders.plugin(id: id)
        plugins[id] = plugin
        return plugin
    }

    /// Adds a strategy; call before `run`.
    mutating func add(_ terms: SessionTerms) throws {
        let plugin = try plugin(terms.pluginID)
        var indexes: [SymbolIndex] = []
        for name in terms.symbols { indexes.append(try symbols.intern(name)) }
        let settings = try SessionSettings(fields: terms.simulation.map { ($0.name, $0.value) })
        let strategy = try HostedStrategy.make(terms, plugin: plugin, symbols: indexes)
        sessions.append(BacktestSession(strategy: strategy, settings: settings, symbols: indexes))
        results.append(BacktestResult(terms: terms, performance: Performance(startEquity: settings.cash)))
    }

    /// Runs the source to its end, or to the event `last`.
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
            do { try sessions[index].finish { results[index].trades.append($0) } } catch {
                results[index].failure = "\(error)"
            }
            mark(index, at: data.last)
            try? sessions[index].strategy.cleanup()
        }
    }

    private mutating func take(_ event: MarketEvent, _ index: Int) {
        guard results[index].failure == nil, sessions[index].symbols.contains(event) else { return }
        do {
            let before = results[index].trades.count
            try sessions[index].take(event) { results[index].trades.append($0) }
            if results[index].trades.count != before { mark(index, at: event.timestamp) }
        } catch {
            results[index].failure = "\(error)"
        }
    }

    /// Counts the trades made since the last mark and the equity at the standing market.
    private mutating func mark(_ index: Int, at time: Timestamp?) {
        let counted = results[index].performance.trades.count
        for trade in results[index].trades.dropFirst(counted) {
            try? results[index].performance.record(trade)
        }
        if let time, let equity = try? sessions[index].driver.book.equity() {
            results[index].performance.mark(equity: equity, at: time)
        }
    }

    /// The canonical ledger of all strategies: one trade a line, by strategy in byte order, then
    /// `strategy_seq`.
    func ledger() -> [String] {
        results.sorted {
            Array($0.terms.strategyID.utf8).lexicographicallyPrecedes(Array($1.terms.strategyID.utf8))
        }.flatMap(lines)
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

// Performance and the database: what is stored of it, how it is read back, and how it is counted anew from
// the ledger. The tracker, `metrics` and `ledger rebuild` all go through here, so they cannot differ.

import Contracts
import Persistence
import TradingCore

extension PerformanceRow {
    /// What is to be stored of the performance, with the days that changed since the last call.
    package init(_ strategy: String, taking performance: inout StrategyPerformance) {
        let tally = performance.account.total
        let start = performance.account.start
        self.init(
            strategyID: strategy, trades: UInt64(tally.trades.count), timestamp: performance.time,
            realizedPnl: tally.realized.total.money, fees: tally.fees.total.money,
            totalReturn: TotalReturn.value(from: start, to: performance.equity),
            winRate: tally.wins.value, maximumDrawdown: tally.drawdown.value, state: performance.state)
        changedDays = performance.takeChangedDays().map { symbol, day in
            PerformanceDay(
                symbol: symbol, day: day.number, equity: day.equity, figures: day.figures)
        }
    }
}

/// The performance of a strategy from its stored state, or counted anew from its ledger when that is of
/// another version or damaged; nil without a trade and a mark.
package func storedPerformance(_ strategy: String, in store: any Store) throws -> StrategyPerformance? {
    if let row = try store.metrics(strategy: strategy) {
        var days: [String: [TradingDay]] = [:]
        for day in try store.days(strategy: strategy) {
            guard let read = try? TradingDay(number: day.day, equity: day.equity, figures: day.figures)
            else { return try recountedPerformance(strategy, in: store) }
            days[day.symbol, default: []].append(read)
        }
        if let performance = try? StrategyPerformance(state: row.state, days: { days[$0] ?? [] }) {
            return performance
        }
    }
    return try recountedPerformance(strategy, in: store)
}

/// The performance of a strategy from its trades and marks alone. Linear in the ledger.
package func recountedPerformance(_ strategy: String, in store: any Store) throws -> StrategyPerformance? {
    var marks: [EquityEvent] = []
    try store.forEachMark(strategy: strategy) { marks.append($0) }
    var recount = PerformanceRecount(marks: marks)
    try store.forEachTrade(strategy: strategy) { recount.record(ExecutionFacts($0)) }
    return recount.finish()
}

/// Counts the metrics of every strategy anew from the ledger and writes those that are stored otherwise.
///
/// - Returns: a sentence for each strategy whose stored metrics differ.
package func rebuildMetrics(in store: any Store, isDryRun: Bool) throws -> [String] {
    let strategies = Set(try store.metrics().map(\.strategyID) + store.positions().map(\.strategyID))
    var found: [String] = []
    for strategy in strategies.sorted() {
        guard var performance = try recountedPerformance(strategy, in: store) else { continue }
        let row = PerformanceRow(strategy, taking: &performance)
        var stored = try store.metrics(strategy: strategy)
        stored?.changedDays = try store.days(strategy: strategy)
        var sorted = row
        sorted.changedDays.sort { ($0.symbol, $0.day) < ($1.symbol, $1.day) }
        guard stored != sorted else { continue }
        found.append("the metrics of \(strategy) do not follow from its ledger")
        if !isDryRun { try store.replaceMetrics(row) }
    }
    return found
}

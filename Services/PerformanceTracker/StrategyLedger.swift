// The metrics of one strategy as the tracker keeps them: what a trade or a mark changes, the row that is
// stored, the events that are published.

import Contracts
import Persistence
import ServiceKit
import TradingCore

struct StrategyLedger {
    /// Nil before the first trade or mark.
    private(set) var performance: StrategyPerformance?
    /// Something came out of order: what is stored has to be counted anew, see `recounted`.
    private(set) var needsRecount = false

    init(_ performance: StrategyPerformance? = nil, needsRecount: Bool = false) {
        self.performance = performance
        self.needsRecount = needsRecount
    }

    /// Counts a trade that was booked, so not one that was counted before.
    mutating func record(_ trade: TradeEvent) {
        let outcome = StrategyPerformance.record(ExecutionFacts(trade), in: &performance)
        if outcome != .counted { needsRecount = true }
    }

    /// Counts a mark, or passes over one that was counted before.
    mutating func record(_ mark: EquityEvent) {
        if StrategyPerformance.record(mark, in: &performance) == .outOfOrder { needsRecount = true }
    }

    /// What is to be stored now; nil while there is nothing. While everything has to be counted anew the row
    /// has no state: a tracker that is killed before it has done so does it when it starts again.
    mutating func takeRow(_ strategy: String) -> PerformanceRow? {
        guard performance != nil else { return nil }
        var row = PerformanceRow(strategy, taking: &performance!)
        if needsRecount { row.state = [] }
        return row
    }

    /// From everything that the store holds of the strategy, and stored in the place of what was there.
    static func recounted(_ strategy: String, in store: any Store) throws -> StrategyLedger {
        var ledger = StrategyLedger(try recountedPerformance(strategy, in: store))
        if let row = ledger.takeRow(strategy) { try store.replaceMetrics(row) }
        return ledger
    }

    // MARK: notices

    /// One event a period for the account, and one a period for each symbol of an account with several.
    func events(_ strategy: String) -> [PerformanceEvent] {
        guard let performance else { return [] }
        var events = Period.allCases.map { period in
            event(strategy, nil, period, performance, performance.figures(period))
        }
        guard performance.symbols.count > 1 else { return events }
        for symbol in performance.symbols.sorted(by: { $0.symbol < $1.symbol }) {
            events += Period.allCases.map { period in
                event(strategy, symbol.symbol, period, performance, performance.figures(of: symbol, period))
            }
        }
        return events
    }

    private func event(
        _ strategy: String, _ symbol: String?, _ period: Period, _ performance: StrategyPerformance,
        _ figures: Figures
    ) -> PerformanceEvent {
        PerformanceEvent(
            strategyID: strategy, symbol: symbol, period: period.rawValue, timestamp: performance.time,
            currency: performance.currency, periodsPerYear: performance.periodsPerYear,
            metrics: figures.list.map { .init($0.name, $0.value) })
    }

    /// The id under which all strategies together are published; no strategy may have it.
    static let portfolio = "portfolio"

    /// One event a period for all strategies together; none while their currencies differ.
    static func portfolioEvents(_ ledgers: [StrategyLedger]) -> [PerformanceEvent] {
        let all = ledgers.compactMap(\.performance)
        guard let time = all.map(\.time).max() else { return [] }
        return Period.allCases.compactMap { period in
            PortfolioPerformance.figures(all, period).map { figures in
                PerformanceEvent(
                    strategyID: portfolio, symbol: nil, period: period.rawValue, timestamp: time,
                    currency: all[0].currency, periodsPerYear: all.map(\.periodsPerYear).min() ?? 252,
                    metrics: figures.list.map { .init($0.name, $0.value) })
            }
        }
    }
}

// The metrics of one strategy as the tracker keeps them: what a trade or a mark changes, the row that is stored,
// the events that are published.

import Contracts
import Persistence
import TradingCore

/// The metrics of one strategy, from its ledger alone.
struct StrategyLedger {
    var performance: Performance
    var equity: LedgerEquity<String>

    /// The account's cash before its first trade, which the trade tells.
    init(first trade: TradeEvent) throws(AmountOutOfRange) {
        let value = try trade.price.times(trade.quantity)
        let paid = trade.side == .buy ? value : -value
        let cash = try trade.cash.adding(paid).adding(trade.fee)
        performance = Performance(startEquity: cash)
        equity = LedgerEquity(cash: cash)
    }

    mutating func record(_ trade: TradeEvent) throws(AmountOutOfRange) {
        try performance.record(trade)
        performance.mark(equity: try equity.record(trade), at: trade.timestamp)
    }

    func row(_ strategy: String) -> PerformanceRow {
        PerformanceRow(
            strategyID: strategy, trades: UInt64(performance.trades.count),
            timestamp: performance.time ?? Timestamp(microseconds: 0),
            realizedPnl: performance.realizedProfit.total, fees: performance.fees.total,
            totalReturn: performance.totalReturn.value, winRate: performance.winRate.value,
            maximumDrawdown: performance.maximumDrawdown.value, state: [])
    }

    func event(_ strategy: String) -> PerformanceEvent {
        let row = row(strategy)
        return PerformanceEvent(
            strategyID: strategy, period: "all", timestamp: row.timestamp,
            metrics: [
                .init("trades", Double(row.trades)), .init("realized_pnl", row.realizedPnl.approximate),
                .init("fees", row.fees.approximate), .init("total_return", row.totalReturn),
                .init("win_rate", row.winRate), .init("maximum_drawdown", row.maximumDrawdown),
                .init("end_equity", performance.endEquity.approximate),
            ])
    }
}

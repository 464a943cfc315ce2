// The metrics of one strategy, fed in order with its executions and its equity.

import Contracts

package struct Performance: Sendable, Equatable {
    package private(set) var trades = TradeCount()
    package private(set) var realizedProfit = RealizedProfit()
    package private(set) var fees = TotalFees()
    package private(set) var winRate = WinRate()
    package private(set) var totalReturn: TotalReturn
    package private(set) var maximumDrawdown: MaximumDrawdown
    /// Time of the last execution or mark.
    package private(set) var time: Timestamp?

    package init(startEquity: Money) {
        totalReturn = TotalReturn(start: startEquity)
        maximumDrawdown = MaximumDrawdown(start: startEquity)
    }

    /// Equity at the last mark; the start before the first.
    package var endEquity: Money { totalReturn.end }

    /// Takes in the next execution. Nothing changes when a sum leaves the range of amounts.
    package mutating func record(_ execution: ExecutionFacts, at time: Timestamp) throws(AmountOutOfRange) {
        var next = self
        next.trades.record(execution)
        try next.realizedProfit.record(execution)
        try next.fees.record(execution)
        next.winRate.record(execution)
        next.time = time
        self = next
    }

    package mutating func record(_ execution: Execution) throws(AmountOutOfRange) {
        try record(ExecutionFacts(execution), at: execution.timestamp)
    }

    package mutating func record(_ trade: TradeEvent) throws(AmountOutOfRange) {
        try record(ExecutionFacts(trade), at: trade.timestamp)
    }

    /// The equity at a later moment. Costs a few comparisons; allocates nothing.
    package mutating func mark(equity: Money, at time: Timestamp) {
        totalReturn.mark(equity: equity)
        maximumDrawdown.mark(equity: equity)
        self.time = time
    }
}

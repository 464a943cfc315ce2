// What every metric of a strategy is made of: its executions, one at a time, and its equity at moments.
//
// Amounts stay fixed point; only ratios are `Double`. A metric never looks back, so a tracker can go on from
// what it stored. The same metrics serve the tracker (equity marked at each trade) and the backtester (equity
// marked at each event); their maximum drawdown and end equity may differ for that reason alone.

import Contracts

/// What metrics need to know of one execution.
package struct ExecutionFacts: Sendable, Equatable {
    package var side: Side
    /// Before fees.
    package var realizedPnl: Money
    package var fee: Money
    /// Signed position after it.
    package var position: Quantity
    package var effect: PositionEffect

    package init(
        side: Side, effect: PositionEffect, realizedPnl: Money, fee: Money, position: Quantity
    ) {
        self.side = side
        self.effect = effect
        self.realizedPnl = realizedPnl
        self.fee = fee
        self.position = position
    }

    package init(_ execution: Execution) {
        self.init(
            side: execution.side, effect: execution.effect, realizedPnl: execution.realizedPnl,
            fee: execution.fee, position: execution.position)
    }

    package init(_ trade: TradeEvent) {
        self.init(
            side: trade.side, effect: trade.effect, realizedPnl: trade.realizedPnl, fee: trade.fee,
            position: trade.position)
    }

    /// Whether it closed a position, all or in part: only then profit is realised.
    package var closes: Bool {
        switch effect {
        case .open: false
        case .close: true
        case .update: (position > .zero) == (side == .sell)
        }
    }
}

/// A metric that is made of executions.
protocol ExecutionMetric {
    /// Takes in the next execution. Nothing changes when it throws.
    mutating func record(_ execution: ExecutionFacts) throws(AmountOutOfRange)
}

/// A metric that is made of the equity at moments.
protocol EquityMetric {
    /// Takes in the equity at a later moment.
    mutating func mark(equity: Money)
}

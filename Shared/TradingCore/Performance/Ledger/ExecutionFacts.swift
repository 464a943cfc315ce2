// What metrics need to know of one execution, whichever form it came in.

import Contracts

package struct ExecutionFacts: Sendable, Equatable {
    package var strategySeq: UInt64
    package var timestamp: Timestamp
    package var symbol: String
    package var side: Side
    package var effect: PositionEffect
    package var quantity: Quantity
    package var price: Price
    /// Of one unit, positive against the trader.
    package var slippage: Price
    package var fee: Money
    /// Before fees.
    package var realizedPnl: Money
    /// Signed position after it.
    package var position: Quantity
    /// Of the account after it.
    package var cash: Money

    package init(_ execution: Execution, symbol: String) {
        strategySeq = execution.strategySeq
        timestamp = execution.timestamp
        self.symbol = symbol
        side = execution.side
        effect = execution.effect
        quantity = execution.quantity
        price = execution.price
        slippage = execution.slippage
        fee = execution.fee
        realizedPnl = execution.realizedPnl
        position = execution.position
        cash = execution.cash
    }

    package init(_ trade: TradeEvent) {
        strategySeq = trade.strategySeq
        timestamp = trade.timestamp
        symbol = trade.symbol
        side = trade.side
        effect = trade.effect
        quantity = trade.quantity
        price = trade.price
        slippage = trade.slippage
        fee = trade.fee
        realizedPnl = trade.realizedPnl
        position = trade.position
        cash = trade.cash
    }

    /// Price × quantity, without sign.
    var value: MoneySum { MoneySum(price, times: quantity) }
    /// What it changed the cash by, before its fee.
    var flow: MoneySum { side == .buy ? -value : value }
    /// Whether it added to a position, the first execution of one included.
    var opens: Bool {
        switch effect {
        case .open: true
        case .close: false
        case .update: (position > .zero) == (side == .buy)
        }
    }
}

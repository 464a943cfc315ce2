// An order that was accepted and has not ended.

import Contracts

struct WorkingOrder: Sendable, Equatable {
    /// Number of the submit: its id, and its priority, for ever.
    let number: UInt64
    let symbol: SymbolIndex
    /// Place of the symbol in the session.
    let slot: Int
    let side: Side
    let type: OrderType
    let timeInForce: TimeInForce
    var quantity: Quantity
    var price: Price
    var stopPrice: Price
    var filled = Quantity.zero
    /// Executions so far.
    var executions: UInt32 = 0
    /// Mid or last when the submit was decided.
    let reference: Price
    /// When its present terms were decided: a bar that began earlier cannot fill it.
    var decided: Timestamp
    /// The price at which the account was asked whether it can pay.
    var worstPrice: Price
    /// A stop whose trigger was reached: it acts as a market order from then on.
    var isTriggered = false
    var isEnded = false

    var remaining: Quantity { quantity - filled }
    var actsAsMarket: Bool { type == .market || isTriggered }
}

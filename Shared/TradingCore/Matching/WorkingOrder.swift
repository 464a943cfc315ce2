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

extension WorkingOrder {
    func write(into state: inout StateWriter) {
        state.put(number)
        state.put(slot)
        for word in [side.rawValue, type.rawValue, timeInForce.rawValue] { state.put(word) }
        for amount in [quantity, filled] { state.put(amount) }
        for amount in [price, stopPrice, reference, worstPrice] { state.put(amount) }
        state.put(executions)
        state.put(decided)
        state.put(isTriggered)
    }

    /// - Parameter symbols: of the session; symbol numbers differ between processes and are not stored.
    init(from state: inout StateReader, symbols: [SymbolIndex]) throws(StateError) {
        number = try state.take()
        slot = try state.take()
        guard symbols.indices.contains(slot) else { throw StateError() }
        symbol = symbols[slot]
        side = try state.take(word: Side.self)
        type = try state.take(word: OrderType.self)
        timeInForce = try state.take(word: TimeInForce.self)
        quantity = try state.take()
        filled = try state.take()
        price = try state.take()
        stopPrice = try state.take()
        reference = try state.take()
        worstPrice = try state.take()
        executions = try state.take()
        decided = try state.take()
        isTriggered = try state.take()
    }
}

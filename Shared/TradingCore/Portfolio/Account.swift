// The account of one session: cash, positions, realised profit, fees.
//
// Guarantees: cash = start − Σ sign × round(price × quantity) − Σ fee over all executions, to the last unit,
// so the ledger alone proves it; the position is Σ sign × quantity. A booking that would leave the range of
// amounts changes nothing and throws.
//
// A cash account: no margin, no interest, no borrow fee, no dividends. Buying power is checked when an order
// is accepted (see Risk); what the market does until the fill can still take the cash below zero.

import Contracts

/// One execution as the account booked it.
struct BookedExecution: Sendable {
    var effect: PositionEffect
    var quantity: Quantity
    var fee: Money
    var realized: Money
    var position: Quantity
    var averagePrice: Price
    var cash: Money
}

package struct Account: Sendable {
    package private(set) var cash: Money
    /// Sum over all executions, before fees.
    package private(set) var realizedPnl = Money.zero
    package private(set) var fees = Money.zero
    private(set) var positions: [Position]

    init(cash: Money, symbols: Int) {
        self.cash = cash
        positions = Array(repeating: Position(), count: symbols)
    }

    /// Books one fill. The second execution is there when the fill crosses zero: close, then open.
    mutating func book(
        slot: Int, _ side: Side, _ quantity: Quantity, at price: Price, fee: Money
    ) throws(AmountOutOfRange) -> (BookedExecution, BookedExecution?) {
        var next = Step(cash: cash, realizedPnl: realizedPnl, fees: fees, position: positions[slot])
        let closable = next.position.closable(by: side)
        let first: BookedExecution
        var second: BookedExecution?
        if closable.isZero || quantity <= closable {
            first = try next.book(side, quantity, at: price, fee: fee)
        } else {
            let share = Int128(fee.units) * Int128(closable.units)
            let feeOfClose = Money(units: try divideHalfToEven(share, by: Int128(quantity.units)))
            first = try next.book(side, closable, at: price, fee: feeOfClose)
            second = try next.book(side, quantity - closable, at: price, fee: fee - feeOfClose)
        }
        cash = next.cash
        realizedPnl = next.realizedPnl
        fees = next.fees
        positions[slot] = next.position
        return (first, second)
    }

    /// The account while a fill is booked; thrown away when something leaves the range.
    private struct Step {
        var cash: Money
        var realizedPnl: Money
        var fees: Money
        var position: Position

        mutating func book(
            _ side: Side, _ quantity: Quantity, at price: Price, fee: Money
        ) throws(AmountOutOfRange) -> BookedExecution {
            let value = try price.times(quantity)
            cash = try side == .buy ? cash.subtracting(value) : cash.adding(value)
            cash = try cash.subtracting(fee)
            fees = try fees.adding(fee)
            let (effect, realized) = try position.book(side, quantity, at: price)
            realizedPnl = try realizedPnl.adding(realized)
            return BookedExecution(
                effect: effect, quantity: quantity, fee: fee, realized: realized,
                position: position.quantity, averagePrice: try position.averagePrice(), cash: cash)
        }
    }
}

extension Account {
    func write(into state: inout StateWriter) {
        state.put(cash)
        state.put(realizedPnl)
        state.put(fees)
        state.put(each: positions) { $0.write(into: &$1) }
    }

    init(from state: inout StateReader) throws(StateError) {
        cash = try state.take()
        realizedPnl = try state.take()
        fees = try state.take()
        positions = try state.take { (reader) throws(StateError) in try Position(from: &reader) }
    }
}

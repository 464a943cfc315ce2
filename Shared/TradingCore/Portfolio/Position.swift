// One position by average cost.
//
// The cost of what is held is kept in units of 1e-24, sixteen decimals beyond the ledger. Adding is exact. A
// partial close removes cost × closed / held, rounded half to even at 1e-24; closing the rest removes all
// that is left, so nothing drifts: over a round trip the removed cost is the added cost, to the last unit.
// Realised profit is rounded once, half to even at 1e-8, for each execution.

import Contracts

package struct Position: Sendable, Equatable {
    /// Cost units in one unit of money (1e-24 to 1e-8).
    private static let costPerMoney: Int128 = 10_000_000_000_000_000
    private static let largestCost = Int128(Int64.max) * costPerMoney

    /// Signed: negative is short.
    package private(set) var quantity = Quantity.zero
    /// What the held quantity was bought for, or sold for when it is short; units of 1e-24.
    private(set) var cost: Int128 = 0

    /// Flat.
    package init() {}

    /// Average entry price, rounded half to even; zero when flat.
    package func averagePrice() throws(AmountOutOfRange) -> Price {
        guard !quantity.isZero else { return .zero }
        let held = Int128(quantity.units.magnitude)
        return Price(units: try divideHalfToEven(cost, by: held * Int128(unitsPerOne)))
    }

    /// How much of a fill of this side closes what is held.
    package func closable(by side: Side) -> Quantity {
        (quantity < .zero) == (side == .buy) ? quantity.magnitude : .zero
    }

    /// Books an execution that does not cross zero. Nothing changes when it throws.
    ///
    /// - Returns: the realised profit before fees.
    package mutating func book(
        _ side: Side, _ executed: Quantity, at price: Price
    ) throws(AmountOutOfRange) -> (effect: PositionEffect, realized: Money) {
        _ = try price.times(executed)
        let value = Int128(price.units) * Int128(executed.units) * Int128(unitsPerOne)
        let closable = closable(by: side)
        if closable.isZero {
            let total = cost + value
            guard total.magnitude <= Self.largestCost.magnitude else { throw AmountOutOfRange() }
            let effect: PositionEffect = quantity.isZero ? .open : .update
            quantity = try side == .buy ? quantity.adding(executed) : quantity.subtracting(executed)
            cost = total
            return (effect, .zero)
        }
        precondition(executed <= closable, "an execution that closes does not cross zero")
        let removed = costRemoved(by: executed)
        let profit = quantity > .zero ? value - removed : removed - value
        let realized = Money(units: try divideHalfToEven(profit, by: Self.costPerMoney))
        quantity = side == .buy ? quantity + executed : quantity - executed
        cost -= removed
        return (quantity.isZero ? .close : .update, realized)
    }

    /// cost × closed / held, half to even. 256 bits in between.
    private func costRemoved(by closed: Quantity) -> Int128 {
        guard closed != quantity.magnitude else { return cost }
        let held = UInt128(quantity.units.magnitude)
        let product = cost.magnitude.multipliedFullWidth(by: UInt128(closed.units))
        var (quotient, remainder) = held.dividingFullWidth(product)
        if remainder * 2 > held || (remainder * 2 == held && quotient & 1 != 0) { quotient += 1 }
        return cost < 0 ? -Int128(quotient) : Int128(quotient)
    }
}

extension Position {
    func write(into state: inout StateWriter) {
        state.put(quantity)
        state.put(cost)
    }

    init(from state: inout StateReader) throws(StateError) {
        quantity = try state.take()
        cost = try state.take()
    }
}

// The checks before an order is accepted or replaced, one rule a file. The first one that is broken gives the
// reason; the order of the list is part of the contract, since the reason is journalled.
//
// Guarantees: whatever the numbers in a command are, it ends in acceptance or in a rejection with a sentence;
// nothing traps or wraps. Sentences never name symbol numbers: those differ between processes.

import Contracts

/// One condition that an order must meet.
protocol RiskRule {
    /// Why the order is refused, or nil. Throws when the calculation itself leaves the range of amounts.
    static func violation(_ order: ProposedOrder) throws(AmountOutOfRange) -> Reason?
}

/// The terms of an order to be accepted, with what the rules need to know of the session.
struct ProposedOrder {
    let settings: SessionSettings
    let market: Market
    let side: Side
    let type: OrderType
    /// The whole quantity.
    let quantity: Quantity
    /// What of it was filled before; zero for a new order.
    let filled: Quantity
    let price: Price
    let stopPrice: Price
    /// Signed.
    let position: Quantity
    /// What other working orders of this side may still fill in this symbol.
    let workingSameSide: Int128
    let cash: Money
    /// What the other working buy orders of the session may still cost, fees included.
    let reservedCash: Int128
    /// Cash and positions at their marks.
    let equity: Money
    /// What the short positions in other symbols are worth.
    let otherShortValue: Money

    var remaining: Quantity { quantity - filled }

    /// The position if every working order of this side and this one filled.
    var positionAfter: Int128 {
        Int128(position.units) + Int128(side.sign) * (workingSameSide + Int128(remaining.units))
    }

    /// The price at which the account must be able to pay: the limit; the trigger or the touch, whichever is
    /// worse, plus slippage for a stop; the touch or the mark plus slippage for a market order.
    func worstPrice() throws(AmountOutOfRange) -> Price {
        if type == .limit { return price }
        var worst = market.touch(for: side)?.price ?? market.mark ?? stopPrice
        if type == .stop { worst = side == .buy ? max(worst, stopPrice) : stopPrice }
        return side == .buy ? try worst.adding(settings.slippage) : worst
    }

    /// What is still to be filled, at the worst price.
    func notional() throws(AmountOutOfRange) -> Money { try worstPrice().times(remaining) }
}

/// An amount of a calculation that may be wider than 64 bits, for a sentence.
func shown(_ units: Int128) -> String {
    guard let narrow = Int64(exactly: units) else { return "an amount out of range" }
    return canonicalDecimal(narrow)
}

extension ProposedOrder {
    /// The terms by themselves, before anything is calculated with them.
    func termsViolation() -> Reason? {
        if let reason = CurrencyRule.violation(self) { return reason }
        if let reason = QuantityRule.violation(self) { return reason }
        if let reason = PriceRule.violation(self) { return reason }
        return QuoteRule.violation(self)
    }

    /// The first limit that is broken, or nil.
    func limitViolation() throws(AmountOutOfRange) -> Reason? {
        if let reason = MaximumOrderQuantityRule.violation(self) { return reason }
        if let reason = try MaximumNotionalRule.violation(self) { return reason }
        if let reason = MaximumPositionRule.violation(self) { return reason }
        if let reason = try ShortSaleRule.violation(self) { return reason }
        return try BuyingPowerRule.violation(self)
    }
}

extension Reason {
    static let amountOutOfRange = Reason(
        code: "amount_out_of_range",
        sentence:
            "the order's value, or what the account would hold after it, is outside of ±92233720368.54775807")
}

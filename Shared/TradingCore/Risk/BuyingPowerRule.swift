// `insufficient_cash`: a buy and its fee, at its worst price, are paid from the cash that other working buys
// leave. A buy that only covers a short position is never refused: it must always be possible to get out.
// Cash is checked here, once. A fill at a worse price (a gap to the next open, a market order that waited) is
// booked all the same and can take the cash below zero; then buys are refused until it is back.

import Contracts

enum BuyingPowerRule: RiskRule {
    static func violation(_ order: ProposedOrder) throws(AmountOutOfRange) -> Reason? {
        guard order.side == .buy, order.positionAfter > 0 else { return nil }
        let cost = try cost(of: order.remaining, at: order.worstPrice(), settings: order.settings)
        let available = Int128(order.cash.units) - order.reservedCash
        guard cost > available else { return nil }
        return Reason(
            code: "insufficient_cash",
            sentence: "the order may cost \(shown(cost)) with its fee, and \(shown(available)) is available")
    }

    /// Price × quantity and the fee of one fill.
    static func cost(
        of quantity: Quantity, at price: Price, settings: SessionSettings
    ) throws(AmountOutOfRange) -> Int128 {
        let value = try price.times(quantity)
        return Int128(value.units) + Int128(try settings.fillFee(price: price, quantity: quantity).units)
    }
}

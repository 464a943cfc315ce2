// How one bar fills an order that was decided before the bar began. Only for symbols that have shown no tick.
//
//   order         the open is at or beyond its price     else, when the range touches its price
//   market        open, taker                            -
//   buy stop S    open >= S: open, taker                 high >= S: S, taker
//   sell stop S   open <= S: open, taker                 low <= S: S, taker
//   buy limit P   open <= P: open, maker                 low <= P: P, maker
//   sell limit P  open >= P: open, maker                 high >= P: P, maker
//
// So a gap is worse for a stop and better for a limit. Takers pay the slippage. A bar goes through three
// phases: what fills at the open, then stops inside the range, then limits inside it; in each phase orders go
// by number. A stop is so filled before a target that the same bar touches: the worse of the two orders of
// events. They are independent orders: a strategy that wants one to end the other cancels it on the report. A
// bar's volume is no limit: what trades inside a bar is not known.

import Contracts

enum BarPhase: Sendable {
    case open, stops, limits
}

/// The prices of a bar that matching needs.
struct BarRange: Sendable {
    var open: Price
    var high: Price
    var low: Price

    /// What this order gets in this phase, all that remains of it or nothing.
    func match(
        _ order: WorkingOrder, in phase: BarPhase, terms: FillTerms
    ) throws(AmountOutOfRange) -> Match? {
        guard let (price, liquidity) = level(order, in: phase) else { return nil }
        let paid = liquidity == .taker ? try terms.takerPrice(at: price, for: order) : price
        return Match(quantity: order.remaining, price: paid, liquidity: liquidity)
    }

    private func level(_ order: WorkingOrder, in phase: BarPhase) -> (Price, Liquidity)? {
        let isBuy = order.side == .buy
        if order.actsAsMarket { return phase == .open ? (open, .taker) : nil }
        switch (order.type, phase) {
        case (.stop, .open):
            return (isBuy ? open >= order.stopPrice : open <= order.stopPrice) ? (open, .taker) : nil
        case (.stop, .stops):
            return (isBuy ? high >= order.stopPrice : low <= order.stopPrice)
                ? (order.stopPrice, .taker) : nil
        case (.limit, .open):
            return (isBuy ? open <= order.price : open >= order.price) ? (open, .maker) : nil
        case (.limit, .limits):
            return (isBuy ? low <= order.price : high >= order.price) ? (order.price, .maker) : nil
        default: return nil
        }
    }
}

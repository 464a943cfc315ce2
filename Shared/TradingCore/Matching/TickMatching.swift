// How quotes and trades fill an order.
//
//   order                        on arrival                      on a later quote    on a later trade
//   market, triggered stop       touch, taker                    touch, taker        touch, taker
//   limit the touch reaches      touch, taker                    its price, maker    -
//   limit a trade goes through   -                               -                   its price, maker
//
// A stop is triggered by the last trade; on a symbol that has shown no trade, by the touch that it would
// take. It takes at once when it is triggered.
//
// A fill is never larger than what is left of the side, or of the trade. "Through" is strictly beyond the
// limit. While a symbol has shown trades only, the last trade is the touch: a market order takes its size at
// its price, a limit takes it on arrival if it is through, and each later trade is shown anew.

import Contracts

extension Market {
    /// What made an order meet the market.
    enum Occasion {
        /// It became active or was replaced.
        case arrival
        case quote
        case trade
    }

    /// Whether the trigger of this stop is reached. A crossed book's touch triggers nothing; a trade does.
    func reaches(_ order: WorkingOrder) -> Bool {
        let price: Price
        if hasTraded {
            price = last
        } else if let touch = touch(for: order.side) {
            price = touch.price
        } else {
            return false
        }
        return order.side == .buy ? price >= order.stopPrice : price <= order.stopPrice
    }

    /// What this order gets now; what it takes is no longer there for the next one.
    mutating func match(
        _ order: WorkingOrder, on occasion: Occasion, terms: FillTerms
    ) throws(AmountOutOfRange) -> Match? {
        if order.type == .stop && !order.isTriggered { return nil }
        if order.actsAsMarket || occasion == .arrival { return try takeTouch(order, terms: terms) }
        return occasion == .quote ? fillAtTouch(order, terms: terms) : fillThrough(order, terms: terms)
    }

    private mutating func takeTouch(
        _ order: WorkingOrder, terms: FillTerms
    ) throws(AmountOutOfRange) -> Match? {
        guard let touch = touch(for: order.side) else { return nil }
        if !order.actsAsMarket, !isReached(order, by: touch.price, strictly: !hasQuoted) { return nil }
        let price = try terms.takerPrice(at: touch.price, for: order)
        guard let quantity = quantity(for: order, left: touch.left, terms: terms) else { return nil }
        if !terms.ignoresSizes { takeFromTouch(quantity, for: order.side) }
        return Match(quantity: quantity, price: price, liquidity: .taker)
    }

    private mutating func fillAtTouch(_ order: WorkingOrder, terms: FillTerms) -> Match? {
        guard hasQuoted, let touch = touch(for: order.side),
            isReached(order, by: touch.price, strictly: false),
            let quantity = quantity(for: order, left: touch.left, terms: terms)
        else { return nil }
        if !terms.ignoresSizes { takeFromTouch(quantity, for: order.side) }
        return Match(quantity: quantity, price: order.price, liquidity: .maker)
    }

    private mutating func fillThrough(_ order: WorkingOrder, terms: FillTerms) -> Match? {
        guard !isCrossed, isReached(order, by: last, strictly: true),
            let quantity = quantity(for: order, left: tradeLeft, terms: terms)
        else { return nil }
        if !terms.ignoresSizes { takeFromTrade(quantity) }
        return Match(quantity: quantity, price: order.price, liquidity: .maker)
    }

    private func isReached(_ order: WorkingOrder, by price: Price, strictly: Bool) -> Bool {
        if price == order.price { return !strictly }
        return order.side == .buy ? price < order.price : price > order.price
    }

    private func quantity(
        for order: WorkingOrder, left: Quantity, terms: FillTerms
    ) -> Quantity? {
        let quantity = terms.ignoresSizes ? order.remaining : min(order.remaining, left)
        return quantity > .zero ? quantity : nil
    }
}

// The settings that change how an order is filled.

import Contracts

/// One decision of the matching: so much at this price.
struct Match: Equatable {
    var quantity: Quantity
    var price: Price
    var liquidity: Liquidity
}

struct FillTerms: Sendable {
    /// Of one unit, against the trader, on what takes liquidity.
    var slippage: Price
    /// Displayed sizes do not limit a fill (`fill: touch`).
    var ignoresSizes: Bool

    /// The price a taker pays or gets: the touch plus slippage, never beyond the order's own limit, and never
    /// below zero when the touch was not.
    func takerPrice(at touch: Price, for order: WorkingOrder) throws(AmountOutOfRange) -> Price {
        guard !slippage.isZero else { return touch }
        if order.side == .buy {
            let price = try touch.adding(slippage)
            return order.type == .limit ? min(price, order.price) : price
        }
        let price = try touch.subtracting(slippage)
        if order.type == .limit { return max(price, order.price) }
        return touch < .zero ? price : max(price, .zero)
    }
}

extension Price {
    var isZero: Bool { units == 0 }
}

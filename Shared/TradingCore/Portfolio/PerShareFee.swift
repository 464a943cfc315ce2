// max(minimum, rate × quantity), the product rounded half to even at 1e-8. The minimum is for each fill.

import Contracts

struct PerShareFee: FeeRule {
    /// Money for one share.
    var rate: Price
    var minimum: Money

    func fee(price: Price, quantity: Quantity) throws(AmountOutOfRange) -> Money {
        max(minimum, try rate.times(quantity))
    }
}

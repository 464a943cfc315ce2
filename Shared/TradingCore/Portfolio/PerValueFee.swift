// |price × quantity| × rate / 1,000,000, rounded half to even at 1e-8. The value is the one that moves the
// cash, rounded to 1e-8 before. No minimum.

import Contracts

struct PerValueFee: FeeRule {
    var rate: PartsPerMillion

    func fee(price: Price, quantity: Quantity) throws(AmountOutOfRange) -> Money {
        let value = try price.times(quantity).magnitude
        let divisor = Int128(unitsPerOne) * 1_000_000
        return Money(units: try divideHalfToEven(Int128(value.units) * Int128(rate.units), by: divisor))
    }
}

// A sum of amounts that cannot leave its range: 128 bits of units of 1e-8. Amounts themselves are at most
// 63 bits, so 2^64 of them fit.

import Contracts

package struct MoneySum: Sendable, Equatable, Comparable {
    package private(set) var units: Int128 = 0

    package init(units: Int128 = 0) { self.units = units }
    package init(_ money: Money) { units = Int128(money.units) }

    /// Price × quantity, rounded as `Price.times` rounds it.
    package init(_ price: Price, times quantity: Quantity) {
        units = wideDivideHalfToEven(Int128(price.units) * Int128(quantity.units), by: Int128(unitsPerOne))
    }

    /// As an amount; stays at ±92 billion beyond it.
    package var money: Money { Money(units: Int64(clamping: max(units, -Int128(Int64.max)))) }

    /// For metrics only: the nearest `Double`.
    package var approximate: Double {
        // The conversion of 128 bits costs some hundred nanoseconds, and rounds to the same.
        (Int64(exactly: units).map { Double($0) } ?? Double(units)) / Double(unitsPerOne)
    }

    package static func + (left: Self, right: Self) -> Self { Self(units: left.units + right.units) }
    package static func - (left: Self, right: Self) -> Self { Self(units: left.units - right.units) }
    package static func += (left: inout Self, right: Self) { left.units += right.units }
    package static func -= (left: inout Self, right: Self) { left.units -= right.units }
    package static func < (left: Self, right: Self) -> Bool { left.units < right.units }
    package static prefix func - (value: Self) -> Self { Self(units: -value.units) }

    var isZero: Bool { units == 0 }
}

/// A price of one unit of an instrument, in the currency it is quoted in. May be zero or negative.
public struct Price: FixedPoint {
    public var units: Int64
    @inlinable
    public init(units: Int64) { self.units = units }
    public var description: String { canonicalDecimal(units) }
}

/// A number of shares, coins or contracts. A position is signed: negative is short.
public struct Quantity: FixedPoint {
    public var units: Int64
    @inlinable
    public init(units: Int64) { self.units = units }
    public var description: String { canonicalDecimal(units) }
}

/// An amount of the account's currency.
public struct Money: FixedPoint {
    public var units: Int64
    @inlinable
    public init(units: Int64) { self.units = units }
    public var description: String { canonicalDecimal(units) }
}

extension Price {
    /// Price × quantity, rounded half to even at 1e-8; throws when it leaves the range.
    @inlinable
    public func times(_ quantity: Quantity) throws(AmountOutOfRange) -> Money {
        Money(units: try divideHalfToEven(Int128(units) * Int128(quantity.units), by: Int128(unitsPerOne)))
    }
}

/// The canonical decimal form of an amount: shortest, no exponent, no trailing zeros, no `-0`.
public func canonicalDecimal(_ units: Int64) -> String {
    let magnitude = units.magnitude
    let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: UInt64(unitsPerOne))
    var text = units < 0 ? "-\(whole)" : "\(whole)"
    if fraction != 0 {
        let digits = String(fraction)
        text += "." + String(repeating: "0", count: 8 - digits.count) + digits
        while text.hasSuffix("0") { text.removeLast() }
    }
    return text
}

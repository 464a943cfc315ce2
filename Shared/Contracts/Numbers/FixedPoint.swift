// Fixed-point amounts: whole units of 1e-8 in an Int64, so ±92 billion with eight exact decimals.
//
// What may be combined: amount ± amount of the same kind; Price × Quantity gives Money. There is no
// Price × Price and no Double. Every operation that can leave the range has a checked form that throws
// `AmountOutOfRange`; the plain operators trap, and are for values whose range is already known.

/// A signed amount in whole units of 1e-8.
public protocol FixedPoint: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The amount in units of 1e-8: `1.5` is `150_000_000`.
    var units: Int64 { get set }
    init(units: Int64)
}

/// How many units make one.
public let unitsPerOne: Int64 = 100_000_000

/// An amount left the range of ±92,233,720,368.54775807.
public struct AmountOutOfRange: Error, Equatable, CustomStringConvertible {
    public init() {}
    public var description: String { "the amount is outside of ±92233720368.54775807" }
}

extension FixedPoint {
    public static var zero: Self { Self(units: 0) }

    /// A whole number as an amount. Traps outside of ±92 billion: for literals and tests.
    @inlinable
    public init(whole: Int64) { self.init(units: whole * unitsPerOne) }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.units < right.units }
    @inlinable
    public static func + (left: Self, right: Self) -> Self { Self(units: left.units + right.units) }
    @inlinable
    public static func - (left: Self, right: Self) -> Self { Self(units: left.units - right.units) }
    @inlinable
    public static prefix func - (value: Self) -> Self { Self(units: -value.units) }
    @inlinable
    public static func += (left: inout Self, right: Self) { left = left + right }
    @inlinable
    public static func -= (left: inout Self, right: Self) { left = left - right }

    /// The sum, or `AmountOutOfRange`.
    @inlinable
    public func adding(_ other: Self) throws(AmountOutOfRange) -> Self {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        guard !overflow, sum != .min else { throw AmountOutOfRange() }
        return Self(units: sum)
    }

    /// The difference, or `AmountOutOfRange`.
    @inlinable
    public func subtracting(_ other: Self) throws(AmountOutOfRange) -> Self {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        guard !overflow, difference != .min else { throw AmountOutOfRange() }
        return Self(units: difference)
    }

    /// The amount without its sign.
    @inlinable
    public var magnitude: Self { Self(units: abs(units)) }

    /// For metrics only: the nearest `Double`. Never on the way from a tick to the ledger.
    public var approximate: Double { Double(units) / Double(unitsPerOne) }
}

/// The one place where a product or quotient is rounded: half to even.
///
/// - Precondition: the divisor is positive.
/// - Throws: `AmountOutOfRange` when the result does not fit 64 bits.
@inlinable
public func divideHalfToEven(_ dividend: Int128, by divisor: Int128) throws(AmountOutOfRange) -> Int64 {
    guard let result = Int64(exactly: wideDivideHalfToEven(dividend, by: divisor)), result != .min else {
        throw AmountOutOfRange()
    }
    return result
}

/// The same for sums of amounts, which may need more than 64 bits.
///
/// - Precondition: the divisor is positive.
@inlinable
public func wideDivideHalfToEven(_ dividend: Int128, by divisor: Int128) -> Int128 {
    precondition(divisor > 0, "a divisor is positive")
    var (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    let twice = remainder.magnitude * 2
    if twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 != 0) {
        quotient += dividend < 0 ? -1 : 1
    }
    return quotient
}

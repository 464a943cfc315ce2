// Simple moving average over whole units of 1e-8, exact: it keeps the sum, and nothing is ever divided unless
// somebody asks for the rounded average. Costs: one addition and one subtraction a value.

import Contracts

/// The sum of the last `length` prices.
public struct SimpleMovingAverage: Sendable {
    public let length: Int
    /// Sum of the prices in the window, in units of 1e-8. Cannot overflow: 2^63 times at most 2^31 values.
    @inlinable public var sum: Int128 { total }
    /// How many prices are in the window.
    @inlinable public var count: Int { held }
    @usableFromInline var total: Int128 = 0
    @usableFromInline var held = 0
    @usableFromInline var window: [Int64]
    @usableFromInline var next = 0

    /// - Precondition: 1 to 2^31 prices.
    public init(length: Int) {
        precondition(length >= 1 && length <= 1 << 31, "a window holds 1 to 2^31 prices")
        self.length = length
        window = Array(repeating: 0, count: length)
    }

    @inlinable public var isFull: Bool { count == length }

    /// Takes the next price; the oldest leaves a full window.
    @inlinable
    public mutating func push(_ price: Price) {
        total &+= Int128(price.units) &- Int128(window[next])
        window[next] = price.units
        next = next + 1 == length ? 0 : next + 1
        if held < length { held += 1 }
    }

    /// The prices in the window, the oldest first: pushed again in this order they make the same average.
    public var prices: [Price] {
        let oldest = held < length ? 0 : next
        return (window[oldest..<held] + window[..<oldest]).map { Price(units: $0) }
    }

    /// The average, rounded half to even at 1e-8; nil while the window is empty. For showing: compare sums.
    public var average: Price? {
        guard count > 0, let units = try? divideHalfToEven(sum, by: Int128(count)) else { return nil }
        return Price(units: units)
    }

    /// The average of a full window as the nearest `Double`, for showing and for other indicators; nil
    /// before.
    public var value: Double? {
        isFull ? Double(sum) / (Double(length) * Double(unitsPerOne)) : nil
    }

    /// Whether this average lies above, at or below another, without rounding: +1, 0, −1.
    ///
    /// - Precondition: neither window is empty.
    @inlinable
    public func compare(with other: SimpleMovingAverage) -> Int {
        precondition(count > 0 && other.count > 0, "an average needs a price")
        // Each side stays within 2^63 · 2^31 · 2^31 = 2^125, so wrapping arithmetic never wraps.
        let left = sum &* Int128(other.count)
        let right = other.sum &* Int128(count)
        return left == right ? 0 : left > right ? 1 : -1
    }
}

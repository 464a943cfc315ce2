// The highest of the last `length` prices, constant time a price on average (`MonotonicWindow`). Source:
// the usual definition, as TA-Lib's MAX.

/// The highest of the last prices.
public struct RollingMaximum: PriceIndicator {
    private var window: MonotonicWindow

    /// - Precondition: at least 1 price.
    public init(length: Int) { window = MonotonicWindow(length: length, isMaximum: true) }

    public var length: Int { window.length }
    public var value: Double? { window.value }
    public mutating func push(_ price: Double) { window.push(price) }
}

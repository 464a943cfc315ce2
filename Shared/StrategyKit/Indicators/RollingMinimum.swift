// The lowest of the last `length` prices, constant time a price on average (`MonotonicWindow`). Source: the
// usual definition, as TA-Lib's MIN.

/// The lowest of the last prices.
public struct RollingMinimum: PriceIndicator {
    private var window: MonotonicWindow

    /// - Precondition: at least 1 price.
    public init(length: Int) { window = MonotonicWindow(length: length, isMaximum: false) }

    public var length: Int { window.length }
    public var value: Double? { window.value }
    public mutating func push(_ price: Double) { window.push(price) }
}

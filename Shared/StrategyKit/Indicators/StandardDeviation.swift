// Standard deviation of the last `length` prices, taken as a whole population (divided by `length`).
// Source: the usual definition, as TA-Lib's STDDEV.

/// The standard deviation of prices.
public struct StandardDeviation: PriceIndicator {
    private var moments: MovingMoments

    /// - Precondition: at least 1 price.
    public init(length: Int) { moments = MovingMoments(length: length) }

    public var length: Int { moments.length }
    public var value: Double? { moments.isFull ? moments.variance.squareRoot() : nil }
    public mutating func push(_ price: Double) { moments.push(price) }
}

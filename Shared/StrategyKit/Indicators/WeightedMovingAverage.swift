// Linearly weighted moving average: weight 1 for the oldest price of the window, `length` for the newest,
// divided by the sum of the weights. Source: the usual definition, as TA-Lib's WMA.

/// The linearly weighted moving average of prices.
public struct WeightedMovingAverage: PriceIndicator {
    private var moments: MovingMoments

    /// - Precondition: at least 1 price.
    public init(length: Int) { moments = MovingMoments(length: length) }

    public var length: Int { moments.length }
    public var value: Double? { moments.isFull ? moments.weightedMean : nil }
    public mutating func push(_ price: Double) { moments.push(price) }
}

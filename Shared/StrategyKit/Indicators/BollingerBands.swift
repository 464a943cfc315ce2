// Bollinger bands: the simple average of the last `length` prices, and so many of their standard deviations
// (population) above and below. Source: John Bollinger, Bollinger on Bollinger Bands (2001), as TA-Lib's
// BBANDS.

/// A moving average with bands of standard deviations around it.
public struct BollingerBands: PriceIndicator {
    public struct Value: Sendable, Equatable {
        public var upper: Double
        public var middle: Double
        public var lower: Double
    }

    private var moments: MovingMoments
    private let deviations: Double

    /// - Precondition: at least 1 price.
    public init(length: Int = 20, deviations: Double = 2) {
        moments = MovingMoments(length: length)
        self.deviations = deviations
    }

    public var value: Value? {
        guard moments.isFull else { return nil }
        let middle = moments.mean
        let width = deviations * moments.variance.squareRoot()
        return Value(upper: middle + width, middle: middle, lower: middle - width)
    }

    public mutating func push(_ price: Double) { moments.push(price) }
}

// Least-squares line through the last `length` prices at positions 0, 1, 2 …: its slope a price, and its
// value at the newest price. Source: the usual definition, as TA-Lib's LINEARREG and LINEARREG_SLOPE.

/// The straight line that fits the last prices best.
public struct LinearRegression: PriceIndicator {
    public struct Value: Sendable, Equatable {
        /// The line at the newest price.
        public var end: Double
        /// Change from price to price.
        public var slope: Double
    }

    private var moments: MovingMoments

    /// - Precondition: at least 2 prices.
    public init(length: Int = 14) {
        precondition(length >= 2, "a line needs two prices")
        moments = MovingMoments(length: length)
    }

    public var length: Int { moments.length }

    public var value: Value? {
        guard moments.isFull else { return nil }
        let slope = moments.slope
        return Value(end: moments.mean + slope * Double(length - 1) / 2, slope: slope)
    }

    public mutating func push(_ price: Double) { moments.push(price) }
}

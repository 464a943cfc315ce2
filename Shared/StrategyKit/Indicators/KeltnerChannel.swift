// Keltner channel in its usual form today: the exponential average of the close, and so many average true
// ranges above and below. Source: Linda Bradford Raschke's version of Chester Keltner's channel (1960).

/// A moving average with bands of average true ranges around it.
public struct KeltnerChannel: BarIndicator {
    public struct Value: Sendable, Equatable {
        public var upper: Double
        public var middle: Double
        public var lower: Double
    }

    private var average: ExponentialMovingAverage
    private var range: AverageTrueRange
    private let ranges: Double

    /// - Precondition: every length is at least 1.
    public init(length: Int = 20, rangeLength: Int = 10, ranges: Double = 2) {
        average = ExponentialMovingAverage(length: length)
        range = AverageTrueRange(length: rangeLength)
        self.ranges = ranges
    }

    public var value: Value? {
        guard let middle = average.value, let range = range.value else { return nil }
        return Value(upper: middle + ranges * range, middle: middle, lower: middle - ranges * range)
    }

    public mutating func push(_ bar: IndicatorBar) {
        average.push(bar.close)
        range.push(bar)
    }
}

// Donchian channel: the highest high and the lowest low of the last `length` bars, the latest included, and
// the middle between them. Constant time a bar on average. Source: Richard Donchian.

/// The range of the last bars.
public struct DonchianChannel: BarIndicator {
    public struct Value: Sendable, Equatable {
        public var upper: Double
        public var lower: Double
        public var middle: Double { (upper + lower) / 2 }
    }

    private var highest: MonotonicWindow
    private var lowest: MonotonicWindow

    /// - Precondition: at least 1 bar.
    public init(length: Int = 20) {
        highest = MonotonicWindow(length: length, isMaximum: true)
        lowest = MonotonicWindow(length: length, isMaximum: false)
    }

    public var value: Value? {
        guard let upper = highest.value, let lower = lowest.value else { return nil }
        return Value(upper: upper, lower: lower)
    }

    public mutating func push(_ bar: IndicatorBar) {
        highest.push(bar.high)
        lowest.push(bar.low)
    }
}

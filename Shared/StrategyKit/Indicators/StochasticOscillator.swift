// Stochastic oscillator: where the close lies in the range of the last `length` bars, 0 to 100,
//
//     fast K = 100 · (close − lowest low) / (highest high − lowest low), 0 where there is no range,
//
// K = simple average of fast K, D = simple average of K. Warm after length + smoothing + signal − 2 bars.
// Source: George Lane, as TA-Lib's STOCH with simple averages. Constant time a bar on average.

/// The place of the close in the recent range, smoothed.
public struct StochasticOscillator: BarIndicator {
    public struct Value: Sendable, Equatable {
        public var k: Double
        public var d: Double
    }

    private var highest: MonotonicWindow
    private var lowest: MonotonicWindow
    private var smoothed: MovingMoments
    private var signal: MovingMoments

    /// - Precondition: every length is at least 1.
    public init(length: Int = 14, smoothing: Int = 3, signal: Int = 3) {
        highest = MonotonicWindow(length: length, isMaximum: true)
        lowest = MonotonicWindow(length: length, isMaximum: false)
        smoothed = MovingMoments(length: smoothing)
        self.signal = MovingMoments(length: signal)
    }

    public var value: Value? { signal.isFull ? Value(k: smoothed.mean, d: signal.mean) : nil }

    public mutating func push(_ bar: IndicatorBar) {
        highest.push(bar.high)
        lowest.push(bar.low)
        guard let high = highest.value, let low = lowest.value else { return }
        smoothed.push(high == low ? 0 : 100 * (bar.close - low) / (high - low))
        if smoothed.isFull { signal.push(smoothed.mean) }
    }
}

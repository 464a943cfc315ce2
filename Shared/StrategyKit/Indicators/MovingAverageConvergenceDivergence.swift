// Moving average convergence/divergence:
//
//     line = EMA(fast) − EMA(slow), signal = EMA(signal) of the line, histogram = line − signal.
//
// The fast average begins with the prices that complete the slow one's first window, so both are seeded at
// the same price. Warm after slow + signal − 1 prices. Source: Gerald Appel; seeded as TA-Lib's MACD.

/// The convergence and divergence of two exponential averages.
public struct MovingAverageConvergenceDivergence: PriceIndicator {
    public struct Value: Sendable, Equatable {
        public var line: Double
        public var signal: Double
        public var histogram: Double { line - signal }
    }

    private var fast: ExponentialMovingAverage
    private var slow: ExponentialMovingAverage
    private var signal: ExponentialMovingAverage
    private var left: Int
    private var line = 0.0

    /// - Precondition: `fast` is shorter than `slow`.
    public init(fast: Int = 12, slow: Int = 26, signal: Int = 9) {
        precondition(fast < slow, "the fast average is the shorter one")
        self.fast = ExponentialMovingAverage(length: fast)
        self.slow = ExponentialMovingAverage(length: slow)
        self.signal = ExponentialMovingAverage(length: signal)
        left = slow - fast
    }

    public var value: Value? { signal.value.map { Value(line: line, signal: $0) } }

    public mutating func push(_ price: Double) {
        slow.push(price)
        if left > 0 { left -= 1 } else { fast.push(price) }
        guard let near = fast.value, let far = slow.value else { return }
        line = near - far
        signal.push(line)
    }
}

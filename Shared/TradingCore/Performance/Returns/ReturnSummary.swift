// What the metrics of returns have in common, in two passes over the returns of days: mean, deviations,
// growth, the deepest fall.
//
// Returns are simple: equity / equity before − 1, the first against the starting cash. With fewer than two
// there is no figure, which is not the same as zero.

package struct ReturnSummary: Sendable {
    package let returns: [Double]
    /// 252, or 365 for an account with crypto only.
    package let periodsPerYear: Int
    package let mean: Double
    /// Σ (return − mean)².
    package let squares: Double
    /// Σ min(return, 0)².
    package let downsideSquares: Double
    /// Π (1 + return): equity at the end / equity at the start.
    package let growth: Double
    /// The deepest fall of the compounded returns, and the places before and after which it lies: 0 is the
    /// start, n the end of return n.
    package let fall: (value: Double, peak: Int, trough: Int)

    /// Nil with fewer than two returns, or when one is not finite (equity was zero or below).
    package init?(_ returns: [Double], periodsPerYear: Int) {
        guard returns.count > 1 else { return nil }
        var sum = 0.0
        var wealth = 1.0
        var peak = (value: 1.0, place: 0)
        var fall = (value: 0.0, peak: 0, trough: 0)
        for place in returns.indices {
            sum += returns[place]
            wealth *= 1 + returns[place]
            if wealth >= peak.value {
                peak = (wealth, place + 1)
            } else if peak.value - wealth > fall.value * peak.value {
                fall = (1 - wealth / peak.value, peak.place, place + 1)
            }
        }
        guard sum.isFinite, wealth.isFinite else { return nil }
        let mean = sum / Double(returns.count)
        var squares = 0.0
        var downside = 0.0
        for value in returns {
            squares += (value - mean) * (value - mean)
            let loss = min(value, 0)
            downside += loss * loss
        }
        self.returns = returns
        self.periodsPerYear = periodsPerYear
        self.mean = mean
        self.squares = squares
        downsideSquares = downside
        growth = wealth
        self.fall = fall
    }

    /// Standard deviation of the returns, n − 1 in the denominator; zero when all are the same.
    package var deviation: Double { (squares / Double(returns.count - 1)).squareRoot() }
    var count: Double { Double(returns.count) }
    var year: Double { Double(periodsPerYear) }
    /// Whether the returns differ by more than the rounding of their arithmetic.
    package var varies: Bool { deviation > 1e-13 * mean.magnitude }
}

// Mean return / downside deviation × √(periods of a year), where the downside deviation is
// √(Σ min(return, 0)² / n) over all n returns, not only over those that lost.
//
// Source: Frank A. Sortino, Lee N. Price, "Performance Measurement in a Downside Risk Framework" (1994); as
// empyrical's `sortino_ratio`.

package enum SortinoRatio {
    /// Nil when no return was below zero.
    package static func value(_ summary: ReturnSummary) -> Double? {
        guard summary.downsideSquares > 0 else { return nil }
        let downside = (summary.downsideSquares / summary.count).squareRoot()
        return summary.mean / downside * summary.year.squareRoot()
    }
}

// Mean return / standard deviation of the returns (n − 1) × √(periods of a year); the risk-free rate is zero.
//
// Source: William F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994); as empyrical's
// `sharpe_ratio`.

package enum SharpeRatio {
    /// Nil when all returns are the same.
    package static func value(_ summary: ReturnSummary) -> Double? {
        guard summary.varies else { return nil }
        return summary.mean / summary.deviation * summary.year.squareRoot()
    }
}

// Standard deviation of the returns (n − 1) × √(periods of a year).
//
// Source: empyrical's `annual_volatility`.

package enum Volatility {
    package static func value(_ summary: ReturnSummary) -> Double {
        summary.deviation * summary.year.squareRoot()
    }
}

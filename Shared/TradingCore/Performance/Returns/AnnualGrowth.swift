// CAGR, compound annual growth rate: (end / start)^(years⁻¹) − 1.
//
// By count: years = returns / periods of a year (252 or 365), as empyrical's `cagr`. By calendar: years =
// days from the start to the end / 365.25.

package enum AnnualGrowth {
    /// Nil when the account ended at or below zero.
    package static func byCount(_ summary: ReturnSummary) -> Double? {
        rate(summary.growth, years: summary.count / summary.year)
    }

    /// - Parameter days: calendar days from the day before the first return to the last.
    package static func byCalendar(_ summary: ReturnSummary, days: Int) -> Double? {
        guard days > 0 else { return nil }
        return rate(summary.growth, years: Double(days) / 365.25)
    }

    private static func rate(_ growth: Double, years: Double) -> Double? {
        guard growth > 0 else { return nil }
        let value = power(growth, 1 / years) - 1
        return value.isFinite ? value : nil
    }
}

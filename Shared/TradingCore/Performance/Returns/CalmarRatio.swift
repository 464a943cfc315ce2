// CAGR by count / maximum drawdown over the ends of days.
//
// Source: Terry W. Young, "Calmar Ratio: A Smoother Tool", Futures 20 (1991), there over 36 months, here over
// the period; as empyrical's `calmar_ratio`.

package enum CalmarRatio {
    /// Nil without a fall.
    package static func value(_ summary: ReturnSummary) -> Double? {
        let fall = DailyDrawdown.value(summary)
        guard fall > 0, let growth = AnnualGrowth.byCount(summary) else { return nil }
        return growth / fall
    }
}

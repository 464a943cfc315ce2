// max of (peak − equity) / peak over the ends of days, the start included: what libraries that see daily
// returns call the maximum drawdown, theirs with a minus. `MaximumDrawdown` sees every trade and mark.
//
// Source: empyrical's `max_drawdown`.

package enum DailyDrawdown {
    package static func value(_ summary: ReturnSummary) -> Double { summary.fall.value }
}

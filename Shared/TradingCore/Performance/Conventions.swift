// How the figures are made, in one sentence each: shown wherever figures are shown, so that nobody has to
// guess which of the usual conventions a number follows.

package enum Conventions {
    package static let sentences: [(name: String, sentence: String)] = [
        (
            "returns",
            "simple returns of equity at the last trade or mark before each 00:00 UTC, days without an event"
                + " left out, the first against the starting cash; fewer than two give no figure"
        ),
        ("periods_per_year", "252; 365 for an account with crypto only"),
        ("deviation", "n - 1 in the denominator (ddof 1)"),
        ("risk_free_rate", "0"),
        ("sortino", "downside over all returns: square root of sum of min(return, 0) squared / n"),
        ("cagr", "by count: returns / periods of a year; cagr_calendar: days / 365.25"),
        ("calmar", "CAGR by count / maximum drawdown over the ends of days"),
        ("value_at_risk", "historical, 5 % quantile with linear interpolation; CVaR: mean of the lowest 5 %"),
        ("max_drawdown", "at every trade and mark; daily_max_drawdown: at the ends of days"),
        (
            "round_trips",
            "from flat to flat in one symbol, profit after fees: win rate, profit factor, expectancy"
        ),
        ("periods", "the UTC calendar days that end with the day of the last event"),
        ("symbols", "the account as if it had traded that symbol alone"),
    ]
}

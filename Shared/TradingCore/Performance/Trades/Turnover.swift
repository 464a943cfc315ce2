// Σ price × quantity of all executions, both sides counted, / mean equity at the ends of the period's days.
// 2 means that twice the account was traded. Not annualised.
//
// Source: as pyfolio's `get_turnover` with `AGB`, summed over the period instead of averaged by day.

package struct Turnover: Tallied {
    /// Value traded.
    package private(set) var traded = MoneySum()

    /// Nil without a day or when the mean is not above zero.
    package func value(meanEquity: Double?) -> Double? {
        guard let meanEquity, meanEquity > 0 else { return nil }
        return traded.approximate / meanEquity
    }

    mutating func record(_ execution: ExecutionFacts) { traded += execution.value }
    mutating func merge(_ later: Self) { traded += later.traded }
    func write(into state: inout StateWriter) { state.put(traded) }
}

extension Turnover {
    init(from state: inout StateReader) throws(StateError) { traded = try state.take() }
}

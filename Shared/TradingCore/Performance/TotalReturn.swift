// End equity / start equity − 1: 0.05 is five percent. Fees are in it, since they are paid from the cash.
// Nil when the account started with nothing.

import Contracts

package struct TotalReturn: EquityMetric, Sendable, Equatable {
    package let start: Money
    /// Equity at the last mark.
    package private(set) var end: Money

    init(start: Money) {
        self.start = start
        end = start
    }

    package var value: Double? {
        guard start > .zero else { return nil }
        return (Double(end.units) - Double(start.units)) / Double(start.units)
    }

    mutating func mark(equity: Money) { end = equity }
}

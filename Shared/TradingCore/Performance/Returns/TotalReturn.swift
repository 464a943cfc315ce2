// Equity at the end / equity before the period − 1: 0.05 is five percent. Fees are in it, since they are paid
// from the cash.

import Contracts

package enum TotalReturn {
    /// Nil when the account had nothing before.
    package static func value(from start: Money, to end: Money) -> Double? {
        guard start > .zero else { return nil }
        return (Double(end.units) - Double(start.units)) / Double(start.units)
    }
}

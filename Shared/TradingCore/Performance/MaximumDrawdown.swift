// max over time of (peak − equity) / peak, where the peak is the largest equity so far, the start included:
// 0.12 is a fall of twelve percent from the highest point before. Never negative; above 1 when the equity
// fell below zero. While the peak is not above zero there is no ratio, and such moments are left out.

import Contracts

package struct MaximumDrawdown: EquityMetric, Sendable, Equatable {
    private var peak: Money
    /// As a fraction of the peak.
    package private(set) var value = 0.0
    /// The same fall in money.
    package private(set) var amount: Double = 0

    init(start: Money) { peak = start }

    mutating func mark(equity: Money) {
        if equity >= peak {
            peak = equity
            return
        }
        guard peak > .zero else { return }
        let fall = Double(peak.units) - Double(equity.units)
        let fraction = fall / Double(peak.units)
        if fraction > value {
            value = fraction
            amount = fall / Double(unitsPerOne)
        }
    }
}

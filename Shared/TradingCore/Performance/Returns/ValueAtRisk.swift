// VaR 95, historical: the return that 5 % of the days fell below, a quantile of the returns as they were,
// with linear interpolation between neighbours (at 0.05 × (n − 1), counted from 0). Mostly negative.
//
// Source: empyrical's `value_at_risk` (numpy's percentile).

package enum ValueAtRisk {
    /// - Parameter tail: the lowest returns, at least `LowestReturns.count` of them.
    package static func value(_ tail: LowestReturns) -> Double {
        let place = Double(tail.total - 1) * LowestReturns.share
        let below = Int(place)
        let (low, high) = (tail.values[below], tail.values[min(below + 1, tail.values.count - 1)])
        return low + (high - low) * (place - Double(below))
    }
}

/// CVaR 95, historical, also called expected shortfall: the mean of the returns at and below the one at
/// place ⌊0.05 × (n − 1)⌋.
///
/// Source: empyrical's `conditional_value_at_risk`.
package enum ConditionalValueAtRisk {
    package static func value(_ tail: LowestReturns) -> Double {
        let count = Int(Double(tail.total - 1) * LowestReturns.share) + 1
        return tail.values[..<count].reduce(0, +) / Double(count)
    }
}

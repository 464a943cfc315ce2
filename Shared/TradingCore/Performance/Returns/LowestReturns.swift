// The lowest twentieth of returns, ascending: all that VaR and CVaR look at.
//
// Costs: O(n), and sorting of about a twentieth. A bound from a sample leaves the rest out; when the sample
// misled, everything is sorted, so the result never depends on it.

package struct LowestReturns: Sendable {
    /// The share that is looked at.
    package static let share = 0.05
    private static let sample = 2_048

    /// Returns in all.
    package let total: Int
    /// The lowest of them, ascending.
    package let values: [Double]

    /// - Precondition: there is at least one return.
    package init(_ returns: [Double]) {
        total = returns.count
        let needed = min(total, Int(Double(total - 1) * Self.share) + 2)
        values = Array(Self.lowest(needed, of: returns).prefix(needed))
    }

    /// At least the lowest `count`, ascending.
    private static func lowest(_ count: Int, of returns: [Double]) -> [Double] {
        guard returns.count > 4 * sample else { return returns.sorted() }
        let step = returns.count / sample
        let drawn = stride(from: 0, to: returns.count, by: step).map { returns[$0] }.sorted()
        // A little beyond the share, so that the bound is seldom too low.
        let bound = drawn[min(drawn.count - 1, drawn.count * count / returns.count * 5 / 4 + 8)]
        var low: [Double] = []
        low.reserveCapacity(count * 2)
        for value in returns where value <= bound { low.append(value) }
        return low.count >= count ? low.sorted() : returns.sorted()
    }
}

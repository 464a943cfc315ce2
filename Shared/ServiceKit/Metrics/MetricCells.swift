// The cells that threads write to and `/metrics` reads. A counter or gauge costs one relaxed atomic
// operation; a latency costs an uncontended lock and one array increment. Cells live as long as the process.

import Histogram
import Synchronization

/// A figure that only grows.
package final class CounterCell: Sendable {
    private let count = Atomic<Int64>(0)
    init() {}

    /// Adds to the count: one relaxed add, from any thread.
    package func add(_ amount: Int64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    /// Takes over a total that is counted elsewhere, by one owner.
    package func set(total: Int64) { count.store(total, ordering: .relaxed) }
    package var value: Int64 { count.load(ordering: .relaxed) }
}

/// A figure that goes up and down.
package final class GaugeCell: Sendable {
    private let bits = Atomic<UInt64>(0)
    init() {}

    /// One relaxed store, from any thread.
    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package func set(_ value: Int) { set(Double(value)) }
    /// Adds, also from several threads at once.
    package func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, found) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = found
        }
    }
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A distribution of durations or sizes, kept to three significant digits.
package final class DistributionCell: Sendable {
    /// What the recorded whole numbers are.
    package enum Unit: Sendable {
        /// Nanoseconds; shown in seconds.
        case nanoseconds
        /// Anything counted; shown as it is.
        case plain
    }

    /// Larger values count as this: an hour in nanoseconds.
    static let largest: UInt64 = 3_600_000_000_000
    /// Which quantiles `/metrics` shows.
    static let quantiles = [0.5, 0.9, 0.99, 0.999]

    private struct Content {
        var histogram = Histogram<UInt64>(
            highestTrackableValue: DistributionCell.largest, numberOfSignificantValueDigits: .three)
        var sum: Double = 0
    }

    let unit: Unit
    private let content = Mutex(Content())

    init(unit: Unit) { self.unit = unit }

    /// Records one value; below zero counts as zero. About 30 ns.
    package func record(_ value: Int64) {
        let clamped = min(UInt64(max(0, value)), Self.largest)
        content.withLock {
            $0.histogram.record(clamped)
            $0.sum += Double(clamped)
        }
    }

    /// The values at the quantiles, the sum and the count, in shown units.
    package func summary() -> (quantiles: [(Double, Double)], sum: Double, count: UInt64) {
        let scale = unit == .nanoseconds ? 1e-9 : 1
        return content.withLock { content in
            let histogram = content.histogram
            let values = Self.quantiles.map {
                ($0, Double(histogram.totalCount == 0 ? 0 : histogram.valueAtPercentile($0 * 100)) * scale)
            }
            return (values, content.sum * scale, histogram.totalCount)
        }
    }
}

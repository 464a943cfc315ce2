// max over time of (peak − equity) / peak at every trade and mark, where the peak is the largest equity so
// far, that before the period included: 0.12 is a fall of twelve percent from the highest point before.
// Never negative; above 1 when the equity fell below zero. While the peak is not above zero there is no
// ratio.
//
// Two neighbouring stretches give that of both: a fall lies in one of them, or from the peak of the first to
// the lowest point of the second. `DailyDrawdown` is the same over the ends of days, as libraries have it.

import Contracts

package struct MaximumDrawdown: Tallied {
    private struct Point: Sendable, Equatable {
        var equity = Money.zero
        var time = Timestamp(microseconds: 0)
    }

    private var isEmpty = true
    private var highest = Point()
    private var lowest = Point()
    private var peak = Point()
    private var trough = Point()

    /// As a fraction of the peak.
    package var value: Double {
        peak.equity > .zero ? Self.fall(peak.equity, trough.equity) : 0
    }
    /// The same fall in money.
    package var amount: Double { peak.equity.approximate - trough.equity.approximate }
    /// When it began and when it was deepest; nil without a fall.
    package var dates: (peak: Timestamp, trough: Timestamp)? {
        value > 0 ? (peak.time, trough.time) : nil
    }

    mutating func mark(_ equity: Money, at time: Timestamp) {
        let point = Point(equity: equity, time: time)
        guard !isEmpty else {
            isEmpty = false
            highest = point
            lowest = point
            return
        }
        if equity >= highest.equity { highest = point } else { consider(highest, point) }
        if equity < lowest.equity { lowest = point }
    }

    mutating func merge(_ later: Self) {
        guard !later.isEmpty else { return }
        guard !isEmpty else { return self = later }
        consider(later.peak, later.trough)
        consider(highest, later.lowest)
        if later.highest.equity >= highest.equity { highest = later.highest }
        if later.lowest.equity < lowest.equity { lowest = later.lowest }
    }

    private mutating func consider(_ from: Point, _ to: Point) {
        guard from.equity > .zero, to.equity < from.equity,
            Self.fall(from.equity, to.equity) > value
        else { return }
        peak = from
        trough = to
    }

    private static func fall(_ peak: Money, _ trough: Money) -> Double {
        (Double(peak.units) - Double(trough.units)) / Double(peak.units)
    }

    func write(into state: inout StateWriter) {
        state.put(isEmpty)
        guard !isEmpty else { return }
        for point in [highest, lowest, peak, trough] {
            state.put(point.equity)
            state.put(point.time)
        }
    }
}

extension MaximumDrawdown {
    init(from state: inout StateReader) throws(StateError) {
        isEmpty = try state.take()
        guard !isEmpty else { return }
        func point(_ state: inout StateReader) throws(StateError) -> Point {
            Point(equity: try state.take(), time: try state.take())
        }
        highest = try point(&state)
        lowest = try point(&state)
        peak = try point(&state)
        trough = try point(&state)
    }
}

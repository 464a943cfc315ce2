// The days of an account or of one symbol of it: equity at the end of each UTC day that had a trade or a
// mark, and what was counted on that day. Days without are left out. Equity before the first day is the
// starting cash.
//
// Costs: O(1) a trade or mark. Days that are over never change, so a store writes only those from
// `firstChanged` on.

import Contracts

/// One UTC day with a trade or a mark.
package struct TradingDay: Sendable, Equatable {
    /// Days since 1970-01-01.
    package var number: Int32
    /// At the last trade or mark of the day.
    package var equity: Money
    package var tally: Tally

    /// 00:00 UTC of the day.
    package var start: Timestamp { Timestamp(microseconds: Int64(number) * microsecondsPerDay) }
}

let microsecondsPerDay: Int64 = 86_400_000_000

/// The UTC day of a moment.
func dayNumber(_ time: Timestamp) -> Int32 {
    let (quotient, remainder) = time.microseconds.quotientAndRemainder(dividingBy: microsecondsPerDay)
    return Int32(clamping: remainder < 0 ? quotient - 1 : quotient)
}

package struct DaySeries: Sendable, Equatable {
    /// Equity before the first day.
    package let start: Money
    /// Over all days.
    package private(set) var total: Tally
    /// Days before the last one, ascending.
    private(set) var closed: [TradingDay] = []
    private var last: TradingDay?
    /// Number of the first day that `takeChanged` has not given yet; nil when there is none.
    private(set) var firstChanged: Int32?

    init(start: Money, at time: Timestamp) {
        self.start = start
        total = Tally()
        total.mark(start, at: time)
    }

    package var isEmpty: Bool { last == nil }
    package var count: Int { closed.count + (last == nil ? 0 : 1) }
    package var lastDay: TradingDay? { last }

    /// Equity at the last trade or mark; the start before the first.
    package var equity: Money { last?.equity ?? start }

    /// Number of the first day.
    var firstDay: Int32? { closed.first?.number ?? last?.number }

    /// A day by its place.
    subscript(place: Int) -> TradingDay {
        if place < closed.count { return closed[place] }
        guard place == closed.count, let last else { preconditionFailure("a day is asked for that is there") }
        return last
    }

    /// Every day, ascending.
    package var days: [TradingDay] { closed + (last.map { [$0] } ?? []) }

    /// Adds to the total and to the day of this time. Time never goes back: an earlier one counts as the
    /// last.
    mutating func count(at time: Timestamp, _ body: (inout Tally) -> Void) {
        open(dayNumber(time))
        body(&total)
        if last != nil { body(&last!.tally) }
    }

    /// The equity after what was counted at this time.
    mutating func mark(_ equity: Money, at time: Timestamp) {
        open(dayNumber(time))
        last?.equity = equity
        total.mark(equity, at: time)
        last?.tally.mark(equity, at: time)
    }

    private mutating func open(_ number: Int32) {
        if let last, last.number >= number {
            firstChanged = min(firstChanged ?? last.number, last.number)
            return
        }
        let equity = equity
        if let last { closed.append(last) }
        last = TradingDay(number: number, equity: equity, tally: Tally())
        firstChanged = min(firstChanged ?? number, number)
    }

    /// The days that changed since the last call.
    mutating func takeChanged() -> [TradingDay] {
        guard let first = firstChanged else { return [] }
        firstChanged = nil
        let unchanged = closed.lastIndex { $0.number < first }.map { $0 + 1 } ?? 0
        return closed[unchanged...] + (last.map { [$0] } ?? [])
    }

    /// The stored form without its days.
    func write(into state: inout StateWriter) {
        state.put(start)
        state.put(total)
    }

    /// As it was stored, with its days, ascending.
    init(from state: inout StateReader, days: [TradingDay]) throws(StateError) {
        start = try state.take()
        total = try state.take()
        closed = days
        last = closed.popLast()
    }
}

// The longest runs of round trips that won, and that lost, in the order in which they ended. One that ends at
// zero breaks both.
//
// A run that crosses from one day into the next is found because each part knows how it begins and ends.

package struct Streaks: Tallied {
    /// One kind of run.
    private struct Run: Sendable, Equatable {
        var longest = 0
        var first = 0
        var last = 0

        mutating func record(_ continues: Bool, before count: Int) {
            last = continues ? last + 1 : 0
            if continues, first == count { first += 1 }
            longest = max(longest, last)
        }

        mutating func merge(_ later: Run, counts: (own: Int, later: Int)) {
            longest = max(longest, later.longest, last + later.first)
            if first == counts.own { first += later.first }
            last = later.last == counts.later ? last + later.last : later.last
        }
    }

    private var count = 0
    private var wins = Run()
    private var losses = Run()

    package var longestWinning: Int { wins.longest }
    package var longestLosing: Int { losses.longest }

    mutating func record(_ trip: RoundTrip) {
        wins.record(trip.profit.units > 0, before: count)
        losses.record(trip.profit.units < 0, before: count)
        count += 1
    }

    mutating func merge(_ later: Self) {
        wins.merge(later.wins, counts: (count, later.count))
        losses.merge(later.losses, counts: (count, later.count))
        count += later.count
    }

    func write(into state: inout StateWriter) {
        state.put(count)
        guard count > 0 else { return }
        for run in [wins, losses] {
            state.put(run.longest)
            state.put(run.first)
            state.put(run.last)
        }
    }
}

extension Streaks {
    init(from state: inout StateReader) throws(StateError) {
        count = try state.take()
        guard count > 0 else { return }
        wins = Run(longest: try state.take(), first: try state.take(), last: try state.take())
        losses = Run(longest: try state.take(), first: try state.take(), last: try state.take())
    }
}

// How long round trips lasted, from the first execution to the last, in seconds of market time: the mean and
// the longest.

package struct HoldingTime: Tallied {
    private var count = 0
    /// Microseconds.
    private var sum: Int128 = 0
    private var longest: Int64 = 0

    package var mean: Double? { count == 0 ? nil : Double(sum) / 1e6 / Double(count) }
    package var maximum: Double? { count == 0 ? nil : Double(longest) / 1e6 }

    mutating func record(_ trip: RoundTrip) {
        count += 1
        sum += Int128(trip.duration)
        longest = max(longest, trip.duration)
    }

    mutating func merge(_ later: Self) {
        count += later.count
        sum += later.sum
        longest = max(longest, later.longest)
    }

    func write(into state: inout StateWriter) {
        state.put(count)
        state.put(sum)
        state.put(longest)
    }
}

extension HoldingTime {
    init(from state: inout StateReader) throws(StateError) {
        count = try state.take()
        sum = try state.take()
        longest = try state.take()
    }
}

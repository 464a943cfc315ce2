// Mean over round trips of profit after fees / value of the executions that opened it: 0.01 is one percent of
// what was put in. Round trips into which nothing was put are left out.

package struct AverageTradeReturn: Tallied {
    private var count = 0
    private var sum = 0.0

    package var value: Double? { count == 0 ? nil : sum / Double(count) }

    mutating func record(_ trip: RoundTrip) {
        guard let rate = trip.rate else { return }
        count += 1
        sum += rate
    }

    mutating func merge(_ later: Self) {
        count += later.count
        sum += later.sum
    }

    func write(into state: inout StateWriter) {
        state.put(count)
        state.put(sum)
    }
}

extension AverageTradeReturn {
    init(from state: inout StateReader) throws(StateError) {
        count = try state.take()
        sum = try state.take()
    }
}

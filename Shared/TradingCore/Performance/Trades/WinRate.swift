// Round trips with a profit after fees / all round trips. One that ends at zero is no win.

package struct WinRate: Tallied {
    /// Round trips that are over.
    package private(set) var roundTrips = 0
    /// Those of them with a profit.
    package private(set) var won = 0

    /// 0 to 1; nil before the first round trip is over.
    package var value: Double? { roundTrips == 0 ? nil : Double(won) / Double(roundTrips) }

    mutating func record(_ trip: RoundTrip) {
        roundTrips += 1
        if trip.profit.units > 0 { won += 1 }
    }

    mutating func merge(_ later: Self) {
        roundTrips += later.roundTrips
        won += later.won
    }

    func write(into state: inout StateWriter) {
        state.put(roundTrips)
        state.put(won)
    }
}

extension WinRate {
    init(from state: inout StateReader) throws(StateError) {
        roundTrips = try state.take()
        won = try state.take()
    }
}

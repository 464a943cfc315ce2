// Σ profit of the round trips that won / Σ loss of those that lost, both after fees. Nil while none has lost.

package struct ProfitFactor: Tallied {
    package private(set) var gained = MoneySum()
    /// Not negative.
    package private(set) var lost = MoneySum()

    package var value: Double? { lost.isZero ? nil : gained.approximate / lost.approximate }

    mutating func record(_ trip: RoundTrip) {
        if trip.profit.units > 0 { gained += trip.profit } else { lost -= trip.profit }
    }

    mutating func merge(_ later: Self) {
        gained += later.gained
        lost += later.lost
    }

    func write(into state: inout StateWriter) {
        state.put(gained)
        state.put(lost)
    }
}

extension ProfitFactor {
    init(from state: inout StateReader) throws(StateError) {
        gained = try state.take()
        lost = try state.take()
    }
}

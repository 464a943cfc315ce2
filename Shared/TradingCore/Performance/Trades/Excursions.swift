// MAE and MFE, maximum adverse and favourable excursion: the lowest and the highest open profit of a round
// trip, before fees, seen at its executions and at the marks of the account (each minute of market time while
// something is held). MAE is given as a loss, not negative.
//
// Source: John Sweeney, "Maximum Adverse Excursion" (1997).

package struct Excursions: Tallied {
    private var count = 0
    private var adverse = MoneySum()
    private var favourable = MoneySum()
    private var worst = MoneySum()
    private var best = MoneySum()

    /// Means over the round trips; nil before the first is over.
    package var meanAdverse: Double? { count == 0 ? nil : adverse.approximate / Double(count) }
    package var meanFavourable: Double? { count == 0 ? nil : favourable.approximate / Double(count) }
    /// Of the worst and the best round trip.
    package var largestAdverse: Double? { count == 0 ? nil : worst.approximate }
    package var largestFavourable: Double? { count == 0 ? nil : best.approximate }

    mutating func record(_ trip: RoundTrip) {
        count += 1
        adverse -= trip.lowest
        favourable += trip.highest
        worst = max(worst, -trip.lowest)
        best = max(best, trip.highest)
    }

    mutating func merge(_ later: Self) {
        count += later.count
        adverse += later.adverse
        favourable += later.favourable
        worst = max(worst, later.worst)
        best = max(best, later.best)
    }

    func write(into state: inout StateWriter) {
        state.put(count)
        for sum in [adverse, favourable, worst, best] { state.put(sum) }
    }
}

extension Excursions {
    init(from state: inout StateReader) throws(StateError) {
        count = try state.take()
        adverse = try state.take()
        favourable = try state.take()
        worst = try state.take()
        best = try state.take()
    }
}

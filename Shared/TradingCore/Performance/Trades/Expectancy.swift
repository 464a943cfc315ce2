// Mean profit of a round trip after fees, in the account's currency: (gained − lost) / round trips.

package enum Expectancy {
    /// Nil before the first round trip is over.
    package static func value(_ profits: ProfitFactor, _ trips: WinRate) -> Double? {
        guard trips.roundTrips > 0 else { return nil }
        return (profits.gained - profits.lost).approximate / Double(trips.roundTrips)
    }
}

// Share of market time with a position: time held / time from the first trade or mark to the last. Nights and
// weekends count as the days between do; 1 is always in the market.

package struct Exposure: Tallied {
    /// Microseconds with a position.
    package private(set) var held: Int64 = 0
    /// Microseconds in all.
    package private(set) var observed: Int64 = 0

    /// - Parameter observed: of the account, for a symbol of it.
    package func value(of account: Exposure) -> Double? {
        account.observed > 0 ? Double(held) / Double(account.observed) : nil
    }

    mutating func pass(_ time: Int64, isHolding: Bool) {
        observed += time
        if isHolding { held += time }
    }

    mutating func merge(_ later: Self) {
        held += later.held
        observed += later.observed
    }

    func write(into state: inout StateWriter) {
        state.put(held)
        state.put(observed)
    }
}

extension Exposure {
    init(from state: inout StateReader) throws(StateError) {
        held = try state.take()
        observed = try state.take()
    }
}

// SQN, system quality number: √n × mean / standard deviation (n − 1) of the profits of round trips after
// fees.
//
// Source: Van K. Tharp, "Definitive Guide to Position Sizing" (2008), with the profit in place of the R
// multiple, since a strategy names no initial risk; n is not capped at 100. Mean and squares are kept as
// Welford's running values and merged as in Chan, Golub, LeVeque (1979), so nothing cancels.

package struct SystemQuality: Tallied {
    private var count = 0
    private var mean = 0.0
    /// Σ (profit − mean)².
    private var squares = 0.0

    /// Nil with fewer than two round trips or when all brought the same.
    package var value: Double? {
        guard count > 1, squares > 0 else { return nil }
        let deviation = (squares / Double(count - 1)).squareRoot()
        return Double(count).squareRoot() * mean / deviation
    }

    mutating func record(_ trip: RoundTrip) {
        count += 1
        let difference = trip.profit.approximate - mean
        mean += difference / Double(count)
        squares += difference * (trip.profit.approximate - mean)
    }

    mutating func merge(_ later: Self) {
        guard later.count > 0 else { return }
        guard count > 0 else { return self = later }
        let total = Double(count + later.count)
        let difference = later.mean - mean
        squares += later.squares + difference * difference * Double(count) * Double(later.count) / total
        mean += difference * Double(later.count) / total
        count += later.count
    }

    func write(into state: inout StateWriter) {
        state.put(count)
        guard count > 0 else { return }
        state.put(mean)
        state.put(squares)
    }
}

extension SystemQuality {
    init(from state: inout StateReader) throws(StateError) {
        count = try state.take()
        guard count > 0 else { return }
        mean = try state.take()
        squares = try state.take()
    }
}

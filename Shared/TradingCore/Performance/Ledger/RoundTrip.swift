// A round trip: from flat back to flat in one symbol. What win rate, profit factor, expectancy and their like
// count, because only then is it known what a decision brought.
//
// Profit is after the fees of all its executions. The open profit at its executions and at marks, before
// fees, gives the excursions.

import Contracts

/// A round trip that is over.
struct RoundTrip: Sendable, Equatable {
    /// After fees.
    var profit: MoneySum
    /// Value of the executions that added to the position.
    var invested: MoneySum
    /// Microseconds from the first execution to the last.
    var duration: Int64
    /// Lowest open profit, at most zero.
    var lowest: MoneySum
    /// Highest open profit, at least zero.
    var highest: MoneySum

    /// Profit / what was put in; nil when that is not above zero.
    var rate: Double? { invested.units > 0 ? profit.approximate / invested.approximate : nil }
}

/// A round trip that is under way.
struct OpenRoundTrip: Sendable, Equatable, Stored {
    private let start: Timestamp
    private var flow = MoneySum()
    private var fees = MoneySum()
    private var invested = MoneySum()
    private var lowest = MoneySum()
    private var highest = MoneySum()

    init(start: Timestamp) { self.start = start }

    /// Takes in the next execution; the round trip when this one ends it.
    mutating func record(_ execution: ExecutionFacts) -> RoundTrip? {
        flow += execution.flow
        fees += MoneySum(execution.fee)
        if execution.opens { invested += execution.value }
        mark(position: execution.position, price: execution.price)
        guard execution.position.isZero else { return nil }
        return RoundTrip(
            profit: flow - fees, invested: invested,
            duration: max(0, execution.timestamp.microseconds - start.microseconds), lowest: lowest,
            highest: highest)
    }

    /// Takes in what one unit is worth now.
    mutating func mark(position: Quantity, price: Price) {
        let profit = flow + MoneySum(price, times: position)
        lowest = min(lowest, profit)
        highest = max(highest, profit)
    }

    func write(into state: inout StateWriter) {
        state.put(start)
        for sum in [flow, fees, invested, lowest, highest] { state.put(sum) }
    }

    init(from state: inout StateReader) throws(StateError) {
        start = try state.take()
        flow = try state.take()
        fees = try state.take()
        invested = try state.take()
        lowest = try state.take()
        highest = try state.take()
    }
}

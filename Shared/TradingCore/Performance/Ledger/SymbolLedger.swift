// One symbol of an account: the account as if it had traded this symbol alone. Its equity is the starting
// cash and the profit after fees of this symbol, open positions at their last price. The profits of all
// symbols add up to that of the account, to the last unit.

import Contracts

package struct SymbolLedger: Sendable, Equatable {
    package let symbol: String
    package private(set) var days: DaySeries
    package private(set) var position = Quantity.zero
    /// Last price of a trade or mark.
    private var price = Price.zero
    /// Cash from its trades, after fees.
    private var flow = MoneySum()
    private var trip: OpenRoundTrip?
    /// Time up to which exposure is counted.
    private var seen: Timestamp?

    init(symbol: String, start: Money, at time: Timestamp) {
        self.symbol = symbol
        days = DaySeries(start: start, at: time)
    }

    /// After fees, the open position at its last price.
    package var profit: MoneySum { flow + MoneySum(price, times: position) }

    /// Takes in an execution at a time that is not before the last; the round trip when it ends one.
    mutating func record(_ execution: ExecutionFacts, at time: Timestamp) -> RoundTrip? {
        pass(to: time)
        flow += execution.flow - MoneySum(execution.fee)
        var current = trip ?? OpenRoundTrip(start: execution.timestamp)
        position = execution.position
        price = execution.price
        let ended = current.record(execution)
        trip = execution.position.isZero ? nil : current
        days.count(at: time) { tally in
            tally.record(execution)
            if let ended { tally.record(ended) }
        }
        settle(at: time)
        return ended
    }

    /// Takes in what one unit is worth.
    mutating func mark(_ price: Price, at time: Timestamp) {
        pass(to: time)
        self.price = price
        trip?.mark(position: position, price: price)
        settle(at: time)
    }

    private mutating func settle(at time: Timestamp) {
        days.mark((MoneySum(days.start) + profit).money, at: time)
    }

    private mutating func pass(to time: Timestamp) {
        let elapsed = time.microseconds - (seen ?? time).microseconds
        let isHolding = !position.isZero
        if elapsed > 0 { days.count(at: time) { $0.pass(elapsed, isHolding: isHolding) } }
        seen = time
    }

    // MARK: stored form

    func write(into state: inout StateWriter) {
        state.put(symbol)
        days.write(into: &state)
        state.put(position)
        state.put(price)
        state.put(flow)
        state.put(seen != nil)
        if let seen { state.put(seen) }
        state.put(trip != nil)
        if let trip { state.put(trip) }
    }

    init(from state: inout StateReader, days stored: (String) -> [TradingDay]) throws(StateError) {
        symbol = try state.take()
        days = try DaySeries(from: &state, days: stored(symbol))
        position = try state.take()
        price = try state.take()
        flow = try state.take()
        seen = try state.take(Bool.self) ? try state.take(Timestamp.self) : nil
        trip = try state.take(Bool.self) ? try state.take(OpenRoundTrip.self) : nil
    }

    /// The days that changed since the last call.
    mutating func takeChangedDays() -> [TradingDay] { days.takeChanged() }
}

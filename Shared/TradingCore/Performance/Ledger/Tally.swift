// All that is counted of the trades and marks of a stretch of time: of a day, or of all days. Two stretches
// that follow each other give that of both, so a period is its days put together.
//
// Costs: O(1) a trade or mark, O(1) a day put together.

import Contracts

/// A metric that is counted as things happen, kept by day, put together for periods, and stored.
protocol Tallied: Sendable, Equatable, Stored {
    init()
    /// Takes in what the same metric counted of the stretch that follows.
    mutating func merge(_ later: Self)
}

package struct Tally: Tallied {
    package private(set) var trades = TradeCount()
    package private(set) var realized = RealizedProfit()
    package private(set) var fees = TotalFees()
    package private(set) var slippage = TotalSlippage()
    package private(set) var turnover = Turnover()
    package private(set) var exposure = Exposure()
    package private(set) var wins = WinRate()
    package private(set) var profits = ProfitFactor()
    package private(set) var tradeReturn = AverageTradeReturn()
    package private(set) var quality = SystemQuality()
    package private(set) var excursions = Excursions()
    package private(set) var holding = HoldingTime()
    package private(set) var streaks = Streaks()
    package private(set) var drawdown = MaximumDrawdown()

    init() {}

    mutating func record(_ execution: ExecutionFacts) {
        trades.record(execution)
        realized.record(execution)
        fees.record(execution)
        slippage.record(execution)
        turnover.record(execution)
    }

    mutating func record(_ trip: RoundTrip) {
        wins.record(trip)
        profits.record(trip)
        tradeReturn.record(trip)
        quality.record(trip)
        excursions.record(trip)
        holding.record(trip)
        streaks.record(trip)
    }

    mutating func pass(_ time: Int64, isHolding: Bool) { exposure.pass(time, isHolding: isHolding) }

    mutating func mark(_ equity: Money, at time: Timestamp) { drawdown.mark(equity, at: time) }

    mutating func merge(_ later: Tally) {
        trades.merge(later.trades)
        realized.merge(later.realized)
        fees.merge(later.fees)
        slippage.merge(later.slippage)
        turnover.merge(later.turnover)
        exposure.merge(later.exposure)
        wins.merge(later.wins)
        profits.merge(later.profits)
        tradeReturn.merge(later.tradeReturn)
        quality.merge(later.quality)
        excursions.merge(later.excursions)
        holding.merge(later.holding)
        streaks.merge(later.streaks)
        drawdown.merge(later.drawdown)
    }
}

extension Tally {
    func write(into state: inout StateWriter) {
        state.put(trades)
        state.put(realized)
        state.put(fees)
        state.put(slippage)
        state.put(turnover)
        state.put(exposure)
        state.put(wins)
        state.put(profits)
        state.put(tradeReturn)
        state.put(quality)
        state.put(excursions)
        state.put(holding)
        state.put(streaks)
        state.put(drawdown)
    }

    init(from state: inout StateReader) throws(StateError) {
        trades = try state.take()
        realized = try state.take()
        fees = try state.take()
        slippage = try state.take()
        turnover = try state.take()
        exposure = try state.take()
        wins = try state.take()
        profits = try state.take()
        tradeReturn = try state.take()
        quality = try state.take()
        excursions = try state.take()
        holding = try state.take()
        streaks = try state.take()
        drawdown = try state.take()
    }
}

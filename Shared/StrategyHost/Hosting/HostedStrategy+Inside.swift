// A native strategy inside `plugin-host`: the host on the other side of the pipes decides what the strategy
// sees and when; this one keeps the same account, orders and numbers, so that the C interface answers at
// once.

import CStrategyABI
import Contracts

extension HostedStrategy {
    /// The delays of the timers set since the last call, in the order of their numbers.
    package func takeTimers() -> [Int64] {
        guard let delays = setDelays, !delays.isEmpty else { return [] }
        setDelays = []
        return delays
    }

    /// Hands over market data as the other side prepared them.
    package func deliver(_ data: tr_market_data, now: Int64) throws(StrategyFailure) {
        let slot = Int(data.symbol)
        precondition(slot < symbols.count, "market data are of one of the strategy's symbols")
        view.data[slot] = data
        stand(at: data.seq, now: now)
        try check(callMarketData(slot), .marketData)
    }

    /// Calls the timer that the other side says is due.
    package func fire(timer number: UInt64, due: Int64, seq: UInt64, now: Int64) throws(StrategyFailure) {
        stand(at: seq, now: now)
        guard let timer = timers.takeDue(at: now), timer.number == number else {
            noteFailure("timer \(number) is due on the other side and not here")
            return try check(1, .timer)
        }
        try check(callTimer(timer), .timer)
    }

    /// Takes a report after the event that it names.
    package func take(_ report: Report) throws(StrategyFailure) {
        stand(at: report.after, now: report.timestamp.microseconds)
        // Reports on inputs from outside are not told.
        state.pointee.lastReport = report.number - 1
        try handle(report)
    }

    /// Commands up to this number were made on the other side.
    package func count(from command: UInt64) { state.pointee.lastCommand = command }

    /// Increments of a symbol, in units of 1e-8.
    package func setIncrements(slot: Int, price: Int64, size: Int64) { view.increments[slot] = (price, size) }

    /// Slots whose orders are not taken, as the other side says.
    package func setCold(_ slots: [UInt32]) {
        toldCold = slots
        state.pointee.isCold = !slots.isEmpty
    }

    /// The strategy's own state; nil when it has none now.
    package func instanceState() -> [UInt8]? { instance.snapshot() }

    private func stand(at seq: UInt64, now: Int64) {
        state.pointee.lastEvent = seq
        state.pointee.now = now
        state.pointee.time = max(state.pointee.time, now)
    }
}

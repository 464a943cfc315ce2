// Working orders meet the market. The rules themselves are in Matching; here is the order in which orders are
// asked, and what follows from a match.
//
// Time in force: an IOC order is cancelled for what is left as soon as it has met a market once: on arrival
// where ticks were shown or nothing was; the first bar that may fill it where only bars were. A stop's begins
// when it is triggered.

import Contracts

extension SessionBook {
    /// An order that was just accepted or replaced meets the quote that stands.
    mutating func meetOnArrival(_ index: Int, _ moment: Moment, into reports: inout [Report]) {
        let market = markets[orders[index].slot]
        if market.hasTicks || !market.hasBar { meet(index, on: .arrival, moment, into: &reports) }
    }

    mutating func match(
        _ event: borrowing MarketEvent, slot: Int, _ moment: Moment, into reports: inout [Report]
    ) {
        switch event.kind {
        case .quote, .trade:
            let occasion: Market.Occasion = event.kind == .quote ? .quote : .trade
            for index in orders.indices where orders[index].slot == slot {
                meet(index, on: occasion, moment, into: &reports)
            }
        case .bar:
            guard !markets[slot].hasTicks else { return }
            let bar = BarRange(open: event.open, high: event.high, low: event.low)
            matchBar(bar, begun: event.openTime, slot: slot, moment, into: &reports)
        case .instrument, .clock, .end: return
        }
        removeEnded()
    }

    private mutating func matchBar(
        _ bar: BarRange, begun: Timestamp, slot: Int, _ moment: Moment, into reports: inout [Report]
    ) {
        for phase in [BarPhase.open, .stops, .limits] {
            for index in orders.indices where meetsBar(index, slot: slot, begun: begun) {
                guarded(index, moment, into: &reports) { (book, reports) throws(AmountOutOfRange) in
                    if let match = try bar.match(book.orders[index], in: phase, terms: book.terms) {
                        try book.fill(index, match, moment, into: &reports)
                    }
                }
            }
        }
        for index in orders.indices where meetsBar(index, slot: slot, begun: begun) {
            endIfImmediate(index, moment, into: &reports)
        }
    }

    /// A bar that began before the order was decided shows prices of the past: it fills nothing of it.
    private func meetsBar(_ index: Int, slot: Int, begun: Timestamp) -> Bool {
        orders[index].slot == slot && !orders[index].isEnded && orders[index].decided <= begun
    }

    private mutating func meet(
        _ index: Int, on occasion: Market.Occasion, _ moment: Moment, into reports: inout [Report]
    ) {
        let slot = orders[index].slot
        if orders[index].type == .stop, !orders[index].isTriggered, markets[slot].reaches(orders[index]) {
            orders[index].isTriggered = true
        }
        guarded(index, moment, into: &reports) { (book, reports) throws(AmountOutOfRange) in
            let match = try book.markets[slot].match(book.orders[index], on: occasion, terms: book.terms)
            if let match { try book.fill(index, match, moment, into: &reports) }
        }
        endIfImmediate(index, moment, into: &reports)
    }

    private mutating func endIfImmediate(_ index: Int, _ moment: Moment, into reports: inout [Report]) {
        let order = orders[index]
        guard order.timeInForce == .ioc, !order.isEnded, order.type != .stop || order.isTriggered else {
            return
        }
        let reason = Reason(
            code: "immediate_or_cancel",
            sentence: "\(order.remaining) of \(order.quantity) could not be filled at once")
        end(index, reason: reason, moment, into: &reports)
    }

    /// Cancels the order when a fill would take an amount out of range.
    private mutating func guarded(
        _ index: Int, _ moment: Moment, into reports: inout [Report],
        _ body: (inout SessionBook, inout [Report]) throws(AmountOutOfRange) -> Void
    ) {
        do throws(AmountOutOfRange) {
            try body(&self, &reports)
        } catch {
            end(index, reason: .amountOutOfRange, moment, into: &reports)
        }
    }

    // MARK: what follows

    /// Books a match and reports it. Nothing changes when it throws.
    private mutating func fill(
        _ index: Int, _ match: Match, _ moment: Moment, into reports: inout [Report]
    ) throws(AmountOutOfRange) {
        var order = orders[index]
        precondition(match.quantity <= order.remaining, "a fill is not larger than what remains")
        if order.type == .limit {
            let isWithin = order.side == .buy ? match.price <= order.price : match.price >= order.price
            precondition(isWithin, "a limit order never fills beyond its limit")
        }
        let worse = order.side == .buy
        let slippage =
            try worse
            ? match.price.subtracting(order.reference) : order.reference.subtracting(match.price)
        let fee = try settings.fillFee(price: match.price, quantity: match.quantity)
        let (first, second) = try account.book(
            slot: order.slot, order.side, match.quantity, at: match.price, fee: fee)
        order.filled += match.quantity
        var executions: [Execution] = []
        executions.reserveCapacity(second == nil ? 1 : 2)
        executions.append(execution(first, of: &order, match, slippage: slippage, at: moment.time))
        if let second {
            executions.append(execution(second, of: &order, match, slippage: slippage, at: moment.time))
        }
        orders[index] = order
        if order.remaining.isZero { close(index) }
        report(
            order.remaining.isZero ? .filled : .partiallyFilled, order, moment, executions: executions,
            into: &reports)
    }

    private mutating func execution(
        _ booked: BookedExecution, of order: inout WorkingOrder, _ match: Match, slippage: Price,
        at time: Timestamp
    ) -> Execution {
        lastExecution += 1
        order.executions += 1
        return Execution(
            strategySeq: lastExecution, order: order.number, fill: order.executions, effect: booked.effect,
            side: order.side, liquidity: match.liquidity, symbol: order.symbol, quantity: booked.quantity,
            price: match.price, referencePrice: order.reference, slippage: slippage, fee: booked.fee,
            timestamp: time, position: booked.position, averagePrice: booked.averagePrice,
            realizedPnl: booked.realized, cash: booked.cash)
    }

    /// Ends an order without a fill. Whoever calls it removes what has ended.
    mutating func end(_ index: Int, reason: Reason?, _ moment: Moment, into reports: inout [Report]) {
        close(index)
        report(.cancelled, orders[index], moment, reason: reason, into: &reports)
    }

    private mutating func close(_ index: Int) {
        orders[index].isEnded = true
        markets[orders[index].slot].workingOrders -= 1
    }

    mutating func removeEnded() {
        guard orders.contains(where: \.isEnded) else { return }
        orders.removeAll(where: \.isEnded)
    }
}

// One command becomes active.
//
// A replace keeps the order's number, and so its priority, and names its new whole quantity (what is filled
// included), price and stop price. A zero leaves the value as it is: none of them may be zero. It passes the
// same checks as a new order. Market orders and triggered stops cannot be replaced. After `accepted` or
// `replaced` the order meets the quote that stands; what it gets then names the command.

import Contracts

extension SessionBook {
    /// Runs one command.
    ///
    /// - Parameters:
    ///   - reference: from `referencePrice(for:)` when the command was decided.
    ///   - time: when it became active.
    ///   - after: last event handed to the strategy.
    package mutating func execute(
        _ command: Command, reference: Price, at time: Timestamp, after: UInt64, into reports: inout [Report]
    ) {
        let moment = Moment(time: time, after: after, command: command.number)
        if let input = command.input { return apply(input, moment, into: &reports) }
        if let reason = suspension.reason { return reject(command, reason, moment, into: &reports) }
        switch command.action {
        case .submit: submit(command, reference: reference, moment, into: &reports)
        case .replace: replace(command, moment, into: &reports)
        case .cancel: cancel(command, moment, into: &reports)
        case .input: preconditionFailure("an input command has an input")
        }
        removeEnded()
    }

    /// Answers a command with a rejection that is not the book's own: halted, too many commands.
    package mutating func reject(
        _ command: Command, reason: Reason, at time: Timestamp, after: UInt64, into reports: inout [Report]
    ) {
        let moment = Moment(time: time, after: after, command: command.number)
        reject(command, reason, moment, into: &reports)
    }

    // MARK: submit

    private mutating func submit(
        _ command: Command, reference: Price, _ moment: Moment, into reports: inout [Report]
    ) {
        guard let slot = slot(of: command.symbol) else {
            let reason = Reason(
                code: "unknown_symbol",
                sentence: "the symbol is not one of the \(symbols.count) that this session trades")
            return reject(command, reason, moment, into: &reports)
        }
        var order = WorkingOrder(
            number: command.number, symbol: command.symbol, slot: slot, side: command.side,
            type: command.type, timeInForce: command.timeInForce, quantity: command.quantity,
            price: command.price, stopPrice: command.stopPrice, reference: reference,
            decided: command.decided, worstPrice: .zero)
        if let reason = violation(&order, replacing: nil, at: moment.time) {
            return reject(command, reason, moment, into: &reports)
        }
        rate.note(moment.time)
        accepted.insert(order.number)
        let index = place(of: order.number)
        precondition(
            index == orders.count || orders[index].number != order.number, "a command's number is used once")
        orders.insert(order, at: index)
        markets[slot].workingOrders += 1
        report(.accepted, order, moment, into: &reports)
        meetOnArrival(index, moment, into: &reports)
    }

    // MARK: replace and cancel

    private mutating func replace(_ command: Command, _ moment: Moment, into reports: inout [Report]) {
        guard let index = working(command.order) else {
            return reject(command, notWorking(command.order), moment, into: &reports)
        }
        var order = orders[index]
        guard !order.actsAsMarket else {
            let what = order.type == .market ? "a market order" : "a stop that was triggered"
            let reason = Reason(
                code: "not_replaceable", sentence: "\(what) cannot be replaced: cancel it and submit another")
            return reject(command, reason, moment, into: &reports)
        }
        if !command.quantity.isZero { order.quantity = command.quantity }
        if !command.price.isZero { order.price = command.price }
        if !command.stopPrice.isZero { order.stopPrice = command.stopPrice }
        order.decided = command.decided
        if let reason = violation(&order, replacing: index, at: moment.time) {
            return reject(command, reason, moment, into: &reports)
        }
        rate.note(moment.time)
        orders[index] = order
        report(.replaced, order, moment, into: &reports)
        meetOnArrival(index, moment, into: &reports)
    }

    private mutating func cancel(_ command: Command, _ moment: Moment, into reports: inout [Report]) {
        guard let index = working(command.order) else {
            return reject(command, notWorking(command.order), moment, into: &reports)
        }
        end(index, reason: nil, moment, into: &reports)
    }

    private func notWorking(_ number: UInt64) -> Reason {
        accepted.contains(number)
            ? Reason(code: "too_late", sentence: "order \(number) has ended before")
            : Reason(code: "unknown_order", sentence: "no order \(number) was accepted in this session")
    }

    // MARK: checks

    /// Why the order is refused, or nil; then its worst price is set.
    private func violation(_ order: inout WorkingOrder, replacing index: Int?, at time: Timestamp) -> Reason?
    {
        do throws(AmountOutOfRange) {
            let proposed = try proposal(order, replacing: index)
            if let reason = proposed.termsViolation() { return reason }
            if let reason = try proposed.limitViolation() { return reason }
            order.worstPrice = try proposed.worstPrice()
        } catch {
            return .amountOutOfRange
        }
        if index == nil, orders.count >= Self.maximumWorkingOrders {
            return Reason(
                code: "too_many_orders", sentence: "\(Self.maximumWorkingOrders) orders are working already")
        }
        return rate.violation(at: time)
    }

    private func proposal(
        _ order: WorkingOrder, replacing index: Int?
    ) throws(AmountOutOfRange) -> ProposedOrder {
        var sameSide: Int128 = 0
        var reserved: Int128 = 0
        for (other, working) in orders.enumerated() where other != index && working.side == order.side {
            if working.slot == order.slot { sameSide += Int128(working.remaining.units) }
            if order.side == .buy {
                reserved += try BuyingPowerRule.cost(
                    of: working.remaining, at: working.worstPrice, settings: settings)
            }
        }
        var shortValue = Money.zero
        if order.side == .sell {
            for slot in markets.indices where slot != order.slot && account.positions[slot].quantity < .zero {
                let mark = markets[slot].mark ?? .zero
                shortValue = try shortValue.adding(
                    try mark.times(account.positions[slot].quantity.magnitude))
            }
        }
        return ProposedOrder(
            settings: settings, market: markets[order.slot], side: order.side, type: order.type,
            quantity: order.quantity, filled: order.filled, price: order.price, stopPrice: order.stopPrice,
            position: account.positions[order.slot].quantity, workingSameSide: sameSide, cash: account.cash,
            reservedCash: reserved, equity: order.side == .sell ? try equity() : .zero,
            otherShortValue: shortValue)
    }

    // MARK: places

    /// Where the order with this number is or would be.
    func place(of number: UInt64) -> Int {
        guard let last = orders.last, number <= last.number else { return orders.count }
        var low = 0
        var high = orders.count
        while low < high {
            let middle = (low + high) / 2
            if orders[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func working(_ number: UInt64) -> Int? {
        let index = place(of: number)
        return index < orders.count && orders[index].number == number ? index : nil
    }
}

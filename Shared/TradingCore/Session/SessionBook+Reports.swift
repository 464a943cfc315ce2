// The reports of a session, numbered as they are made.

import Contracts

extension SessionBook {
    /// Reports the order as it stands. What has ended has nothing remaining; what was not filled is then
    /// `quantity − filled`.
    mutating func report(
        _ status: OrderStatus, _ order: WorkingOrder, _ moment: Moment, reason: Reason? = nil,
        executions: [Execution] = [], into reports: inout [Report]
    ) {
        lastReport += 1
        reports.append(
            Report(
                number: lastReport, status: status, command: moment.command, order: order.number,
                symbol: order.symbol, side: order.side, type: order.type, timeInForce: order.timeInForce,
                quantity: order.quantity, price: order.price, stopPrice: order.stopPrice,
                filled: order.filled, remaining: status == .cancelled ? .zero : order.remaining,
                after: moment.after, timestamp: moment.time, reason: reason, executions: executions))
    }

    /// Reports that a command was refused. An order that works is shown as it goes on working.
    mutating func reject(
        _ command: Command, _ reason: Reason, _ moment: Moment, into reports: inout [Report]
    ) {
        if command.action != .submit, let index = working(command.order) {
            report(.rejected, orders[index], moment, reason: reason, into: &reports)
            return
        }
        // A replacement may name a price that its order's type has not; the record of a report has none then.
        let (price, stopPrice) = (command.price, command.stopPrice)
        lastReport += 1
        reports.append(
            Report(
                number: lastReport, status: .rejected, command: command.number, order: command.order,
                symbol: command.symbol, side: command.side, type: command.type,
                timeInForce: command.timeInForce, quantity: command.quantity,
                price: command.type.hasPrice ? price : .zero,
                stopPrice: command.type.hasStopPrice ? stopPrice : .zero, filled: .zero, remaining: .zero,
                after: moment.after, timestamp: moment.time, reason: reason))
    }
}

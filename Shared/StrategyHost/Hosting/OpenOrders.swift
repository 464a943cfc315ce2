// The orders of one strategy as far as it knows them: placed and not answered, or working by the reports that
// it has handled. The simulator may know better; that a strategy does not see before the report.
//
// Costs: linear in the number of open orders, which is a handful. Order: by number.

import Contracts
import TradingCore

/// An order that is unanswered or working.
package struct OpenOrder: Equatable {
    package var number: UInt64
    package var slot: Int
    package var symbol: SymbolIndex
    package var side: Side
    package var type: OrderType
    package var timeInForce: TimeInForce
    package var quantity: Quantity
    package var price: Price
    package var stopPrice: Price
    package var filled = Quantity.zero
    package var remaining: Quantity
    /// False while no report has said that it works.
    package var isWorking = false

    package init(
        number: UInt64, slot: Int, symbol: SymbolIndex, side: Side, type: OrderType, timeInForce: TimeInForce,
        quantity: Quantity, price: Price, stopPrice: Price, remaining: Quantity
    ) {
        self.number = number
        self.slot = slot
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.stopPrice = stopPrice
        self.remaining = remaining
    }
}

package struct OpenOrders {
    /// By number.
    package private(set) var orders: [OpenOrder] = []
    /// Numbers of the commands that no report has answered, ascending.
    package private(set) var unanswered: [UInt64] = []

    package init() {}

    /// As they stood; orders and commands by number.
    package init(orders: [OpenOrder], unanswered: [UInt64]) {
        self.orders = orders
        self.unanswered = unanswered
    }

    package var isEmpty: Bool { orders.isEmpty && unanswered.isEmpty }

    package subscript(number: UInt64) -> OpenOrder? {
        index(of: number).map { orders[$0] }
    }

    /// The working order at this place among the working ones.
    package func working(at index: Int) -> OpenOrder? {
        var left = index
        for order in orders where order.isWorking {
            if left == 0 { return order }
            left -= 1
        }
        return nil
    }

    package mutating func placed(_ order: OpenOrder) {
        orders.append(order)
        unanswered.append(order.number)
    }

    /// A replace or cancel was sent.
    package mutating func sent(command number: UInt64) { unanswered.append(number) }

    /// Takes a report into account. An order that works and is not known was placed by another version of the
    /// strategy: it is known from then on.
    ///
    /// - Returns: by how much the number of open orders of the slot has changed.
    package mutating func apply(_ report: Report, slot: Int) -> Int {
        if report.command != 0, let index = unanswered.firstIndex(of: report.command) {
            unanswered.remove(at: index)
        }
        guard let index = index(of: report.order) else {
            guard slot >= 0, !report.endsOrder else { return 0 }
            let order = OpenOrder(report, slot: slot)
            orders.insert(order, at: orders.firstIndex { $0.number > order.number } ?? orders.endIndex)
            return 1
        }
        if report.endsOrder {
            orders.remove(at: index)
            return -1
        }
        orders[index].quantity = report.quantity
        orders[index].price = report.price
        orders[index].stopPrice = report.stopPrice
        orders[index].filled = report.filled
        orders[index].remaining = report.remaining
        orders[index].isWorking = true
        return 0
    }

    /// Forgets what was asked after this command: it was never sent.
    mutating func forget(beyond command: UInt64) {
        orders.removeAll { $0.number > command }
        unanswered.removeAll { $0 > command }
    }

    /// These commands are unanswered, whatever they were.
    mutating func expect(_ commands: [UInt64]) { unanswered = commands }

    private func index(of number: UInt64) -> Int? {
        orders.firstIndex { $0.number == number }
    }
}

extension OpenOrders {
    func write(into state: inout StateWriter) {
        state.put(each: orders) { order, state in
            state.put(order.number)
            state.put(order.slot)
            for word in [order.side.rawValue, order.type.rawValue, order.timeInForce.rawValue] {
                state.put(word)
            }
            for amount in [order.quantity, order.filled, order.remaining] { state.put(amount) }
            state.put(order.price)
            state.put(order.stopPrice)
            state.put(order.isWorking)
        }
        state.put(each: unanswered) { $1.put($0) }
    }

    /// - Parameter symbols: of the strategy, by slot.
    init(from state: inout StateReader, symbols: [SymbolIndex]) throws(StateError) {
        orders = try state.take { (state) throws(StateError) in
            let number: UInt64 = try state.take()
            let slot: Int = try state.take()
            guard symbols.indices.contains(slot) else { throw StateError() }
            let (side, type) = (try state.take(word: Side.self), try state.take(word: OrderType.self))
            let timeInForce = try state.take(word: TimeInForce.self)
            let quantity: Quantity = try state.take()
            let filled: Quantity = try state.take()
            let remaining: Quantity = try state.take()
            var order = OpenOrder(
                number: number, slot: slot, symbol: symbols[slot], side: side, type: type,
                timeInForce: timeInForce, quantity: quantity, price: try state.take(),
                stopPrice: try state.take(), remaining: remaining)
            order.filled = filled
            order.isWorking = try state.take()
            return order
        }
        unanswered = try state.take { (state) throws(StateError) in try state.take() }
    }
}

extension OpenOrder {
    /// The working order of a report.
    fileprivate init(_ report: Report, slot: Int) {
        self.init(
            number: report.order, slot: slot, symbol: report.symbol, side: report.side, type: report.type,
            timeInForce: report.timeInForce, quantity: report.quantity, price: report.price,
            stopPrice: report.stopPrice, remaining: report.remaining)
        filled = report.filled
        isWorking = true
    }
}

extension Report {
    /// Whether the order cannot fill any more after this report.
    var endsOrder: Bool { status == .cancelled || status == .expired || !isWorking }
}

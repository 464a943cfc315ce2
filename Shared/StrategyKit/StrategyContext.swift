// The strategy's way to the platform: everything that it may read and do.
//
// What it says of orders and account comes only from the reports that the strategy has handled, so an order
// just placed is "open" but not yet "working". Valid only inside the call that it was passed to.
// Costs: one C call each, 2-4 ns; nothing allocates but `symbols`, `name`, `text` and `log`.

import CStrategyABI
import Contracts

/// Passed to every call of a strategy.
public struct StrategyContext {
    /// Valid as long as the instance; the platform promises it.
    @usableFromInline let host: UnsafePointer<tr_host>

    @inlinable
    init(_ host: UnsafePointer<tr_host>) { self.host = host }

    @inlinable var pointer: UnsafeMutableRawPointer? { host.pointee.context }

    // MARK: orders

    /// Places an order and returns its number, which is also that of the command.
    @inlinable
    @discardableResult
    public func place(_ order: Order) throws(OrderRefused) -> UInt64 {
        var request = tr_order_request()
        request.struct_size = UInt32(MemoryLayout<tr_order_request>.size)
        request.symbol = UInt32(bitPattern: order.symbol.rawValue)
        request.side = UInt32(order.side.rawValue)
        request.type = UInt32(order.type.rawValue)
        request.time_in_force = UInt32(order.timeInForce.rawValue)
        request.quantity_e8 = order.quantity.units
        request.price_e8 = order.price.units
        request.stop_price_e8 = order.stopPrice.units
        let number = host.pointee.submit(pointer, &request)
        guard number > 0 else {
            switch number {
            case Int64(TR_NOT_NOW): throw .notNow
            case Int64(TR_WARMING_UP): throw .warmingUp
            default: throw .invalidRequest
            }
        }
        return UInt64(number)
    }

    /// Places the order that a signal asks for. One that comes while the strategy warms up is dropped: the
    /// author need not know.
    @inlinable
    func take(_ signal: Signal, answering symbol: SymbolIndex) throws(OrderRefused) {
        do throws(OrderRefused) { try place(signal.order(answering: symbol)) } catch {
            if error != .warmingUp { throw error }
        }
    }

    /// Changes quantity (the whole of it, what is filled included) and prices of an open order, which keeps
    /// its number; a zero leaves the value as it is. Returns the number of the command; nil when the order is
    /// not open any more, or orders are not taken now.
    @inlinable
    @discardableResult
    public func replace(
        _ order: UInt64, quantity: Quantity = .zero, price: Price = .zero, stopPrice: Price = .zero
    ) -> UInt64? {
        let number = host.pointee.replace(pointer, order, quantity.units, price.units, stopPrice.units)
        return number > 0 ? UInt64(number) : nil
    }

    /// Cancels an open order. Returns as `replace`.
    @inlinable
    @discardableResult
    public func cancel(_ order: UInt64) -> UInt64? {
        let number = host.pointee.cancel(pointer, order)
        return number > 0 ? UInt64(number) : nil
    }

    /// Orders of the symbol that are unanswered or working.
    @inlinable
    public func openOrders(of symbol: SymbolIndex) -> Int {
        Int(host.pointee.open_orders(pointer, UInt32(bitPattern: symbol.rawValue)))
    }

    /// Commands that no report has answered yet.
    @inlinable public var unansweredCommands: Int { Int(host.pointee.unanswered(pointer)) }

    /// The working orders, by their numbers.
    @inlinable public var workingOrders: WorkingOrders { WorkingOrders(self) }

    // MARK: time

    /// Calls `onTimer` when session time has reached now + `delay` (at least 1 microsecond). Returns its
    /// number; nil when 1,024 timers are set.
    @inlinable
    @discardableResult
    public func setTimer(afterMicroseconds delay: Int64) -> UInt64? {
        let number = host.pointee.set_timer(pointer, delay)
        return number > 0 ? UInt64(number) : nil
    }

    /// Session time: the largest market time so far; while a report is handled, the report's time.
    @inlinable public var now: Timestamp { Timestamp(microseconds: host.pointee.now_us(pointer)) }

    // MARK: account

    /// Negative when short.
    @inlinable
    public func position(of symbol: SymbolIndex) -> Quantity {
        Quantity(units: host.pointee.position_e8(pointer, UInt32(bitPattern: symbol.rawValue)))
    }

    @inlinable public var cash: Money { Money(units: host.pointee.cash_e8(pointer)) }

    // MARK: symbols

    /// The strategy's symbols, in the order in which they were given to it.
    @inlinable public var symbols: [SymbolIndex] {
        (0..<Int32(host.pointee.symbol_count(pointer))).map(SymbolIndex.init)
    }

    /// The name of a symbol.
    public func name(of symbol: SymbolIndex) -> String {
        guard let name = host.pointee.symbol_name(pointer, UInt32(bitPattern: symbol.rawValue)) else {
            preconditionFailure("the symbol is one of the strategy's")
        }
        return String(cString: name)
    }

    /// The smallest step of the price; nil while no instrument event has named it.
    public func priceIncrement(of symbol: SymbolIndex) -> Price? {
        let units = host.pointee.price_increment_e8(pointer, UInt32(bitPattern: symbol.rawValue))
        return units > 0 ? Price(units: units) : nil
    }

    /// The smallest step of the quantity; nil while no instrument event has named it.
    public func sizeIncrement(of symbol: SymbolIndex) -> Quantity? {
        let units = host.pointee.size_increment_e8(pointer, UInt32(bitPattern: symbol.rawValue))
        return units > 0 ? Quantity(units: units) : nil
    }

    // MARK: parameters

    /// The value of a whole-number parameter that the metadata declare.
    public func integer(_ name: String) -> Int {
        var value: Int64 = 0
        let found = host.pointee.parameter_integer(pointer, name, &value)
        precondition(found != 0, "the metadata declare the integer \(name)")
        return Int(value)
    }

    /// The value of a decimal parameter that the metadata declare, as the kind of amount that is asked for.
    public func decimal<Amount: FixedPoint>(_ name: String, as type: Amount.Type = Amount.self) -> Amount {
        var value: Int64 = 0
        let found = host.pointee.parameter_decimal_e8(pointer, name, &value)
        precondition(found != 0, "the metadata declare the decimal \(name)")
        return Amount(units: value)
    }

    /// The value of a true-or-false parameter that the metadata declare.
    public func flag(_ name: String) -> Bool { integer(name) != 0 }

    /// The value of a choice or text that the metadata declare.
    public func text(_ name: String) -> String {
        var value: UnsafePointer<CChar>?
        let found = host.pointee.parameter_text(pointer, name, &value)
        guard found != 0, let value else { preconditionFailure("the metadata declare the text \(name)") }
        return String(cString: value)
    }

    // MARK: words

    public enum LogLevel: UInt32, Sendable {
        case debug, info, warning, error
    }

    /// Writes a line to the log of the platform.
    public func log(_ text: String, level: LogLevel = .info) {
        host.pointee.log(pointer, level.rawValue, text)
    }

    /// Notes why the running call fails.
    @usableFromInline
    func fail(_ error: any Error) { host.pointee.fail(pointer, "\(error)") }
}

/// The working orders of a strategy, by their numbers. Reads through; allocates nothing.
public struct WorkingOrders: Sequence, IteratorProtocol {
    private let context: StrategyContext
    private var index: UInt32 = 0

    @usableFromInline
    init(_ context: StrategyContext) { self.context = context }

    public mutating func next() -> WorkingOrder? {
        var raw = tr_working_order()
        guard context.host.pointee.working_order(context.pointer, index, &raw) != 0 else { return nil }
        index += 1
        return WorkingOrder(
            order: raw.order, symbol: SymbolIndex(Int32(truncatingIfNeeded: raw.symbol)),
            side: raw.side == TR_BUY ? .buy : .sell, type: OrderType(abi: raw.type),
            timeInForce: raw.time_in_force == TR_IOC ? .ioc : .gtc,
            quantity: Quantity(units: raw.quantity_e8),
            filled: Quantity(units: raw.filled_e8), remaining: Quantity(units: raw.remaining_e8),
            price: Price(units: raw.price_e8), stopPrice: Price(units: raw.stop_price_e8))
    }
}

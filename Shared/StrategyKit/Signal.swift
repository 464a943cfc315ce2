// What `onMarketData` may return, and what the context takes: orders.

import Contracts

/// A decision: buy or sell a quantity, at the market or at a limit.
public struct Signal: Sendable, Equatable {
    public var side: Side
    public var quantity: Quantity
    public var orderType: OrderType
    /// The limit of a limit order. On a market order it is a note and decides nothing.
    public var price: Price
    /// Nil: the symbol of the event that it answers.
    public var symbol: SymbolIndex?

    @inlinable
    public init(
        _ side: Side, _ quantity: Quantity, orderType: OrderType = .market, price: Price = .zero,
        symbol: SymbolIndex? = nil
    ) {
        self.side = side
        self.quantity = quantity
        self.orderType = orderType
        self.price = price
        self.symbol = symbol
    }

    @inlinable
    public static func buy(_ quantity: Quantity) -> Signal { Signal(.buy, quantity) }
    @inlinable
    public static func sell(_ quantity: Quantity) -> Signal { Signal(.sell, quantity) }
    @inlinable
    public static func buy(_ quantity: Quantity, limit: Price) -> Signal {
        Signal(.buy, quantity, orderType: .limit, price: limit)
    }
    @inlinable
    public static func sell(_ quantity: Quantity, limit: Price) -> Signal {
        Signal(.sell, quantity, orderType: .limit, price: limit)
    }
}

/// An order to place through the context.
public struct Order: Sendable, Equatable {
    public var symbol: SymbolIndex
    public var side: Side
    public var quantity: Quantity
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var price: Price
    public var stopPrice: Price

    @inlinable
    init(
        _ symbol: SymbolIndex, _ side: Side, _ quantity: Quantity, _ type: OrderType, price: Price = .zero,
        stopPrice: Price = .zero, timeInForce: TimeInForce = .gtc
    ) {
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.type = type
        self.timeInForce = timeInForce
        self.price = price
        self.stopPrice = stopPrice
    }

    /// Takes what is displayed; the rest takes what each later quote shows.
    @inlinable
    public static func market(
        _ side: Side, _ quantity: Quantity, of symbol: SymbolIndex, timeInForce: TimeInForce = .gtc
    ) -> Order { Order(symbol, side, quantity, .market, timeInForce: timeInForce) }

    /// Fills at `price` or better.
    @inlinable
    public static func limit(
        _ side: Side, _ quantity: Quantity, of symbol: SymbolIndex, at price: Price,
        timeInForce: TimeInForce = .gtc
    ) -> Order { Order(symbol, side, quantity, .limit, price: price, timeInForce: timeInForce) }

    /// Becomes a market order when the market reaches `trigger`.
    @inlinable
    public static func stop(
        _ side: Side, _ quantity: Quantity, of symbol: SymbolIndex, at trigger: Price,
        timeInForce: TimeInForce = .gtc
    ) -> Order { Order(symbol, side, quantity, .stop, stopPrice: trigger, timeInForce: timeInForce) }
}

/// Why the platform did not take an order at all. What the market refuses comes back as a report instead.
public enum OrderRefused: Error, Equatable, CustomStringConvertible {
    /// A symbol that is not the strategy's, or a value outside of the C interface.
    case invalidRequest
    /// Orders are taken from `initialize` on, until `cleanup` or a failure.
    case notNow
    /// The strategy still warms up, as its metadata ask for.
    case warmingUp

    public var description: String {
        switch self {
        case .invalidRequest: "the order names a symbol that is not one of the strategy's"
        case .notNow: "orders are taken from initialize on, and no more in cleanup"
        case .warmingUp: "the strategy still warms up, as its metadata ask for: orders are not taken yet"
        }
    }
}

/// An order that the strategy knows to be working: accepted and not finished.
public struct WorkingOrder: Sendable, Equatable {
    public var order: UInt64
    public var symbol: SymbolIndex
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var quantity: Quantity
    public var filled: Quantity
    public var remaining: Quantity
    public var price: Price
    public var stopPrice: Price
}

/// One execution as the session makes it: plain integers, ids as numbers. `TradeEvent` is its wire form.
public struct Execution: Sendable, Equatable {
    /// 1, 2, 3 … in the strategy over all its executions.
    public var strategySeq: UInt64
    /// The order, by the number of its submit.
    public var order: UInt64
    /// 1, 2, 3 … within the order.
    public var fill: UInt32
    public var effect: PositionEffect
    public var side: Side
    public var liquidity: Liquidity
    public var symbol: SymbolIndex
    public var quantity: Quantity
    public var price: Price
    /// Mid (or last) when the order was decided.
    public var referencePrice: Price
    /// Of one unit, positive when it was to the trader's disadvantage.
    public var slippage: Price
    public var fee: Money
    public var timestamp: Timestamp
    /// Signed position after it.
    public var position: Quantity
    /// Average entry price of that position, rounded for showing; zero when flat.
    public var averagePrice: Price
    /// Realised profit of this execution, before fees.
    public var realizedPnl: Money
    /// Cash of the account after it.
    public var cash: Money

    public init(
        strategySeq: UInt64, order: UInt64, fill: UInt32, effect: PositionEffect, side: Side,
        liquidity: Liquidity, symbol: SymbolIndex, quantity: Quantity, price: Price, referencePrice: Price,
        slippage: Price, fee: Money, timestamp: Timestamp, position: Quantity, averagePrice: Price,
        realizedPnl: Money, cash: Money
    ) {
        self.strategySeq = strategySeq
        self.order = order
        self.fill = fill
        self.effect = effect
        self.side = side
        self.liquidity = liquidity
        self.symbol = symbol
        self.quantity = quantity
        self.price = price
        self.referencePrice = referencePrice
        self.slippage = slippage
        self.fee = fee
        self.timestamp = timestamp
        self.position = position
        self.averagePrice = averagePrice
        self.realizedPnl = realizedPnl
        self.cash = cash
    }
}

/// Why a command was rejected or an order ended, with the code that programs compare.
public struct Reason: Error, Sendable, Equatable {
    /// `snake_case`, stable.
    public var code: String
    /// One sentence with the numbers that matter.
    public var sentence: String
    public init(code: String, sentence: String) {
        self.code = code
        self.sentence = sentence
    }
}

/// What the session says of an order, numbered 1, 2, 3 … in the session.
public struct Report: Sendable, Equatable {
    public var number: UInt64
    public var status: OrderStatus
    /// The command it answers; 0 when the market caused it.
    public var command: UInt64
    /// The order as it stands after this report.
    public var order: UInt64
    public var symbol: SymbolIndex
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var quantity: Quantity
    public var price: Price
    public var stopPrice: Price
    public var filled: Quantity
    public var remaining: Quantity
    /// The last event handed to the strategy before this report.
    public var after: UInt64
    public var timestamp: Timestamp
    public var reason: Reason?
    /// On a fill: one, or two when it crossed zero.
    public var executions: [Execution]

    public init(
        number: UInt64, status: OrderStatus, command: UInt64, order: UInt64, symbol: SymbolIndex, side: Side,
        type: OrderType, timeInForce: TimeInForce, quantity: Quantity, price: Price, stopPrice: Price,
        filled: Quantity, remaining: Quantity, after: UInt64, timestamp: Timestamp, reason: Reason? = nil,
        executions: [Execution] = []
    ) {
        self.number = number
        self.status = status
        self.command = command
        self.order = order
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.stopPrice = stopPrice
        self.filled = filled
        self.remaining = remaining
        self.after = after
        self.timestamp = timestamp
        self.reason = reason
        self.executions = executions
    }

    /// Whether the order can still fill after this report. A rejected replace or cancel leaves the order as
    /// it was, and says so by a remaining quantity that is not zero.
    public var isWorking: Bool { !remaining.isZero }
}

extension Quantity {
    @inlinable public var isZero: Bool { units == 0 }
}

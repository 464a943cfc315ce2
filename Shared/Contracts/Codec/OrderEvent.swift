// The order event: a report of the session in its wire form. The one without an envelope travels on the order
// entry connection, with the report's executions in `trades`.

/// One report as it travels and is journalled (DESIGN 5), without the envelope.
public struct OrderEvent: Sendable, Equatable {
    public var orderID: String
    public var strategyID: String
    public var symbol: String
    public var status: OrderStatus
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var quantity: Quantity
    /// Of a limit order; nil for the other types.
    public var price: Price?
    /// Of a stop order; nil for the other types.
    public var stopPrice: Price?
    public var filled: Quantity
    public var remaining: Quantity
    /// The command it answers, 0 when the market caused it. On the wire `number`.
    public var command: UInt64
    /// The number of the report. On the wire `report`.
    public var report: UInt64
    /// The last event handed to the strategy before it.
    public var after: UInt64
    public var fence: UInt64
    /// On the wire `reason_code` and `reason`, both or none.
    public var reason: Reason?
    public var timestamp: Timestamp
    /// The report's executions; only where they travel with it.
    public var trades: [TradeEvent]

    /// The wire form of a report of this strategy.
    public init(_ report: Report, strategy: String, fence: UInt64, symbol: String) {
        orderID = "\(strategy):\(report.order)"
        strategyID = strategy
        self.symbol = symbol
        status = report.status
        side = report.side
        type = report.type
        timeInForce = report.timeInForce
        quantity = report.quantity
        price = report.type.hasPrice ? report.price : nil
        stopPrice = report.type.hasStopPrice ? report.stopPrice : nil
        filled = report.filled
        remaining = report.remaining
        command = report.command
        self.report = report.number
        after = report.after
        self.fence = fence
        reason = report.reason
        timestamp = report.timestamp
        trades = report.executions.map { TradeEvent($0, strategy: strategy, symbol: symbol) }
    }

    /// Whether it acknowledges an input from outside; its wire form is `InputReportCodec`.
    public var isOnInput: Bool { symbol.isEmpty }

    /// Back to the report. Throws `invalidName` when the order's id is not `<strategy>:<number>`, a trade's
    /// not `<order>:<fill>`, or there is no room for the symbol. Offsets are 0: the bytes are gone.
    public func report(symbols: inout SymbolTable) throws(JSONError) -> Report {
        if isOnInput {
            return .onInput(number: report, command: command, after: after, timestamp: timestamp)
        }
        guard let order = OrderID.number(of: orderID, strategy: strategyID) else {
            throw JSONError(.invalidName, at: 0, field: "order_id")
        }
        let index = try symbols.index(ofNew: symbol, at: 0)
        var executions: [Execution] = []
        for trade in trades {
            guard let execution = trade.execution(symbol: index), trade.symbol == symbol else {
                throw JSONError(.invalidName, at: 0, field: "trade_id")
            }
            executions.append(execution)
        }
        return Report(
            number: report, status: status, command: command, order: order, symbol: index, side: side,
            type: type,
            timeInForce: timeInForce, quantity: quantity, price: price ?? .zero,
            stopPrice: stopPrice ?? .zero,
            filled: filled, remaining: remaining, after: after, timestamp: timestamp, reason: reason,
            executions: executions)
    }
}

extension OrderType {
    /// Whether an order of this type has a limit price.
    @inlinable public var hasPrice: Bool { self == .limit }
    /// Whether an order of this type has a trigger.
    @inlinable public var hasStopPrice: Bool { self == .stop }
}

extension SymbolTable {
    /// The number of a symbol that a decoder has read.
    mutating func index(ofNew name: String, at offset: Int) throws(JSONError) -> SymbolIndex {
        do {
            return try intern(name)
        } catch {
            throw JSONError(.invalidName, at: offset, field: "symbol")
        }
    }
}

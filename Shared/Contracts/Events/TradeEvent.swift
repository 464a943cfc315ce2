/// One execution as it travels and as the ledger keeps it (DESIGN 5), without the envelope.
public struct TradeEvent: Sendable, Equatable {
    public var tradeID: String
    public var orderID: String
    public var strategyID: String
    public var strategySeq: UInt64
    public var effect: PositionEffect
    public var symbol: String
    public var side: Side
    public var quantity: Quantity
    public var price: Price
    public var referencePrice: Price
    public var slippage: Price
    public var fee: Money
    public var liquidity: Liquidity
    public var timestamp: Timestamp
    public var position: Quantity
    public var averagePrice: Price
    public var realizedPnl: Money
    public var cash: Money

    /// The wire form of an execution of this strategy.
    public init(_ execution: Execution, strategy: String, symbol: String) {
        orderID = "\(strategy):\(execution.order)"
        tradeID = "\(strategy):\(execution.order):\(execution.fill)"
        strategyID = strategy
        strategySeq = execution.strategySeq
        effect = execution.effect
        self.symbol = symbol
        side = execution.side
        quantity = execution.quantity
        price = execution.price
        referencePrice = execution.referencePrice
        slippage = execution.slippage
        fee = execution.fee
        liquidity = execution.liquidity
        timestamp = execution.timestamp
        position = execution.position
        averagePrice = execution.averagePrice
        realizedPnl = execution.realizedPnl
        cash = execution.cash
    }
}

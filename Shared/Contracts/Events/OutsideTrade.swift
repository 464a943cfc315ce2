/// A trade as another robot reports it: what it must say, and what it may say besides.
public struct OutsideTrade: Sendable, Equatable {
    /// Ids as the sender uses them, within its source.
    public var source: String
    public var tradeID: String
    public var orderID: String?
    public var strategyID: String
    /// 1, 2, 3 … over the trades of the strategy.
    public var strategySeq: UInt64
    /// `seq` of the envelope, 0 when there is none.
    public var seq: UInt64
    public var symbol: String
    public var side: Side
    public var quantity: Quantity
    public var price: Price
    public var timestamp: Timestamp
    public var fee: Money
    public var effect: PositionEffect?
    public var referencePrice: Price?
    public var slippage: Price?
    public var liquidity: Liquidity?
    /// `performance_data`, each member by itself.
    public var position: Quantity?
    public var averagePrice: Price?
    public var realizedPnl: Money?
    public var cash: Money?
}

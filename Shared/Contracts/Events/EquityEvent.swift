/// What one strategy's account is worth on the market at one moment: a point of its equity curve.
///
/// Made by the session, which sees the market, so that those who see trades only (the tracker) have the same
/// numbers. `number` counts 1, 2, 3 … in the strategy; the mark stands after the trade `strategySeq` and
/// before the next one.
public struct EquityEvent: Sendable, Equatable {
    /// What is held of one symbol and what one unit of it is worth.
    public struct Holding: Sendable, Equatable {
        public var symbol: String
        /// Signed: negative is short. Never zero.
        public var position: Quantity
        /// The mid, else the last trade, else the last close.
        public var price: Price

        public init(symbol: String, position: Quantity, price: Price) {
            self.symbol = symbol
            self.position = position
            self.price = price
        }
    }

    public var strategyID: String
    public var number: UInt64
    /// Last execution before it; 0 before the first.
    public var strategySeq: UInt64
    public var timestamp: Timestamp
    /// Cash and everything held.
    public var equity: Money
    public var cash: Money
    public var currency: String
    /// Days with events in a year: 365 when every symbol of the session is crypto, else 252.
    public var periodsPerYear: Int
    /// In the order of the session's symbols; only what is held.
    public var holdings: [Holding]

    public init(
        strategyID: String, number: UInt64, strategySeq: UInt64, timestamp: Timestamp, equity: Money,
        cash: Money, currency: String, periodsPerYear: Int, holdings: [Holding]
    ) {
        self.strategyID = strategyID
        self.number = number
        self.strategySeq = strategySeq
        self.timestamp = timestamp
        self.equity = equity
        self.cash = cash
        self.currency = currency
        self.periodsPerYear = periodsPerYear
        self.holdings = holdings
    }
}

/// Updated metrics of one strategy, of one symbol of it, or of all strategies together, over one period.
public struct PerformanceEvent: Sendable, Equatable {
    /// One metric under its wire name.
    public struct Metric: Sendable, Equatable {
        public var name: String
        /// Nil where it is not defined (`null` on the wire). What is not finite is written as nil.
        public var value: Double?
        public init(_ name: String, _ value: Double?) {
            self.name = name
            self.value = value
        }
    }

    /// `portfolio` for all strategies together.
    public var strategyID: String
    /// Nil for the whole account.
    public var symbol: String?
    /// What the metrics are over, `all` or the name of a period.
    public var period: String
    /// Time of the last trade or mark.
    public var timestamp: Timestamp
    /// Of the account; empty while it is not known.
    public var currency: String
    /// What annual figures are made with.
    public var periodsPerYear: Int
    /// In the order in which they are written.
    public var metrics: [Metric]

    public init(
        strategyID: String, symbol: String? = nil, period: String, timestamp: Timestamp,
        currency: String = "", periodsPerYear: Int = 252, metrics: [Metric]
    ) {
        self.strategyID = strategyID
        self.symbol = symbol
        self.period = period
        self.timestamp = timestamp
        self.currency = currency
        self.periodsPerYear = periodsPerYear
        self.metrics = metrics
    }
}

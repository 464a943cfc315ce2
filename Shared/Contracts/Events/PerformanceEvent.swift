/// Updated metrics of one strategy over one period.
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

    public var strategyID: String
    /// What the metrics are over, `all` or the name of a period.
    public var period: String
    public var timestamp: Timestamp
    /// In the order in which they are written.
    public var metrics: [Metric]

    public init(strategyID: String, period: String, timestamp: Timestamp, metrics: [Metric]) {
        self.strategyID = strategyID
        self.period = period
        self.timestamp = timestamp
        self.metrics = metrics
    }
}

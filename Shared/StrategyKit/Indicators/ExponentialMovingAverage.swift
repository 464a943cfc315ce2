// Exponential moving average. The first value is the simple average of the first `length` prices; then
//
//     EMA = EMA' + (price − EMA') · 2 / (length + 1)
//
// Source: the usual definition, seeded as TA-Lib's EMA.

/// The exponential moving average of prices.
public struct ExponentialMovingAverage: PriceIndicator {
    public let length: Int
    public private(set) var value: Double?
    private let weight: Double
    private var sum = 0.0
    private var count = 0

    /// - Precondition: at least 1 price.
    public init(length: Int) {
        precondition(length >= 1, "an average needs a price")
        self.length = length
        weight = 2 / Double(length + 1)
    }

    public mutating func push(_ price: Double) {
        if let last = value {
            value = last + (price - last) * weight
            return
        }
        sum += price
        count += 1
        if count == length { value = sum / Double(length) }
    }
}

// Rate of change in percent: 100 · (price / price `length` prices ago − 1), 0 where that price was 0. Warm
// after `length` + 1 prices. Source: the usual definition, as TA-Lib's ROC.

/// The change over the last prices in percent.
public struct RateOfChange: PriceIndicator {
    public let length: Int
    public private(set) var value: Double?
    private var ring: [Double] = []
    private var place = 0

    /// - Precondition: at least 1 price.
    public init(length: Int = 10) {
        precondition(length >= 1, "a change needs an earlier price")
        self.length = length
        ring.reserveCapacity(length)
    }

    public mutating func push(_ price: Double) {
        guard ring.count == length else {
            ring.append(price)
            return
        }
        let earlier = ring[place]
        value = earlier == 0 ? 0 : (price / earlier - 1) * 100
        ring[place] = price
        place = place + 1 == length ? 0 : place + 1
    }
}

// Relative strength index: with U and D Wilder's averages of the rises and falls from price to price,
//
//     RSI = 100 · U / (U + D), 0 where nothing moved.
//
// Warm after `length` + 1 prices. Source: Wilder (1978), as TA-Lib's RSI.

/// The relative strength index of prices, 0 to 100.
public struct RelativeStrengthIndex: PriceIndicator {
    private var rises: WilderAverage
    private var falls: WilderAverage
    private var last: Double?

    /// - Precondition: at least 1 change.
    public init(length: Int = 14) {
        rises = WilderAverage(length: length)
        falls = WilderAverage(length: length)
    }

    public var value: Double? {
        guard let rise = rises.value, let fall = falls.value else { return nil }
        return rise + fall == 0 ? 0 : 100 * rise / (rise + fall)
    }

    public mutating func push(_ price: Double) {
        if let last {
            rises.push(max(0, price - last))
            falls.push(max(0, last - price))
        }
        last = price
    }
}

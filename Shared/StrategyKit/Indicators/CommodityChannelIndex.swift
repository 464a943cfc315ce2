// Commodity channel index: with T the typical price and M its simple average over the last `length` bars,
//
//     CCI = (T − M) / (0.015 · mean of |T' − M| over the window), 0 where nothing moved.
//
// The mean deviation has no update in constant time, because every term changes with M: `push` takes constant
// time, reading `value` one pass over the window, the same at every bar. Source: Donald Lambert (1980), as
// TA-Lib's CCI.

/// The distance of the typical price from its average, in mean deviations.
public struct CommodityChannelIndex: BarIndicator {
    private var moments: MovingMoments
    private var last = 0.0

    /// - Precondition: at least 1 bar.
    public init(length: Int = 20) { moments = MovingMoments(length: length) }

    public var value: Double? {
        guard moments.isFull else { return nil }
        let mean = moments.mean
        var deviation = 0.0
        for value in moments.values { deviation += abs(value - mean) }
        guard deviation > 0, last != mean else { return 0 }
        return (last - mean) / (0.015 * (deviation / Double(moments.length)))
    }

    public mutating func push(_ bar: IndicatorBar) {
        last = bar.typicalPrice
        moments.push(last)
    }
}

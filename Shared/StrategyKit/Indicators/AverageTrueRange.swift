// Average true range: Wilder's average of the true range, which is the largest of high − low, |high − last
// close| and |low − last close|. The first bar has no last close and only gives one. Warm after `length` + 1
// bars. Source: Wilder (1978), as TA-Lib's ATR.

/// Wilder's average of the true range of bars.
public struct AverageTrueRange: BarIndicator {
    private var average: WilderAverage
    private var lastClose: Double?

    /// - Precondition: at least 1 range.
    public init(length: Int = 14) { average = WilderAverage(length: length) }

    public var value: Double? { average.value }

    public mutating func push(_ bar: IndicatorBar) {
        if let lastClose { average.push(bar.trueRange(after: lastClose)) }
        lastClose = bar.close
    }
}

extension IndicatorBar {
    /// The range of the bar with the gap to the last close.
    func trueRange(after close: Double) -> Double {
        max(high - low, abs(high - close), abs(low - close))
    }
}

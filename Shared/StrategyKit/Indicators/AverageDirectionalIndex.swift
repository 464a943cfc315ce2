// Average directional index. From bar to bar +DM is the rise of the high if it is the larger move and
// positive, −DM the fall of the low likewise, TR the true range. All three are Wilder's sums, S = S' −
// S'/length + value, begun with the plain sum of the first `length` − 1 moves. Then
//
//     +DI = 100 · +DM / TR, −DI = 100 · −DM / TR, DX = 100 · |+DI − −DI| / (+DI + −DI),
//
// and ADX is the plain average of the first `length` DX, then Wilder's. A DX that would divide by zero leaves
// it unchanged. Warm after 2 · `length` bars. Source: Wilder (1978), begun as TA-Lib's ADX.

/// The strength of a trend, 0 to 100, with its two directions.
public struct AverageDirectionalIndex: BarIndicator {
    public struct Value: Sendable, Equatable {
        /// Strength of the trend, whatever its direction.
        public var average: Double
        /// Upward and downward strength.
        public var plus: Double
        public var minus: Double
    }

    private let length: Double
    private var last: IndicatorBar?
    private var moves = 0.0
    private var plusMoves = 0.0
    private var minusMoves = 0.0
    private var ranges = 0.0
    private var indexSum = 0.0
    private var indexes = 0.0
    private var average = 0.0
    private var plus = 0.0
    private var minus = 0.0

    /// - Precondition: at least 2 moves.
    public init(length: Int = 14) {
        precondition(length >= 2, "a direction needs two moves")
        self.length = Double(length)
    }

    public var value: Value? {
        indexes < length ? nil : Value(average: average, plus: plus, minus: minus)
    }

    public mutating func push(_ bar: IndicatorBar) {
        defer { last = bar }
        guard let last else { return }
        let rise = bar.high - last.high
        let fall = last.low - bar.low
        moves += 1
        if moves >= length {
            plusMoves -= plusMoves / length
            minusMoves -= minusMoves / length
            ranges -= ranges / length
        }
        if fall > 0, rise < fall { minusMoves += fall } else if rise > 0, rise > fall { plusMoves += rise }
        ranges += bar.trueRange(after: last.close)
        if moves >= length { takeIndex() }
    }

    private mutating func takeIndex() {
        var index: Double?
        if ranges > 0 {
            plus = 100 * (plusMoves / ranges)
            minus = 100 * (minusMoves / ranges)
            if plus + minus > 0 { index = 100 * (abs(minus - plus) / (plus + minus)) }
        }
        if indexes < length {
            indexes += 1
            indexSum += index ?? 0
            average = indexSum / length
        } else if let index {
            average = (average * (length - 1) + index) / length
        }
    }
}

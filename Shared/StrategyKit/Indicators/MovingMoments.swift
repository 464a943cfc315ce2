// Sums over the last `length` values: of the values, of their squares, and weighted 1, 2, 3 … towards the
// newest.
//
// Adding what comes and subtracting what goes drifts by a rounding error a value. So a second set of sums
// is begun each time the ring wraps, over the values since then, and takes over when it covers the window:
// no error is older than two lengths. Values are taken relative to the first of their set, which keeps the
// difference of squares small. Costs: about a dozen additions and multiplications a value.

struct MovingMoments: Sendable {
    /// Sums of values relative to `base`.
    private struct Sums {
        var base = 0.0
        var count = 0.0
        var sum = 0.0
        var squares = 0.0
        var weighted = 0.0

        mutating func append(_ value: Double) {
            if count == 0 { base = value }
            let distance = value - base
            count += 1
            sum += distance
            squares += distance * distance
            weighted += count * distance
        }

        /// The oldest leaves, and all others move one weight down.
        mutating func removeOldest(_ value: Double) {
            let distance = value - base
            weighted -= sum
            sum -= distance
            squares -= distance * distance
            count -= 1
        }
    }

    let length: Int
    private var ring: [Double]
    private var place = 0
    private var live = Sums()
    private var fresh = Sums()

    init(length: Int) {
        precondition(length >= 1 && length <= 1 << 31, "a window holds 1 to 2^31 values")
        self.length = length
        ring = Array(repeating: 0, count: length)
    }

    var isFull: Bool { live.count == Double(length) }
    /// How many values are in the window.
    var count: Int { Int(live.count) }

    mutating func push(_ value: Double) {
        if isFull { live.removeOldest(ring[place]) }
        live.append(value)
        fresh.append(value)
        ring[place] = value
        place += 1
        if place == length {
            place = 0
            live = fresh
            fresh = Sums()
        }
    }

    /// The mean of the values held. Meaningless while there are none, like the others.
    var mean: Double { live.base + live.sum / live.count }

    /// The variance of the values held as a whole population; never negative.
    var variance: Double {
        let mean = live.sum / live.count
        return max(0, live.squares / live.count - mean * mean)
    }

    /// The mean weighted with 1 for the oldest to the count for the newest.
    var weightedMean: Double { live.base + live.weighted / (live.count * (live.count + 1) / 2) }

    /// The slope of the least-squares line through the values held; needs two of them.
    var slope: Double {
        let count = live.count
        let positions = count * (count - 1) / 2
        let positionSquares = count * (count - 1) * (2 * count - 1) / 6
        let products = live.weighted - live.sum
        return (count * products - positions * live.sum) / (count * positionSquares - positions * positions)
    }

    /// The values held, in no particular order.
    var values: ArraySlice<Double> { ring[..<count] }
}

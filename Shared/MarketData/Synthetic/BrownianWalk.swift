// A random walk that is known at any step without walking to it.
//
// Lévy's construction of Brownian motion: the value in the middle of an interval is the mean of its ends plus
// a random displacement whose deviation is half the root of the interval's length. From 0 at step 0 and a
// random end at step 2^40, each step is found by 40 halvings; the halvings that it shares with the step
// before are kept, so one after the other costs two on average. Source: P. Lévy, Processus stochastiques et
// mouvement brownien, 1948.

/// A symbol's walk, in whole price increments.
struct BrownianWalk: Sendable {
    let seed: UInt64
    private let volatility: Int64
    /// Ends of the interval of each level on the way to the step asked for last: `left[k]` and `right[k]` are
    /// the values, in 1/65536 increments, at the ends of its interval of length 2^k.
    private var left: [Int64]
    private var right: [Int64]
    private var last: UInt64

    /// Steps after 2^40 repeat the walk: at a million a second that is twelve days, so one symbol at a usual
    /// rate has years.
    static let levels = 40
    private static let fraction: Int64 = 65_536

    /// - Parameter volatility: deviation of one step in thousandths of an increment, at most 100,000.
    init(seed: UInt64, volatility: Int64) {
        self.seed = seed
        self.volatility = volatility
        left = Array(repeating: 0, count: Self.levels + 1)
        right = left
        last = 0
        right[Self.levels] = displacement(level: Self.levels, index: 0, halved: false)
        descend(to: 0, from: Self.levels)
    }

    /// The walk at a step. The cost is that of the levels in which the step differs from the one asked for
    /// before.
    mutating func value(at step: UInt64) -> Int64 {
        let wanted = step & ((1 << UInt64(Self.levels)) - 1)
        if wanted != last {
            let highest = 63 - (wanted ^ last).leadingZeroBitCount
            descend(to: wanted, from: highest + 1)
            last = wanted
        }
        return left[0] >> 16
    }

    /// Halves intervals from length 2^`level` down to one step.
    private mutating func descend(to step: UInt64, from level: Int) {
        var level = level
        while level > 0 {
            let middle =
                (left[level] + right[level]) / 2
                + displacement(level: level, index: step >> UInt64(level), halved: true)
            let upper = step >> UInt64(level - 1) & 1 == 1
            left[level - 1] = upper ? middle : left[level]
            right[level - 1] = upper ? right[level] : middle
            level -= 1
        }
    }

    /// A random number of deviation volatility × 2^(level/2), or half of it, in 1/65536 increments.
    private func displacement(level: Int, index: UInt64, halved: Bool) -> Int64 {
        let dice = SyntheticSource.hash(seed ^ UInt64(level) << 56, index)
        // The sum of four uniform 16-bit numbers is nearly normal: mean 131070, deviation 37837.
        let sum =
            Int64(dice & 0xffff) + Int64(dice >> 16 & 0xffff) + Int64(dice >> 32 & 0xffff) + Int64(dice >> 48)
        // 2^(level/2) times 65536; for odd levels √2 × 65536 = 92682.
        let root = (level % 2 == 0 ? Self.fraction : 92_682) << Int64(level / 2)
        let scaled = Int128(sum - 131_070) * Int128(volatility) * Int128(root) / (37_837 * 1000)
        return Int64(halved ? scaled / 2 : scaled)
    }
}

// How often a strategy whose process has ended is begun again: a few times at one place, a little later each
// time. One that gets further than before has earned new ones; one that fails at the same event again and
// again stands still, and its session with it.

/// The restarts of one strategy.
package struct RestartPolicy: Sendable {
    /// Restarts without getting further than the last failure.
    package static let maximum = 3

    private var place: UInt64 = 0
    private var count = 0

    package init() {}

    /// Seconds to wait before the strategy is begun again; nil when it is not any more.
    ///
    /// - Parameter event: the last event it had handled when it failed.
    package mutating func failed(at event: UInt64) -> Int? {
        if event > place { (place, count) = (event, 0) }
        guard count < Self.maximum else { return nil }
        count += 1
        return 1 << (count - 1)
    }
}

// The timers of one strategy: fired in order of due time, ties in order of creation.
//
// Costs: setting one moves the later-firing ones; taking the next is constant. Limit: `maximumTimers`.

package struct TimerQueue {
    /// Timers one strategy may have set at a time; one more is refused.
    package static let maximumTimers = 1_024

    package struct Timer: Equatable {
        /// Microseconds of session time.
        package var due: Int64
        /// 1, 2, 3 … in the strategy.
        package var number: UInt64
    }

    /// The next one last, so that taking it moves nothing.
    private var timers: [Timer] = []
    private var created: UInt64 = 0

    package init() {}

    /// When the next timer is due; the far future when none is set.
    package var nextDue: Int64 { timers.last?.due ?? .max }

    /// Sets a timer at least 1 µs after `now` and returns its number; nil when too many are set.
    package mutating func set(at now: Int64, delay: Int64) -> UInt64? {
        guard timers.count < Self.maximumTimers else { return nil }
        created += 1
        let (due, overflow) = now.addingReportingOverflow(max(1, delay))
        let timer = Timer(due: overflow ? .max : due, number: created)
        // Created last, it fires after all others of its due time.
        let place = timers.firstIndex { $0.due <= timer.due } ?? timers.endIndex
        timers.insert(timer, at: place)
        return created
    }

    /// Removes and returns the next timer that is due at `time`.
    package mutating func takeDue(at time: Int64) -> Timer? {
        guard let next = timers.last, next.due <= time else { return nil }
        return timers.removeLast()
    }
}

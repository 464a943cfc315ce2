// The timers of one strategy: fired in order of due time, ties in order of creation.
//
// Costs: setting one moves the later-firing ones; taking the next is constant. Limit: `maximumTimers`.

import TradingCore

package struct TimerQueue: Equatable {
    /// Timers one strategy may have set at a time; one more is refused.
    package static let maximumTimers = 1_024

    package struct Timer: Equatable {
        /// Microseconds of session time.
        package var due: Int64
        /// 1, 2, 3 … in the strategy.
        package var number: UInt64

        package init(due: Int64, number: UInt64) {
            self.due = due
            self.number = number
        }
    }

    /// The next one last, so that taking it moves nothing.
    package private(set) var timers: [Timer] = []
    /// The number of the timer that was created last.
    package private(set) var created: UInt64 = 0

    package init() {}

    /// As it stood: `timers` as the property gives them.
    package init(timers: [Timer], created: UInt64) {
        self.timers = timers
        self.created = created
    }

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

extension TimerQueue {
    func write(into state: inout StateWriter) {
        state.put(each: timers) { timer, state in
            state.put(timer.due)
            state.put(timer.number)
        }
        state.put(created)
    }

    init(from state: inout StateReader) throws(StateError) {
        timers = try state.take { (state) throws(StateError) in
            Timer(due: try state.take(), number: try state.take())
        }
        created = try state.take()
        guard timers.count <= Self.maximumTimers else { throw StateError() }
    }
}

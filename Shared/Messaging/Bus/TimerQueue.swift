// Timers of one bus. Few in number, so a plain list: firing looks at each, finding the next due one is kept
// ready.

/// Timers in order of creation; ties fire in that order.
struct TimerQueue {
    private struct Entry {
        let number: UInt64
        var due: MonotonicTime
        let every: Duration?
        let fire: () -> Void
    }

    private var entries: [Entry] = []
    /// When the earliest timer is due.
    private(set) var nextDue: MonotonicTime?

    mutating func add(_ number: UInt64, due: MonotonicTime, every: Duration?, _ fire: @escaping () -> Void) {
        precondition(
            entries.count < MessagingLimit.timers, "a bus has at most \(MessagingLimit.timers) timers")
        precondition(every.map { $0 > .zero } ?? true, "a repeating timer has a span")
        entries.append(Entry(number: number, due: due, every: every, fire: fire))
        nextDue = min(nextDue ?? due, due)
    }

    mutating func remove(_ number: UInt64) {
        entries.removeAll { $0.number == number }
        nextDue = entries.map(\.due).min()
    }

    /// The action of the earliest timer due by `now`, which is moved on or dropped; nil when none is due. One
    /// at a time, since the action may add and remove timers.
    mutating func takeFirst(dueBy now: MonotonicTime) -> (() -> Void)? {
        guard let next = nextDue, next <= now, let index = entries.firstIndex(where: { $0.due == next })
        else {
            return nil
        }
        let entry = entries[index]
        if let every = entry.every { entries[index].due = now + every } else { entries.remove(at: index) }
        nextDue = entries.map(\.due).min()
        return entry.fire
    }
}

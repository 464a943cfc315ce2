// How far a publisher of finite data may run ahead of its readers (DESIGN 6). Pure: the clock is an argument.
//
// It guarantees: while a reader reports progress, at most `pacingWindow` events lie between it and the last
// event published. A reader that is behind and makes no progress for `MessagingInterval.stall` is left
// behind: it is no longer waited for, counted once, and taken in again by its next report of progress. A
// reader that reports nothing at all for as long is forgotten. Readers that never report are never waited
// for, but for those that are expected: until they have come, or as long as a stall, only
// `firstWindow` events leave, or all that was sent before they subscribed would be sent to them twice.

/// The positions of the readers that a publisher waits for.
package struct Pacer: Sendable {
    private struct Reader {
        let name: String
        var position: UInt64
        var lastProgress: MonotonicTime
        var lastReport: MonotonicTime
        var isLeftBehind = false
        /// It has not reported yet; `position` is where the publisher stood.
        var isExpected = false
    }

    private var readers: [Reader] = []
    private let window: UInt64
    private let stall: Duration

    /// How often a reader was left behind.
    package private(set) var leftBehind: UInt64 = 0
    /// Reports refused because `MessagingLimit.pacedReaders` are known already.
    package private(set) var refused: UInt64 = 0

    package init(
        window: UInt64 = MessagingLimit.pacingWindow, stall: Duration = MessagingInterval.stall
    ) {
        self.window = window
        self.stall = stall
    }

    /// These readers will come.
    package mutating func expect(_ names: [String], published: UInt64, at now: MonotonicTime) {
        for name in names where !readers.contains(where: { $0.name == name }) {
            guard readers.count < MessagingLimit.pacedReaders else { return }
            readers.append(
                Reader(
                    name: name, position: published, lastProgress: now, lastReport: now, isExpected: true))
        }
    }

    /// A reader has handled everything up to `position`.
    package mutating func report(_ name: String, position: UInt64, at now: MonotonicTime) {
        guard let index = readers.firstIndex(where: { $0.name == name }) else {
            guard readers.count < MessagingLimit.pacedReaders else {
                refused += 1
                return
            }
            readers.append(Reader(name: name, position: position, lastProgress: now, lastReport: now))
            return
        }
        readers[index].lastReport = now
        // A restarted reader may report less than before: that is a new beginning, not a stall.
        guard position != readers[index].position || readers[index].isExpected else { return }
        readers[index].isExpected = false
        readers[index].position = position
        readers[index].lastProgress = now
        readers[index].isLeftBehind = false
    }

    /// A reader has gone.
    package mutating func forget(_ name: String) { readers.removeAll { $0.name == name } }

    /// Leaves stalled readers behind and forgets silent ones; to be called a few times a second.
    package mutating func advance(published: UInt64, at now: MonotonicTime) {
        readers.removeAll {
            now - $0.lastReport >= stall && ($0.isLeftBehind || $0.isExpected || $0.position >= published)
        }
        for index in readers.indices where !readers[index].isLeftBehind {
            if readers[index].position >= published {
                readers[index].lastProgress = now
            } else if now - readers[index].lastProgress >= stall {
                readers[index].isLeftBehind = true
                leftBehind += 1
            }
        }
    }

    /// How many more events may be published now; `.max` without a reader to wait for.
    package func allowance(published: UInt64) -> UInt64 {
        let waited = readers.lazy.filter { !$0.isLeftBehind }
        let first = min(window, MessagingLimit.firstWindow)
        guard let limit = waited.map({ $0.position &+ ($0.isExpected ? first : window) }).min() else {
            return .max
        }
        return limit > published ? limit - published : 0
    }

    /// The position of the slowest reader that is waited for.
    package var slowest: UInt64? {
        readers.lazy.filter { !$0.isLeftBehind && !$0.isExpected }.map(\.position).min()
    }

    /// The known readers with their positions, in order of their first report.
    package var positions: [(reader: String, position: UInt64, isLeftBehind: Bool)] {
        readers.map { ($0.name, $0.position, $0.isLeftBehind) }
    }
}

// What a simulator tells of itself.

/// How far the sessions of a simulator have come.
package struct SessionSummary {
    /// The next event of the one that is furthest behind, and of the one that is furthest.
    package var slowest: UInt64
    package var furthest: UInt64 = 0
    /// Sessions that have handled the end of the data, and those of which the journal says so.
    package var done = 0
    package var ended = 0
    /// Sessions that do not go on.
    package var stopped = 0
    /// Market time of the slowest, in microseconds; nil without sessions.
    package var time: Int64?
}

/// Figures for `/metrics`.
package struct SimulatorCounts {
    package var commands: Int64 = 0
    package var reports: Int64 = 0
    package var trades: Int64 = 0
    package var marks: Int64 = 0
    package var attaches: Int64 = 0
    package var fenced: Int64 = 0
    package var stopped: Int64 = 0
    package var inputs: Int64 = 0
    package var halts: Int64 = 0
    package var malformed: Int64 = 0
    package var changedSessions: Int64 = 0

    package init() {}
}

extension SimulatorCore {
    /// How far the sessions have come. By index, as elsewhere: a copy of a session costs more than the look.
    package func summary(beforeEvent end: UInt64) -> SessionSummary {
        var summary = SessionSummary(slowest: end)
        for index in sessions.indices {
            let next = sessions[index].served.next
            summary.slowest = min(summary.slowest, next)
            summary.furthest = max(summary.furthest, next)
            summary.done += sessions[index].served.isDone ? 1 : 0
            summary.ended += sessions[index].journal.isEnded ? 1 : 0
            summary.stopped += sessions[index].stopped == nil ? 0 : 1
            let time = sessions[index].served.driver.time.microseconds
            summary.time = min(summary.time ?? .max, time)
        }
        return summary
    }
}

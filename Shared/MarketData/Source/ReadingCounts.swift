// What readers left out or changed, for the sentences that say so.

import Contracts

/// Counts of one reader; those of all readers are added up.
struct ReadingCounts: Sendable, Equatable {
    /// Rows that became events or parts of events.
    var taken = 0
    /// Rows flagged suspicious, left out.
    var suspicious = 0
    /// Rows outside of the regular hours, left out.
    var outsideHours = 0
    /// Sizes that were finer than 1e-8.
    var roundedSizes = 0
    /// Rows that could not be normalised, left out.
    var rejected = 0
    /// The first of them.
    var firstRejected: RejectedRow?
    /// Jumps between neighbouring daily bars, as sentences.
    var jumps: [String] = []
    var furtherJumps = 0

    /// So many possible splits are named; more are counted.
    static let maximumJumps = 32

    mutating func add(_ other: ReadingCounts) {
        taken += other.taken
        suspicious += other.suspicious
        outsideHours += other.outsideHours
        roundedSizes += other.roundedSizes
        rejected += other.rejected
        if firstRejected == nil { firstRejected = other.firstRejected }
        let room = Self.maximumJumps - jumps.count
        jumps += other.jumps.prefix(room)
        furtherJumps += other.furtherJumps + max(0, other.jumps.count - room)
    }

    /// Sentences on everything that was left out or changed.
    var sentences: [String] {
        var lines: [String] = []
        if suspicious > 0 { lines.append("\(rows(suspicious)) flagged suspicious: left out.") }
        if rejected > 0 {
            let first = firstRejected.map { " (the first: \($0.path), line \($0.line): \($0.problem))" } ?? ""
            lines.append("\(rows(rejected)) could not be read: left out\(first).")
        }
        if roundedSizes > 0 {
            lines.append(
                "\(roundedSizes) size\(roundedSizes == 1 ? "" : "s") finer than 0.00000001: "
                    + "rounded half to even."
            )
        }
        lines += jumps
        if furtherJumps > 0 { lines.append("\(furtherJumps) further possible splits.") }
        return lines
    }
}

/// `1 row`, `2 rows`.
func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }

// What of a journal can be chosen, and every limit of it in one place.

import Contracts

/// When a flushed record counts as safe.
package enum Durability: String, Sendable, CaseIterable {
    /// In the page cache: survives `kill -9` of the process, not a loss of power.
    case process
    /// One fsync a batch: survives a loss of power.
    case group
    /// One fsync a record, so that after a loss of power the records are there up to some record, in order.
    case record
}

/// The settings of a journal's writer.
package struct JournalConfiguration: Sendable {
    /// A segment that would grow beyond this is ended and a new one begun. A larger batch still goes into
    /// one.
    package var segmentBytes = 64 << 20
    /// When a flush returns.
    package var durability = Durability.process
    /// An index entry for about every so many bytes of a segment: what a replay scans at most before its
    /// start.
    package var indexInterval = 64 << 10
    /// Writes the topic of a record, found from its JSON alone, into the (emptied) array; false when there is
    /// none, which is damage. Needed once, at open, for the records of the last segment.
    package var topicOf: @Sendable (_ json: UnsafeRawBufferPointer, _ topic: inout [UInt8]) -> Bool = {
        json, topic in
        do {
            try Topic.derive(fromJSON: json, into: &topic)
            return true
        } catch {
            return false
        }
    }
    /// The system calls that write. Tests put others here.
    package var files = FileOperations.system

    package init() {}
}

/// The limits of the format.
package enum JournalLimit {
    /// The longest JSON of one record, the reader's limit of a message too (DESIGN 5).
    package static let recordBytes = 1 << 20
    /// The longest header line; about a million topics fit.
    package static let headerBytes = 128 << 20
    /// Different topics of one journal. One more is a programmer's error: they are bounded by symbols and
    /// kinds.
    package static let topics = 1 << 20
    /// The longest topic.
    package static let topicBytes = 255
    /// A batch that holds this much should be flushed before more is appended, see `JournalWriter.isFull`.
    package static let batchBytes = 16 << 20
    /// A batch never holds more than this; appending beyond it is a programmer's error.
    package static let unflushedBytes = 256 << 20
    /// Damages that `checkJournal` lists; more are counted only.
    package static let damages = 100
}

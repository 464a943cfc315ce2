import Contracts
import Crypto

/// A message that could not be booked, as it came.
package struct DeadLetter: Sendable, Equatable {
    /// Stable reason code, `snake_case`.
    package var reason: String
    /// What is wrong, for a person.
    package var sentence: String
    /// Where it failed: `decode`, `validate`, `book` …
    package var stage: String
    /// Byte in the message at which reading stopped, when that is known.
    package var offset: Int?
    /// Who sent it, and under which number and topic; seq 0 when it could not be read.
    package var source: String
    package var seq: UInt64
    package var topic: String
    /// The message frame, byte for byte.
    package var original: [UInt8]
    /// Wall clock of the one who received it.
    package var seen: Timestamp
    /// Version of the program that refused it.
    package var programVersion: String

    package init(
        reason: String, sentence: String, stage: String, offset: Int? = nil, source: String, seq: UInt64,
        topic: String, original: [UInt8], seen: Timestamp, programVersion: String
    ) {
        self.reason = reason
        self.sentence = sentence
        self.stage = stage
        self.offset = offset
        self.source = source
        self.seq = seq
        self.topic = topic
        self.original = original
        self.seen = seen
        self.programVersion = programVersion
    }

    /// SHA-256 of the original bytes: two messages are the same when source, topic and this are.
    var fingerprint: [UInt8] { Array(SHA256.hash(data: original)) }
}

/// What becomes of a dead letter.
package enum DeadLetterState: String, Sendable {
    /// Nobody has dealt with it.
    case open
    /// Given back to the tracker; the same message failing again opens it again.
    case requeued
    /// An operator has set it aside, for good.
    case discarded
}

/// A dead letter as it is kept.
package struct DeadLetterRecord: Sendable, Equatable {
    /// Grows, is never used twice.
    package var id: Int64
    /// As it was last seen; `seen` is the last time.
    package var letter: DeadLetter
    package var sha256: [UInt8]
    package var firstSeen: Timestamp
    /// How often it came.
    package var count: UInt64
    /// How often it was requeued.
    package var attempts: UInt64
    package var state: DeadLetterState
}

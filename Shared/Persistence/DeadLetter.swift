import Contracts
import Crypto

/// The trade that a message is about, as far as it could be read, by the ids of the ledger.
package struct TradeReference: Sendable, Equatable {
    package var tradeID: String
    package var strategyID: String
    package var strategySeq: UInt64

    package init(tradeID: String, strategyID: String, strategySeq: UInt64) {
        self.tradeID = tradeID
        self.strategyID = strategyID
        self.strategySeq = strategySeq
    }
}

/// A message that could not be booked, as it came.
package struct DeadLetter: Sendable, Equatable {
    package var reason: DeadLetterReason
    /// What is wrong, for a person.
    package var sentence: String
    package var stage: DeadLetterStage
    /// Byte in the message at which reading stopped, when that is known.
    package var offset: Int?
    /// Who sent it, and under which number and topic; seq 0 when it could not be read.
    package var source: String
    package var seq: UInt64
    package var topic: String
    /// The message frame, byte for byte.
    package var original: [UInt8]
    /// The trade that it is about; nil when that could not be read.
    package var trade: TradeReference?
    /// Wall clock of the one who received it.
    package var seen: Timestamp
    /// Version of the program that refused it.
    package var programVersion: String
    /// Not kept: while there are too many rows, it may be counted in a row of its source and reason instead
    /// of getting one of its own. Never true of a trade of an allowed source.
    package var mayFold = false

    package init(
        reason: DeadLetterReason, sentence: String, stage: DeadLetterStage, offset: Int? = nil,
        source: String, seq: UInt64, topic: String, original: [UInt8], trade: TradeReference? = nil,
        seen: Timestamp, programVersion: String
    ) {
        self.reason = reason
        self.sentence = sentence
        self.stage = stage
        self.offset = offset
        self.source = source
        self.seq = seq
        self.topic = topic
        self.original = original
        self.trade = trade
        self.seen = seen
        self.programVersion = programVersion
    }

    /// SHA-256 of the original bytes: two messages are the same when source, topic and this are.
    package var fingerprint: [UInt8] { messageDigest(original) }
}

/// SHA-256 of a message.
package func messageDigest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    Array(SHA256.hash(data: Array(bytes)))
}

/// What becomes of a dead letter.
package enum DeadLetterState: String, Sendable, CaseIterable {
    /// Nobody has dealt with it.
    case open
    /// Given back to the tracker; refused again it is open again.
    case requeued
    /// What it says is in the ledger.
    case booked
    /// An operator has set it aside, for good.
    case discarded

    /// Whether somebody still has to deal with it. Such a one is never evicted.
    package var isUnresolved: Bool { self == .open || self == .requeued }
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
    /// What an operator made of it; the original stays beside it.
    package var edited: [UInt8]?

    /// What a requeue hands to the tracker.
    package var payload: [UInt8] { edited ?? letter.original }
}

/// That a dead letter was kept, or counted in one that was there.
package struct KeptDeadLetter: Sendable, Equatable {
    package var id: Int64
    package var count: UInt64
    package var firstSeen: Timestamp
    package var letter: DeadLetter
}

/// One thing that was done to a dead letter.
package struct DeadLetterChange: Sendable, Equatable {
    package enum Action: String, Sendable {
        case edited, requeued, booked, refused, discarded
    }

    package var at: Timestamp
    /// Who did it: a person, or `tracker`.
    package var by: String
    package var action: Action
    package var why: String
    /// The text that an edit made.
    package var content: [UInt8]?

    package init(at: Timestamp, by: String, action: Action, why: String, content: [UInt8]? = nil) {
        self.at = at
        self.by = by
        self.action = action
        self.why = why
        self.content = content
    }
}

/// What an operator's order to a dead letter came to.
package enum DeadLetterTransition: Sendable, Equatable {
    case done
    /// It is in that state already, so nothing was done.
    case unchanged
    /// Its state does not allow it.
    case refused(DeadLetterState)
    case missing
}

/// What became of a requeued message, written in the transaction that books it.
package struct DeadLetterResolution: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case booked
        /// Open again, for this.
        case refused(DeadLetterReason, DeadLetterStage, offset: Int?)
    }

    package var id: Int64
    package var outcome: Outcome
    package var sentence: String
    package var at: Timestamp

    package init(id: Int64, outcome: Outcome, sentence: String, at: Timestamp) {
        self.id = id
        self.outcome = outcome
        self.sentence = sentence
        self.at = at
    }
}

/// Which dead letters; an empty filter means all of them.
package struct DeadLetterFilter: Sendable, Equatable {
    package var state: DeadLetterState?
    package var reason: DeadLetterReason?
    package var source: String?
    /// By the id of the ledger.
    package var strategy: String?

    package init(
        state: DeadLetterState? = nil, reason: DeadLetterReason? = nil, source: String? = nil,
        strategy: String? = nil
    ) {
        self.state = state
        self.reason = reason
        self.source = source
        self.strategy = strategy
    }
}

/// How many dead letters there are.
package struct DeadLetterFigures: Sendable, Equatable {
    /// Unresolved ones by reason; absent means none.
    package var unresolved: [DeadLetterReason: Int] = [:]
    /// When the oldest unresolved one was first seen.
    package var oldest: Timestamp?
    /// All rows, resolved ones too, and the bytes of their messages.
    package var rows = 0
    package var bytes = 0

    package init() {}
}

/// A strategy of another robot: its trades came by ingest.
package struct OutsideStrategy: Sendable, Equatable {
    /// `NAME.<strategy>`.
    package var id: String
    package var source: String
    package var firstSeen: Timestamp

    package init(id: String, source: String, firstSeen: Timestamp) {
        self.id = id
        self.source = source
        self.firstSeen = firstSeen
    }
}

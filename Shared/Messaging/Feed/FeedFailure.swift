// Why a feed has stopped for good, with the ways out, and what its user hears about.

import Contracts

/// A feed cannot go on: going on would lose events or mix two histories.
package struct FeedFailure: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The publisher has another journal than the one read so far.
        case epochChanged = "epoch_changed"
        /// The reader has seen more than the publisher's journal holds.
        case sourceRewound = "source_rewound"
        /// What the reader needs next is no longer kept.
        case historyGone = "history_gone"
    }

    package let code: Code
    package let description: String

    static func epochChanged(_ endpoint: String, expected: String, found: String) -> FeedFailure {
        FeedFailure(
            code: .epochChanged,
            description:
                "\(endpoint) now publishes journal \(found), and this reader has followed \(expected): "
                + "start the publisher with its old data folder, or begin anew with --fresh")
    }

    static func sourceRewound(_ endpoint: String, checkpoint: UInt64, last: UInt64) -> FeedFailure {
        FeedFailure(
            code: .sourceRewound,
            description: "\(endpoint) holds events up to \(last), and this reader has handled \(checkpoint): "
                + "events were lost after they had been seen; restore the publisher's journal, "
                + "or begin anew with --fresh")
    }

    static func historyGone(_ endpoint: String, needed: UInt64, first: UInt64) -> FeedFailure {
        FeedFailure(
            code: .historyGone,
            description: "\(endpoint) keeps events from \(first) on, and this reader needs \(needed): "
                + "restore the older segments of the publisher's journal, or begin anew with --fresh")
    }
}

/// A message that was not handed on.
package struct RejectedMessage {
    /// Its topic frame, cut at `MessagingLimit.rejectedBytes`.
    package let topic: UnsafeRawBufferPointer
    /// Its JSON frame, cut likewise. Valid during the call only.
    package let json: UnsafeRawBufferPointer
    /// Bytes of the whole JSON frame.
    package let size: Int
    /// Its seq, where it could be read.
    package let seq: UInt64?
    /// One sentence.
    package let reason: String
    /// True: this was the last try, the feed goes on without it. False: a replay asks for it once more.
    package let isSkipped: Bool
}

/// What a subscription has seen, for `/metrics`. All counts grow from the start of the process.
package struct FeedCounters: Sendable, Equatable {
    /// Messages received live, heartbeats included.
    package var received: UInt64 = 0
    /// Messages handed to the receiver.
    package var delivered: UInt64 = 0
    /// Gaps found.
    package var gaps: UInt64 = 0
    /// Messages received by replay.
    package var replayed: UInt64 = 0
    package var duplicates: UInt64 = 0
    /// Messages refused, live and replayed.
    package var rejected: UInt64 = 0
    /// Messages given up: bad in the journal too.
    package var skipped: UInt64 = 0
    /// Live messages dropped because the buffer was full; replayed later.
    package var dropped: UInt64 = 0
    /// Replays asked for anew because no answer came.
    package var replayTimeouts: UInt64 = 0
    /// Subscriptions made anew after silence, and those after which messages came again.
    package var watchdogResets: UInt64 = 0
    package var watchdogCures: UInt64 = 0

    package init() {}
}

/// What is done with a feed's messages. All calls come on the bus thread.
package protocol FeedReceiver: AnyObject {
    /// Reads a message and keeps what was read for the `deliver` that may follow. What it throws makes the
    /// message a rejected one. A message may be decoded more than once.
    func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead

    /// The message last decoded is the next one. Called in order, once each.
    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64)

    /// A message is bad. The feed goes on.
    func rejected(_ message: RejectedMessage)

    /// The feed has ended and will not go on by itself.
    func stopped(_ failure: FeedFailure)
}

extension FeedReceiver {
    package func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead {
        try EventHead.read(json).head
    }

    package func rejected(_ message: RejectedMessage) {}
}

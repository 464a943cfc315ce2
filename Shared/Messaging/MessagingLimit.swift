// Every limit and interval of the messaging in one place, each with what happens when it is reached.

/// The limits of queues, messages and waits.
package enum MessagingLimit {
    /// Largest message that a reader takes (DESIGN 5); a larger one is rejected with its first bytes.
    package static let messageBytes = 1 << 20
    /// Largest frame that a connection takes: a larger one ends the connection, which the watchdog mends.
    package static let frameBytes = 4 << 20
    /// Largest frame of a request to a ROUTER; a larger one ends that client's connection.
    package static let requestBytes = 1 << 20

    /// Work handed to a bus from other threads and not yet run; beyond it `post` returns false.
    package static let postedWork = 4_096
    /// Timers of one bus; one more is a programmer's error.
    package static let timers = 1_024
    /// Sockets and descriptors watched by one bus; one more is a programmer's error.
    package static let watches = 4_096
    /// Messages that a handler takes from one socket before the others get their turn.
    package static let messagesPerTurn = 1_024

    /// Messages queued for a subscriber by a PUB: enough for the pacing window twice. Beyond it they are
    /// dropped for that subscriber, which finds the gap and asks for a replay.
    package static let publishQueue: Int32 = 131_072
    /// Messages queued in a SUB; with the publisher's queue this bounds what is under way.
    package static let subscribeQueue: Int32 = 131_072
    /// Topics that a publisher or subscriber knows; messages on further ones are rejected.
    package static let topics = 1 << 20
    /// Bytes of journalled records that wait for `MessagingInterval.gather`; beyond it they leave at once.
    package static let gatheredBytes = 256 << 10
    /// Bytes of records appended and not yet flushed; `Publisher.isFull` says so.
    package static let batchBytes = 16 << 20
    /// Changed topics in one heartbeat; the others are in the next one.
    package static let heartbeatTopics = 8_192

    /// Heartbeats (of 250 ms) after which a publisher looks for segments that `journal prune` has deleted.
    package static let heartbeatsPerLook: UInt64 = 20

    /// Messages in the answer to one replay request; the client asks on.
    package static let replayMessages = 8_192
    /// Bytes in the answer to one replay request.
    package static let replayBytes = 4 << 20
    /// Records read for one replay request, those that it filters out included.
    package static let replayScanned = 262_144
    /// Records read for one client before the others get their turn.
    package static let replayChunk = 2_048
    /// Requests waiting at a replay server; further ones are answered with an error.
    package static let replayRequests = 256
    /// Topic prefixes in one replay request; more is an error.
    package static let replayPrefixes = 1_024
    /// Messages queued for one client of a replay server; beyond it the client's request waits.
    package static let replayQueue: Int32 = 4_096

    /// Live messages kept while a gap is repaired; beyond either, further ones are dropped and replayed
    /// later.
    package static let heldMessages = 16_384
    package static let heldBytes = 16 << 20

    /// A publisher's events ahead of its slowest reporting reader (DESIGN 6).
    package static let pacingWindow: UInt64 = 65_536
    /// The same before the readers that are expected have come.
    package static let firstWindow: UInt64 = 1_024
    /// Readers whose positions are kept; further ones are not waited for.
    package static let pacedReaders = 256
    /// A position is reported after so many events, or after `positionInterval`.
    package static let positionEvents: UInt64 = 4_096

    /// Bytes of one message of the order entry; more lines go into several messages.
    package static let commandFrameBytes = 256 << 10
    /// Bytes kept for a connection whose queue is full; beyond it sends are refused, or the connection is
    /// given up.
    package static let commandBacklogBytes = 16 << 20
    /// Messages queued on an order-entry connection; beyond it lines are kept.
    package static let commandQueue: Int32 = 65_536
    /// Connections of one order entry; lines of further ones are refused.
    package static let commandPeers = 1_024

    /// A rejected message is handed on with at most so many of its bytes: all that a frame can have.
    package static let rejectedBytes = frameBytes

    /// Messages queued for and by the ingest; beyond it senders wait, answers are left out.
    package static let ingestQueue: Int32 = 4_096
    /// Messages that the ingest takes in one turn: they are booked in one transaction a source.
    package static let ingestPerTurn = 1_024
}

/// The waits of the messaging.
package enum MessagingInterval {
    /// Between two heartbeats of a publisher (DESIGN 5).
    package static let heartbeat = Duration.milliseconds(250)
    /// Batches that come faster leave together, see `Publisher.sendGathered`.
    package static let gather = Duration.milliseconds(1)
    /// Silence after which a subscription is made anew: eight heartbeats.
    package static let silence = Duration.seconds(2)
    /// Wait for the next frame of a replay before it is asked for anew.
    package static let replayAnswer = Duration.seconds(2)
    /// Between two looks at what is overdue.
    package static let watch = Duration.milliseconds(100)
    /// A reader without progress or report for so long is left behind (DESIGN 6).
    package static let stall = Duration.seconds(10)
    /// At most between two position reports, when there is something to report.
    package static let position = Duration.milliseconds(50)
    /// An unchanged position is reported again, so that a restarted publisher learns it.
    package static let positionRefresh = Duration.seconds(1)
    /// A replay client whose queue is full is tried again.
    package static let fullQueue = Duration.milliseconds(5)
    /// A replay client whose queue has been full for so long is given up; it asks again.
    package static let abandon = Duration.seconds(30)
    /// Wait before a replay that covered nothing of what was asked is asked for again.
    package static let replayRetry = Duration.milliseconds(250)
    /// First and last wait before a failed journal write is tried again.
    package static let journalRetry = Duration.milliseconds(100)
    package static let maximumJournalRetry = Duration.seconds(5)
    /// Between two pings of an order-entry connection, and the silence that ends it.
    package static let ping = Duration.seconds(1)
    package static let peerSilence = Duration.seconds(5)
    /// Milliseconds before a lost connection is tried again, doubling up to the second.
    package static let reconnectMilliseconds: Int32 = 10
    package static let maximumReconnectMilliseconds: Int32 = 1_000
}

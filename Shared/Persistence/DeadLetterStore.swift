import Contracts

/// Messages that could not be booked, each kept with its original bytes.
package protocol DeadLetterStore: Sendable {
    /// Keeps a message; the same bytes of the same source and topic again only raise the count.
    ///
    /// Messages of a booked stream belong into `TradeBatch.deadLetters`, so that they move with the
    /// checkpoint.
    @discardableResult
    func record(_ letter: DeadLetter) throws -> DeadLetterRecord

    /// Keeps several in one transaction.
    func keep(_ letters: [DeadLetter]) throws -> [KeptDeadLetter]

    /// Kept messages by id, from above `after`, at most `limit`.
    func deadLetters(after: Int64, limit: Int) throws -> [DeadLetterRecord]

    /// As above, only those that the filter names.
    func deadLetters(_ filter: DeadLetterFilter, after: Int64, limit: Int) throws -> [DeadLetterRecord]

    func deadLetter(id: Int64) throws -> DeadLetterRecord?

    /// What was done to one, the oldest first.
    func history(ofDeadLetter id: Int64) throws -> [DeadLetterChange]

    /// Puts another text beside the original, for the next requeue; only while it is open or discarded.
    func edit(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition

    /// Gives it back to the tracker. What is requeued or booked already stays as it is.
    func requeue(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition

    /// Sets it aside; only while it is open or requeued.
    func discard(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition

    /// Requeued ones, in the order in which they can be booked: by strategy, then number, then id.
    func requeuedDeadLetters(limit: Int) throws -> [DeadLetterRecord]

    /// The open one that waits for its predecessor and is this trade of its strategy.
    func waitingDeadLetter(strategy: String, strategySeq: UInt64) throws -> DeadLetterRecord?

    /// Strategies of which open ones wait for their predecessors, in byte order.
    func strategiesWithWaitingDeadLetters() throws -> [String]

    /// Writes what became of requeued messages, outside of a booking.
    func resolve(_ resolutions: [DeadLetterResolution]) throws

    func deadLetterFigures() throws -> DeadLetterFigures

    /// Removes up to so many resolved ones, the oldest first, with their history; unresolved ones stay.
    func evictResolvedDeadLetters(_ count: Int) throws -> Int

    /// Notes that a message is about to be handled, and that the one before was handled.
    ///
    /// - Returns: how often it was begun before and never came to its end.
    func beginAttempt(_ digest: [UInt8], previous: [UInt8]?) throws -> Int

    /// The message was handled.
    func endAttempt(_ digest: [UInt8]) throws
}

// What a reader of one publisher has handled, and what each message is to it. Pure.
//
// One number carries it: everything up to `complete` on the reader's topics has been handled. A reader of the
// whole stream takes only `complete + 1`. A reader of some prefixes also keeps the last seq of each topic,
// takes a message whose `prev` it has seen (or that lies within `complete`), and moves `complete` when a
// replay or a heartbeat proves that nothing below is missing. Only `complete` may be stored as a checkpoint:
// with prefixes, the seq of the last message handled may lie beyond a message of another topic that was lost
// and not yet missed.
//
// Cost: whole stream a comparison, prefixes one hash of the topic.

/// The order of one feed.
struct FeedOrder {
    enum Verdict: Equatable {
        /// The next one: handle it, then `accept`.
        case next
        /// Handled before.
        case duplicate
        /// Something is missing below it.
        case gap
    }

    /// What a heartbeat says about what was seen.
    enum HeartbeatVerdict: Equatable {
        /// Nothing is missing.
        case complete
        /// Messages up to its `last` are missing, or it cannot be shown that none is.
        case behind
    }

    private let isWhole: Bool
    /// Everything up to here is handled; nil before the first contact of a reader without a checkpoint.
    private(set) var complete: UInt64?
    private var topics = TopicTable()
    private var lastSeen: [UInt64] = []
    private var topic = 0

    init(isWhole: Bool, checkpoint: UInt64?) {
        self.isWhole = isWhole
        complete = checkpoint
    }

    /// The seq that a repair begins with.
    var firstMissing: UInt64 { (complete ?? 0) + 1 }

    /// Whether these bytes can be a topic, and one more topic can be known.
    func canKeep(_ topic: UnsafeRawBufferPointer) -> Bool {
        TopicTable.accepts(topic) && topics.count < MessagingLimit.topics
    }

    /// Judges a live message. The first one of a reader without a checkpoint is its beginning.
    mutating func judge(_ topic: UnsafeRawBufferPointer, seq: UInt64, prev: UInt64) -> Verdict {
        let complete = self.complete ?? seq &- 1
        self.complete = complete
        if seq <= complete { return .duplicate }
        if isWhole { return seq == complete + 1 ? .next : .gap }
        let seen = max(lastSeen(of: topic), complete)
        return seq <= seen ? .duplicate : prev <= seen ? .next : .gap
    }

    /// Judges a message of a replay that began with `firstMissing`: the journal has no gaps, so what is not a
    /// duplicate is the next one.
    mutating func judgeReplayed(_ topic: UnsafeRawBufferPointer, seq: UInt64) -> Verdict {
        if seq <= complete ?? 0 { return .duplicate }
        guard !isWhole, seq <= lastSeen(of: topic) else { return .next }
        complete = seq
        return .duplicate
    }

    /// The message just judged has been handled.
    mutating func accept(_ seq: UInt64, isReplayed: Bool) {
        if !isWhole { lastSeen[topic] = seq }
        if isWhole || isReplayed || seq == firstMissing { complete = seq }
    }

    /// A replay has covered everything up to here.
    mutating func cover(through seq: UInt64) { complete = max(complete ?? 0, seq) }

    /// A heartbeat came, on the same connection after everything up to its `last`. `since` is the `last` of
    /// the heartbeat before it, nil when it does not say; `seqs` are the topics that have changed since.
    mutating func judge(
        heartbeatLast last: UInt64, since: UInt64?,
        topics changed: some Sequence<(topic: [UInt8], seq: UInt64)>
    ) -> HeartbeatVerdict {
        guard let complete else {
            self.complete = last
            return .complete
        }
        if last <= complete { return .complete }
        guard !isWhole, let since, since <= complete else { return .behind }
        for (topic, seq) in changed {
            let seen = topic.withUnsafeBytes { lastSeen(of: $0) }
            if seq > max(seen, complete) { return .behind }
        }
        self.complete = last
        return .complete
    }

    /// The last seq seen on a topic; leaves the topic's number for `accept`.
    private mutating func lastSeen(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        topic = topics.intern(bytes)
        if topic == lastSeen.count { lastSeen.append(0) }
        return lastSeen[topic]
    }
}

/// What every event carries beside its own fields (DESIGN 5). `version` is `contractVersion`.
public struct Envelope: Sendable, Equatable {
    /// Instance name of the publisher.
    public var source: String
    /// Random id made together with the publisher's journal.
    public var epoch: String
    /// 1, 2, 3 … over everything in the publisher's journal. 0 in a heartbeat, which has none.
    public var seq: UInt64
    /// `seq` of the previous event on the same topic, 0 for the first.
    public var prev: UInt64
    /// Wall clock of the publisher; decides nothing.
    public var publishedAt: Timestamp

    public init(source: String, epoch: String, seq: UInt64, prev: UInt64, publishedAt: Timestamp) {
        self.source = source
        self.epoch = epoch
        self.seq = seq
        self.prev = prev
        self.publishedAt = publishedAt
    }
}

/// The `version` of every event this code writes, and the only one that it reads.
public let contractVersion = 1

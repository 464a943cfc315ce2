/// What a publisher's journal holds, every 250 ms, so that a reader notices the loss of the last messages
/// too.
public struct Heartbeat: Sendable, Equatable {
    /// A topic and the `seq` of its last event.
    public struct TopicSeq: Sendable, Equatable {
        public var topic: String
        public var seq: UInt64
        public init(topic: String, seq: UInt64) {
            self.topic = topic
            self.seq = seq
        }
    }

    /// The first `seq` that can be replayed; 0 while there is none.
    public var first: UInt64
    /// The last `seq`; 0 while there is none.
    public var last: UInt64
    /// Topics with events since the last heartbeat, in the order in which the publisher wrote them.
    public var topics: [TopicSeq]

    public init(first: UInt64, last: UInt64, topics: [TopicSeq] = []) {
        self.first = first
        self.last = last
        self.topics = topics
    }
}

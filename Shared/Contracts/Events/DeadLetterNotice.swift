/// Says that a message was refused and kept, or that the same one came again.
public struct DeadLetterNotice: Sendable, Equatable {
    public var id: String
    /// The code of the reason, `[A-Za-z0-9._-]`; part of the topic.
    public var reason: String
    /// What is wrong, for a person.
    public var sentence: String
    /// Where on its way the message was refused.
    public var stage: String
    /// How often the same message came.
    public var count: UInt64
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp

    public init(
        id: String, reason: String, sentence: String, stage: String, count: UInt64, firstSeen: Timestamp,
        lastSeen: Timestamp
    ) {
        self.id = id
        self.reason = reason
        self.sentence = sentence
        self.stage = stage
        self.count = count
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }
}

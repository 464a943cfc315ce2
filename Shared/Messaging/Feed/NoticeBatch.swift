// The batch of a publisher without a journal: numbers in memory, a new epoch at each start, nothing to
// replay. Same shape as the batch of `JournalWriter`.

import Contracts

/// Records appended and not yet sent.
struct NoticeBatch: ~Copyable {
    struct Record {
        let seq: UInt64
        let topic: Int
        let json: Range<Int>
    }

    private(set) var pending: [Record] = []
    private(set) var nextSeq: UInt64 = 1
    private var bytes = JSONWriter(capacity: 16 << 10)
    private var topics = TopicTable()
    private var lastOfTopic: [UInt64] = []

    var isFull: Bool { bytes.count >= MessagingLimit.batchBytes }

    mutating func topicID(_ topic: UnsafeRawBufferPointer) -> Int {
        let number = topics.intern(topic)
        if number == lastOfTopic.count { lastOfTopic.append(0) }
        return number
    }

    func topicBytes(_ topic: Int) -> [UInt8] { topics.bytes(of: topic) }

    mutating func append(
        topic: Int, _ write: (_ seq: UInt64, _ prev: UInt64, _ json: inout JSONWriter) -> Void
    ) {
        // A line each, as in a journal: behind a `}` the writer would begin the next object with a comma.
        bytes.append(UInt8(ascii: "\n"))
        let start = bytes.count
        write(nextSeq, lastOfTopic[topic], &bytes)
        pending.append(Record(seq: nextSeq, topic: topic, json: start..<bytes.count))
        lastOfTopic[topic] = nextSeq
        nextSeq += 1
    }

    /// The records since the last clear, with the bytes that they point into.
    func withPendingBytes(_ body: (UnsafeRawBufferPointer) -> Void) { bytes.withBytes(body) }

    mutating func clear() {
        bytes.reset()
        pending.removeAll(keepingCapacity: true)
    }
}

// The simulator's journal in memory, with the records as the real code writes them: a batch that a crash may
// cut anywhere, and what is flushed, which survives.

import Contracts
import StrategyHost

final class MemoryJournal: SimulatorJournal {
    /// Flushed records; record `seq` is at `seq − 1`.
    private(set) var records: [[UInt8]] = []
    private(set) var isTrade: [Bool] = []
    /// Loses what is appended.
    var isMuted = false
    private var batch: [(topic: Int, bytes: [UInt8])] = []
    private var topics: [[UInt8]] = []
    private var lastOfTopic: [UInt64] = []
    private var writer = JSONWriter()
    private let header = try! EnvelopeHeader(source: "simulator", epoch: "simulated")

    func topic(_ bytes: [UInt8]) -> Int {
        if let known = topics.firstIndex(of: bytes) { return known }
        topics.append(bytes)
        lastOfTopic.append(0)
        return topics.count - 1
    }

    func append(topic: Int, _ write: (inout JSONWriter, EnvelopeHeader, EventStamp) -> Void) -> UInt64 {
        let seq = UInt64(records.count + batch.count + 1)
        let stamp = EventStamp(seq: seq, prev: lastOfTopic[topic], publishedAt: Timestamp(microseconds: 0))
        lastOfTopic[topic] = seq
        writer.reset()
        write(&writer, header, stamp)
        if !isMuted { batch.append((topic, writer.withBytes { Array($0) })) }
        return seq
    }

    func orderEvent(seq: UInt64) throws -> OrderEvent {
        guard seq <= UInt64(records.count) else {
            throw Reason(code: "not_flushed", sentence: "record \(seq) is read before it is flushed")
        }
        return try records[Int(seq) - 1].withUnsafeBytes { try OrderEvent.decode($0).order }
    }

    var batchCount: Int { batch.count }

    /// Where in the batch one record of a topic follows another, as commands of one decision do: a crash
    /// between the two is the hardest to mend.
    var seams: [Int] {
        batch.indices.dropFirst().filter { batch[$0].topic == batch[$0 - 1].topic }
    }

    /// Makes the first `count` records of the batch durable and forgets the others.
    func flush(_ count: Int? = nil) {
        for record in batch.prefix(count ?? batch.count) {
            records.append(record.bytes)
            isTrade.append(topics[record.topic].starts(with: Array("trade/".utf8)))
        }
        batch.removeAll(keepingCapacity: true)
    }
}

// The simulator's journal in memory, with the records as the real code writes them: a batch that a crash may
// cut anywhere, and what is flushed, which survives.

import Contracts
import StrategyHost

@testable import Messaging

final class MemoryJournal: SimulatorJournal {
    static let epoch = "simulated"

    private struct Entry {
        var topic: Int
        var prev: UInt64
        var bytes: [UInt8]
    }

    /// Flushed records; record `seq` is at `seq − 1`.
    private(set) var records: [[UInt8]] = []
    /// Loses what is appended.
    var isMuted = false
    private var recordTopics: [(topic: Int, prev: UInt64)] = []
    private var batch: [Entry] = []
    private var topics: [[UInt8]] = []
    private var lastOfTopic: [UInt64] = []
    private var writer = JSONWriter()
    private let header = try! EnvelopeHeader(source: "simulator", epoch: epoch)

    func topic(_ bytes: [UInt8]) -> Int {
        if let known = topics.firstIndex(of: bytes) { return known }
        topics.append(bytes)
        lastOfTopic.append(0)
        return topics.count - 1
    }

    func append(topic: Int, _ write: (inout JSONWriter, EnvelopeHeader, EventStamp) -> Void) -> UInt64 {
        let seq = UInt64(records.count + batch.count + 1)
        let prev = lastOfTopic[topic]
        lastOfTopic[topic] = seq
        writer.reset()
        write(
            &writer, header, EventStamp(seq: seq, prev: prev, publishedAt: Timestamp(microseconds: 0)))
        if !isMuted { batch.append(Entry(topic: topic, prev: prev, bytes: writer.withBytes { Array($0) })) }
        return seq
    }

    var firstSeq: UInt64 { 1 }

    func read(
        from seq: UInt64, _ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        for index in Int(seq) - 1..<max(Int(seq) - 1, records.count) {
            guard try records[index].withUnsafeBytes({ try body(UInt64(index + 1), $0) }) else { return }
        }
    }

    var batchCount: Int { batch.count }

    /// Where in the batch one record of a topic follows another, as commands of one decision do: a crash
    /// between the two is the hardest to mend.
    var seams: [Int] {
        batch.indices.dropFirst().filter { batch[$0].topic == batch[$0 - 1].topic }
    }

    /// Makes the first `count` records of the batch durable and forgets the others.
    func flush(_ count: Int? = nil) {
        for entry in batch.prefix(count ?? batch.count) {
            records.append(entry.bytes)
            recordTopics.append((entry.topic, entry.prev))
        }
        for entry in batch[min(count ?? batch.count, batch.count)...].reversed() {
            lastOfTopic[entry.topic] = entry.prev
        }
        batch.removeAll(keepingCapacity: true)
    }

    /// What waits to be flushed, as messages.
    var waiting: [PublishedRecord] {
        batch.enumerated().map { index, entry in
            PublishedRecord(
                topic: topics[entry.topic], seq: UInt64(records.count + index + 1), prev: entry.prev,
                bytes: entry.bytes)
        }
    }

    /// Flushed records as messages, those that leave the process.
    func published(_ seqs: ClosedRange<UInt64>) -> [PublishedRecord] {
        seqs.compactMap { seq in
            let index = Int(seq) - 1
            guard records.indices.contains(index) else { return nil }
            let (topic, prev) = recordTopics[index]
            guard Publication.isPublished(topics[topic]) else { return nil }
            return PublishedRecord(topic: topics[topic], seq: seq, prev: prev, bytes: records[index])
        }
    }
}

/// A record of the simulator as its readers get it.
struct PublishedRecord {
    var topic: [UInt8]
    var seq: UInt64
    var prev: UInt64
    var bytes: [UInt8]
}

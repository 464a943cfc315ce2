import Contracts
import Synchronization
import Testing
import ZeroMQ

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of both frames of everything a plain SUB receives.
private final class PlainReader {
    var messages: [(topic: String, json: String)] = []
    private let frames = (Message(), Message())

    init(_ bus: Bus, _ endpoint: String) throws {
        let socket = try bus.socket(.sub)
        try socket.set(.subscribe, [])
        try socket.connect(endpoint)
        bus.watch(socket) { [unowned self] _ in
            while socket.receive(into: self.frames.0) == .done, socket.receive(into: self.frames.1) == .done {
                self.messages.append((text(self.frames.0), text(self.frames.1)))
            }
        }
    }

    var events: [(topic: String, json: String)] { messages.filter { $0.topic != "heartbeat/" } }
}

private func text(_ message: Message) -> String { String(decoding: message.bytes, as: UTF8.self) }

private func append(_ publisher: Publisher, _ topic: String, symbol: String = "IBM") {
    publisher.append(topic: publisher.topicID(Array(topic.utf8))) { stamp, json in
        publisher.header.begin("tick", stamp, into: &json)
        json.field("symbol", symbol)
        json.endObject()
    }
}

/// Lets writes fail as if the disk were full.
private final class Disk: Sendable {
    let isFull = Atomic(false)
}

@Suite struct PublisherTests {
    private static let time = Timestamp(seconds: 1_766_658_600)

    /// A publisher with a new journal, and a reader that its messages reach.
    private func heard(_ bus: Bus, _ folder: TemporaryFolder) throws -> (Publisher, PlainReader) {
        let journal = try JournalWriter(directory: folder.path + "/j", makeEpoch: { "k3v9q2" })
        let publisher = try Publisher(
            bus: bus, endpoint: folder.endpoint("pub"), source: "simulator", journal: journal,
            wallClock: { Self.time })
        let reader = try PlainReader(bus, publisher.endpoint)
        drive([bus]) { !reader.messages.isEmpty }
        return (publisher, reader)
    }

    @Test
    func `what was sent is what the journal holds, and unpublished records take a seq but are not sent`()
        throws
    {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let (publisher, reader) = try heard(bus, folder)
        append(publisher, "tick/IBM/")
        append(publisher, "session/x/")
        append(publisher, "command/x/")
        append(publisher, "tick/IBM/")
        append(publisher, "tick/AAPL/", symbol: "AAPL")
        #expect(publisher.lastSeq == 0)
        #expect(publisher.flush())
        drive([bus]) { reader.events.count == 3 }
        #expect(reader.events.map(\.topic) == ["tick/IBM/", "tick/IBM/", "tick/AAPL/"])
        var journalled: [String] = []
        try JournalReader(directory: folder.path + "/j").read(from: 1, through: 5) { _, record in
            journalled.append(String(decoding: record, as: UTF8.self))
            return true
        }
        #expect(reader.events.map(\.json) == [journalled[0], journalled[3], journalled[4]])
        let heads = try journalled.map {
            try Array($0.utf8).withUnsafeBytes { try EventHead.read($0).head.stamp }
        }
        #expect(heads.map(\.seq) == [1, 2, 3, 4, 5])
        #expect(heads.map(\.prev) == [0, 0, 0, 1, 0])
        bus.close()
    }

    @Test func `numbers go on after a restart, those of each topic too`() throws {
        let folder = try TemporaryFolder()
        for round in 0..<3 as Range<UInt64> {
            let bus = try Bus()
            let journal = try JournalWriter(directory: folder.path + "/j", makeEpoch: { "epoch-\(round)" })
            let publisher = try Publisher(
                bus: bus, endpoint: folder.endpoint("pub"), source: "gateway", journal: journal,
                wallClock: { Self.time })
            #expect(publisher.header.epoch == "epoch-0")
            #expect(publisher.lastSeq == round * 2)
            append(publisher, "tick/IBM/")
            append(publisher, "tick/AAPL/", symbol: "AAPL")
            publisher.flush()
            #expect(publisher.lastSeq == round * 2 + 2)
            #expect(journal.lastSeq(onTopic: journal.topicID(Array("tick/IBM/".utf8))) == round * 2 + 1)
            bus.close()
            journal.close()
        }
    }

    @Test func `heartbeats come four times a second with the topics changed since the one before`() throws {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let journal = try JournalWriter(directory: folder.path + "/j", makeEpoch: { "k3v9q2" })
        let publisher = try Publisher(
            bus: bus, endpoint: "tcp://127.0.0.1:0", source: "gateway", journal: journal,
            wallClock: { Self.time })
        let reader = try PlainReader(bus, publisher.endpoint)
        drive([bus]) { !reader.messages.isEmpty }
        append(publisher, "tick/IBM/")
        append(publisher, "tick/AAPL/", symbol: "AAPL")
        append(publisher, "tick/IBM/")
        publisher.flush()
        let start = MonotonicTime.now()
        let count = reader.messages.count
        drive([bus]) { reader.messages.count >= count + 6 }
        #expect(MonotonicTime.now() - start >= .milliseconds(500))
        let beats = try reader.messages.dropFirst(count).filter { $0.topic == "heartbeat/" }.map { message in
            try Array(message.json.utf8).withUnsafeBytes { bytes in
                (try Heartbeat.decode(bytes).heartbeat, RecordLine.number(of: "since", in: bytes))
            }
        }
        #expect(beats[0].0.first == 1 && beats[0].0.last == 3 && beats[0].1 == 0)
        #expect(beats[0].0.topics == [.init(topic: "tick/IBM/", seq: 3), .init(topic: "tick/AAPL/", seq: 2)])
        #expect(beats[1].0.topics.isEmpty && beats[1].1 == 3)
        bus.close()
    }

    @Test
    func `when the disk is full nothing is sent, health says so, and the batch leaves when there is room`()
        throws
    {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let disk = Disk()
        var configuration = JournalConfiguration()
        let system = configuration.files
        configuration.files.write = { descriptor, bytes, offset in
            disk.isFull.load(ordering: .relaxed) ? -Int(ENOSPC) : system.write(descriptor, bytes, offset)
        }
        let journal = try JournalWriter(
            directory: folder.path + "/j", configuration: configuration, makeEpoch: { "k3v9q2" })
        let publisher = try Publisher(
            bus: bus, endpoint: folder.endpoint("pub"), source: "gateway", journal: journal,
            wallClock: { Self.time })
        let reader = try PlainReader(bus, publisher.endpoint)
        drive([bus]) { !reader.messages.isEmpty }
        disk.isFull.store(true, ordering: .relaxed)
        append(publisher, "tick/IBM/")
        #expect(!publisher.flush())
        guard case .failing(let sentence) = publisher.health else { throw Unexpected() }
        #expect(sentence.contains("free some space"))
        append(publisher, "tick/IBM/")
        drive([bus]) { publisher.counters.journalFailures >= 2 }
        #expect(reader.events.isEmpty)
        #expect(publisher.lastSeq == 0)
        disk.isFull.store(false, ordering: .relaxed)
        drive([bus]) { reader.events.count == 2 }
        #expect(publisher.health == .healthy)
        #expect(publisher.lastSeq == 2)
        bus.close()
    }

    @Test
    func `small batches leave together and in order, and what is urgent does not wait for the rest`() throws {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let (publisher, reader) = try heard(bus, folder)
        publisher.gather = .seconds(3_600)
        func put(_ topics: String..., isUrgent: Bool) {
            for topic in topics { append(publisher, topic) }
            #expect(publisher.writeJournal())
            publisher.sendGathered(isUrgent: isUrgent)
        }
        put("order/a/", isUrgent: false)
        #expect(publisher.lastSeq == 1)
        put("order/b/", "order/c/", isUrgent: false)
        put("order/d/", isUrgent: false)
        // Journalled, and not yet said to be sent.
        #expect(publisher.lastSeq == 1)
        #expect(publisher.journalledSeq == 4)
        put("trade/e/", isUrgent: true)
        #expect(publisher.lastSeq == 5)
        put("trade/f/", isUrgent: true)
        put("order/g/", isUrgent: false)
        #expect(publisher.lastSeq == 5)
        append(publisher, "order/h/")
        #expect(publisher.flush())
        #expect(publisher.lastSeq == 8)
        drive([bus]) { reader.events.count == 8 }
        #expect(reader.events.map { $0.topic.split(separator: "/")[1] }.joined() == "abcdefgh")
        let seqs = try reader.events.map {
            try Array($0.json.utf8).withUnsafeBytes { try EventHead.read($0).head.stamp.seq }
        }
        #expect(seqs == Array(1...8))
        bus.close()
    }

    @Test func `what was gathered leaves by itself, and before the end`() throws {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let (publisher, reader) = try heard(bus, folder)
        for round in 1...50 as ClosedRange<UInt64> {
            append(publisher, "order/a/")
            #expect(publisher.writeJournal())
            publisher.sendGathered(isUrgent: round.isMultiple(of: 3))
        }
        drive([bus]) { reader.events.count == 50 }
        #expect(publisher.lastSeq == 50)
        publisher.gather = .seconds(3_600)
        for _ in 0..<2 {
            append(publisher, "order/a/")
            #expect(publisher.writeJournal())
            publisher.sendGathered(isUrgent: false)
        }
        #expect(publisher.lastSeq < 52)
        bus.close()
        #expect(publisher.lastSeq == 52)
    }

    @Test func `what is urgent does not wait for what was gathered before it`() throws {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let (publisher, reader) = try heard(bus, folder)
        publisher.gather = .milliseconds(50)
        for _ in 0..<2 {
            append(publisher, "order/a/")
            #expect(publisher.writeJournal())
            publisher.sendGathered(isUrgent: false)
        }
        drive([bus]) { reader.events.count == 2 }
        publisher.gather = .seconds(3_600)
        append(publisher, "trade/b/")
        #expect(publisher.writeJournal())
        publisher.sendGathered(isUrgent: true)
        #expect(publisher.lastSeq == 3)
        bus.close()
    }

    private struct Unexpected: Error {}

    @Test func `a publisher of notices numbers in memory`() throws {
        let bus = try Bus()
        let publisher = try Publisher(
            bus: bus, endpoint: "tcp://127.0.0.1:0", source: "tracker", epoch: "fresh1",
            wallClock: { Self.time })
        let reader = try PlainReader(bus, publisher.endpoint)
        drive([bus]) { !reader.messages.isEmpty }
        append(publisher, "performance/x/")
        publisher.flush()
        // Two in one batch: each is a message of its own.
        append(publisher, "performance/x/")
        append(publisher, "performance/y/")
        publisher.flush()
        drive([bus]) { reader.events.count == 3 }
        let heads = try reader.events.map {
            try Array($0.json.utf8).withUnsafeBytes { try EventHead.read($0).head.stamp }
        }
        #expect(heads.map(\.seq) == [1, 2, 3])
        #expect(heads.map(\.prev) == [0, 1, 0])
        bus.close()
    }

    @Test func `a second publisher on the same address is refused with the way out`() throws {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let first = try Publisher(
            bus: bus, endpoint: "tcp://127.0.0.1:0", source: "a", epoch: "a", wallClock: { Self.time })
        let journal = try JournalWriter(directory: folder.path + "/j", makeEpoch: { "k3v9q2" })
        let error = #expect(throws: ZeroMQError.self) {
            try Publisher(
                bus: bus, endpoint: first.endpoint, source: "b", journal: journal, wallClock: { Self.time })
        }
        #expect(error?.description.contains("--base-port") == true)
        bus.close()
    }
}

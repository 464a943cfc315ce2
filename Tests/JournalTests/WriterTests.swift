import Contracts
import Testing

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Writing a journal")
struct WriterTests {
    @Test func `a new journal is empty and makes its epoch once`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a/b"
        let writer = try JournalWriter(directory: path, makeEpoch: { "k3v9q2" })
        #expect(writer.epoch == "k3v9q2" && writer.firstSeq == 1 && writer.lastSeq == 0)
        #expect(writer.repairedBytes == 0)
        writer.close()
        let again = try JournalWriter(directory: path) {
            Issue.record("an existing journal keeps its epoch")
            return "other"
        }
        #expect(again.epoch == "k3v9q2")
        again.close()
        for name in try Disk.names(in: path) ?? [] { unlink(path + "/" + name) }
        rmdir(path)
        rmdir(folder.path + "/a")
    }

    @Test func `a second writer is refused, with the number of the first one's process`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder)
        try writer.write(3)
        let error = #expect(throws: JournalError.self) { try JournalWriter(folder) }
        #expect(error?.code == .locked)
        #expect(error?.description.contains("process \(getpid())") == true)
        #expect(error?.description.contains(folder.path) == true)
        try writer.write(3)
        writer.close()
        #expect(try JournalWriter(folder).lastSeq == 6)
    }

    @Test func `the topics survive a new start and new segments`() throws {
        let folder = TemporaryFolder()
        let first = try JournalWriter(folder)
        first.append(
            topic: first.topicID(Array("once/".utf8)), json: Array(#"{"seq":1,"topic":"once/"}"#.utf8))
        try first.flush()
        for _ in 0..<40 {
            first.append(topic: first.topicID(Array("often/".utf8))) { seq, prev, json in
                json.append(TestRecord.json(seq, prev: prev, topic: "often/"))
            }
            try first.flush()
        }
        first.close()
        #expect(folder.segments().count > 3)
        let again = try JournalWriter(folder)
        #expect(again.lastSeq(onTopic: again.topicID(Array("once/".utf8))) == 1)
        #expect(again.lastSeq(onTopic: again.topicID(Array("often/".utf8))) == 41)
        #expect(again.lastSeq(onTopic: again.topicID(Array("never/".utf8))) == 0)
        #expect(again.topicCount == 3)
        #expect(again.topicBytes(0) == Array("once/".utf8))
    }

    @Test func `the topics of real events are found again from their JSON`() throws {
        let folder = TemporaryFolder()
        let header = try EnvelopeHeader(source: "gateway", epoch: "e1")
        let event = MarketEvent(kind: .quote, symbol: SymbolIndex(0), timestamp: Timestamp(seconds: 1))
        let first = try JournalWriter(directory: folder.path) { "e1" }
        for (symbol, topic) in [("IBM", "tick/IBM/"), ("BTC-USD", "tick/BTC-USD/"), ("IBM", "tick/IBM/")] {
            first.append(topic: first.topicID(Array(topic.utf8))) { seq, prev, json in
                let stamp = EventStamp(seq: seq, prev: prev, publishedAt: Timestamp(seconds: 2))
                MarketEventCodec.encode(
                    event, symbol: Array(symbol.utf8), header: header, stamp: stamp, into: &json)
            }
        }
        try first.flush()
        first.close()
        let again = try JournalWriter(directory: folder.path) { "e2" }
        #expect(again.epoch == "e1" && again.lastSeq == 3 && again.topicCount == 2)
        #expect(again.lastSeq(onTopic: again.topicID(Array("tick/IBM/".utf8))) == 3)
        #expect(again.lastSeq(onTopic: again.topicID(Array("tick/BTC-USD/".utf8))) == 2)
    }

    @Test func `a batch stays in hand until the next append, as it stands in the file`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder, .small(segmentBytes: 1 << 20))
        #expect(writer.pending.isEmpty)
        writer.appendNext(5)
        #expect(writer.lastSeq == 0 && writer.nextSeq == 6)
        try writer.flush()
        #expect(writer.lastSeq == 5 && writer.pending.map(\.seq) == [1, 2, 3, 4, 5])
        for record in writer.pending {
            let json = writer.withPendingBytes { Array($0[record.json]) }
            #expect(json == TestRecord.json(record.seq))
            #expect(writer.topicBytes(record.topic) == Array(TestRecord.topic(of: record.seq).utf8))
        }
        try writer.flush()
        writer.appendNext(1)
        #expect(writer.pending.map(\.seq) == [6])
        let text = Files.read(folder.path + "/" + (folder.segments().keys.first ?? ""))
        #expect(
            text.split(separator: 10).dropFirst().map { Array($0[($0.startIndex + 9)...]) }
                == (1...5).map { TestRecord.json($0) })
    }

    @Test func `a batch is one write, however large, and lies in one segment`() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        let writer = try JournalWriter(folder, .small(segmentBytes: 1 << 20, files: disk.files))
        let before = disk.state.withLock { $0.writes }
        writer.appendNext(1)
        try writer.flush()
        #expect(disk.state.withLock { $0.writes } == before + 1)
        try writer.write(100, batch: 100)
        #expect(disk.state.withLock { $0.writes } == before + 3, "the batch, and its index entries")
        writer.close()
        let tiny = try JournalWriter(folder)
        try tiny.write(100, batch: 50)
        tiny.close()
        #expect(folder.segments().count == 3)
        #expect(try holdsSeries(folder, through: 201))
    }

    @Test(arguments: [(.process, 0), (.group, 3), (.record, 30)] as [(Durability, Int)])
    func `a flush syncs as the durability says`(durability: Durability, syncs: Int) throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk()
        var configuration = JournalConfiguration.small(segmentBytes: 1 << 20, files: disk.files)
        configuration.durability = durability
        let writer = try JournalWriter(folder, configuration)
        let atStart = disk.state.withLock { $0.syncs }
        #expect(atStart == (durability == .process ? 0 : 2), "the new file and its name")
        try writer.write(30, batch: 10)
        #expect(disk.state.withLock { $0.syncs } - atStart == syncs)
        writer.close()
        #expect(try holdsSeries(folder, through: 30))
    }

    @Test func `after a failed sync nothing more is written`() throws {
        let folder = TemporaryFolder()
        var files = FileOperations.system
        files.sync = { _ in -EIO }
        let first = try JournalWriter(folder)
        try first.write(2)
        first.close()
        var configuration = JournalConfiguration.small(segmentBytes: 1 << 20, files: files)
        configuration.durability = .group
        let writer = try JournalWriter(folder, configuration)
        for _ in 0..<2 {
            writer.appendNext(1)
            let error = #expect(throws: JournalError.self) { try writer.flush() }
            #expect(error?.code == .unsynced)
        }
        #expect(writer.lastSeq == 2)
    }

    @Test(arguments: [1, 5])
    func `a full disk at any byte keeps the batch, which is written later as if nothing had been`(batch: Int)
        throws
    {
        let smooth = TemporaryFolder()
        let reference = try JournalWriter(smooth, .small(segmentBytes: 400))
        try reference.write(15, batch: batch)
        reference.close()
        var refusals = 0
        for room in stride(from: 100, to: 1800, by: 3) {
            let folder = TemporaryFolder()
            let disk = FaultyDisk(room: room)
            let writer = try JournalWriter(folder, .small(segmentBytes: 400, files: disk.files))
            while writer.lastSeq < 15 {
                writer.appendNext(batch)
                let last = writer.lastSeq
                do throws(JournalError) {
                    try writer.flush()
                } catch {
                    refusals += 1
                    #expect(error.code == .noSpace)
                    #expect(writer.lastSeq == last)
                    #expect(
                        try last == 0 || holdsSeries(folder, through: last), "nothing of the batch is left")
                    disk.state.withLock { $0.room = .max }
                    try writer.flush()
                }
            }
            writer.close()
            #expect(folder.segments() == smooth.segments(), "with room for \(room) bytes")
        }
        #expect(refusals > 500 / 3)
    }

    @Test func `a batch that grew while the disk was full is written whole`() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk(room: 250)
        let writer = try JournalWriter(folder, .small(files: disk.files))
        writer.appendNext(4)
        #expect(throws: JournalError.self) { try writer.flush() }
        writer.appendNext(4)
        #expect(throws: JournalError.self) { try writer.flush() }
        #expect(writer.pending.count == 8)
        disk.state.withLock { $0.room = .max }
        try writer.flush()
        writer.close()
        #expect(try holdsSeries(folder, through: 8))
    }

    @Test func `what could not be cut off is cut off before anything else is written`() throws {
        let folder = TemporaryFolder()
        let disk = FaultyDisk(room: 400)
        var files = disk.files
        let refusals = FaultyDisk(room: 1)
        files.truncate = { descriptor, length in
            let refuses = refusals.state.withLock { state in
                defer { state.room -= 1 }
                return state.room > 0
            }
            return refuses ? -EIO : FileOperations.system.truncate(descriptor, length)
        }
        let writer = try JournalWriter(folder, .small(segmentBytes: 450, files: files))
        try writer.write(2)
        writer.appendNext(3)
        #expect(throws: JournalError.self) { try writer.flush() }
        disk.state.withLock { $0.room = .max }
        try writer.flush()
        writer.close()
        #expect(try holdsSeries(folder, through: 5))
    }

    @Test func `short writes and signals are gone on after`() throws {
        let folder = TemporaryFolder()
        let calls = FaultyDisk()
        var files = FileOperations.system
        files.write = { descriptor, bytes, offset in
            let call = calls.state.withLock { state in
                state.writes += 1
                return state.writes
            }
            if call % 3 == 0 { return -Int(EINTR) }
            return FileOperations.system.write(
                descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<min(7, bytes.count)]), offset)
        }
        let writer = try JournalWriter(folder, .small(files: files))
        try writer.write(20, batch: 4)
        writer.close()
        #expect(try holdsSeries(folder, through: 20))
    }
}

import Testing

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A crash leaves the beginning of what was being written, perhaps with zeros behind it. Whatever the moment,
/// the journal opens again with every record that was whole, and goes on.
@Suite("A journal after a crash")
struct CrashTests {
    /// What was cut, opened and continued must be as if it had been written in one go.
    private func opensAndGoesOn(_ folder: TemporaryFolder, last: UInt64, torn: Int) throws {
        let writer = try JournalWriter(folder)
        #expect(writer.lastSeq == last)
        #expect(writer.repairedBytes == torn)
        #expect(writer.epoch == "e1")
        for topic in TestRecord.topics {
            let expected = (0...last).last { $0 > 0 && TestRecord.topic(of: $0) == topic } ?? 0
            #expect(writer.lastSeq(onTopic: writer.topicID(Array(topic.utf8))) == expected)
        }
        try writer.write(3)
        writer.close()
        #expect(try holdsSeries(folder, through: last + 3))
    }

    private func journal(_ records: Int, segmentBytes: Int = 600) throws -> [String: [UInt8]] {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder, .small(segmentBytes: segmentBytes))
        try writer.write(records)
        writer.close()
        return folder.contents()
    }

    @Test(arguments: [0, 1, 100, 5000])
    func `a newest segment cut at any byte loses only the torn record, with zeros behind it or not`(
        zeros: Int
    ) throws {
        let whole = try journal(14)
        let name = try #require(whole.keys.filter { $0.hasSuffix(".journal") }.max())
        let bytes = try #require(whole[name])
        let firstSeq = try #require(UInt64(name.prefix(20)))
        #expect(firstSeq > 1 && firstSeq <= 13, "several segments, and at least two records in the newest")
        for length in 0...bytes.count {
            var files = whole
            let kept = bytes[..<length]
            files[name] = Array(kept) + [UInt8](repeating: 0, count: zeros)
            let lines = kept.count { $0 == 10 }
            let wholeBytes = kept.lastIndex(of: 10).map { $0 + 1 } ?? 0
            let last = lines == 0 ? firstSeq - 1 : firstSeq + UInt64(lines) - 2
            try opensAndGoesOn(TemporaryFolder(copyOf: files), last: last, torn: length - wholeBytes + zeros)
        }
    }

    @Test func `with a sync for each batch zeros lie ahead of the newest segment only, and none stay`() throws
    {
        let folder = TemporaryFolder()
        var configuration = JournalConfiguration.small(segmentBytes: 2_000)
        configuration.durability = .group
        let writer = try JournalWriter(folder, configuration)
        for _ in 1...30 { try writer.write(1) }
        let beside = try JournalReader(directory: folder.path).records()
        #expect(beside == (1...30).map { TestRecord.json($0) }, "a reader beside the writer")
        let crashed = TemporaryFolder(copyOf: folder.contents())
        let zeros = crashed.segments().values.map { $0.reversed().prefix { $0 == 0 }.count }
        #expect(zeros.count > 1 && zeros.count { $0 > 0 } == 1)
        writer.close()
        #expect(folder.segments().values.allSatisfy { $0.last == 10 })
        try opensAndGoesOn(crashed, last: 30, torn: zeros.reduce(0, +))
    }

    @Test(arguments: [0, 70])
    func `a first segment with a torn header is a journal that had not begun`(zeros: Int) throws {
        let header = try #require(try journal(0).values.first)
        for length in 0..<header.count {
            let bytes = Array(header[..<length]) + [UInt8](repeating: 0, count: zeros)
            let folder = TemporaryFolder(copyOf: ["00000000000000000001.journal": bytes])
            #expect(throws: JournalError.self) { try JournalReader(directory: folder.path) }
            try opensAndGoesOn(folder, last: 0, torn: bytes.count)
        }
    }

    @Test(arguments: [1, 4])
    func `a process that dies at any byte of its writes leaves a journal that goes on`(batch: Int) throws {
        var room = 0
        var isComplete = false
        while !isComplete {
            let folder = TemporaryFolder()
            let disk = FaultyDisk(room: room, errorNumber: EIO, canTruncate: false)
            var flushed: UInt64 = 0
            if let writer = try? JournalWriter(folder, .small(segmentBytes: 300, files: disk.files)) {
                while flushed < 12 {
                    writer.appendNext(batch)
                    guard (try? writer.flush()) != nil else { break }
                    flushed = writer.lastSeq
                }
                writer.close()
            }
            isComplete = disk.state.withLock { $0.room > 0 }
            let writer = try JournalWriter(folder, .small(segmentBytes: 300))
            let last = writer.lastSeq
            #expect(last >= flushed && last < flushed + UInt64(batch) + 1)
            try writer.write(2)
            writer.close()
            #expect(try holdsSeries(folder, through: last + 2), "after \(room) bytes")
            room += 1
        }
        #expect(room > 1200, "the whole run was tried")
    }

    @Test func `a reader takes a torn end as not there yet and changes nothing`() throws {
        var files = try journal(14)
        let name = try #require(files.keys.filter { $0.hasSuffix(".journal") }.max())
        files[name]?.removeLast(5)
        let folder = TemporaryFolder(copyOf: files)
        let reader = try JournalReader(directory: folder.path)
        #expect(reader.lastSeq == 13)
        #expect(try reader.records().count == 13)
        let report = try checkJournal(folder.path)
        #expect(report.isWhole && report.tornBytes > 0 && report.records == 13)
        #expect(folder.contents() == files)
    }

    @Test func `a segment that is not the newest is never cut`() throws {
        let whole = try journal(14)
        let names = whole.keys.filter { $0.hasSuffix(".journal") }.sorted()
        let bytes = try #require(whole[names[0]])
        for length in 0..<bytes.count {
            var files = whole
            files[names[0]] = Array(bytes[..<length])
            let folder = TemporaryFolder(copyOf: files)
            let error = #expect(throws: JournalError.self) { try JournalWriter(folder) }
            #expect(error?.code == .damaged)
            #expect(try checkJournal(folder.path).damageCount > 0)
            #expect(folder.contents() == files)
        }
    }
}

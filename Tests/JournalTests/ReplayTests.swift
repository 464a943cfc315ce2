import Testing

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Reading a journal")
struct ReplayTests {
    private func journal(_ records: Int, batch: Int = 1) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder)
        try writer.write(records, batch: batch)
        writer.close()
        return folder
    }

    @Test func `every range over many tiny segments comes byte for byte`() throws {
        let folder = try journal(60)
        #expect(folder.segments().count > 10)
        let reader = try JournalReader(directory: folder.path)
        #expect(reader.firstSeq == 1 && reader.lastSeq == 60 && reader.epoch == "e1")
        for from in 1...61 as ClosedRange<UInt64> {
            for through in from...62 {
                let expected = (from...through).filter { $0 <= 60 }.map { TestRecord.json($0) }
                #expect(try reader.records(from: from, through: through) == expected)
            }
        }
        #expect(try reader.records(from: 1000).isEmpty)
    }

    @Test func `the body stops the reading, and its error passes through`() throws {
        struct Stop: Error {}
        let folder = try journal(20)
        let reader = try JournalReader(directory: folder.path)
        var seen: [UInt64] = []
        try reader.read(from: 3, through: .max) { seq, _ in
            seen.append(seq)
            return seq < 7
        }
        #expect(seen == [3, 4, 5, 6, 7])
        #expect(throws: Stop.self) { try reader.read(from: 3, through: .max) { _, _ in throw Stop() } }
    }

    @Test(arguments: [1, 3, 50])
    func `any changed byte of an index is harmless`(batch: Int) throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder, .small(segmentBytes: 1500))
        try writer.write(30, batch: batch)
        writer.close()
        let files = folder.contents()
        let indexes = files.filter { $0.key.hasSuffix(".index") && !$0.value.isEmpty }
        #expect(!indexes.isEmpty)
        let expected = (1...30).map { TestRecord.json($0) }
        for (name, bytes) in indexes {
            for position in bytes.indices {
                var changed = bytes
                changed[position] ^= 0x40
                try expectHarmless(files.merging([name: changed]) { $1 }, files, expected)
            }
            for length in 0..<bytes.count {
                try expectHarmless(files.merging([name: Array(bytes[..<length])]) { $1 }, files, expected)
            }
            try expectHarmless(files.filter { $0.key != name }, files, expected)
        }
    }

    /// Every seq is still found, and the next writer makes the index whole.
    private func expectHarmless(
        _ changed: [String: [UInt8]], _ files: [String: [UInt8]], _ expected: [[UInt8]]
    ) throws {
        let copy = TemporaryFolder(copyOf: changed)
        let reader = try JournalReader(directory: copy.path)
        for seq in [1, 8, 17, 30] as [UInt64] {
            #expect(try reader.records(from: seq) == Array(expected[(Int(seq) - 1)...]))
        }
        let writer = try JournalWriter(copy)
        #expect(writer.lastSeq == 30 && writer.repairedBytes == 0)
        writer.close()
        #expect(copy.contents() == files)
    }

    @Test func `an index with right checksums and wrong places is not believed`() throws {
        let folder = try journal(30, batch: 30)
        let name = try #require(folder.segments().keys.first)
        let segment = JournalFolder(path: folder.path).segment(1)
        #expect(segment.path.hasSuffix(name))
        let size = Files.read(segment.path).count
        for offset in [0, 1, 80, 200, 201, size - 1, size, size + 1000] {
            let lies = [
                SegmentIndex.Entry(seq: 5, offset: offset), SegmentIndex.Entry(seq: 20, offset: offset + 1),
            ]
            Files.write(SegmentIndex.bytes(of: lies), to: segment.indexPath)
            let reader = try JournalReader(directory: folder.path)
            #expect(try reader.records(from: 10, through: 12) == (10...12).map { TestRecord.json($0) })
            #expect(try reader.records(from: 21, through: 30) == (21...30).map { TestRecord.json($0) })
        }
    }

    @Test func `a reader follows a live writer through new segments`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder)
        let reader = try JournalReader(directory: folder.path)
        #expect(reader.lastSeq == 0)
        for round in 1...20 {
            writer.appendNext(3)
            let flushed = writer.lastSeq
            #expect(try reader.records(from: 1).count == Int(flushed), "what is not flushed is not seen")
            try writer.flush()
            #expect(
                try reader.records(from: flushed + 1)
                    == (flushed + 1...flushed + 3).map { TestRecord.json($0) })
            #expect(reader.lastSeq == UInt64(round * 3))
        }
        #expect(folder.segments().count > 5)
    }

    @Test func `a reader in another thread sees whole records only`() async throws {
        let folder = TemporaryFolder()
        var configuration = JournalConfiguration.small(segmentBytes: 20_000)
        configuration.indexInterval = 1000
        let writer = try JournalWriter(folder, configuration)
        try writer.write(1)
        let path = folder.path
        let following = Task.detached {
            let reader = try JournalReader(directory: path)
            var next: UInt64 = 1
            while next <= 5000 {
                try reader.read(from: next, through: .max) { seq, json in
                    guard seq == next, Array(json) == TestRecord.json(seq) else {
                        Issue.record("seq \(next) should have come whole, seq \(seq) came")
                        return false
                    }
                    next += 1
                    return true
                }
                await Task.yield()
            }
        }
        try writer.write(4999, batch: 7)
        try await following.value
    }

    @Test func `deleted segments are said to be gone, the rest is read and written on`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder)
        try writer.write(40)
        let stale = try JournalReader(directory: folder.path)
        #expect(try writer.removeSegments(before: 1) == 0)
        #expect(try writer.removeSegments(before: 20) > 0)
        let oldest = writer.firstSeq
        #expect(oldest > 1 && oldest <= 20)
        let reader = try JournalReader(directory: folder.path)
        #expect(reader.firstSeq == oldest && reader.lastSeq == 40)
        for one in [reader, stale] {
            let error = #expect(throws: JournalError.self) { try one.records(from: 1) }
            #expect(error?.code == .notKept)
        }
        #expect(try reader.records(from: oldest) == (oldest...40).map { TestRecord.json($0) })
        try writer.removeSegments(before: .max)
        #expect(folder.segments().count == 1, "the newest segment stays")
        writer.close()
        let again = try JournalWriter(folder)
        #expect(again.firstSeq > 20 && again.lastSeq == 40)
        try again.write(1)
        again.close()
        #expect(try checkJournal(folder.path).isWhole)
        #expect(folder.contents { $0.hasSuffix(".index") }.count == folder.segments().count)
    }

    @Test func `a folder without a journal is said to have none`() throws {
        let folder = TemporaryFolder()
        for path in [folder.path, folder.path + "/missing"] {
            let error = #expect(throws: JournalError.self) { try JournalReader(directory: path) }
            #expect(error?.code == .notFound)
            #expect(throws: JournalError.self) { try checkJournal(path) }
        }
    }
}

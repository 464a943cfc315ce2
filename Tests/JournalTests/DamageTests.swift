import Testing

@testable import Messaging

@Suite("Damage to a journal")
struct DamageTests {
    private struct Sample {
        var files: [String: [UInt8]]
        var names: [String]

        init() throws {
            let folder = TemporaryFolder()
            let writer = try JournalWriter(folder, .small(segmentBytes: 400))
            try writer.write(9)
            writer.close()
            files = folder.contents()
            names = files.keys.filter { $0.hasSuffix(".journal") }.sorted()
        }
    }

    /// Where the line around a byte begins.
    private func lineStart(_ bytes: [UInt8], _ position: Int) -> Int {
        bytes[..<position].lastIndex(of: 10).map { $0 + 1 } ?? 0
    }

    @Test(arguments: [0x01, 0x02, 0x20, 0x80, 0xff] as [UInt8])
    func `any changed byte is found, with the file and the offset of its line`(mask: UInt8) throws {
        let sample = try Sample()
        #expect(sample.names.count == 3)
        for name in sample.names {
            let bytes = try #require(sample.files[name])
            for position in bytes.indices {
                var changed = bytes
                changed[position] ^= mask
                try expectDamage(sample, name, changed, at: lineStart(bytes, position))
            }
        }
    }

    @Test func `any byte that has become a newline is found`() throws {
        let sample = try Sample()
        for name in sample.names {
            let bytes = try #require(sample.files[name])
            for position in bytes.indices where bytes[position] != 10 {
                var changed = bytes
                changed[position] = 10
                try expectDamage(sample, name, changed, at: lineStart(bytes, position))
            }
        }
    }

    @Test func `any byte that has become zero is found, the very last one as a torn record`() throws {
        let sample = try Sample()
        for name in sample.names {
            let bytes = try #require(sample.files[name])
            for position in bytes.indices {
                var changed = bytes
                changed[position] = 0
                if name == sample.names.last, position == bytes.count - 1 {
                    let folder = TemporaryFolder(copyOf: sample.files.merging([name: changed]) { $1 })
                    let torn = bytes.count - lineStart(bytes, position)
                    #expect(try checkJournal(folder.path).tornBytes == torn)
                    #expect(try JournalWriter(folder).repairedBytes == torn)
                } else {
                    try expectDamage(sample, name, changed, at: lineStart(bytes, position))
                }
            }
        }
    }

    /// Check and reader name the place; a writer either refuses too or has left the damage for them to find.
    private func expectDamage(
        _ sample: Sample, _ name: String, _ changed: [UInt8], at offset: Int
    ) throws {
        let files = sample.files.merging([name: changed]) { $1 }
        let folder = TemporaryFolder(copyOf: files)
        let report = try checkJournal(folder.path)
        #expect(report.damages.first?.file == folder.path + "/" + name)
        #expect(report.damages.first?.offset == offset)
        let error = #expect(throws: JournalError.self) {
            _ = try JournalReader(directory: folder.path).records()
        }
        #expect(error?.file == folder.path + "/" + name)
        #expect(error?.offset == offset)
        #expect(error?.code == .damaged || error?.code == .newerFormat)
        do {
            let writer = try JournalWriter(folder)
            writer.close()
            #expect(name != sample.names.last, "the newest segment is read whole")
            #expect(try checkJournal(folder.path).damages.first?.offset == offset)
        } catch let error as JournalError {
            #expect(error.file == folder.path + "/" + name)
            #expect(error.offset == offset)
            #expect(error.description.contains("\(error.file)"))
        }
        #expect(folder.contents()[name] == changed, "damaged bytes are kept as they are")
    }

    @Test func `a segment that is gone, empty, renamed or of another journal is a hole`() throws {
        let sample = try Sample()
        let middle = sample.names[1]
        let other = TemporaryFolder()
        let stranger = try JournalWriter(
            directory: other.path, configuration: .small(segmentBytes: 400), makeEpoch: { "e2" })
        try stranger.write(9)
        stranger.close()
        var gone = sample.files
        gone[middle] = nil
        var empty = sample.files
        empty[middle] = []
        var renamed = sample.files
        renamed["00000000000000000777.journal"] = renamed.removeValue(forKey: sample.names[2])
        var foreign = sample.files
        foreign[middle] = other.contents()[middle]
        for files in [gone, empty, renamed, foreign] {
            let folder = TemporaryFolder(copyOf: files)
            #expect(try checkJournal(folder.path).damageCount > 0)
            let error = #expect(throws: JournalError.self) {
                _ = try JournalReader(directory: folder.path).records()
            }
            #expect(error?.code == .damaged)
        }
        for files in [gone, empty, renamed] {
            let error = #expect(throws: JournalError.self) {
                try JournalWriter(TemporaryFolder(copyOf: files))
            }
            #expect(error?.code == .damaged)
        }
    }

    @Test func `a whole record with the wrong seq is a hole`() throws {
        let sample = try Sample()
        let name = try #require(sample.names.last)
        var bytes = try #require(sample.files[name])
        let end = lineStart(bytes, bytes.count - 1)
        let previous = lineStart(bytes, end - 1)
        bytes.removeSubrange(previous..<end)
        let folder = TemporaryFolder(copyOf: sample.files.merging([name: bytes]) { $1 })
        let error = #expect(throws: JournalError.self) { try JournalWriter(folder) }
        #expect(error?.code == .damaged && error?.offset == previous)
        #expect(error?.description.contains("seq 8 should stand here and seq 9 does") == true)
        let report = try checkJournal(folder.path)
        #expect(report.damageCount == 1 && report.records == 8 && report.lastSeq == 9)
    }

    @Test func `a check goes on behind damage and lists a limited number`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder, .small(segmentBytes: 1 << 20))
        try writer.write(150, batch: 150)
        writer.close()
        let name = try #require(folder.segments().keys.first)
        var bytes = Files.read(folder.path + "/" + name)
        for position in bytes.indices.dropLast() where bytes[position] == 10 { bytes[position + 20] ^= 1 }
        Files.write(bytes, to: folder.path + "/" + name)
        let report = try checkJournal(folder.path)
        #expect(report.records == 0)
        #expect(report.damageCount == 150)
        #expect(report.damages.count == JournalLimit.damages)
    }

    @Test(arguments: [false, true])
    func `a newer format is refused with a sentence`(isWhole: Bool) throws {
        let sample = try Sample()
        let name = try #require(sample.names.last)
        var bytes = try #require(sample.files[name])
        let header = bytes.prefix { $0 != 10 }
        let newer = String(decoding: header, as: UTF8.self).replacing(#""format":1"#, with: #""format":2"#)
        bytes.replaceSubrange(
            header.indices, with: isWhole ? SegmentHeaderTests.withChecksum(newer) : Array(newer.utf8))
        let folder = TemporaryFolder(copyOf: sample.files.merging([name: bytes]) { $1 })
        let error = #expect(throws: JournalError.self) { try JournalWriter(folder) }
        #expect(error?.code == .newerFormat)
        #expect(error?.description.contains("is in journal format 2 and this program reads format 1") == true)
        #expect(error?.description.contains("damaged") == !isWhole)
        #expect(throws: JournalError.self) { try JournalReader(directory: folder.path) }
        #expect(try checkJournal(folder.path).damages.first?.code == .newerFormat)
    }

    @Test func `a record without a topic is damage`() throws {
        let folder = TemporaryFolder()
        let writer = try JournalWriter(folder)
        writer.append(topic: writer.topicID(Array("a/".utf8)), json: Array(#"{"seq":1}"#.utf8))
        try writer.flush()
        writer.close()
        let error = #expect(throws: JournalError.self) { try JournalWriter(folder) }
        #expect(error?.code == .damaged)
        #expect(error?.description.contains("belongs to no topic") == true)
    }
}

extension JournalWriter {
    func append(topic: Int, json: [UInt8]) { json.withUnsafeBytes { append(topic: topic, json: $0) } }
}

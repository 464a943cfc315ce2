// Opening a journal for writing: whatever moment a crash came at, the folder is brought back to "whole
// records only", and what cannot come from a crash is refused as damage.
//
// Only the newest segment is read from its start. Of the others the end is read (does the next one begin
// where it ends?) and the index is looked at; one that is missing, short or wrong is made again.

import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a writer starts from.
struct JournalState {
    var epoch: String
    var firstSeq: UInt64
    var lastSeq: UInt64
    var topics: TopicTable
    /// The last seq of each topic, by its number.
    var lastOfTopic: [UInt64]
    var repairedBytes: Int
    var file: SegmentFile

    /// The caller holds the folder's lock.
    static func open(
        _ folder: JournalFolder, _ configuration: JournalConfiguration, _ makeEpoch: () -> String
    ) throws(JournalError) -> JournalState {
        for path in try folder.indexesWithoutSegment() { try Disk.remove(path) }
        var opening = Opening(folder: folder, configuration: configuration, segments: try folder.segments())
        try opening.removeTornSegment()
        guard let newest = opening.segments.last else {
            return try create(folder, configuration, makeEpoch(), repairedBytes: opening.repairedBytes)
        }
        try opening.verifyOlderSegments()
        return try opening.takeOver(newest)
    }

    private static func create(
        _ folder: JournalFolder, _ configuration: JournalConfiguration, _ epoch: String, repairedBytes: Int
    ) throws(JournalError) -> JournalState {
        precondition(
            NameRule.identifier.accepts(epoch.utf8), "an epoch is 1 to 40 of A-Z a-z 0-9 . _ -")
        let header = SegmentHeader(epoch: epoch, firstSeq: 1, topics: [])
        let file = try SegmentFile.create(folder.segment(1), header, in: folder, configuration)
        return JournalState(
            epoch: epoch, firstSeq: 1, lastSeq: 0, topics: TopicTable(), lastOfTopic: [],
            repairedBytes: repairedBytes, file: file)
    }
}

private struct Opening {
    let folder: JournalFolder
    let configuration: JournalConfiguration
    var segments: [Segment]
    var repairedBytes = 0
    let lines = SegmentLines()

    /// Removes a newest segment whose header was never whole: the crash came while it was being made, so no
    /// record can have been in it. Once is enough: a segment is made only behind a whole one.
    mutating func removeTornSegment() throws(JournalError) {
        guard let newest = segments.last else { return }
        let descriptor = try Disk.open(newest.path, O_RDONLY)
        defer { close(descriptor) }
        guard case .torn(let bytes) = try SegmentStart.read(descriptor, newest, lines) else { return }
        guard segments.count > 1 || newest.firstSeq == 1 else {
            throw .damaged(newest.path, at: 0, "its header is torn and the segments before it are gone")
        }
        try Disk.remove(newest.path)
        try Disk.remove(newest.indexPath)
        segments.removeLast()
        repairedBytes += bytes
    }

    /// Every older segment ends where the next one begins, with a newline, and has an index.
    func verifyOlderSegments() throws(JournalError) {
        for number in segments.indices.dropLast() {
            let segment = segments[number]
            let following = segments[number + 1].firstSeq
            let reader = try whole(segment)
            switch try typed({ try reader.readEnd() }) {
            case .ended(let next, at: _) where next == following: break
            case .ended(let next, at: _):
                throw .damaged(
                    segments[number + 1].path, at: 0,
                    "seq \(next) should begin here and seq \(following) does")
            case .torn(_, at: let offset, _):
                throw .damaged(segment.path, at: offset, "a record is torn in the middle of a journal")
            case .stopped: preconditionFailure("reading to the end does not stop before it")
            }
            // Reading to the end has added to the index what its file lacks.
            if !reader.indexFileIsWhole { writeIndex(reader.index, of: segment) }
        }
    }

    /// Reads the newest segment through, cuts a torn end off and opens it for writing.
    mutating func takeOver(_ segment: Segment) throws(JournalError) -> JournalState {
        let reader = try whole(segment)
        var topics = TopicTable()
        var last: [UInt64] = []
        for topic in reader.header.topics {
            let number = topic.bytes.withUnsafeBytes { topics.intern($0) }
            if number == last.count { last.append(topic.lastSeq) }
        }
        let found = try scan(reader, &topics, &last)
        if found.tornBytes > 0 { try cut(segment, to: found.size) }
        repairedBytes += found.tornBytes
        writeIndex(found.index, of: segment)
        let file = try SegmentFile(
            segment, size: found.size, headerBytes: reader.headerBytes, index: found.index, configuration)
        return JournalState(
            epoch: reader.header.epoch, firstSeq: segments[0].firstSeq, lastSeq: found.next - 1,
            topics: topics,
            lastOfTopic: last, repairedBytes: repairedBytes, file: file)
    }

    private struct Found {
        var next: UInt64
        var size: Int
        var tornBytes: Int
        var index = SegmentIndex()
    }

    /// Every record of the newest segment: its topic, and where it stands for the index.
    private func scan(
        _ reader: SegmentReader, _ topics: inout TopicTable, _ last: inout [UInt64]
    ) throws(JournalError) -> Found {
        var found = Found(next: reader.segment.firstSeq, size: reader.headerBytes, tornBytes: 0)
        var topic: [UInt8] = []
        let outcome = try typed {
            try reader.readAll { seq, json, offset in
                guard configuration.topicOf(json, &topic), TopicTable.accepts(topic) else {
                    throw JournalError.damaged(
                        reader.segment.path, at: offset, "the record with seq \(seq) belongs to no topic")
                }
                let number = topic.withUnsafeBytes { topics.intern($0) }
                if number == last.count { last.append(seq) } else { last[number] = seq }
                found.index.note(seq, at: offset, interval: configuration.indexInterval)
            }
        }
        switch outcome {
        case .ended(let next, at: let offset): (found.next, found.size) = (next, offset)
        case .torn(let next, at: let offset, let bytes):
            (found.next, found.size, found.tornBytes) = (next, offset, bytes)
        case .stopped: preconditionFailure("reading to the end does not stop before it")
        }
        return found
    }

    private func whole(_ segment: Segment) throws(JournalError) -> SegmentReader {
        let reader = try SegmentReader(segment, lines: lines, interval: configuration.indexInterval)
        guard let reader else {
            throw .damaged(segment.path, at: 0, "its header is torn in the middle of a journal")
        }
        return reader
    }

    private func cut(_ segment: Segment, to size: Int) throws(JournalError) {
        let descriptor = try Disk.open(segment.path, O_RDWR)
        defer { close(descriptor) }
        let result = configuration.files.truncate(descriptor, size)
        guard result == 0 else { throw .system(-result, "cut the torn end off", segment.path) }
        guard configuration.durability != .process else { return }
        let synced = configuration.files.syncAll(descriptor)
        guard synced == 0 else { throw .unsynced(-synced, segment.path) }
    }

    /// Replaces an index file if it differs. A hint, so that a failure to write it is no error.
    private func writeIndex(_ index: SegmentIndex, of segment: Segment) {
        let bytes = SegmentIndex.bytes(of: index.entries)
        guard let descriptor = try? Disk.open(segment.indexPath, O_RDWR | O_CREAT) else { return }
        defer { close(descriptor) }
        var present = [UInt8](repeating: 0, count: bytes.count + 1)
        let count = present.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        if count == bytes.count, present.dropLast() == bytes[...] { return }
        guard configuration.files.truncate(descriptor, 0) == 0 else { return }
        _ = bytes.withUnsafeBytes { configuration.files.writeAll(descriptor, $0, at: 0) }
    }

    /// Reading a segment with a body that throws nothing of its own throws journal errors only.
    private func typed<R>(_ body: () throws -> R) throws(JournalError) -> R {
        do {
            return try body()
        } catch let error as JournalError {
            throw error
        } catch {
            preconditionFailure("reading a journal throws journal errors only")
        }
    }
}

// Writing a journal: append to a batch in memory, then flush the batch with one system call.
//
// A record counts only when `flush` has returned. With durability `process` it is then in the page cache and
// survives `kill -9`; with `group` and `record` it is on the disk. One writer a folder, by a lock that the
// kernel releases when the process ends. Appending a record of 250 bytes costs about 0.1 µs beside its
// encoding, flushing a batch of a hundred about 10 µs with durability `process`.

import CChecksum
import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Confined to one thread, and not entered again by what `append` calls; so the properties that every record
/// touches go without the runtime's checks of overlapping access, which were a tenth of a gateway's time.
package final class JournalWriter {
    /// A record of the batch.
    package struct PendingRecord {
        package var seq: UInt64
        package var topic: Int
        /// Where its JSON lies in `withPendingBytes`.
        package var json: Range<Int>
        fileprivate var lineStart: Int { json.lowerBound - RecordLine.prefixBytes }
    }

    /// The random id made together with the journal.
    package let epoch: String
    /// The oldest seq kept; 1 in an empty journal.
    package private(set) var firstSeq: UInt64
    /// The last flushed seq; 0 in an empty journal.
    package private(set) var lastSeq: UInt64
    /// How many bytes of torn lines were cut off when the journal was opened.
    package let repairedBytes: Int
    /// The records appended since the last flush; after a flush that flush's records, until the next append.
    /// So what was journalled can be sent from here, byte for byte.
    @exclusivity(unchecked) package private(set) var pending: [PendingRecord] = []
    /// The seq that the next record gets.
    @exclusivity(unchecked) package private(set) var nextSeq: UInt64

    private let folder: JournalFolder
    private let configuration: JournalConfiguration
    private var lock: FolderLock?
    private var file: SegmentFile?
    private var topics: TopicTable
    /// The last seq of each topic, the batch included.
    @exclusivity(unchecked) private var lastAppended: [UInt64]
    /// The last seq of each topic in the file.
    private var lastFlushed: [UInt64]
    @exclusivity(unchecked) private var batch = JSONWriter(capacity: 64 << 10)
    @exclusivity(unchecked) private var isFlushed = true
    /// Set when the disk did not confirm a write: what it holds is unknown from then on.
    private var failure: JournalError?

    /// Makes the folder and the journal if there is none (only then calls `makeEpoch`), locks it, cuts a torn
    /// end off and opens it. Throws `locked`, `damaged`, `newerFormat`, or a failed system call.
    package init(
        directory: String, configuration: JournalConfiguration = JournalConfiguration(),
        makeEpoch: () -> String
    ) throws(JournalError) {
        precondition(configuration.segmentBytes > 0, "a segment holds something")
        precondition(configuration.indexInterval > 0, "an index entry stands for something")
        try Disk.makeFolder(directory)
        folder = JournalFolder(path: directory)
        self.configuration = configuration
        let lock = try FolderLock(folder)
        let state = try JournalState.open(folder, configuration, makeEpoch)
        self.lock = consume lock
        epoch = state.epoch
        firstSeq = state.firstSeq
        lastSeq = state.lastSeq
        nextSeq = state.lastSeq + 1
        repairedBytes = state.repairedBytes
        topics = state.topics
        lastAppended = state.lastOfTopic
        lastFlushed = state.lastOfTopic
        file = state.file
    }

    deinit { close() }

    /// The dense number of a topic, made when it is new. Numbers are local to this object and never travel.
    package func topicID(_ bytes: UnsafeRawBufferPointer) -> Int {
        let topic = topics.intern(bytes)
        if topic == lastAppended.count {
            lastAppended.append(0)
            lastFlushed.append(0)
        }
        return topic
    }

    /// As above, from an array.
    package func topicID(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { topicID($0) } }

    /// Topics known so far; their numbers are below this.
    package var topicCount: Int { topics.count }

    /// The bytes of a topic.
    package func topicBytes(_ topic: Int) -> [UInt8] { topics.bytes(of: topic) }

    /// The last seq on a topic, the batch included: `prev` of its next record. 0 when there is none.
    package func lastSeq(onTopic topic: Int) -> UInt64 { lastAppended[topic] }

    /// Whether the batch holds so much that it should be flushed before more is appended.
    package var isFull: Bool { !isFlushed && batch.count >= JournalLimit.batchBytes }

    /// Adds a record to the batch. The closure gets the record's numbers and must append exactly one JSON
    /// object that carries them, on one line, to the writer. No system call.
    @inline(__always)
    package func append(
        topic: Int, _ write: (_ seq: UInt64, _ prev: UInt64, _ json: inout JSONWriter) -> Void
    ) {
        let start = beginLine()
        write(nextSeq, lastAppended[topic], &batch)
        endLine(topic, start)
    }

    /// As above, with JSON that is complete already and carries `nextSeq` and `lastSeq(onTopic:)`.
    package func append(topic: Int, json: UnsafeRawBufferPointer) {
        append(topic: topic) { _, _, writer in writer.append(json) }
    }

    /// The bytes that `pending` points into; valid during the call.
    package func withPendingBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try batch.withBytes(body)
    }

    /// Writes the batch; when this returns, its records count. An empty batch is fine.
    ///
    /// When it throws, nothing of the batch counts, the journal on disk ends with the batch before, and the
    /// batch is kept: the same batch, grown perhaps, can be flushed again. Only after `unsynced` nothing can
    /// be written any more (the kernel may have dropped the data): each further call throws the same.
    package func flush() throws(JournalError) {
        if isFlushed { return }
        if let failure { throw failure }
        precondition(file != nil, "a closed journal is not written to")
        do throws(JournalError) {
            try batch.withBytes { (bytes) throws(JournalError) in try write(bytes) }
        } catch {
            if error.code == .unsynced { failure = error }
            throw error
        }
        for record in pending { lastFlushed[record.topic] = record.seq }
        lastSeq = nextSeq - 1
        isFlushed = true
    }

    /// Deletes whole segments whose records all lie before `seq`, never the newest one. Returns how many.
    @discardableResult
    package func removeSegments(before seq: UInt64) throws(JournalError) -> Int {
        let removed = try folder.removeSegments(before: seq)
        noticeRemovedSegments()
        return removed
    }

    /// Notices that the oldest segments were deleted by another process (`journal prune`), so that readers
    /// are told what is kept. Failing to look changes nothing.
    package func noticeRemovedSegments() {
        guard let oldest = try? folder.segments().first else { return }
        firstSeq = max(firstSeq, oldest.firstSeq)
    }

    /// Closes the files and releases the lock. A batch that was not flushed is dropped.
    package func close() {
        file = nil
        lock = nil
    }
}

// MARK: - Lines and segments

extension JournalWriter {
    /// Begins a line in the batch and returns where.
    private func beginLine() -> Int {
        if isFlushed {
            batch.reset()
            pending.removeAll(keepingCapacity: true)
            isFlushed = false
        }
        let start = batch.count
        precondition(start < JournalLimit.unflushedBytes, "a batch is flushed before it outgrows its limit")
        batch.appendSpace(RecordLine.prefixBytes)
        return start
    }

    /// Puts the checksum in front of the JSON that was appended, and the newline behind it.
    private func endLine(_ topic: Int, _ start: Int) {
        let jsonStart = start + RecordLine.prefixBytes
        let end = batch.count
        precondition(end - jsonStart <= JournalLimit.recordBytes, "a record is at most 1 MiB")
        var prefix: (UInt64, UInt8) = (0, UInt8(ascii: " "))
        batch.withBytes { bytes in
            let json = UnsafeRawBufferPointer(rebasing: bytes[jsonStart..<end])
            precondition(json.first == UInt8(ascii: "{"), "a record is a JSON object")
            precondition(memchr(json.baseAddress!, 10, json.count) == nil, "a record is one line")
            prefix.0 = RecordLine.hex(checksum_crc32c(0, json.baseAddress, json.count)).littleEndian
        }
        // A tuple of 8 and 1 bytes has its second member right behind the first.
        withUnsafeBytes(of: &prefix) {
            batch.patch(at: start, with: UnsafeRawBufferPointer(rebasing: $0[..<9]))
        }
        batch.append(UInt8(ascii: "\n"))
        pending.append(PendingRecord(seq: nextSeq, topic: topic, json: jsonStart..<end))
        lastAppended[topic] = nextSeq
        nextSeq += 1
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(JournalError) {
        guard var file else { return }
        if !file.isEmpty, file.size + bytes.count > configuration.segmentBytes {
            try file.finish()
            file = try beginSegment()
            self.file = file
        }
        let lines = pending.lazy.map { (seq: $0.seq, start: $0.lineStart) }
        try file.write(bytes, lines: lines)
    }

    /// Begins the segment in which the batch is to be the first.
    private func beginSegment() throws(JournalError) -> SegmentFile {
        var header = SegmentHeader(epoch: epoch, firstSeq: lastSeq + 1, topics: [])
        for topic in 0..<topics.count where lastFlushed[topic] > 0 {
            header.topics.append(
                SegmentHeader.Topic(bytes: topics.bytes(of: topic), lastSeq: lastFlushed[topic]))
        }
        return try SegmentFile.create(folder.segment(lastSeq + 1), header, in: folder, configuration)
    }
}

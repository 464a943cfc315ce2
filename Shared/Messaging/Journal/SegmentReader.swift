// One open segment for reading: its header, its index, and its records from any seq on, each of them
// verified.
//
// Cost of a read: a binary search in the index, then a scan of at most about one index interval before the
// first record. Without an index the segment is scanned from its start once, and the index kept in memory.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Confined to one thread.
final class SegmentReader {
    enum Outcome: Equatable {
        /// The body did not want more, or `through` was reached.
        case stopped
        /// The segment ends after a newline; the next record would have seq `next`.
        case ended(next: UInt64, at: Int)
        /// As above, but a torn or just growing line follows.
        case torn(next: UInt64, at: Int, bytes: Int)
    }

    let segment: Segment
    let header: SegmentHeader
    let headerBytes: Int
    /// Entries read from the file, and those found by scanning.
    private(set) var index = SegmentIndex()
    private let descriptor: Int32
    private let lines: SegmentLines
    private let interval: Int
    private var indexDescriptor: Int32 = -1
    private var indexBytesRead = 0
    private var indexFileBytes = 0
    private var usesIndexFile = true
    /// Where the last read stopped: a range read in stretches goes on there without a search.
    private var resume: SegmentIndex.Entry?

    /// Opens a segment; nil when its header is torn or not there yet. `lines` may be shared by readers that
    /// are not used at the same time.
    init?(_ segment: Segment, lines: SegmentLines, interval: Int) throws(JournalError) {
        let descriptor = try Disk.open(segment.path, O_RDONLY)
        let start: SegmentStart
        do throws(JournalError) {
            start = try SegmentStart.read(descriptor, segment, lines)
        } catch {
            close(descriptor)
            throw error
        }
        guard case .header(let header, let bytes) = start else {
            close(descriptor)
            return nil
        }
        self.segment = segment
        self.lines = lines
        self.interval = interval
        self.descriptor = descriptor
        self.header = header
        headerBytes = bytes
    }

    deinit {
        close(descriptor)
        if indexDescriptor >= 0 { close(indexDescriptor) }
    }

    /// After `readEnd`: whether the index file holds what the index holds, no less and nothing wrong.
    var indexFileIsWhole: Bool {
        usesIndexFile && indexFileBytes == indexBytesRead
            && indexBytesRead == index.entries.count * SegmentIndex.entryBytes
    }

    /// Hands over the records from `seq` through `last` in order, as long as the body returns true. Throws on
    /// damage.
    func read(
        from seq: UInt64, through last: UInt64,
        _ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Outcome {
        growIndex()
        if let place = resume, place.seq == seq, try isTrue(place) {
            return try scan(expecting: seq, from: seq, through: last, body)
        }
        if let entry = index.entry(atOrBefore: seq) {
            if try isTrue(entry) { return try scan(expecting: entry.seq, from: seq, through: last, body) }
            index.removeAll()
            usesIndexFile = false
        }
        lines.start(descriptor, path: segment.path, at: headerBytes)
        return try scan(expecting: segment.firstSeq, from: seq, through: last, body)
    }

    /// Where the segment ends and which seq would follow; scans only behind the last index entry.
    func readEnd() throws -> Outcome { try read(from: .max, through: .max) { _, _ in true } }

    /// Hands over every record from the first one on, with the offset of its line; does not look at the
    /// index.
    func readAll(_ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer, _ offset: Int) throws -> Void) throws
        -> Outcome
    {
        lines.start(descriptor, path: segment.path, at: headerBytes)
        var verifier = RecordVerifier()
        var expected = segment.firstSeq
        while true {
            switch try lines.next() {
            case .line(let line, at: let offset):
                if let fault = verifier.fault(in: line, expecting: expected) {
                    throw JournalError.damaged(segment.path, at: offset, fault.sentence(expected: expected))
                }
                try body(expected, RecordLine.json(of: line), offset)
                expected += 1
            case .end(let offset): return .ended(next: expected, at: offset)
            case .tail(let offset): return try tail(at: offset, next: expected)
            }
        }
    }

    private func scan(
        expecting first: UInt64, from seq: UInt64, through last: UInt64,
        _ body: (UInt64, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Outcome {
        var verifier = RecordVerifier()
        var expected = first
        var nextEntry = (index.entries.last?.offset ?? 0) + interval
        while true {
            switch try lines.next() {
            case .line(let line, at: let offset):
                if let fault = verifier.fault(in: line, expecting: expected) {
                    throw JournalError.damaged(segment.path, at: offset, fault.sentence(expected: expected))
                }
                if offset >= nextEntry {
                    index.add(SegmentIndex.Entry(seq: expected, offset: offset))
                    nextEntry = offset + interval
                }
                if expected >= seq {
                    guard try body(expected, RecordLine.json(of: line)), expected < last else {
                        resume = SegmentIndex.Entry(seq: expected &+ 1, offset: offset + line.count + 1)
                        return .stopped
                    }
                }
                expected += 1
            case .end(let offset): return .ended(next: expected, at: offset)
            case .tail(let offset): return try tail(at: offset, next: expected)
            }
        }
    }

    private func tail(at offset: Int, next: UInt64) throws(JournalError) -> Outcome {
        let tail = try SegmentTail.read(
            descriptor, path: segment.path, at: offset, maximumBytes: RecordLine.maximumBytes,
            isWhole: { RecordLine.faultOfBytes(in: $0) == nil })
        switch tail {
        case .torn(let bytes): return .torn(next: next, at: offset, bytes: bytes)
        case .grown: return .torn(next: next, at: offset, bytes: 0)
        case .damaged(let what): throw .damaged(segment.path, at: offset, what)
        }
    }

    /// Whether the record that an entry names is really there; if so, it is the next one that `lines` hands
    /// out.
    private func isTrue(_ entry: SegmentIndex.Entry) throws(JournalError) -> Bool {
        guard entry.offset >= headerBytes else { return false }
        lines.start(descriptor, path: segment.path, at: entry.offset)
        var verifier = RecordVerifier()
        guard case .line(let line, let offset) = try lines.next(),
            verifier.fault(in: line, expecting: entry.seq) == nil
        else { return false }
        lines.stepBack(to: offset)
        return true
    }

    /// Takes what the index file has gained since the last look. Any failure only means a longer scan.
    private func growIndex() {
        guard usesIndexFile else { return }
        if indexDescriptor < 0 {
            guard let opened = try? Disk.open(segment.indexPath, O_RDONLY) else { return }
            indexDescriptor = opened
        }
        var status = stat()
        guard fstat(indexDescriptor, &status) == 0 else { return }
        indexFileBytes = Int(status.st_size)
        let fresh = (indexFileBytes - indexBytesRead) / SegmentIndex.entryBytes * SegmentIndex.entryBytes
        guard fresh > 0 else { return }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: fresh, alignment: 8)
        defer { memory.deallocate() }
        let count = pread(indexDescriptor, memory.baseAddress, fresh, off_t(indexBytesRead))
        guard count > 0 else { return }
        let found = SegmentIndex.read(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        indexBytesRead += found.entries.count * SegmentIndex.entryBytes
        for entry in found.entries { index.add(entry) }
    }
}

/// What stands at the beginning of a segment's file.
enum SegmentStart {
    case header(SegmentHeader, bytes: Int)
    /// Nothing, the beginning of a header, or zeros: a crash right after the file was made. How many bytes.
    case torn(Int)

    /// Leaves `lines` at the first record. Throws on a damaged header and on a newer format.
    static func read(_ descriptor: Int32, _ segment: Segment, _ lines: SegmentLines) throws(JournalError)
        -> SegmentStart
    {
        lines.start(descriptor, path: segment.path, at: 0)
        lines.maximumBytes = JournalLimit.headerBytes
        defer { lines.maximumBytes = RecordLine.maximumBytes }
        switch try lines.next() {
        case .end: return .torn(0)
        case .line(let line, _):
            return .header(try header(line, of: segment), bytes: line.count + 1)
        case .tail:
            let tail = try SegmentTail.read(
                descriptor, path: segment.path, at: 0, maximumBytes: JournalLimit.headerBytes,
                isWhole: SegmentHeader.hasRightChecksum)
            switch tail {
            case .torn(let bytes): return .torn(bytes)
            case .grown: return .torn(0)
            case .damaged(let what): throw .damaged(segment.path, at: 0, what)
            }
        }
    }

    private static func header(
        _ line: UnsafeRawBufferPointer, of segment: Segment
    ) throws(JournalError) -> SegmentHeader {
        switch SegmentHeader.read(line) {
        case .damaged(let what): throw .damaged(segment.path, at: 0, what)
        case .newer(let format, let isWhole):
            throw .newerFormat(segment.path, format, note: isWhole ? "" : " (or its header is damaged)")
        case .header(let header):
            guard header.firstSeq == segment.firstSeq else {
                throw .damaged(
                    segment.path, at: 0,
                    "its header says seq \(header.firstSeq) and its name says \(segment.firstSeq)"
                )
            }
            return header
        }
    }
}

// The segment that is being written: whole batches at its end, and its index beside it.
//
// A batch that could not be written whole is cut off again, so the file always ends after a record, but for
// zeros: with a sync for each batch the file is made longer with zeros some small batches ahead. A sync of
// bytes that were there before writes those bytes only; a file that has grown costs the file system a
// transaction of its own. Zeros behind the last record are cut off when the segment is left, and at the next
// open.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Confined to one thread.
final class SegmentFile {
    let segment: Segment
    /// Where the next record goes: the length of what counts.
    private(set) var size: Int
    private let descriptor: Int32
    private let indexDescriptor: Int32
    private let headerBytes: Int
    private let configuration: JournalConfiguration
    private var indexBytes: Int
    private var lastIndexed: Int
    /// Bytes behind `size` that could not be cut off; tried again before the next write.
    private var hasLeftovers = false
    /// How far the file was filled with zeros, and how many bytes at a time.
    private var zeroedTo = 0
    private static let zerosAhead = 64 << 10

    var isEmpty: Bool { size == headerBytes }

    /// Takes over a segment whose end and index have been verified.
    init(
        _ segment: Segment, size: Int, headerBytes: Int, index: SegmentIndex,
        _ configuration: JournalConfiguration
    ) throws(JournalError) {
        self.segment = segment
        self.size = size
        self.headerBytes = headerBytes
        self.configuration = configuration
        indexBytes = index.entries.count * SegmentIndex.entryBytes
        lastIndexed = index.entries.last?.offset ?? 0
        descriptor = try Disk.open(segment.path, O_RDWR)
        // Without an index file everything works, only slower: -1 is an index that is not written.
        indexDescriptor = (try? Disk.open(segment.indexPath, O_RDWR | O_CREAT)) ?? -1
    }

    deinit {
        if zeroedTo > size { _ = configuration.files.truncate(descriptor, size) }
        close(descriptor)
        if indexDescriptor >= 0 { close(indexDescriptor) }
    }

    /// Makes a new segment with its header. On failure no file is left, unless not even that worked: a file
    /// without a whole header is removed at the next open.
    static func create(
        _ segment: Segment, _ header: SegmentHeader, in folder: JournalFolder,
        _ configuration: JournalConfiguration
    ) throws(JournalError) -> SegmentFile {
        try Disk.remove(segment.indexPath)
        let descriptor = try Disk.open(segment.path, O_RDWR | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        let line = header.line()
        let result = line.withUnsafeBytes { configuration.files.writeAll(descriptor, $0, at: 0) }
        guard result == 0 else {
            unlink(segment.path)
            throw .system(Int32(-result), "begin the segment", segment.path)
        }
        if configuration.durability != .process {
            let synced = configuration.files.syncAll(descriptor)
            guard synced == 0 else { throw .unsynced(-synced, segment.path) }
            try folder.sync(configuration.files)
        }
        return try SegmentFile(
            segment, size: line.count, headerBytes: line.count, index: SegmentIndex(), configuration)
    }

    /// Writes a batch of whole lines at the end: one system call for all of it, or one a line with durability
    /// `record`. `lines` says where each begins in `bytes`. When this throws nothing of the batch is in the
    /// file.
    func write(
        _ bytes: UnsafeRawBufferPointer, lines: some RandomAccessCollection<(seq: UInt64, start: Int)>
    ) throws(JournalError) {
        try cutLeftovers()
        if configuration.durability == .record {
            addZeros(for: bytes.count)
            var starts = lines.map(\.start)
            starts.append(bytes.count)
            for number in starts.indices.dropLast() {
                let line = UnsafeRawBufferPointer(rebasing: bytes[starts[number]..<starts[number + 1]])
                try put(line, at: size + starts[number])
                try sync()
            }
        } else {
            addZeros(for: bytes.count)
            try put(bytes, at: size)
            if configuration.durability == .group { try sync() }
        }
        if size + bytes.count >= lastIndexed + configuration.indexInterval { writeIndex(lines) }
        size += bytes.count
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(JournalError) {
        let result = configuration.files.writeAll(descriptor, bytes, at: offset)
        guard result != 0 else { return }
        hasLeftovers = true
        try? cutLeftovers()
        throw .system(Int32(-result), "write", segment.path)
    }

    /// Room for the next small batches. Where zeros cannot be written, the file grows with its records.
    private func addZeros(for count: Int) {
        guard configuration.durability != .process, count <= Self.zerosAhead / 2, size + count > zeroedTo
        else {
            return
        }
        let zeros = [UInt8](repeating: 0, count: Self.zerosAhead)
        let result = zeros.withUnsafeBytes { configuration.files.writeAll(descriptor, $0, at: size) }
        if result == 0 { zeroedTo = size + Self.zerosAhead } else { hasLeftovers = true }
    }

    /// Leaves the segment with nothing behind its last record: another one is about to follow it.
    func finish() throws(JournalError) {
        hasLeftovers = hasLeftovers || zeroedTo > size
        let isSynced = !hasLeftovers || configuration.durability == .process
        try cutLeftovers()
        if !isSynced { try sync() }
    }

    /// Cuts off what a failed write left behind the last record. Needed before the segment is left, too.
    func cutLeftovers() throws(JournalError) {
        guard hasLeftovers else { return }
        let result = configuration.files.truncate(descriptor, size)
        guard result == 0 else { throw .system(-result, "cut a failed write off", segment.path) }
        hasLeftovers = false
        zeroedTo = size
    }

    private func sync() throws(JournalError) {
        let result = configuration.files.syncAll(descriptor)
        guard result == 0 else {
            hasLeftovers = true
            throw .unsynced(-result, segment.path)
        }
    }

    /// Only a hint, so a failure is not reported: the index is made whole at the next open.
    private func writeIndex(_ lines: some RandomAccessCollection<(seq: UInt64, start: Int)>) {
        var fresh: [SegmentIndex.Entry] = []
        for line in lines where size + line.start >= lastIndexed + configuration.indexInterval {
            lastIndexed = size + line.start
            fresh.append(SegmentIndex.Entry(seq: line.seq, offset: lastIndexed))
        }
        guard indexDescriptor >= 0, !fresh.isEmpty else { return }
        let bytes = SegmentIndex.bytes(of: fresh)
        if bytes.withUnsafeBytes({ configuration.files.writeAll(indexDescriptor, $0, at: indexBytes) }) == 0 {
            indexBytes += bytes.count
        }
    }
}

// Reading a journal: any range of seq, in order, byte for byte, every record verified.
//
// Works on a journal that nobody writes and beside a live writer, also of another process: it has its own
// descriptors, changes nothing, takes a line as not there yet until its newline is, and never locks. What a
// writer has not flushed it does not see. Finding a record costs a binary search over the segments and one
// over the segment's index, then a scan of about one index interval (64 KiB).

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Confined to one thread at a time, any one.
package final class JournalReader {
    /// Segments kept open; when there are more, all are closed and opened again as needed.
    private static let maximumOpenSegments = 16

    /// The random id made together with the journal.
    package let epoch: String
    /// The oldest seq kept; 1 in an empty journal.
    package private(set) var firstSeq: UInt64 = 1
    /// The last whole record at the last `refresh`; one less than `firstSeq` when there is none.
    package private(set) var lastSeq: UInt64 = 0
    private let folder: JournalFolder
    private let lines: SegmentLines
    private var segments: [Segment] = []
    private var open: [UInt64: SegmentReader] = [:]

    /// Throws `notFound` when the folder holds no journal, and what `refresh` throws.
    package init(directory: String) throws(JournalError) {
        folder = JournalFolder(path: directory)
        lines = SegmentLines()
        guard let newest = try Self.newest(try folder.segments(), lines) else { throw .notFound(directory) }
        epoch = newest.header.epoch
        open[newest.segment.firstSeq] = newest
        try refresh()
    }

    /// Looks for what was written and deleted since. Throws on damage at the end of the journal.
    package func refresh() throws(JournalError) {
        var found = try folder.segments()
        while let last = found.last, try reader(of: last) == nil { found.removeLast() }
        guard let first = found.first, let last = found.last else { throw .notFound(folder.path) }
        segments = found
        firstSeq = first.firstSeq
        do {
            switch try reader(of: last)?.readEnd() {
            case .ended(let next, _), .torn(let next, _, _): lastSeq = next - 1
            case .stopped, nil: break
            }
        } catch {
            throw Self.typed(error, last.path)
        }
    }

    /// Hands the records from `from` through `through` to the body, in order, as long as it returns true. The
    /// bytes are those of the JSON as journalled, valid during the call only.
    ///
    /// A range that reaches behind the last record ends there. Looks for new records itself when the range
    /// reaches behind `lastSeq`. Throws `notKept` when `from` was deleted (nothing is handed over then),
    /// `damaged` at the first damaged record (those before it were handed over), and whatever the body
    /// throws.
    package func read(
        from: UInt64, through: UInt64,
        _ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        precondition(from >= 1, "the first seq of a journal is 1")
        if through > lastSeq { try refresh() }
        let last = min(through, lastSeq)
        var next = from
        while next <= last {
            guard next >= firstSeq, let number = segmentNumber(holding: next) else {
                throw JournalError.notKept(folder.path, next, oldest: firstSeq)
            }
            guard let reader = try existing(segments[number], next) else {
                throw JournalError.damaged(
                    segments[number].path, at: 0, "the header is torn in the middle of a journal")
            }
            switch try reader.read(from: next, through: last, body) {
            case .stopped: return
            case .ended(let following, at: let offset):
                next = try cross(from: number, following: following, at: offset, last: last)
            case .torn(let following, at: let offset, _):
                if following <= last {
                    throw JournalError.damaged(
                        segments[number].path, at: offset, "the record with seq \(following) is torn")
                }
                return
            }
        }
    }

    /// The seq to go on with in the next segment. Throws when that one does not begin with it.
    private func cross(
        from number: Int, following: UInt64, at offset: Int, last: UInt64
    ) throws(JournalError) -> UInt64 {
        if following > last { return following }
        guard number + 1 < segments.count else {
            throw .damaged(segments[number].path, at: offset, "the record with seq \(following) is gone")
        }
        let next = segments[number + 1]
        guard next.firstSeq == following else {
            throw .damaged(
                next.path, at: 0, "seq \(following) should begin here and seq \(next.firstSeq) does")
        }
        return following
    }

    /// The number of the last segment that begins at or before a seq.
    private func segmentNumber(holding seq: UInt64) -> Int? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].firstSeq <= seq { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// As `reader(of:)`; when the file has been deleted meanwhile, says so as `notKept`.
    private func existing(_ segment: Segment, _ seq: UInt64) throws(JournalError) -> SegmentReader? {
        do throws(JournalError) {
            return try reader(of: segment)
        } catch {
            guard access(segment.path, F_OK) != 0 else { throw error }
            try refresh()
            guard seq < firstSeq else { throw .damaged(segment.path, at: 0, "the segment's file is gone") }
            throw .notKept(folder.path, seq, oldest: firstSeq)
        }
    }

    private func reader(of segment: Segment) throws(JournalError) -> SegmentReader? {
        if let known = open[segment.firstSeq] { return known }
        guard let opened = try Self.reader(segment, lines) else { return nil }
        guard opened.header.epoch == epoch else {
            throw .damaged(
                segment.path, at: 0,
                "it belongs to epoch \(opened.header.epoch) and the journal is of epoch \(epoch)")
        }
        if open.count >= Self.maximumOpenSegments { open.removeAll(keepingCapacity: true) }
        open[segment.firstSeq] = opened
        return opened
    }

    private static func reader(_ segment: Segment, _ lines: SegmentLines) throws(JournalError)
        -> SegmentReader?
    {
        try SegmentReader(segment, lines: lines, interval: JournalConfiguration().indexInterval)
    }

    /// The newest segment with a header.
    private static func newest(_ segments: [Segment], _ lines: SegmentLines) throws(JournalError)
        -> SegmentReader?
    {
        for segment in segments.reversed() {
            if let opened = try reader(segment, lines) { return opened }
        }
        return nil
    }

    private static func typed(_ error: any Error, _ path: String) -> JournalError {
        error as? JournalError
            ?? JournalError(code: .failed, file: path, offset: nil, description: "\(error)")
    }
}

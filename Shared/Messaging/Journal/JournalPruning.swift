// Deleting the oldest segments of a journal, beside its writer or without one.
//
// Safe beside a live writer of another process: only whole segments that are not the newest are deleted, the
// oldest first, so that a crash leaves no hole; a writer never touches those again, and readers say
// `notKept`. Where nobody writes, the folder's lock is held meanwhile, so that no writer opens the journal
// halfway.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One segment, for deciding what may go.
package struct JournalSegment: Sendable, Equatable {
    package var firstSeq: UInt64
    /// The last seq; nil in the newest segment, which still grows.
    package var lastSeq: UInt64?
    package var bytes: Int
}

/// The segments of a journal, the oldest first. Throws `notFound` when there is none.
package func journalSegments(_ directory: String) throws(JournalError) -> [JournalSegment] {
    let segments = try JournalFolder(path: directory).segments()
    guard !segments.isEmpty else { throw .notFound(directory) }
    var found: [JournalSegment] = []
    for (number, segment) in segments.enumerated() {
        let descriptor = try Disk.open(segment.path, O_RDONLY)
        defer { close(descriptor) }
        let size = try Disk.size(descriptor, path: segment.path)
        let next = number + 1 < segments.count ? segments[number + 1].firstSeq : nil
        found.append(JournalSegment(firstSeq: segment.firstSeq, lastSeq: next.map { $0 - 1 }, bytes: size))
    }
    return found
}

/// Deletes whole segments whose records all lie before `seq`, never the newest one. Returns how many.
@discardableResult
package func removeJournalSegments(_ directory: String, before seq: UInt64) throws(JournalError) -> Int {
    let folder = JournalFolder(path: directory)
    // Held by its writer: then that one has opened the journal, and nothing more is needed.
    let lock = try? FolderLock(folder)
    let removed = try folder.removeSegments(before: seq)
    _ = consume lock
    return removed
}

extension JournalFolder {
    func removeSegments(before seq: UInt64) throws(JournalError) -> Int {
        let segments = try self.segments()
        var removed = 0
        while removed + 1 < segments.count, segments[removed + 1].firstSeq <= seq {
            // The segment before its index, which may be orphaned.
            try Disk.remove(segments[removed].path)
            try Disk.remove(segments[removed].indexPath)
            removed += 1
        }
        return removed
    }
}

// A journal's folder: which segments it holds, and the lock that makes its writer the only one.
//
// `00000000000000000918.journal` begins with seq 918; `….journal.index` is its index; `lock` is the lock
// file. Any other name is left alone.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file of one segment.
struct Segment: Equatable {
    /// From the file's name.
    var firstSeq: UInt64
    var path: String
    var indexPath: String { path + JournalFolder.indexSuffix }
}

struct JournalFolder: Equatable {
    static let segmentSuffix = ".journal"
    static let indexSuffix = ".index"
    private static let digits = 20

    let path: String

    func segment(_ firstSeq: UInt64) -> Segment {
        let number = String(firstSeq)
        let name = String(repeating: "0", count: Self.digits - number.count) + number + Self.segmentSuffix
        return Segment(firstSeq: firstSeq, path: path + "/" + name)
    }

    /// All segments, the oldest first. A folder that is not there holds none.
    func segments() throws(JournalError) -> [Segment] {
        var found: [Segment] = []
        for name in try Disk.names(in: path) ?? [] {
            if let firstSeq = Self.firstSeq(ofFile: name) { found.append(segment(firstSeq)) }
        }
        return found.sorted { $0.firstSeq < $1.firstSeq }
    }

    /// Index files whose segment is gone: a crash between the two removals leaves one.
    func indexesWithoutSegment() throws(JournalError) -> [String] {
        let names = try Disk.names(in: path) ?? []
        let segments = Set(names.filter { Self.firstSeq(ofFile: $0) != nil })
        return names.filter { name in
            guard name.hasSuffix(Self.indexSuffix) else { return false }
            let segment = String(name.dropLast(Self.indexSuffix.count))
            return Self.firstSeq(ofFile: segment) != nil && !segments.contains(segment)
        }.map { path + "/" + $0 }
    }

    private static func firstSeq(ofFile name: String) -> UInt64? {
        guard name.utf8.count == digits + segmentSuffix.utf8.count, name.hasSuffix(segmentSuffix) else {
            return nil
        }
        let number = name.dropLast(segmentSuffix.count)
        guard number.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let value = UInt64(number), value > 0 else {
            return nil
        }
        return value
    }

    /// Makes new and removed names themselves survive a loss of power.
    func sync(_ files: FileOperations) throws(JournalError) {
        let descriptor = try Disk.open(path, O_RDONLY)
        defer { close(descriptor) }
        let result = files.syncAll(descriptor)
        guard result == 0 else { throw .unsynced(-result, path) }
    }
}

/// The exclusive lock on a journal's folder, held until it is released or the process ends, however it ends.
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    /// Throws `locked`, with the number of the process that holds it, when somebody else does.
    init(_ folder: JournalFolder) throws(JournalError) {
        let path = folder.path + "/lock"
        let opened = try Disk.open(path, O_RDWR | O_CREAT)
        var result: Int32
        repeat { result = flock(opened, LOCK_EX | LOCK_NB) } while result != 0 && errno == EINTR
        guard result == 0 else {
            let reason = errno
            let holder = Self.holder(opened)
            close(opened)
            throw reason == EWOULDBLOCK ? .locked(folder.path, by: holder) : .system(reason, "lock", path)
        }
        // Only for the other's message: the lock is the kernel's and does not depend on these bytes.
        let number = Array("\(getpid())\n".utf8)
        _ = ftruncate(opened, 0)
        _ = number.withUnsafeBytes { pwrite(opened, $0.baseAddress, $0.count, 0) }
        descriptor = opened
    }

    /// A child that was forked meanwhile has the descriptor too: what is closed alone would stay locked.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let number = bytes.prefix(max(count, 0)).prefix { $0 &- 0x30 < 10 }
        return number.isEmpty ? "another process" : "process " + String(decoding: number, as: UTF8.self)
    }
}

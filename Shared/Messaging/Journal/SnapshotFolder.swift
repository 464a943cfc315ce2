// The folder of a service's snapshots: whole files only, the newest few.
//
// `00000000000000000918.snapshot` belongs to seq 918 of the service's journal. A file is written under
// another name, brought to the disk as the journal's durability asks, and renamed: a crash at any moment
// leaves the snapshots before it and perhaps a `.part` file, which the next write removes. What the bytes
// say, and whether they are whole, is for their reader to judge.

import CCrashPoint

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

package struct SnapshotFolder: Sendable {
    /// Snapshots kept; the oldest is removed for one more. More than one, so that a damaged one costs no more
    /// than the time between two.
    package static let kept = 3
    private static let suffix = ".snapshot"
    private static let digits = 20

    /// One snapshot's file.
    package struct File: Sendable, Equatable {
        package var seq: UInt64
        package var path: String
    }

    package let path: String
    private let durability: Durability
    private let files: FileOperations

    package init(
        path: String, durability: Durability = .process, files: FileOperations = .system
    ) {
        self.path = path
        self.durability = durability
        self.files = files
    }

    /// The snapshots that are there, the newest first.
    package func list() throws(JournalError) -> [File] {
        var found: [File] = []
        for name in try Disk.names(in: path) ?? [] {
            guard name.hasSuffix(Self.suffix), name.utf8.count == Self.digits + Self.suffix.utf8.count,
                let seq = UInt64(name.dropLast(Self.suffix.count))
            else { continue }
            found.append(File(seq: seq, path: path + "/" + name))
        }
        return found.sorted { $0.seq > $1.seq }
    }

    /// The bytes of a snapshot.
    package func read(_ file: File) throws(JournalError) -> [UInt8] {
        let descriptor = try Disk.open(file.path, O_RDONLY)
        defer { close(descriptor) }
        let size = try Disk.size(descriptor, path: file.path)
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let start = count
            let result: Result<Int, JournalError> = bytes.withUnsafeMutableBytes { buffer in
                do throws(JournalError) {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                    return .success(try Disk.read(descriptor, into: rest, at: start, path: file.path))
                } catch { return .failure(error) }
            }
            let more = try result.get()
            if more == 0 { break }
            count += more
        }
        return Array(bytes.prefix(count))
    }

    /// Removes snapshots that belong to records behind `seq`: the journal has lost those, as after a power
    /// failure, and will give their numbers to others.
    package func remove(behind seq: UInt64) throws(JournalError) {
        for file in try list() where file.seq > seq { try Disk.remove(file.path) }
    }

    /// Writes a snapshot and removes older ones. When it throws, the snapshots before are as they were.
    ///
    /// - Parameter keepsOldest: whether the oldest one that is there stays beside the newest.
    package func write(_ bytes: [UInt8], seq: UInt64, keepsOldest: Bool = false) throws(JournalError) {
        try Disk.makeFolder(path)
        for name in try Disk.names(in: path) ?? [] where name.hasSuffix(Self.suffix + ".part") {
            try Disk.remove(path + "/" + name)
        }
        let number = String(seq)
        let name = path + "/" + String(repeating: "0", count: Self.digits - number.utf8.count) + number
        let part = name + Self.suffix + ".part"
        try writeFile(part, bytes)
        guard rename(part, name + Self.suffix) == 0 else {
            throw .system(errno, "rename", part)
        }
        crash_point(CRASH_POINT_SNAPSHOT_FINISHED)
        if durability != .process { try JournalFolder(path: path).sync(files) }
        for old in try list().dropFirst(Self.kept).dropLast(keepsOldest ? 1 : 0) {
            try Disk.remove(old.path)
        }
    }

    private func writeFile(_ path: String, _ bytes: [UInt8]) throws(JournalError) {
        let descriptor = try Disk.open(path, O_RDWR | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        let half = bytes.count / 2
        let written = bytes.withUnsafeBytes { buffer in
            let begun = files.writeAll(descriptor, .init(rebasing: buffer[..<half]), at: 0)
            guard begun == 0 else { return begun }
            crash_point(CRASH_POINT_SNAPSHOT_BEGUN)
            return files.writeAll(descriptor, .init(rebasing: buffer[half...]), at: half)
        }
        guard written == 0 else { throw .system(Int32(-written), "write", path) }
        guard durability != .process else { return }
        let synced = files.syncAll(descriptor)
        guard synced == 0 else { throw .unsynced(-synced, path) }
    }
}

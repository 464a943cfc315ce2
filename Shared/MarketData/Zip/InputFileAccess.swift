// The few system calls that readers need. Files are opened for each block and closed again, so any number of
// files can be read side by side without a limit on descriptors; one open costs microseconds, a block much
// more.

import CZlib
import Contracts

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What a path was when the data were opened: another file in its place is noticed by every later read.
struct FileIdentity: Sendable, Equatable {
    var size: Int64
    var inode: UInt64
}

/// What stands at a path.
enum PathKind: Equatable {
    case file(FileIdentity)
    case folder
    case other
}

/// What stands at a path, links followed.
func pathKind(_ path: String) throws(MarketDataError) -> PathKind {
    var status = stat()
    guard stat(path, &status) == 0 else { throw unreadable(path) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file(FileIdentity(size: Int64(status.st_size), inode: UInt64(status.st_ino)))
    default: return .other
    }
}

/// Reads up to `capacity` bytes at `offset`; fewer only at the end of the file.
///
/// Unsafe because the bytes go straight into the caller's buffer, which has room for `capacity`.
func readBlock(
    _ path: String, _ identity: FileIdentity, at offset: Int64, into buffer: UnsafeMutablePointer<UInt8>,
    capacity: Int
) throws(MarketDataError) -> Int {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
    guard FileIdentity(size: Int64(status.st_size), inode: UInt64(status.st_ino)) == identity else {
        throw MarketDataError(.changed, path: path, "the file was changed while it was read; start again")
    }
    var count = 0
    while count < capacity {
        let got = pread(descriptor, buffer + count, capacity - count, off_t(offset) + off_t(count))
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { throw unreadable(path) }
        if got == 0 { break }
        count += got
    }
    return count
}

/// As `readBlock`, into a new array.
func readBytes(
    _ path: String, _ identity: FileIdentity, at offset: Int64, count: Int
) throws(MarketDataError) -> [UInt8] {
    guard count > 0 else { return [] }
    // Unsafe because `readBlock` writes through a pointer; the memory is copied and freed here.
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    defer { buffer.deallocate() }
    let got = try readBlock(path, identity, at: offset, into: buffer, capacity: count)
    return Array(UnsafeBufferPointer(start: buffer, count: got))
}

/// Names in a folder, in byte order, without `.` and `..`.
func folderEntries(_ path: String) throws(MarketDataError) -> [String] {
    guard let folder = opendir(path) else { throw unreadable(path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        // Unsafe because d_name is a C string inside of the entry; it is copied before the next readdir.
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The path from the root on, without touching the disk: `.` and `..` are left as they are.
func absolutePath(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
}

/// The path without links, `.` and `..`; itself when there is none.
func resolvedPath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// CRC-32 as in zip files, going on from `start`.
///
/// Unsafe because zlib reads `count` bytes through the pointer.
func crc32(
    of bytes: UnsafePointer<UInt8>, count: Int, continuing start: UInt32
) -> UInt32 {
    UInt32(truncatingIfNeeded: CZlib.crc32(uLong(start), bytes, uInt(count)))
}

func crc32(of bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { crc32(of: $0, count: buffer.count, continuing: 0) } ?? 0
    }
}

/// The sentence for the system's last error.
private func unreadable(_ path: String) -> MarketDataError {
    let reason = String(cString: strerror(errno))
    return MarketDataError(.unreadable, path: path, "cannot be read: \(reason)")
}

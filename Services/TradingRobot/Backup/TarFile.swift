// Tape archives (POSIX ustar), as far as a backup needs them: plain files with short names. Written and read
// as a stream, so that a backup may go through a pipe; any `tar` lists and unpacks them.

import Foundation
import Persistence
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One file of an archive.
struct TarEntry: Equatable {
    var name: String
    var bytes: Int

    static let blockBytes = 512
    /// What eleven octal digits hold.
    static let maximumBytes = (1 << 33) - 1

    /// Bytes that fill the last block.
    var padding: Int { (Self.blockBytes - bytes % Self.blockBytes) % Self.blockBytes }

    /// The block before the content.
    var header: [UInt8] {
        precondition(name.utf8.count < 100 && bytes <= Self.maximumBytes, "a file of a backup fits a header")
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(Self.octal(bytes, digits: 11), at: 124)
        put(Self.octal(Int(UTCTime.now() / 1_000_000), digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(Self.octal(Self.sum(block), digits: 6), at: 148)
        block[154] = 0
        return block
    }

    init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
    }

    /// Nil for a block that is no header of a plain file.
    init?(header block: [UInt8]) {
        guard block.count == Self.blockBytes, block[156] == UInt8(ascii: "0") || block[156] == 0,
            let bytes = Self.number(block[124..<136]), let sum = Self.number(block[148..<156])
        else { return nil }
        var blank = block
        blank.replaceSubrange(148..<156, with: [UInt8](repeating: UInt8(ascii: " "), count: 8))
        guard Self.sum(blank) == sum else { return nil }
        self.init(name: String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self), bytes: bytes)
    }

    private static func sum(_ block: [UInt8]) -> Int { block.reduce(0) { $0 + Int($1) } }

    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        Int(String(decoding: field.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }, as: UTF8.self), radix: 8)
    }
}

/// Writes an archive to a descriptor. Every failure is one sentence.
final class TarWriter {
    private let descriptor: Int32
    private let path: String
    /// Names, lengths and hashes of what was written.
    private(set) var files: [BackedUpFile] = []

    init(_ descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    func add(_ name: String, _ content: [UInt8]) throws(Failure) {
        let entry = TarEntry(name: name, bytes: content.count)
        try put(entry.header)
        try put(content)
        var hash = RunningSHA256()
        content.withUnsafeBytes { hash.update($0) }
        try finish(entry, hash)
    }

    /// Adds the first `bytes` of a file that may be growing.
    func add(_ name: String, file source: FileHandle, bytes: Int) throws {
        let entry = TarEntry(name: name, bytes: bytes)
        try put(entry.header)
        var hash = RunningSHA256()
        var left = bytes
        while left > 0 {
            guard let piece = try source.read(upToCount: min(left, 1 << 20)), !piece.isEmpty else {
                throw Failure("backup_short", "\(name) became shorter while it was read: try again")
            }
            piece.withUnsafeBytes { hash.update($0) }
            try put(Array(piece))
            left -= piece.count
        }
        try finish(entry, hash)
    }

    private func finish(_ entry: TarEntry, _ hash: RunningSHA256) throws(Failure) {
        try put([UInt8](repeating: 0, count: entry.padding))
        files.append(BackedUpFile(name: entry.name, bytes: entry.bytes, sha256: hash.hex))
    }

    /// Two empty blocks say that nothing follows.
    func end() throws(Failure) { try put([UInt8](repeating: 0, count: 2 * TarEntry.blockBytes)) }

    private func put(_ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw Failure(
                    "backup_write", "\(path) cannot be written: \(String(cString: strerror(errno)))")
            }
        }
    }
}

/// Reads an archive from a descriptor.
struct TarReader {
    private let descriptor: Int32
    private let path: String

    init(_ descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// The next file's header; nil at the end.
    func next() throws(Failure) -> TarEntry? {
        let block = try take(TarEntry.blockBytes)
        if block.allSatisfy({ $0 == 0 }) { return nil }
        guard let entry = TarEntry(header: block) else {
            throw Failure("not_a_backup", "\(path) is no backup: it is not an archive of plain files")
        }
        return entry
    }

    /// Gives the content of the file whose header was just read to `body`, in pieces.
    func content(of entry: TarEntry, _ body: ([UInt8]) throws -> Void) throws {
        var left = entry.bytes
        while left > 0 {
            let piece = try take(min(left, 1 << 20))
            try body(piece)
            left -= piece.count
        }
        _ = try take(entry.padding)
    }

    private func take(_ count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress.map { $0 + filled }, count - filled)
            }
            if result > 0 {
                filled += result
            } else if result == 0 {
                throw Failure("backup_cut", "\(path) ends too early: the backup is not whole")
            } else if errno != EINTR {
                throw Failure("backup_read", "\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
        return bytes
    }
}

// The directory of a zip file. Read from the end, everything checked against the file's size before it is
// used, so a cut-off or invented file gives a sentence, never a crash. Costs two small reads, however large
// the file.
//
// Read: members stored or deflated, with sizes of 32 bits or, as LEAN's own writer has them, in the zip64
// field. Refused with a sentence: a zip64 directory (files above 4 GiB), several disks, encryption, other
// methods.

import Contracts

/// One member of a zip file as its directory describes it.
struct ZipMember: Sendable, Equatable {
    enum Method: Sendable { case stored, deflated }

    var name: String
    var method: Method
    var crc32: UInt32
    var compressedSize: Int64
    var size: Int64
    /// Where its local header begins.
    var headerOffset: Int64

    /// A larger member is refused: no day of one symbol comes near, and a made-up one would never end.
    static let maximumSize: Int64 = 3 << 30
    /// More members in one file are refused.
    static let maximumCount = 4_096
}

/// The members of a zip file, in the directory's order.
struct ZipArchive: Sendable {
    let path: String
    let identity: FileIdentity
    let members: [ZipMember]

    private static let endSize = 22
    private static let longestComment = 65_535

    init(path: String, identity: FileIdentity) throws(MarketDataError) {
        self.path = path
        self.identity = identity
        let tail = min(identity.size, Int64(Self.endSize + Self.longestComment))
        // Most files have no comment: the last 22 bytes are enough.
        let short = try readBytes(
            path, identity, at: max(0, identity.size - Int64(Self.endSize)),
            count: min(Int(tail), Self.endSize))
        var end = short
        var position = Self.findEnd(short)
        if position == nil {
            end = try readBytes(path, identity, at: identity.size - tail, count: Int(tail))
            position = Self.findEnd(end)
        }
        guard let position else {
            throw Self.bad(
                path, "this is not a whole zip file: its directory is missing, so it is cut off or no zip")
        }
        members = try Self.directory(
            path, identity, end: Array(end[position...]),
            endOffset: identity.size - Int64(end.count) + Int64(position))
    }

    /// The last end record whose comment reaches exactly to the end of the file.
    private static func findEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= endSize else { return nil }
        var position = bytes.count - endSize
        while position >= 0 {
            if read32(bytes, position) == 0x0605_4b50,
                Int(read16(bytes, position + 20)) == bytes.count - position - endSize
            {
                return position
            }
            position -= 1
        }
        return nil
    }

    private static func directory(
        _ path: String, _ identity: FileIdentity, end: [UInt8], endOffset: Int64
    ) throws(MarketDataError) -> [ZipMember] {
        let count = Int(read16(end, 10))
        let size = Int64(read32(end, 12))
        let offset = Int64(read32(end, 16))
        if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
            throw bad(path, "zip64 directories are not read; pack it again as an ordinary zip")
        }
        guard read16(end, 4) == 0, read16(end, 6) == 0, Int(read16(end, 8)) == count else {
            throw bad(path, "zip files of several parts are not read; join the parts first")
        }
        guard count <= ZipMember.maximumCount else {
            throw bad(
                path, "the zip holds \(count) members, more than the \(ZipMember.maximumCount) that are read")
        }
        guard offset + size <= endOffset else {
            throw bad(path, "the zip's directory does not lie inside of the file: it is cut off or damaged")
        }
        let bytes = try readBytes(path, identity, at: offset, count: Int(size))
        guard bytes.count == Int(size) else { throw bad(path, "the zip's directory is cut off") }
        var members: [ZipMember] = []
        var at = 0
        for _ in 0..<count {
            members.append(try member(path, bytes, &at, directoryOffset: offset))
        }
        return members.filter { !$0.name.hasSuffix("/") }
    }

    private static func member(
        _ path: String, _ bytes: [UInt8], _ at: inout Int, directoryOffset: Int64
    ) throws(MarketDataError) -> ZipMember {
        guard at + 46 <= bytes.count, read32(bytes, at) == 0x0201_4b50 else {
            throw bad(path, "the zip's directory is damaged")
        }
        let nameLength = Int(read16(bytes, at + 28))
        let next = at + 46 + nameLength + Int(read16(bytes, at + 30)) + Int(read16(bytes, at + 32))
        guard next <= bytes.count else { throw bad(path, "the zip's directory is damaged") }
        let name = String(decoding: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
        guard read16(bytes, at + 8) & 0x41 == 0 else {
            throw bad(path, "\"\(name)\" is encrypted; unpack it and pack it without a password")
        }
        let method: ZipMember.Method
        switch read16(bytes, at + 10) {
        case 0: method = .stored
        case 8: method = .deflated
        case let other:
            throw bad(path, "\"\(name)\" is packed with method \(other); only stored and deflate are read")
        }
        let extra = (at + 46 + nameLength)..<(at + 46 + nameLength + Int(read16(bytes, at + 30)))
        guard let sizes = wideSizes(bytes, at, extra) else {
            throw bad(path, "the zip's directory is damaged: \"\(name)\" has no sizes")
        }
        let member = ZipMember(
            name: name, method: method, crc32: read32(bytes, at + 16), compressedSize: sizes.packed,
            size: sizes.unpacked, headerOffset: sizes.offset)
        guard member.size <= ZipMember.maximumSize else {
            throw bad(
                path,
                "\"\(name)\" has \(member.size) bytes unpacked, more than "
                    + "the \(ZipMember.maximumSize) allowed"
            )
        }
        // Each part on its own first, so that made-up numbers cannot overflow the sum.
        guard member.headerOffset <= directoryOffset, member.compressedSize <= directoryOffset,
            member.headerOffset + 30 + member.compressedSize <= directoryOffset,
            member.method == .deflated || member.compressedSize == member.size
        else { throw bad(path, "the zip is damaged: \"\(name)\" does not lie inside of the file") }
        at = next
        return member
    }

    /// Sizes and place of a member: 32 bits, or where those are all ones, in this order, 64 bits of the extra
    /// field with id 1. Nil when the field is not there or does not hold them.
    private static func wideSizes(
        _ bytes: [UInt8], _ at: Int, _ extra: Range<Int>
    ) -> (unpacked: Int64, packed: Int64, offset: Int64)? {
        var values = [24, 20, 42].map { Int64(read32(bytes, at + $0)) }
        guard values.contains(0xffff_ffff) else { return (values[0], values[1], values[2]) }
        var field = extra.lowerBound
        while field + 4 <= extra.upperBound, read16(bytes, field) != 1 {
            field += 4 + Int(read16(bytes, field + 2))
        }
        guard field + 4 <= extra.upperBound else { return nil }
        let end = min(extra.upperBound, field + 4 + Int(read16(bytes, field + 2)))
        field += 4
        for place in values.indices where values[place] == 0xffff_ffff {
            guard field + 8 <= end else { return nil }
            let wide = UInt64(read32(bytes, field)) | UInt64(read32(bytes, field + 4)) << 32
            guard let value = Int64(exactly: wide) else { return nil }
            values[place] = value
            field += 8
        }
        return (values[0], values[1], values[2])
    }

    /// Where a member's bytes begin.
    func dataOffset(of member: ZipMember) throws(MarketDataError) -> Int64 {
        let header = try readBytes(path, identity, at: member.headerOffset, count: 30)
        guard header.count == 30, read32(header, 0) == 0x0403_4b50 else {
            throw Self.bad(path, "the zip is damaged: \"\(member.name)\" has no header where it should be")
        }
        let offset = member.headerOffset + 30 + Int64(read16(header, 26)) + Int64(read16(header, 28))
        guard offset + member.compressedSize <= identity.size else {
            throw Self.bad(path, "the zip is damaged: \"\(member.name)\" does not lie inside of the file")
        }
        return offset
    }

    private static func bad(_ path: String, _ problem: String) -> MarketDataError {
        MarketDataError(.badArchive, path: path, problem)
    }
}

/// Little-endian numbers; the caller has checked the bounds, the array checks them again.
private func read16(_ bytes: [UInt8], _ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }

private func read32(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    UInt32(read16(bytes, at)) | UInt32(read16(bytes, at + 2)) << 16
}

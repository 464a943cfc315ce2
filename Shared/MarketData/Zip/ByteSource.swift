// Bytes of a file or of a zip's member, a block at a time. Memory is flat: one block of packed bytes and
// zlib's window, however long the member is. The checksum is checked with the last byte; before it, rows have
// already been handed out, which is why small data are surveyed at opening.

import CZlib
import Contracts

/// Where a line stream gets its bytes from. A class, for it owns memory that zlib points into.
class ByteSource {
    /// For error sentences.
    let path: String

    init(path: String) { self.path = path }

    /// Writes up to `capacity` bytes to `buffer` and says how many; 0 is the end.
    func read(
        into buffer: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MarketDataError) -> Int { preconditionFailure("a byte source has bytes") }

    /// Packed bytes read at a time.
    static let blockSize = 64 << 10
}

/// A plain file.
final class PlainFile: ByteSource {
    private let identity: FileIdentity
    private var offset: Int64 = 0
    /// CRC-32 of what was read so far.
    private(set) var checksum: UInt32 = 0

    init(path: String, identity: FileIdentity) {
        self.identity = identity
        super.init(path: path)
    }

    override func read(
        into buffer: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MarketDataError) -> Int {
        let got = try readBlock(path, identity, at: offset, into: buffer, capacity: capacity)
        offset += Int64(got)
        checksum = crc32(of: buffer, count: got, continuing: checksum)
        return got
    }
}

/// One member of a zip file, unpacked while it is read.
final class ZipMemberFile: ByteSource {
    private let identity: FileIdentity
    private let member: ZipMember
    private var offset: Int64
    private var packedLeft: Int64
    private var produced: Int64 = 0
    private var checksum: UInt32 = 0
    private var finished = false
    /// Unsafe: zlib keeps pointers to the stream's state and into the block between calls, so both have to
    /// stay where they are. This class owns them and frees them in `deinit`.
    private let stream: UnsafeMutablePointer<z_stream>?
    private let block: UnsafeMutablePointer<UInt8>

    init(_ archive: ZipArchive, _ member: ZipMember) throws(MarketDataError) {
        identity = archive.identity
        self.member = member
        offset = try archive.dataOffset(of: member)
        packedLeft = member.compressedSize
        block = .allocate(capacity: ByteSource.blockSize)
        if member.method == .deflated {
            let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            state.initialize(to: z_stream())
            let size = Int32(MemoryLayout<z_stream>.size)
            // Negative window bits: a zip's members are raw deflate. Fails only without memory.
            precondition(inflateInit2_(state, -15, ZLIB_VERSION, size) == Z_OK, "zlib starts")
            stream = state
        } else {
            stream = nil
        }
        super.init(path: archive.path)
    }

    deinit {
        if let stream {
            inflateEnd(stream)
            stream.deallocate()
        }
        block.deallocate()
    }

    override func read(
        into buffer: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MarketDataError) -> Int {
        if finished { return 0 }
        let got: Int
        if let stream {
            got = try inflate(stream, into: buffer, capacity)
        } else {
            got = try stored(into: buffer, capacity)
        }
        checksum = crc32(of: buffer, count: got, continuing: checksum)
        produced += Int64(got)
        guard produced <= member.size else { throw damaged("holds more bytes than its directory says") }
        if got == 0 || produced == member.size && stream == nil { try finish() }
        return got
    }

    private func stored(
        into buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int
    ) throws(MarketDataError) -> Int {
        let wanted = Int(min(Int64(capacity), packedLeft))
        let got = wanted == 0 ? 0 : try readBlock(path, identity, at: offset, into: buffer, capacity: wanted)
        guard got == wanted else { throw damaged("is cut off") }
        offset += Int64(got)
        packedLeft -= Int64(got)
        return got
    }

    private func inflate(
        _ state: UnsafeMutablePointer<z_stream>, into buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int
    ) throws(MarketDataError) -> Int {
        state.pointee.next_out = buffer
        state.pointee.avail_out = uInt(capacity)
        while state.pointee.avail_out > 0 {
            if state.pointee.avail_in == 0 && packedLeft > 0 {
                let wanted = Int(min(Int64(ByteSource.blockSize), packedLeft))
                let got = try readBlock(path, identity, at: offset, into: block, capacity: wanted)
                guard got == wanted else { throw damaged("is cut off") }
                offset += Int64(got)
                packedLeft -= Int64(got)
                state.pointee.next_in = block
                state.pointee.avail_in = uInt(got)
            }
            switch CZlib.inflate(state, Z_NO_FLUSH) {
            case Z_OK: continue
            // zlib says so again at the next call, with no bytes: that is the end for our caller.
            case Z_STREAM_END: return capacity - Int(state.pointee.avail_out)
            default: throw damaged("cannot be unpacked")
            }
        }
        return capacity
    }

    private func finish() throws(MarketDataError) {
        finished = true
        guard produced == member.size else { throw damaged("holds fewer bytes than its directory says") }
        guard checksum == member.crc32 else { throw damaged("does not match its checksum") }
    }

    private func damaged(_ what: String) -> MarketDataError {
        MarketDataError(
            .damaged, path: path, "the zip is damaged: \"\(member.name)\" \(what); fetch the file again")
    }
}

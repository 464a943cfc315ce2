// A block of archived trades: one line a trade, in the order of the chain, packed by zlib.
//
//     <source> <seq> <number in the chain> <hash in hex> <canonical trade>
//
// The hashes go along, so that a check still names the trade that was altered.

import CZlib
import Contracts

/// A trade of the archive, as it stood in the table.
struct ArchivedTrade: Equatable {
    var source: String
    var trade: SourcedTrade
    var link: ChainLink
}

enum ArchiveBlock {
    /// Bytes of the lines of one block at most: what a reader makes room for.
    static let maximumBytes = 256 << 20
    /// Bytes before the packed lines: how many they will be.
    private static let header = 8

    static func pack(_ trades: [ArchivedTrade]) throws(StoreError) -> [UInt8] {
        var writer = JSONWriter(capacity: trades.count * 512)
        for trade in trades {
            writer.append(
                Array(
                    "\(trade.source) \(trade.trade.seq) \(trade.link.number) \(trade.link.hash.hex) ".utf8))
            trade.trade.event.writeCanonical(into: &writer)
            writer.append(UInt8(ascii: "\n"))
        }
        return try writer.withBytes { (lines) throws(StoreError) in
            var size = compressBound(uLong(lines.count))
            var packed = [UInt8](repeating: 0, count: header + Int(size))
            let code = packed.withUnsafeMutableBytes { room in
                // The room behind the header has `size` bytes, and zlib writes no more.
                compress2(
                    room.baseAddress?.advanced(by: header).assumingMemoryBound(to: UInt8.self), &size,
                    lines.baseAddress?.assumingMemoryBound(to: UInt8.self), uLong(lines.count),
                    Z_DEFAULT_COMPRESSION)
            }
            guard code == Z_OK, lines.count <= maximumBytes else {
                throw StoreError(.failed, "a block of \(trades.count) trades cannot be packed (code \(code))")
            }
            withUnsafeBytes(of: UInt64(lines.count).littleEndian) {
                packed.replaceSubrange(0..<header, with: $0)
            }
            packed.removeLast(packed.count - header - Int(size))
            return packed
        }
    }

    /// Nil when the block is not as it was packed; a line that is no trade is left out and ends the block.
    static func unpack(_ bytes: UnsafeRawBufferPointer) -> [ArchivedTrade]? {
        guard bytes.count > header else { return nil }
        let count = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard count <= UInt64(maximumBytes) else { return nil }
        var size = uLong(count)
        var lines = [UInt8](repeating: 0, count: Int(count))
        let code = lines.withUnsafeMutableBytes { room in
            uncompress(
                room.baseAddress?.assumingMemoryBound(to: UInt8.self), &size,
                bytes.baseAddress?.advanced(by: header).assumingMemoryBound(to: UInt8.self),
                uLong(bytes.count - header))
        }
        guard code == Z_OK, size == uLong(count) else { return nil }
        var trades: [ArchivedTrade] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            guard let trade = read(line) else { return nil }
            trades.append(trade)
        }
        return trades
    }

    private static func read(_ line: ArraySlice<UInt8>) -> ArchivedTrade? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 4)
        guard parts.count == 5, let seq = UInt64(text(parts[1])), let number = Int64(text(parts[2])),
            let hash = ChainHash(hex: parts[3]),
            let event = parts[4].withUnsafeBytes({ try? TradeEvent.decodeCanonical($0) })
        else { return nil }
        return ArchivedTrade(
            source: text(parts[0]), trade: SourcedTrade(seq: seq, event: event),
            link: ChainLink(number: number, hash: hash))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// FNV-1a: where an id is looked for; whether it is there the block says.
    static func idHash(_ id: String) -> Int64 {
        Int64(bitPattern: id.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }
}

extension ChainHash {
    /// Nil unless there are 64 digits.
    init?(hex digits: ArraySlice<UInt8>) {
        guard digits.count == Self.count * 2 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        guard let hash = bytes.withUnsafeBytes({ ChainHash($0) }) else { return nil }
        self = hash
    }
}

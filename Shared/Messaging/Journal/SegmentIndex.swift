// The sparse index beside a segment: where some of its records begin, one for about every 64 KiB.
//
// `<segment>.index` is a row of entries of 24 bytes, each with its own checksum: seq, offset (both 64 bits),
// format (32 bits), crc32c of these 20 bytes; all little-endian. It only ever grows at its end, so a reader
// beside the writer sees a valid beginning. It is a hint: what it says is believed only after the record
// found there has the right checksum and seq, and it is rebuilt from the segment when it is missing, short or
// wrong.

import CChecksum

struct SegmentIndex {
    struct Entry: Equatable {
        var seq: UInt64
        /// Where the record's line begins in the segment.
        var offset: Int
    }

    static let entryBytes = 24
    private static let format: UInt32 = 1

    /// Ascending in both seq and offset.
    private(set) var entries: [Entry] = []

    /// The last record known to begin at or before `seq`.
    func entry(atOrBefore seq: UInt64) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].seq <= seq { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    /// Takes an entry that lies behind all others; ignores any other.
    mutating func add(_ entry: Entry) {
        if let last = entries.last, entry.seq <= last.seq || entry.offset <= last.offset { return }
        entries.append(entry)
    }

    /// Takes one record of a scan in order, if it is far enough behind the last entry.
    mutating func note(_ seq: UInt64, at offset: Int, interval: Int) {
        if offset >= (entries.last?.offset ?? 0) + interval { add(Entry(seq: seq, offset: offset)) }
    }

    mutating func removeAll() { entries.removeAll() }

    static func bytes(of entries: some Collection<Entry>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * entryBytes)
        for entry in entries {
            let start = bytes.count
            withUnsafeBytes(of: entry.seq.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: UInt64(entry.offset).littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: format.littleEndian) { bytes.append(contentsOf: $0) }
            let crc = bytes.withUnsafeBytes { checksum_crc32c(0, $0.baseAddress! + start, 20) }
            withUnsafeBytes(of: crc.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The entries up to the first that is short, wrong, or not behind the one before it.
    static func read(_ bytes: UnsafeRawBufferPointer) -> SegmentIndex {
        var index = SegmentIndex()
        var at = 0
        while at + entryBytes <= bytes.count {
            let start = bytes.baseAddress! + at
            let crc = UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
            let written = UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
            guard crc == checksum_crc32c(0, start, 20), written == format else { break }
            let seq = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
            let offset = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let count = index.entries.count
            guard offset <= UInt64(Int.max) else { break }
            index.add(Entry(seq: seq, offset: Int(offset)))
            if index.entries.count == count { break }
            at += entryBytes
        }
        return index
    }
}

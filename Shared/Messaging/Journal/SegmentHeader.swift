// The first line of a segment, itself JSON:
// `{"format":1,"epoch":"k3v9q2","first_seq":918,"topics":{"tick/IBM/":915,…},"crc32c":"0a1b2c3d"}`
//
// `topics` holds the last seq of every topic before this segment, so that opening a journal scans only its
// last segment. The checksum covers the bytes before `,"crc32c"`. `format` stays first and `crc32c` last in
// every later format, so that an older program can tell a newer file from a damaged one.

import CChecksum
import Contracts

struct SegmentHeader: Equatable {
    /// The format that this program writes, and the only one that it reads.
    static let format: UInt64 = 1

    struct Topic: Equatable {
        var bytes: [UInt8]
        var lastSeq: UInt64
    }

    var epoch: String
    var firstSeq: UInt64
    /// In the order in which they first appeared in the journal.
    var topics: [Topic]

    /// The line with its newline.
    func line() -> [UInt8] {
        var bytes = Array(
            #"{"format":\#(Self.format),"epoch":"\#(epoch)","first_seq":\#(firstSeq),"topics":{"#.utf8)
        bytes.reserveCapacity(bytes.count + topics.count * 40 + 32)
        for (number, topic) in topics.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: topic.bytes)
            bytes.append(contentsOf: "\":\(topic.lastSeq)".utf8)
        }
        bytes.append(UInt8(ascii: "}"))
        let crc = bytes.withUnsafeBytes { checksum_crc32c(0, $0.baseAddress, $0.count) }
        bytes.append(contentsOf: Self.trailerStart)
        withUnsafeBytes(of: RecordLine.hex(crc).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\"}\n".utf8)
        return bytes
    }

    enum Reading: Equatable {
        case header(SegmentHeader)
        case newer(UInt64, isWhole: Bool)
        case damaged(String)
    }

    private static let start = Array(#"{"format":"#.utf8)
    private static let trailerStart = Array(#","crc32c":""#.utf8)
    private static let trailerBytes = trailerStart.count + 8 + 2

    /// Reads a line without its newline.
    static func read(_ line: UnsafeRawBufferPointer) -> Reading {
        let isWhole = hasRightChecksum(line)
        var cursor = Cursor(line)
        guard cursor.skip(start), let format = cursor.number() else {
            return .damaged("this is not the header of a journal's segment")
        }
        if format > Self.format { return .newer(format, isWhole: isWhole) }
        guard isWhole else { return .damaged("the checksum of the header is wrong") }
        guard format == Self.format, let header = body(&cursor) else {
            return .damaged("the header cannot be read")
        }
        return .header(header)
    }

    static func hasRightChecksum(_ line: UnsafeRawBufferPointer) -> Bool {
        let covered = line.count - trailerBytes
        guard covered > start.count, line[covered...].starts(with: trailerStart) else { return false }
        let digits = line.loadUnaligned(fromByteOffset: covered + trailerStart.count, as: UInt64.self)
        return line.suffix(2).elementsEqual("\"}".utf8)
            && UInt64(littleEndian: digits) == RecordLine.hex(checksum_crc32c(0, line.baseAddress, covered))
    }

    private static func body(_ cursor: inout Cursor) -> SegmentHeader? {
        guard cursor.skip(Array(#","epoch":""#.utf8)), let epoch = cursor.untilQuote(),
            cursor.skip(Array(#","first_seq":"#.utf8)), let firstSeq = cursor.number(), firstSeq >= 1,
            cursor.skip(Array(#","topics":{"#.utf8))
        else { return nil }
        var header = SegmentHeader(
            epoch: String(decoding: epoch, as: UTF8.self), firstSeq: firstSeq, topics: [])
        guard NameRule.identifier.accepts(header.epoch.utf8) else { return nil }
        while !cursor.skip([UInt8(ascii: "}")]) {
            if !header.topics.isEmpty, !cursor.skip([UInt8(ascii: ",")]) { return nil }
            guard cursor.skip([UInt8(ascii: "\"")]), let topic = cursor.untilQuote(),
                TopicTable.accepts(topic),
                cursor.skip([UInt8(ascii: ":")]), let last = cursor.number(), last < firstSeq
            else { return nil }
            header.topics.append(Topic(bytes: topic, lastSeq: last))
        }
        return header
    }
}

/// Reads the header's fixed form from left to right.
private struct Cursor {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func skip(_ text: [UInt8]) -> Bool {
        guard bytes[at...].starts(with: text) else { return false }
        at += text.count
        return true
    }

    mutating func number() -> UInt64? {
        let start = at
        while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
        return UInt64(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    /// What stands before the next quote; steps over the quote.
    mutating func untilQuote() -> [UInt8]? {
        guard let quote = bytes[at...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        defer { at = quote + 1 }
        return Array(bytes[at..<quote])
    }
}

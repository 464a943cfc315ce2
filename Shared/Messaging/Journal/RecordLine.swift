// One line of a segment: `<crc32c, 8 lower-case hex digits> <json>`, ended by a newline.
//
// The checksum covers the JSON. Its digits are compared as text, so that a changed bit in them (`a` to `A`)
// is found as well. Checking a line of 250 bytes costs some 50 ns.

import CChecksum

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum RecordLine {
    /// The checksum and the space before the JSON.
    static let prefixBytes = 9
    /// The longest line without its newline.
    static let maximumBytes = prefixBytes + JournalLimit.recordBytes

    /// What is wrong with a line that ends with a newline.
    enum Fault: Equatable {
        case shape
        case checksum
        case noSeq
        case seq(UInt64)

        func sentence(expected: UInt64) -> String {
            switch self {
            case .shape: "the line is not a checksum, a space and a record"
            case .checksum: "the checksum of the record with seq \(expected) is wrong"
            case .noSeq: "the record that should have seq \(expected) has no seq"
            case .seq(let found): "seq \(expected) should stand here and seq \(found) does"
            }
        }
    }

    /// The JSON of a line; only of one that is long enough.
    static func json(of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: line[prefixBytes...])
    }

    /// Nil when the checksum fits the JSON.
    static func faultOfBytes(in line: UnsafeRawBufferPointer) -> Fault? {
        guard line.count > prefixBytes, line[8] == UInt8(ascii: " ") else { return .shape }
        let crc = checksum_crc32c(0, line.baseAddress! + prefixBytes, line.count - prefixBytes)
        let digits = UInt64(littleEndian: line.loadUnaligned(as: UInt64.self))
        return digits == hex(crc) ? nil : .checksum
    }

    /// Eight lower-case hex digits, the first one in the lowest byte.
    static func hex(_ crc: UInt32) -> UInt64 {
        var digits = UInt64(crc.byteSwapped)
        digits = (digits << 16 | digits) & 0x0000_ffff_0000_ffff
        digits = (digits << 8 | digits) & 0x00ff_00ff_00ff_00ff
        digits = (digits >> 4 & 0x000f_000f_000f_000f) | (digits & 0x000f_000f_000f_000f) << 8
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// The value of a field of the outermost object that is a whole number; nil when there is none. Walks the
    /// keys, so that neither a string nor an inner object with the same words can be mistaken for it.
    static func number(of key: StaticString, in json: UnsafeRawBufferPointer) -> UInt64? {
        var walk = FieldWalk(json)
        return walk.goTo(key) ? walk.wholeNumber() : nil
    }
}

/// Checks the lines of a segment one after the other.
struct RecordVerifier {
    private static let maximumRemembered = 192
    /// What stood before the digits of `seq` in the record before. Records of one kind begin alike, and
    /// behind the same bytes stands the same field, so most need no walk over their keys.
    private var beginning: [UInt8] = []

    /// Nil when the line is whole and carries `expected`.
    mutating func fault(in line: UnsafeRawBufferPointer, expecting expected: UInt64) -> RecordLine.Fault? {
        if let fault = RecordLine.faultOfBytes(in: line) { return fault }
        guard let found = seq(of: RecordLine.json(of: line)) else { return .noSeq }
        return found == expected ? nil : .seq(found)
    }

    private mutating func seq(of json: UnsafeRawBufferPointer) -> UInt64? {
        let known = beginning.count
        if known > 0, json.count > known,
            beginning.withUnsafeBytes({ memcmp($0.baseAddress!, json.baseAddress!, known) }) == 0
        {
            var walk = FieldWalk(json, at: known)
            return walk.wholeNumber()
        }
        var walk = FieldWalk(json)
        guard walk.goTo("seq") else { return nil }
        if walk.at <= Self.maximumRemembered { beginning = Array(json[..<walk.at]) }
        return walk.wholeNumber()
    }
}

/// Steps over the fields of the outermost object of a JSON text. It finds, it does not validate.
struct FieldWalk {
    private let bytes: UnsafeRawBufferPointer
    private(set) var at = 0

    /// At a value whose place is known.
    init(_ bytes: UnsafeRawBufferPointer, at place: Int) {
        self.bytes = bytes
        at = place
    }

    /// At the first key.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "{") { at += 1 } else { at = bytes.count }
    }

    /// Goes to the value of a key; false when there is none.
    mutating func goTo(_ key: StaticString) -> Bool {
        while let name = nextKey() {
            let isIt =
                name.count == key.utf8CodeUnitCount
                && memcmp(name.baseAddress!, key.utf8Start, name.count) == 0
            if isIt { return true }
            guard skipValue() else { return false }
        }
        return false
    }

    /// The next key as it stands between its quotes; `wholeNumber` or `skipValue` must follow.
    mutating func nextKey() -> UnsafeRawBufferPointer? {
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: ",") {
            at += 1
            skipSpace()
        }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
        let start = at + 1
        guard skipString() else { return nil }
        let key = UnsafeRawBufferPointer(rebasing: bytes[start..<at - 1])
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { return nil }
        at += 1
        skipSpace()
        return key
    }

    /// The value, if it is nothing but digits and fits.
    mutating func wholeNumber() -> UInt64? {
        let start = at
        var value: UInt64 = 0
        while at < bytes.count, case let digit = bytes[at] &- 0x30, digit < 10 {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            if over || carry { return nil }
            value = sum
            at += 1
        }
        guard at > start, at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: ","), UInt8(ascii: "}"), 0x20, 0x09: return value
        default: return nil
        }
    }

    /// Steps over a value of any kind. False at the end of the text.
    mutating func skipValue() -> Bool {
        var depth = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return true }
            default: break
            }
            at += 1
        }
        return false
    }

    private mutating func skipString() -> Bool {
        at += 1
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return true
            case UInt8(ascii: "\\"): at += 2
            default: at += 1
            }
        }
        return false
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
    }
}

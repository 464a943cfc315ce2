// A string of a message, left where it stands: nothing is copied until somebody asks for a `String`.
//
// Strings that a reader hands out are already checked: valid UTF-8, valid escapes, no lone surrogate. A text
// without escapes is its own bytes; one with escapes is unescaped a byte at a time, which is slow and rare.

/// A checked string in a message. Valid only as long as the message's bytes are.
public struct JSONText {
    /// Unsafe: points into the message between the quotes; never outlives the decoding of that message.
    let start: UnsafeRawPointer
    /// Bytes between the quotes, escapes as they stand.
    let count: Int
    let isEscaped: Bool

    @inline(always)
    init(start: UnsafeRawPointer, count: Int, isEscaped: Bool) {
        self.start = start
        self.count = count
        self.isEscaped = isEscaped
    }

    /// Nothing, for a field that is not there.
    @inline(always)
    static var none: JSONText {
        JSONText(start: UnsafeRawPointer(("" as StaticString).utf8Start), count: 0, isEscaped: false)
    }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Whether it is this text. Allocates nothing.
    public func equals(_ expected: StaticString) -> Bool {
        equals(UnsafeRawBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount))
    }

    /// Whether it is made of these UTF-8 bytes. Allocates nothing.
    public func equals(_ expected: UnsafeRawBufferPointer) -> Bool {
        guard isEscaped else { return count == expected.count && start.equalBytes(expected) }
        var unescaped = Unescaping(self)
        for byte in expected {
            guard unescaped.next() == byte else { return false }
        }
        return unescaped.next() == nil
    }

    /// Whether both are the same text, however each is escaped. Allocates nothing.
    func equals(_ other: JSONText) -> Bool {
        guard isEscaped || other.isEscaped else { return equals(other.raw) }
        var mine = Unescaping(self)
        var theirs = Unescaping(other)
        while let byte = mine.next() {
            guard theirs.next() == byte else { return false }
        }
        return theirs.next() == nil
    }

    /// Its UTF-8 bytes without escapes: in place, or for an escaped text in a temporary copy.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        guard isEscaped else { return try body(raw) }
        let copy = unescapedBytes
        return try copy.withUnsafeBufferPointer { (bytes) throws(E) in try body(UnsafeRawBufferPointer(bytes))
        }
    }

    /// A copy as a string.
    public var string: String {
        isEscaped ? String(decoding: unescapedBytes, as: UTF8.self) : String(decoding: raw, as: UTF8.self)
    }

    private var unescapedBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var unescaped = Unescaping(self)
        while let byte = unescaped.next() { bytes.append(byte) }
        return bytes
    }
}

extension UnsafeRawPointer {
    /// Compares eight bytes at a time; the caller has checked that there are as many here.
    @inline(always)
    func equalBytes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let base = other.baseAddress else { return true }
        var index = 0
        while index &+ 8 <= other.count {
            let mine = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard mine == base.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
            index &+= 8
        }
        while index < other.count {
            let mine = load(fromByteOffset: index, as: UInt8.self)
            guard mine == base.load(fromByteOffset: index, as: UInt8.self) else { return false }
            index &+= 1
        }
        return true
    }
}

/// The bytes of a checked text with its escapes resolved, one after the other.
struct Unescaping: IteratorProtocol {
    private let text: JSONText
    private var index = 0
    /// Bytes of the current escape that are still to come, the next one lowest.
    private var pending: UInt32 = 0

    init(_ text: JSONText) { self.text = text }

    mutating func next() -> UInt8? {
        if pending != 0 {
            defer { pending >>= 8 }
            return UInt8(truncatingIfNeeded: pending)
        }
        guard index < text.count else { return nil }
        let byte = text.start.load(fromByteOffset: index, as: UInt8.self)
        index += 1
        guard byte == 0x5c, text.isEscaped else { return byte }
        let kind = text.start.load(fromByteOffset: index, as: UInt8.self)
        index += 1
        switch kind {
        case 0x62: return 0x08
        case 0x66: return 0x0c
        case 0x6e: return 0x0a
        case 0x72: return 0x0d
        case 0x74: return 0x09
        case 0x75: return unicode()
        default: return kind
        }
    }

    private mutating func unicode() -> UInt8 {
        var scalar = hexadecimal()
        if scalar & 0xfc00 == 0xd800 {
            index += 2
            scalar = 0x10000 + ((scalar & 0x3ff) << 10) + (hexadecimal() & 0x3ff)
        }
        let rest: UInt32 = 0x80
        switch scalar {
        case ..<0x80:
            return UInt8(scalar)
        case ..<0x800:
            pending = rest | (scalar & 0x3f)
            return UInt8(0xc0 | (scalar >> 6))
        case ..<0x10000:
            pending = rest | ((scalar >> 6) & 0x3f) | (rest | (scalar & 0x3f)) << 8
            return UInt8(0xe0 | (scalar >> 12))
        default:
            pending = rest | ((scalar >> 12) & 0x3f) | (rest | ((scalar >> 6) & 0x3f)) << 8
            pending |= (rest | (scalar & 0x3f)) << 16
            return UInt8(0xf0 | (scalar >> 18))
        }
    }

    private mutating func hexadecimal() -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            value =
                value << 4
                | UInt32(hexadecimalDigit(text.start.load(fromByteOffset: index, as: UInt8.self)) ?? 0)
            index += 1
        }
        return value
    }
}

/// The value of one hexadecimal digit.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}

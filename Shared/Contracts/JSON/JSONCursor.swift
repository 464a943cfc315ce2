// Writing into memory that is known to be large enough: the inside of `JSONWriter`.
//
// Digits are made eight at a time and stored as one word, so every store may touch up to seven bytes past
// what it keeps. Whoever makes a cursor reserves for that (`slack`).

/// Where the next byte goes. Unsafe: the writer that made it has reserved enough for all that is written.
struct JSONCursor {
    /// Bytes that a store may touch past the last one kept.
    static let slack = 8
    /// The longest integer or amount: sign, 20 digits, point.
    static let longestNumber = 24

    private(set) var place: UnsafeMutableRawPointer

    @inline(always)
    init(_ place: UnsafeMutableRawPointer) { self.place = place }

    @inline(always)
    mutating func byte(_ byte: UInt8) {
        place.storeBytes(of: byte, as: UInt8.self)
        place += 1
    }

    @inline(always)
    mutating func text(_ text: StaticString) {
        place.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        place += text.utf8CodeUnitCount
    }

    @inline(always)
    mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        place.copyMemory(from: base, byteCount: bytes.count)
        place += bytes.count
    }

    @inline(always)
    private func store(_ word: UInt64) {
        place.storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    /// All eight digits of a number below 100,000,000.
    @inline(always)
    private mutating func eight(_ value: UInt64) {
        store(JSONWord.digits(value) | JSONWord.zeros)
        place += 8
    }

    @inline(always)
    mutating func unsigned(_ value: UInt64) {
        if value < 100_000_000 { return short(value) }
        let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        if high < 100_000_000 {
            short(high)
        } else {
            short(high / 100_000_000)
            eight(high % 100_000_000)
        }
        eight(low)
    }

    /// A number below 100,000,000 without leading zeros.
    @inline(always)
    private mutating func short(_ value: UInt64) {
        let digits = JSONWord.digits(value)
        // The mark in the last byte keeps one digit of a zero.
        let skipped = JSONWord.lowest(digits | 1 &<< 56)
        store((digits | JSONWord.zeros) &>> UInt64(truncatingIfNeeded: skipped &* 8))
        place += 8 &- skipped
    }

    @inline(always)
    mutating func integer(_ value: Int64) {
        if value < 0 { byte(0x2d) }
        unsigned(value.magnitude)
    }

    /// An amount in units of 1e-8: shortest decimal, no exponent, no `-0`.
    @inline(always)
    mutating func amount(_ units: Int64) {
        if units < 0 { byte(0x2d) }
        let (whole, decimals) = units.magnitude.quotientAndRemainder(dividingBy: 100_000_000)
        unsigned(whole)
        if decimals != 0 {
            byte(0x2e)
            let digits = JSONWord.digits(decimals)
            store(digits | JSONWord.zeros)
            place += 8 &- digits.leadingZeroBitCount &>> 3
        }
    }

    /// Seconds with exactly six decimals.
    @inline(always)
    mutating func timestamp(_ timestamp: Timestamp) {
        if timestamp.microseconds < 0 { byte(0x2d) }
        let (seconds, decimals) = timestamp.microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        unsigned(seconds)
        byte(0x2e)
        store(JSONWord.digits(decimals &* 100) | JSONWord.zeros)
        place += 6
    }

    /// A string with its quotes; needs six bytes a byte, and two.
    @inline(always)
    mutating func string(_ bytes: UnsafeRawBufferPointer) {
        byte(0x22)
        var isPlain = true
        for byte in bytes where byte < 0x20 || byte == 0x22 || byte == 0x5c { isPlain = false }
        if isPlain { self.bytes(bytes) } else { escaped(bytes) }
        byte(0x22)
    }

    @inline(never)
    private mutating func escaped(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            switch byte {
            case 0x22: text("\\\"")
            case 0x5c: text("\\\\")
            case 0x08: text("\\b")
            case 0x0c: text("\\f")
            case 0x0a: text("\\n")
            case 0x0d: text("\\r")
            case 0x09: text("\\t")
            case ..<0x20:
                text("\\u00")
                self.byte(byte < 0x10 ? 0x30 : 0x31)
                self.byte(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
            default: self.byte(byte)
            }
        }
    }
}

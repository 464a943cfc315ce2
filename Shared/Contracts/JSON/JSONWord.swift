// Eight bytes at a time: finding where a string or a number ends, and turning eight digits into a number and
// back.
//
// A word holds the first byte of the message in its lowest byte, on every machine. The masks below are exact
// in their lowest set byte only (a borrow may mark bytes above it), and only the lowest is ever used.

enum JSONWord {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080
    static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// Marks bytes that end a plain run in a string: quote, backslash, control character, not ASCII.
    @inline(always)
    static func stops(_ word: UInt64) -> UInt64 {
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5c)
        let isQuote = (quote &- ones) & ~quote
        let isBackslash = (backslash &- ones) & ~backslash
        let isControl = (word &- ones &* 0x20) & ~word
        return (isQuote | isBackslash | isControl | word) & highs
    }

    /// Marks bytes that are not digits, in a word that was exclusive-ored with `zeros`.
    @inline(always)
    static func notDigits(_ digits: UInt64) -> UInt64 {
        ((digits &+ ones &* 0x76) | digits) & highs
    }

    /// Marks points, exact for every byte.
    @inline(always)
    static func points(_ word: UInt64) -> UInt64 {
        let point = word ^ (ones &* 0x2e)
        return ~(((point & ~highs) &+ ones &* 0x7f) | point) & highs
    }

    /// Marks bytes that no name has, exact for every byte: all but A-Z a-z 0-9 . _ - and, where allowed, the
    /// colon.
    @inline(always)
    static func notNames(_ word: UInt64, colon: Bool) -> UInt64 {
        let low = word & ~highs
        let folded = low | (ones &* 0x20)
        // Adding moves the first byte of a range to 0x80 and the first after it, in the second term, too.
        let letters = (folded &+ ones &* 0x1f) & ~(folded &+ ones &* 0x05)
        let digits = (low &+ ones &* 0x50) & ~(low &+ ones &* (colon ? 0x45 : 0x46))
        let points = (low &+ ones &* 0x53) & ~(low &+ ones &* 0x51)
        let underscores = ~((low ^ (ones &* 0x5f)) &+ ones &* 0x7f)
        return (~(letters | digits | points | underscores) | word) & highs
    }

    /// Which byte the lowest mark stands at; 8 when there is none.
    @inline(always)
    static func lowest(_ marks: UInt64) -> Int { marks.trailingZeroBitCount &>> 3 }

    /// The lowest `count` bytes of a word, 0 to 7.
    @inline(always)
    static func prefix(_ word: UInt64, _ count: Int) -> UInt64 {
        word & ((1 &<< (UInt64(truncatingIfNeeded: count) &* 8)) &- 1)
    }

    /// Eight decimal digits (0…9 a byte, the first in the lowest byte) as a number.
    @inline(always)
    static func number(_ digits: UInt64) -> UInt64 {
        let twos = (digits &* (10 &<< 8 &+ 1)) &>> 8
        let fours = ((twos & 0x00ff_00ff_00ff_00ff) &* (100 &<< 16 &+ 1)) &>> 16
        return ((fours & 0x0000_ffff_0000_ffff) &* (10_000 &<< 32 &+ 1)) &>> 32
    }

    /// The inverse of `number(_:)`: the eight digits of a number below 100,000,000, by halves.
    @inline(always)
    static func digits(_ value: UInt64) -> UInt64 {
        let fours = (value / 10_000) | ((value % 10_000) &<< 32)
        let hundreds = ((fours &* 10486) &>> 20) & 0x0000_007f_0000_007f
        let twos = hundreds | ((fours &- hundreds &* 100) &<< 16)
        let tens = ((twos &* 103) &>> 10) & 0x000f_000f_000f_000f
        return tens | ((twos &- tens &* 10) &<< 8)
    }

    /// 10 to the power of 0 … 8.
    @inline(always)
    static func power(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        default: 100_000_000
        }
    }

    /// Up to eight bytes of a word known when it is compiled, as a word.
    @inline(always)
    static func packed(_ text: StaticString) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(text.utf8CodeUnitCount, 8) {
            word |= UInt64(text.utf8Start[index]) &<< (UInt64(truncatingIfNeeded: index) &* 8)
        }
        return word
    }
}

/// The bytes of one message. Past the end every read gives zeros, which are JSON nowhere, so a reader needs
/// no bounds check of its own: it runs into a byte that it refuses.
struct JSONBytes {
    /// Unsafe: valid only while the caller's buffer is; every access below is checked against `count`.
    let base: UnsafeRawPointer
    let count: Int

    @inline(always)
    init(_ bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; any will do because nothing is read from it.
        base = bytes.baseAddress ?? UnsafeRawPointer(JSONBytes.empty)
        count = bytes.count
    }

    private static var empty: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

    @inline(always)
    func byte(_ index: Int) -> UInt8 {
        index < count ? base.load(fromByteOffset: index, as: UInt8.self) : 0
    }

    /// Eight bytes from here; zeros stand for those past the end.
    @inline(always)
    func word(_ index: Int) -> UInt64 {
        if index &+ 8 <= count {
            return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        }
        return tail(index)
    }

    private func tail(_ index: Int) -> UInt64 {
        if count >= 8 {
            guard index < count else { return 0 }
            let last = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
            return last >> (UInt64(index + 8 - count) * 8)
        }
        var word: UInt64 = 0
        var place = index
        while place < count {
            word |= UInt64(byte(place)) << (UInt64(place - index) * 8)
            place += 1
        }
        return word
    }

    /// The first index from here that is not white space.
    @inline(always)
    func skipSpace(_ index: Int) -> Int {
        byte(index) > 0x20 ? index : skipSpaces(index)
    }

    private func skipSpaces(_ start: Int) -> Int {
        var index = start
        while index < count {
            switch base.load(fromByteOffset: index, as: UInt8.self) {
            case 0x20, 0x0a, 0x0d, 0x09: index += 1
            default: return index
            }
        }
        return index
    }

    /// Where the quote of a text of this message stands.
    func offset(of text: JSONText) -> Int { text.start - base - 1 }

    /// Refuses the byte here; at the end of the message that is what it says.
    func refuse(_ index: Int, _ code: JSONError.Code = .unexpectedByte) -> JSONError {
        JSONError(index < count ? code : .unexpectedEnd, at: index)
    }

    /// Whether a text of this message is a name under this rule.
    @inline(always)
    func isName(_ text: JSONText, _ rule: NameRule) -> Bool {
        if text.isEscaped { return text.withBytes { rule.accepts($0) } }
        guard text.count > 0, text.count <= rule.maximumLength else { return false }
        let start = text.start - base
        var done = 0
        while done &+ 8 <= text.count {
            guard JSONWord.notNames(word(start &+ done), colon: rule == .derived) == 0 else { return false }
            done &+= 8
        }
        let marks = JSONWord.notNames(word(start &+ done), colon: rule == .derived)
        return JSONWord.prefix(marks, text.count &- done) == 0
    }
}

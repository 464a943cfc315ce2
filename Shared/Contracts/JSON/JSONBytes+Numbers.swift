// Numbers from their digits, never through a float.
//
// The fast paths take up to fifteen digits before the point and eight after it, eight at a time. Everything
// else (exponents, more digits, every error) goes through `NumberShape`, which knows the whole grammar.

extension JSONBytes {
    /// A non-negative whole part of at most 15 digits without a superfluous zero: its value and where it
    /// ends. Nil leaves the number to the slow path.
    @inline(always)
    private func whole(_ index: Int) -> (value: UInt64, end: Int)? {
        let digits = word(index) ^ JSONWord.zeros
        let count = JSONWord.lowest(JSONWord.notDigits(digits))
        if count < 8 {
            guard count > 0, digits & 0xff != 0 || count == 1 else { return nil }
            return (JSONWord.number(digits &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)), index &+ count)
        }
        guard digits & 0xff != 0 else { return nil }
        let more = word(index &+ 8) ^ JSONWord.zeros
        let moreCount = JSONWord.lowest(JSONWord.notDigits(more))
        guard moreCount < 8 else { return nil }
        // Smart shift: with no digit more it is by 64, and nothing is left.
        let low = JSONWord.number(more << UInt64(truncatingIfNeeded: 64 &- moreCount &* 8))
        let value = JSONWord.number(digits) &* JSONWord.power(moreCount) &+ low
        return (value, index &+ 8 &+ moreCount)
    }

    /// One to eight digits after a point, as 1e-8, and where they end; nil leaves the number to the slow
    /// path.
    @inline(always)
    private func fraction(_ index: Int) -> (value: UInt64, end: Int)? {
        let digits = word(index) ^ JSONWord.zeros
        let count = JSONWord.lowest(JSONWord.notDigits(digits))
        if count < 8 {
            guard count > 0 else { return nil }
            return (JSONWord.number(JSONWord.prefix(digits, count)), index &+ count)
        }
        guard byte(index &+ 8) &- 0x30 > 9 else { return nil }
        return (JSONWord.number(digits), index &+ 8)
    }

    /// A number in units of 1e-8, and where it ends.
    @inline(always)
    func amount(_ start: Int) throws(JSONError) -> (value: Int64, end: Int) {
        let isNegative = byte(start) == 0x2d
        let first = isNegative ? start &+ 1 : start
        if let (magnitude, end) = shortAmount(first) {
            return (isNegative ? 0 &- magnitude : magnitude, end)
        }
        return try longAmount(start, first)
    }

    /// A number of at most seven characters, point included: one load, and where it ends is known before its
    /// value.
    @inline(always)
    private func shortAmount(_ index: Int) -> (value: Int64, end: Int)? {
        let word = word(index)
        let digits = word ^ JSONWord.zeros
        let points = JSONWord.points(word)
        let ends = JSONWord.notDigits(digits) & ~points
        guard ends != 0 else { return nil }
        let count = JSONWord.lowest(ends)
        // What follows a number is no `e`; what precedes its point is a digit, and so is what follows it.
        guard (word &>> UInt64(truncatingIfNeeded: count &* 8)) & 0xdf != 0x45 else { return nil }
        let inside = points & (ends &- 1) & ~ends
        if inside == 0 {
            guard count > 0, digits & 0xff != 0 || count == 1 else { return nil }
            let whole = JSONWord.number(digits &<< UInt64(truncatingIfNeeded: 64 &- count &* 8))
            return (Int64(truncatingIfNeeded: whole) &* unitsPerOne, index &+ count)
        }
        let point = JSONWord.lowest(inside)
        guard point > 0, point &+ 1 < count, inside & (inside &- 1) == 0, digits & 0xff != 0 || point == 1
        else {
            return nil
        }
        // Take the point out: what follows it moves down by one byte.
        let whole = JSONWord.prefix(digits, point)
        let joined = whole | ((digits &>> 8) & ~((1 &<< UInt64(truncatingIfNeeded: point &* 8)) &- 1))
        let number = JSONWord.number(joined &<< UInt64(truncatingIfNeeded: 72 &- count &* 8))
        return (Int64(truncatingIfNeeded: number &* JSONWord.power(9 &- count &+ point)), index &+ count)
    }

    @inline(never)
    private func longAmount(_ start: Int, _ first: Int) throws(JSONError) -> (value: Int64, end: Int) {
        if let (whole, wholeEnd) = whole(first), whole < 10_000_000_000 {
            var units = Int64(truncatingIfNeeded: whole) &* unitsPerOne
            var end = wholeEnd
            var next = byte(end)
            if next == 0x2e {
                guard let (decimals, fractionEnd) = fraction(end &+ 1) else {
                    return try slow(start, decimals: 8)
                }
                units &+= Int64(truncatingIfNeeded: decimals)
                end = fractionEnd
                next = byte(end)
            }
            if next | 0x20 != 0x65 { return (first != start ? 0 &- units : units, end) }
        }
        return try slow(start, decimals: 8)
    }

    /// A number of seconds in microseconds, and where it ends.
    @inline(always)
    func timestamp(_ start: Int) throws(JSONError) -> (value: Int64, end: Int) {
        // Ten digits, a point, six digits: what we write for every time between 2001 and 2286.
        let high = word(start) ^ JSONWord.zeros
        let low = word(start &+ 8)
        let lowDigits = low ^ JSONWord.zeros
        let last = byte(start &+ 16) &- 0x30
        let next = byte(start &+ 17)
        let wrong = JSONWord.notDigits(high) | (JSONWord.notDigits(lowDigits) ^ 0x0080_0000)
        if wrong == 0, low & 0xff_0000 == 0x2e_0000, last < 10, high & 0xff != 0, next == 0x2c || next == 0x7d
        {
            // The last two digits of the seconds and five of the decimals, without the point between them.
            let seven = (lowDigits & 0xffff) &<< 8 | (lowDigits & ~0xff_ffff)
            let value = JSONWord.number(high) &* 100_000_000 &+ JSONWord.number(seven) &* 10 &+ UInt64(last)
            return (Int64(truncatingIfNeeded: value), start &+ 17)
        }
        return try longTimestamp(start)
    }

    @inline(never)
    private func longTimestamp(_ start: Int) throws(JSONError) -> (value: Int64, end: Int) {
        if let (whole, wholeEnd) = whole(start), whole < 1_000_000_000_000 {
            var microseconds = Int64(truncatingIfNeeded: whole) &* 1_000_000
            var end = wholeEnd
            var next = byte(end)
            if next == 0x2e {
                guard let (decimals, fractionEnd) = fraction(end &+ 1), decimals % 100 == 0 else {
                    return try slow(start, decimals: 6)
                }
                microseconds &+= Int64(truncatingIfNeeded: decimals / 100)
                end = fractionEnd
                next = byte(end)
            }
            if next | 0x20 != 0x65 { return (microseconds, end) }
        }
        return try slow(start, decimals: 6)
    }

    /// A whole number that is not negative, and where it ends.
    @inline(always)
    func unsigned(_ start: Int) throws(JSONError) -> (value: UInt64, end: Int) {
        let word = word(start)
        let digits = word ^ JSONWord.zeros
        let ends = JSONWord.notDigits(digits)
        let count = JSONWord.lowest(ends)
        if count > 0, count < 8, digits & 0xff != 0 || count == 1 {
            let next = (word &>> UInt64(truncatingIfNeeded: count &* 8)) & 0xff
            if next == 0x2c || next == 0x7d {
                return (
                    JSONWord.number(digits &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)), start &+ count
                )
            }
        }
        return try longUnsigned(start)
    }

    @inline(never)
    private func longUnsigned(_ start: Int) throws(JSONError) -> (value: UInt64, end: Int) {
        if let (value, end) = whole(start) {
            let next = byte(end)
            if next != 0x2e, next | 0x20 != 0x65 { return (value, end) }
        }
        let shape = try NumberShape(self, at: start)
        let value = try shape.magnitude(self, decimals: 0)
        guard !shape.isNegative || value == 0 else { throw JSONError(.outOfRange, at: start) }
        return (value, shape.end)
    }

    /// A number scaled by 10 to the power of `decimals`: exact, or an error.
    @inline(never)
    func slow(_ start: Int, decimals: Int) throws(JSONError) -> (value: Int64, end: Int) {
        let shape = try NumberShape(self, at: start)
        let magnitude = try shape.magnitude(self, decimals: decimals)
        guard let value = Int64(exactly: magnitude) else { throw JSONError(.outOfRange, at: start) }
        return (shape.isNegative ? -value : value, shape.end)
    }
}

/// A number taken apart by the grammar of RFC 8259.
struct NumberShape {
    let start: Int
    /// Past the last character.
    let end: Int
    let isNegative: Bool
    /// Where the digits before and after the point stand.
    private let whole: Range<Int>
    private let fraction: Range<Int>
    private let exponent: Int

    /// Checks the number that begins here, its length too.
    init(_ bytes: JSONBytes, at start: Int) throws(JSONError) {
        self.start = start
        isNegative = bytes.byte(start) == 0x2d
        var index = isNegative ? start + 1 : start
        func digits() -> Range<Int> {
            let first = index
            // One character more than the limit is enough to know.
            while bytes.byte(index) &- 0x30 < 10, index - start <= JSONReader.maximumNumberLength {
                index += 1
            }
            return first..<index
        }
        whole = digits()
        guard !whole.isEmpty else { throw Self.notNumber(bytes, index, first: index == start) }
        if whole.count > 1, bytes.byte(whole.lowerBound) == 0x30 {
            throw JSONError(.leadingZero, at: whole.lowerBound)
        }
        var fraction = index..<index
        if bytes.byte(index) == 0x2e {
            index += 1
            fraction = digits()
            guard !fraction.isEmpty else { throw bytes.refuse(index, .invalidNumber) }
        }
        self.fraction = fraction
        var exponent = 0
        if bytes.byte(index) | 0x20 == 0x65 {
            index += 1
            let isDown = bytes.byte(index) == 0x2d
            if isDown || bytes.byte(index) == 0x2b { index += 1 }
            let places = digits()
            guard !places.isEmpty else { throw bytes.refuse(index, .invalidNumber) }
            // Beyond 9999 every number that is not zero is out of range either way.
            for place in places { exponent = min(exponent * 10 + Int(bytes.byte(place) - 0x30), 9999) }
            if isDown { exponent = -exponent }
        }
        self.exponent = exponent
        end = index
        guard end - start <= JSONReader.maximumNumberLength else {
            throw JSONError(.numberTooLong, at: start)
        }
    }

    /// The number without its sign times 10 to the power of `decimals`: exact, or an error.
    func magnitude(_ bytes: JSONBytes, decimals: Int) throws(JSONError) -> UInt64 {
        var value: UInt64 = 0
        // Power of ten of the digit before the current one, in the result.
        var power = whole.count + exponent + decimals
        for range in [whole, fraction] {
            for place in range {
                let digit = UInt64(bytes.byte(place) - 0x30)
                power -= 1
                if power < 0 {
                    guard digit == 0 else { throw JSONError(.tooManyDecimals, at: start) }
                    continue
                }
                value = try shifted(value, adding: digit)
            }
        }
        while power > 0, value != 0 {
            value = try shifted(value, adding: 0)
            power -= 1
        }
        return value
    }

    private func shifted(_ value: UInt64, adding digit: UInt64) throws(JSONError) -> UInt64 {
        let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = product.addingReportingOverflow(digit)
        guard !tooLarge, !overflow else { throw JSONError(.outOfRange, at: start) }
        return sum
    }

    private static func notNumber(_ bytes: JSONBytes, _ index: Int, first: Bool) -> JSONError {
        switch bytes.byte(index) {
        case 0x22, 0x7b, 0x5b, 0x74, 0x66, 0x6e: bytes.refuse(index, first ? .wrongType : .invalidNumber)
        case 0x2c, 0x3a, 0x5d, 0x7d: bytes.refuse(index, first ? .unexpectedByte : .invalidNumber)
        default: bytes.refuse(index, .invalidNumber)
        }
    }
}

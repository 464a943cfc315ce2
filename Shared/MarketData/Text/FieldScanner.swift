// Numbers straight from the bytes of a row: no String, no Double, no allocation.
//
// A scanner stands inside a line that ends with a newline (see `LineStream`) and never steps over it. A
// problem is noted, not thrown, so that the usual row costs no branch for it; whoever ends the row looks at
// `problem`.

import Contracts

/// What can be wrong with a field.
enum FieldProblem: UInt8, Sendable {
    case none, notANumber, outOfRange, priceTooFine, negative, missingField, extraField, badTime

    var sentence: String {
        switch self {
        case .none: ""
        case .notANumber: "is not a number"
        case .outOfRange: "is outside of ±92233720368.54775807"
        case .priceTooFine: "has more than eight decimals; prices are exact to 0.00000001"
        case .negative: "is negative"
        case .missingField: "is missing"
        case .extraField: "is one too many"
        case .badTime: "is not a time of day"
        }
    }
}

/// A cursor over the comma-separated fields of one line.
struct FieldScanner {
    /// Unsafe: points into the line stream's buffer and is bounded by the line's newline; see there.
    private(set) var at: UnsafePointer<UInt8>
    private(set) var problem = FieldProblem.none
    /// The field that is read next, from 1; once there is a problem, the field that has it.
    private(set) var column = 1
    /// Sizes that were finer than 1e-8 and rounded.
    private(set) var rounded = 0

    init(_ at: UnsafePointer<UInt8>) { self.at = at }

    private static let comma: UInt8 = 0x2c
    private static let newline: UInt8 = 0x0a
    private static let carriageReturn: UInt8 = 0x0d

    /// A whole number with optional decimals times 10^`shift`: 8 gives units of 1e-8, 4 the same from
    /// 1/10000.
    ///
    /// An empty field is zero. `exact`: a finer value is a problem; else it is rounded half to even and
    /// counted.
    @inline(__always)
    mutating func amount(shift: Int, exact: Bool) -> Int64 {
        let start = at
        var value: UInt64 = 0
        var digits = 0
        var decimals = -1
        while true {
            let digit = at.pointee &- 0x30
            if digit < 10 {
                value = value &* 10 &+ UInt64(digit)
                digits += 1
                if decimals >= 0 { decimals += 1 }
            } else if at.pointee == 0x2e && decimals < 0 {
                decimals = 0
            } else {
                break
            }
            at += 1
        }
        let places = shift - max(decimals, 0)
        // Eighteen digits and their scale cannot wrap before the check; everything unusual goes the slow way.
        if digits > 18 || places < 0 || !endsField || (digits == 0 && at != start) {
            return slowAmount(from: start, shift: shift, exact: exact)
        }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: powerOfTen(places))
        if overflow || scaled > UInt64(Int64.max) {
            note(.outOfRange)
            return 0
        }
        endField()
        return Int64(scaled)
    }

    /// Signs, exponents, long decimals.
    @inline(never)
    private mutating func slowAmount(from start: UnsafePointer<UInt8>, shift: Int, exact: Bool) -> Int64 {
        at = start
        while !endsField { at += 1 }
        let bytes = UnsafeBufferPointer(start: start, count: at - start)
        switch parseAmount(bytes, shift: shift) {
        case .failure(let reason):
            note(reason)
            return 0
        case .success(let parsed):
            if parsed.inexact && exact {
                note(.priceTooFine)
                return 0
            }
            if parsed.inexact { rounded += 1 }
            endField()
            return parsed.value
        }
    }

    /// A price, exact.
    @inline(__always)
    mutating func price(shift: Int) -> Price { Price(units: amount(shift: shift, exact: true)) }

    /// A size: not negative, rounded to 1e-8.
    @inline(__always)
    mutating func size() -> Quantity {
        let place = column
        let units = amount(shift: 8, exact: false)
        if units < 0 && problem == .none {
            note(.negative)
            column = place
        }
        return Quantity(units: units)
    }

    /// Milliseconds after midnight, with optional decimals, as microseconds; finer ones are cut off.
    @inline(__always)
    mutating func millisecondsOfDay() -> Int64 {
        var value: Int64 = 0
        var digits = 0
        while true {
            let digit = at.pointee &- 0x30
            guard digit < 10, digits < 10 else { break }
            value = value &* 10 &+ Int64(digit)
            digits += 1
            at += 1
        }
        value *= 1000
        if at.pointee == 0x2e {
            at += 1
            var scale: Int64 = 100
            while case let digit = at.pointee &- 0x30, digit < 10 {
                value += Int64(digit) * scale
                scale /= 10
                at += 1
            }
        }
        if digits == 0 || !endsField || value > Self.dayMicroseconds {
            note(.badTime)
            return 0
        }
        endField()
        return value
    }

    static let dayMicroseconds: Int64 = 86_400_000_000

    /// `20131001 09:00` or `20131001`: the day and microseconds after its midnight.
    mutating func dayAndTime() -> (day: CivilDay, time: Int64)? {
        let date = fixedDigits(8)
        var hour = 0
        var minute = 0
        if at.pointee == 0x20 {
            at += 1
            hour = fixedDigits(2)
            if at.pointee == 0x3a { at += 1 } else { hour = 99 }
            minute = fixedDigits(2)
        }
        guard hour < 24, minute < 60, endsField,
            let day = CivilDay(year: date / 10_000, month: date / 100 % 100, day: date % 100)
        else {
            note(.badTime)
            return nil
        }
        endField()
        return (day, Int64(hour * 60 + minute) * 60_000_000)
    }

    private mutating func fixedDigits(_ count: Int) -> Int {
        var value = 0
        for _ in 0..<count {
            let digit = at.pointee &- 0x30
            guard digit < 10 else { return 0 }
            value = value * 10 + Int(digit)
            at += 1
        }
        return value
    }

    /// Up to eight printable bytes as they stand; longer or other fields give `.none`.
    @inline(__always)
    mutating func shortCode() -> ShortCode {
        var value: UInt64 = 0
        var count: UInt64 = 0
        var fits = true
        while !endsField {
            let byte = at.pointee
            if count < 8 && byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c {
                value |= UInt64(byte) << (count * 8)
            } else {
                fits = false
            }
            count += 1
            at += 1
        }
        endField()
        return fits ? ShortCode(rawValue: value) : .none
    }

    /// A flag: `1` is true, everything else false.
    @inline(__always)
    mutating func flag() -> Bool {
        let set = at.pointee == 0x31
        while !endsField { at += 1 }
        endField()
        return set
    }

    /// Whether the field that is read next is missing: the line has ended.
    @inline(__always)
    var atEndOfLine: Bool { lineDone }

    /// Checks that the line is read to its end.
    @inline(__always)
    mutating func endLine() {
        if !lineDone { note(.extraField) }
    }

    /// The byte after this line's newline.
    @inline(__always)
    func nextLine() -> UnsafePointer<UInt8> {
        var end = at
        while end.pointee != Self.newline { end += 1 }
        return end + 1
    }

    /// Whether the field that is read next is empty or missing.
    @inline(__always)
    var isEmpty: Bool { endsField }

    // MARK: Fields

    /// Set by the field that was the last one of its line.
    private var lineDone = false

    @inline(__always)
    private var endsField: Bool {
        let byte = at.pointee
        return byte == Self.comma || byte == Self.newline || byte == Self.carriageReturn
    }

    /// Steps over a comma; at the end of the line stays before it and remembers.
    @inline(__always)
    private mutating func endField() {
        if lineDone {
            note(.missingField)
            return
        }
        if at.pointee == Self.comma {
            at += 1
        } else {
            lineDone = true
        }
        if problem == .none { column += 1 }
    }

    @inline(never)
    private mutating func note(_ found: FieldProblem) {
        if problem == .none { problem = found }
    }
}

/// 10^n for 0...8, the scales of amounts.
@inline(__always)
func powerOfTen(_ n: Int) -> UInt64 {
    switch n {
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

/// Any decimal: sign, digits, decimals, exponent; times 10^`shift`, rounded half to even.
///
/// `inexact` says that it was rounded. At most 38 digits that count.
func parseAmount(
    _ bytes: UnsafeBufferPointer<UInt8>, shift: Int
) -> Result<(value: Int64, inexact: Bool), FieldProblem> {
    if let plain = parsePlain(bytes, shift: shift) { return .success((plain, false)) }
    var index = 0
    var negative = false
    if index < bytes.count, bytes[index] == 0x2d || bytes[index] == 0x2b {
        negative = bytes[index] == 0x2d
        index += 1
    }
    var mantissa: Int128 = 0
    var digits = 0
    var scale = shift
    var point = false
    while index < bytes.count {
        let byte = bytes[index]
        if byte >= 0x30 && byte <= 0x39 {
            guard mantissa < Int128(1) << 100 else { return .failure(.outOfRange) }
            mantissa = mantissa * 10 + Int128(byte - 0x30)
            digits += 1
            if point { scale -= 1 }
        } else if byte == 0x2e && !point {
            point = true
        } else {
            break
        }
        index += 1
    }
    guard digits > 0 else { return .failure(.notANumber) }
    if index < bytes.count {
        guard let exponent = parseExponent(bytes, from: index) else { return .failure(.notANumber) }
        scale += exponent
    }
    guard let parsed = scaled(negative ? -mantissa : mantissa, by: scale) else {
        return .failure(.outOfRange)
    }
    return .success(parsed)
}

/// The usual decimals, of up to 18 digits and no more than `shift` after the point, in 64 bits; nil for all
/// others.
@inline(__always)
private func parsePlain(_ bytes: UnsafeBufferPointer<UInt8>, shift: Int) -> Int64? {
    var value: UInt64 = 0
    var point = -1
    guard bytes.count >= 1, bytes.count <= 19 else { return nil }
    for index in 0..<bytes.count {
        let digit = bytes[index] &- 0x30
        if digit < 10 {
            value = value &* 10 &+ UInt64(digit)
        } else if bytes[index] == 0x2e && point < 0 {
            point = index
        } else {
            return nil
        }
    }
    let places = shift - (point < 0 ? 0 : bytes.count - 1 - point)
    guard places >= 0, places <= 8, point >= 0 ? bytes.count > 1 : bytes.count <= 18 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: powerOfTen(places))
    return overflow || scaled > UInt64(Int64.max) ? nil : Int64(scaled)
}

/// `e-05`: between ±40, or nil.
private func parseExponent(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard bytes[start] | 0x20 == 0x65 else { return nil }
    var index = start + 1
    var sign = 1
    if index < bytes.count, bytes[index] == 0x2d || bytes[index] == 0x2b {
        sign = bytes[index] == 0x2d ? -1 : 1
        index += 1
    }
    guard index < bytes.count, bytes.count - index <= 3 else { return nil }
    var value = 0
    while index < bytes.count {
        guard bytes[index] >= 0x30, bytes[index] <= 0x39 else { return nil }
        value = value * 10 + Int(bytes[index] - 0x30)
        index += 1
    }
    return value <= 40 ? sign * value : nil
}

/// `mantissa` × 10^`exponent`, rounded half to even; nil when it leaves the range.
private func scaled(_ mantissa: Int128, by exponent: Int) -> (value: Int64, inexact: Bool)? {
    var value = mantissa
    if exponent >= 0 {
        for _ in 0..<exponent {
            guard value.magnitude < UInt128(1) << 100 else { return nil }
            value *= 10
        }
        guard let result = Int64(exactly: value), result != .min else { return nil }
        return (result, false)
    }
    // Below 10^-38 nothing of 128 bits is left but a remainder.
    guard exponent >= -37 else { return (0, mantissa != 0) }
    var divisor: Int128 = 1
    for _ in 0..<(-exponent) { divisor *= 10 }
    guard let result = try? divideHalfToEven(value, by: divisor) else { return nil }
    return (result, value % divisor != 0)
}

extension FieldProblem: Error {}

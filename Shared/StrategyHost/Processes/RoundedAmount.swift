// A JSON number of a plugin, which may come from a float, as an amount: the decimal digits as written,
// rounded half to even at 1e-8 (DESIGN 9). No float is made on the way.

/// The amount in units of 1e-8 of a valid JSON number; nil when it leaves the range.
func roundedAmount(_ number: UnsafeRawBufferPointer) -> Int64? {
    var digits: [UInt8] = []
    var isNegative = false
    var fraction = 0
    var exponent = 0
    var place = 0
    var isInFraction = false
    loop: while place < number.count {
        let byte = number[place]
        place += 1
        switch byte {
        case UInt8(ascii: "-"): isNegative = true
        case UInt8(ascii: "."): isInFraction = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digits.append(byte - 48)
            if isInFraction { fraction += 1 }
        default: break loop  // e or E
        }
    }
    if place < number.count || number.last.map({ $0 == 0x65 || $0 == 0x45 }) == true {
        guard let found = Int(String(decoding: number[place...], as: UTF8.self)) else { return nil }
        exponent = min(1_000, max(-1_000, found))
    }
    guard let units = units(digits, shift: 8 + exponent - fraction) else { return nil }
    return isNegative ? -units : units
}

/// `digits` × 10^`shift`, rounded half to even.
private func units(_ digits: [UInt8], shift: Int) -> Int64? {
    let kept = shift < 0 ? max(0, digits.count + shift) : digits.count
    var value: Int64 = 0
    func push(_ digit: UInt8) -> Bool {
        let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tenfold.addingReportingOverflow(Int64(digit))
        value = sum
        return !overflow && !carry
    }
    for digit in digits[..<kept] where !push(digit) { return nil }
    if shift >= 0 {
        if value == 0 { return 0 }
        for _ in 0..<shift where !push(0) { return nil }
        return value
    }
    // Digits below 1e-8 that are further away than the number is long round to nothing.
    guard digits.count + shift >= 0 else { return value }
    let rest = digits[kept...]
    guard let first = rest.first else { return value }
    let isAbove = first > 5 || (first == 5 && rest.dropFirst().contains { $0 != 0 })
    let isHalf = first == 5 && !isAbove
    if isAbove || (isHalf && value & 1 == 1) {
        let (sum, overflow) = value.addingReportingOverflow(1)
        return overflow ? nil : sum
    }
    return value
}

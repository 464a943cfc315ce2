// Amounts as people write them in flags and files: `100000`, `0.005`, `-1.5`. Exact, or refused.

import Contracts

/// The units of a decimal text; nil when it is not a plain decimal, has more than eight decimals that are not
/// zero, or leaves the range.
func amountUnits(_ text: some StringProtocol) -> Int64? {
    var bytes = Substring(text).utf8
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative { bytes.removeFirst() }
    var value: Int128 = 0
    var digits = 0
    var decimals: Int?
    for byte in bytes {
        if byte == UInt8(ascii: "."), decimals == nil, digits > 0 {
            decimals = 0
            continue
        }
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < 40 else { return nil }
        digits += 1
        let digit = Int128(byte - UInt8(ascii: "0"))
        if let count = decimals {
            decimals = count + 1
            if count >= 8 {
                guard digit == 0 else { return nil }
                continue
            }
        }
        value = value * 10 + digit
        guard value <= Int128(Int64.max) else { return nil }
    }
    guard digits > 0, decimals != 0 else { return nil }
    for _ in min(decimals ?? 0, 8)..<8 { value *= 10 }
    return Int64(exactly: isNegative ? -value : value)
}

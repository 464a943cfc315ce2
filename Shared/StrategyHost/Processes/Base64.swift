// Bytes as text in a line of the plugin protocol (RFC 4648, with padding). Strict: what is not the one form
// of some bytes is refused, because a state that was changed on the way is another state.

private let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// The text of bytes.
package func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        var bits: UInt32 = 0
        for place in 0..<3 { bits = bits << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
        for place in 0..<4 {
            text.append(place <= count ? digits[Int(bits >> (18 - 6 * UInt32(place)) & 63)] : 0x3d)
        }
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes of a text; nil when it is not exactly what `base64` writes.
package func bytes(base64 text: String) -> [UInt8]? {
    let text = Array(text.utf8)
    guard text.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    for start in stride(from: 0, to: text.count, by: 4) {
        var group = text[start..<start + 4]
        let isLast = start + 4 == text.count
        while isLast, group.last == 0x3d, group.count > 2 { group.removeLast() }
        var bits: UInt32 = 0
        for digit in group {
            guard let value = value(of: digit) else { return nil }
            bits = bits << 6 | value
        }
        let missing = 4 - group.count
        bits <<= 6 * UInt32(missing)
        // Bits behind the last byte are zero, or two texts would mean the same bytes.
        guard missing == 0 || bits & (missing == 1 ? 0xff : 0xffff) == 0 else { return nil }
        for place in 0..<(3 - missing) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> (16 - 8 * UInt32(place))))
        }
    }
    return bytes
}

private func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5a: UInt32(digit - 0x41)
    case 0x61...0x7a: UInt32(digit - 0x61 + 26)
    case 0x30...0x39: UInt32(digit - 0x30 + 52)
    case 0x2b: 62
    case 0x2f: 63
    default: nil
    }
}

// Times and intervals of CSV rows, from bytes.

import Contracts

/// Seconds with decimals or ISO 8601 in UTC (an offset is converted); nil when it is neither, or lies outside
/// of `CivilDay.years`: milliseconds taken for seconds are noticed so.
func parseTimestamp(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
    let isDate = bytes.count >= 10 && bytes[4] == 0x2d && bytes[7] == 0x2d
    guard let parsed = isDate ? parseDateTime(bytes) : parseSeconds(bytes) else { return nil }
    return parsed >= earliestTimestamp && parsed < latestTimestamp ? parsed : nil
}

private let earliestTimestamp = Timestamp(
    seconds: Int64(CivilDay.number(year: CivilDay.years.lowerBound, month: 1, day: 1)) * 86_400)
private let latestTimestamp = Timestamp(
    seconds: Int64(CivilDay.number(year: CivilDay.years.upperBound + 1, month: 1, day: 1)) * 86_400)

private func parseSeconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
    var index = 0
    let negative = bytes.first == 0x2d
    if negative { index = 1 }
    let start = index
    var seconds: Int64 = 0
    while index < bytes.count, let digit = digit(bytes[index]) {
        guard index - start < 12 else { return nil }
        seconds = seconds * 10 + Int64(digit)
        index += 1
    }
    guard index > start, let fraction = parseFraction(bytes, &index), index == bytes.count else { return nil }
    let value = seconds * 1_000_000 + fraction
    return Timestamp(microseconds: negative ? -value : value)
}

/// `.123456`: microseconds; 0 when there is no point, nil when no digit follows it.
private func parseFraction(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int64? {
    guard index < bytes.count, bytes[index] == 0x2e else { return 0 }
    index += 1
    let start = index
    var value: Int64 = 0
    var scale: Int64 = 100_000
    while index < bytes.count, let digit = digit(bytes[index]) {
        value += Int64(digit) * scale
        scale /= 10
        index += 1
    }
    return index > start ? value : nil
}

private func parseDateTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
    guard let year = number(bytes, 0, 4), let month = number(bytes, 5, 2), let day = number(bytes, 8, 2),
        let civil = CivilDay(year: year, month: month, day: day)
    else { return nil }
    var time = Int64(civil.number) * 86_400_000_000
    if bytes.count == 10 { return Timestamp(microseconds: time) }
    guard bytes.count >= 16, bytes[10] | 0x20 == 0x74 || bytes[10] == 0x20, bytes[13] == 0x3a,
        let hour = number(bytes, 11, 2), hour < 24, let minute = number(bytes, 14, 2), minute < 60
    else { return nil }
    time += Int64(hour * 60 + minute) * 60_000_000
    var index = 16
    if index < bytes.count, bytes[index] == 0x3a {
        guard let second = number(bytes, 17, 2), second < 60 else { return nil }
        index = 19
        guard let fraction = parseFraction(bytes, &index) else { return nil }
        time += Int64(second) * 1_000_000 + fraction
    }
    guard let offset = parseOffset(bytes, index) else { return nil }
    return Timestamp(microseconds: time - offset)
}

/// Nothing, `Z`, `+02:00` or `-0500`, in microseconds.
private func parseOffset(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int64? {
    let left = bytes.count - index
    if left == 0 || left == 1 && bytes[index] | 0x20 == 0x7a { return 0 }
    guard left == 5 || left == 6 && bytes[index + 3] == 0x3a, bytes[index] == 0x2b || bytes[index] == 0x2d,
        let hours = number(bytes, index + 1, 2), let minutes = number(bytes, index + left - 2, 2),
        hours < 24, minutes < 60
    else { return nil }
    let offset = Int64(hours * 60 + minutes) * 60_000_000
    return bytes[index] == 0x2d ? -offset : offset
}

/// Whole seconds, or with a unit: `60`, `60s`, `1m`, `1h`, `1d`; nil outside of 1 to
/// `CSVTable.longestInterval`.
func parseInterval(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    var index = 0
    while index < bytes.count, let digit = digit(bytes[index]) {
        guard index < 8 else { return nil }
        value = value * 10 + UInt32(digit)
        index += 1
    }
    guard index > 0 else { return nil }
    var unit: UInt64 = 1
    if index == bytes.count - 1 {
        switch bytes[index] | 0x20 {
        case 0x73: unit = 1
        case 0x6d: unit = 60
        case 0x68: unit = 3_600
        case 0x64: unit = 86_400
        default: return nil
        }
    } else if index != bytes.count {
        return nil
    }
    let seconds = UInt64(value) * unit
    return seconds >= 1 && seconds <= UInt64(CSVTable.longestInterval) ? UInt32(seconds) : nil
}

private func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
    guard start + count <= bytes.count else { return nil }
    var value = 0
    for index in start..<(start + count) {
        guard let digit = digit(bytes[index]) else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}

@inline(__always)
private func digit(_ byte: UInt8) -> UInt8? {
    let value = byte &- 0x30
    return value < 10 ? value : nil
}

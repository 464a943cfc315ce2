// One line cut into fields. Lines without quotes and spaces, nearly all, are cut where they lie; the others
// are copied without them first.

import Contracts

/// Fields of one line, as ranges of bytes.
final class CSVLine {
    /// Unsafe: points to the line in the stream's buffer, or to `scratch`; used for one row only.
    private(set) var base: UnsafePointer<UInt8>
    /// Unsafe: where fields begin and end, in pairs, at most `maximumFields` of them; bounds are checked by
    /// `add`.
    private let bounds: UnsafeMutablePointer<Int>
    /// Unsafe: a copy of a line; no line is longer than the stream's buffer.
    private let scratch: UnsafeMutablePointer<UInt8>
    /// How many fields the line has; above `maximumFields` they are only counted.
    private(set) var count = 0

    /// More than the columns we know, so that one too many is noticed.
    static let maximumFields = 64

    init() {
        scratch = .allocate(capacity: LineStream.capacity + 1)
        bounds = .allocate(capacity: Self.maximumFields * 2)
        base = UnsafePointer(scratch)
    }

    deinit {
        scratch.deallocate()
        bounds.deallocate()
    }

    @inline(__always)
    func field(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        precondition(index < min(count, Self.maximumFields), "a field of the line is asked for")
        return UnsafeBufferPointer(
            start: base + bounds[index * 2], count: bounds[index * 2 + 1] - bounds[index * 2])
    }

    @inline(__always)
    private func add(_ start: Int, _ end: Int) {
        if count < Self.maximumFields {
            bounds[count * 2] = start
            bounds[count * 2 + 1] = end
        }
        count += 1
    }

    /// Cuts `count` bytes, without their line end. False when a quote is open at the end of the line or
    /// stands in the middle of a field.
    func cut(_ line: UnsafePointer<UInt8>, count length: Int) -> Bool {
        count = 0
        var start = 0
        for index in 0..<length {
            let byte = line[index]
            if byte == Self.comma {
                add(start, index)
                start = index + 1
            } else if byte == Self.quote || byte == Self.space || byte == Self.tab {
                return cutCarefully(line, count: length)
            }
        }
        base = line
        add(start, length)
        return true
    }

    private func cutCarefully(_ line: UnsafePointer<UInt8>, count length: Int) -> Bool {
        count = 0
        base = UnsafePointer(scratch)
        var out = 0
        var index = 0
        while true {
            while index < length, line[index] == Self.space || line[index] == Self.tab { index += 1 }
            let start = out
            if index < length, line[index] == Self.quote {
                index += 1
                var closed = false
                while index < length {
                    if line[index] == Self.quote {
                        if index + 1 < length, line[index + 1] == Self.quote {
                            index += 1
                        } else {
                            index += 1
                            closed = true
                            break
                        }
                    }
                    scratch[out] = line[index]
                    out += 1
                    index += 1
                }
                guard closed else { return false }
                while index < length, line[index] == Self.space || line[index] == Self.tab { index += 1 }
                guard index == length || line[index] == Self.comma else { return false }
            } else {
                while index < length, line[index] != Self.comma {
                    guard line[index] != Self.quote else { return false }
                    scratch[out] = line[index]
                    out += 1
                    index += 1
                }
                while out > start, scratch[out - 1] == Self.space || scratch[out - 1] == Self.tab { out -= 1 }
            }
            add(start, out)
            guard index < length else { return true }
            index += 1
        }
    }

    private static let comma: UInt8 = 0x2c
    private static let quote: UInt8 = 0x22
    private static let space: UInt8 = 0x20
    private static let tab: UInt8 = 0x09
}

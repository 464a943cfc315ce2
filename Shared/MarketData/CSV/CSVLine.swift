// One line cut into fields. Lines without quotes and spaces, nearly all, are cut where they lie; the others
// are copied without them first.

import Contracts

/// Fields of one line, as ranges of bytes. What every row touches goes without checks of overlapping access:
/// nothing here calls out.
final class CSVLine {
    /// Unsafe: points to the line in the stream's buffer, or to `scratch`; used for one row only.
    @exclusivity(unchecked) private(set) var base: UnsafePointer<UInt8>
    /// The newline of the line.
    @exclusivity(unchecked) private(set) var end: UnsafePointer<UInt8>
    /// Unsafe: where fields begin and end, in pairs, at most `maximumFields` of them; bounds are checked by
    /// `add`.
    private let bounds: UnsafeMutablePointer<Int>
    /// Unsafe: a copy of a line; no line is longer than the stream's buffer.
    private let scratch: UnsafeMutablePointer<UInt8>
    /// How many fields the line has; above `maximumFields` they are only counted.
    @exclusivity(unchecked) private(set) var count = 0

    /// More than the columns we know, so that one too many is noticed.
    static let maximumFields = 64

    init() {
        scratch = .allocate(capacity: LineStream.capacity + 1)
        bounds = .allocate(capacity: Self.maximumFields * 2)
        base = UnsafePointer(scratch)
        end = base
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

    /// Whether the line is empty.
    var isBlank: Bool { count == 1 && bounds[0] == bounds[1] }

    @inline(__always)
    private func add(_ start: Int, _ end: Int) {
        if count < Self.maximumFields {
            bounds[count * 2] = start
            bounds[count * 2 + 1] = end
        }
        count += 1
    }

    /// Cuts the line that begins here and ends with a newline, as every line of a `LineStream` does; a
    /// carriage return before that is no part of it. False when a quote is open at the end of the line or
    /// stands in the middle of a field.
    func cut(_ line: UnsafePointer<UInt8>) -> Bool {
        count = 0
        base = line
        var start = 0
        var at = 0
        while true {
            let byte = line[at]
            // Digits, letters, points and signs lie above the comma, all that ends a field or a line below.
            if byte == Self.comma {
                add(start, at)
                start = at + 1
            } else if byte < Self.comma {
                if byte == LineStream.newline { break }
                if byte == Self.quote || byte == Self.space || byte == Self.tab {
                    return cutCarefully(line, from: at)
                }
            }
            at += 1
        }
        end = line + at
        add(start, length(line))
        return true
    }

    /// Bytes of the line without its line end.
    private func length(_ line: UnsafePointer<UInt8>) -> Int {
        end > line && end[-1] == Self.carriageReturn ? end - line - 1 : end - line
    }

    private func cutCarefully(_ line: UnsafePointer<UInt8>, from at: Int) -> Bool {
        end = line + at
        while end.pointee != LineStream.newline { end += 1 }
        let length = length(line)
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
    private static let carriageReturn: UInt8 = 0x0d
}

// The stored form of metrics: whole numbers in as few bytes as they need (7 bits a byte, zigzag), doubles as
// their 8 bytes. Only `StateWriter` and `StateReader` know it; both sides name the fields in the same order.

import Contracts

/// Stored metrics that cannot be read: damaged, or of another version of the program.
package struct StateError: Error, Equatable, CustomStringConvertible {
    package var description: String {
        "the stored metrics cannot be read: `trading-robot ledger rebuild` makes them again from the ledger"
    }
    package init() {}
}

/// What has a stored form.
protocol Stored {
    func write(into state: inout StateWriter)
    init(from state: inout StateReader) throws(StateError)
}

struct StateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: Int128) {
        var rest = UInt128(bitPattern: (value << 1) ^ (value >> 127))
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(_ value: some FixedWidthInteger) { put(Int128(value)) }
    mutating func put(_ value: MoneySum) { put(value.units) }
    mutating func put(_ value: some FixedPoint) { put(value.units) }
    mutating func put(_ value: Timestamp) { put(value.microseconds) }
    mutating func put(_ value: Bool) { put(value ? 1 : 0) }
    mutating func put(_ value: some Stored) { value.write(into: &self) }

    mutating func put(_ value: Double) {
        let bits = value.bitPattern
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
    }

    mutating func put(_ value: String) {
        put(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }
}

struct StateReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    private mutating func byte() throws(StateError) -> UInt8 {
        guard place < bytes.count else { throw StateError() }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func wide() throws(StateError) -> Int128 {
        var value: UInt128 = 0
        for shift in stride(from: UInt128(0), to: 133, by: 7) {
            let next = try byte()
            value |= UInt128(next & 0x7f) << shift
            if next < 0x80 { return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1) }
        }
        throw StateError()
    }

    mutating func take<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(StateError) -> Number {
        guard let value = Number(exactly: try wide()) else { throw StateError() }
        return value
    }

    mutating func take(_: MoneySum.Type = MoneySum.self) throws(StateError) -> MoneySum {
        MoneySum(units: try wide())
    }

    mutating func take<Amount: FixedPoint>(_: Amount.Type = Amount.self) throws(StateError) -> Amount {
        Amount(units: try take(Int64.self))
    }

    mutating func take(_: Timestamp.Type = Timestamp.self) throws(StateError) -> Timestamp {
        Timestamp(microseconds: try take())
    }

    mutating func take(_: Bool.Type = Bool.self) throws(StateError) -> Bool {
        switch try take(Int.self) {
        case 0: false
        case 1: true
        default: throw StateError()
        }
    }

    mutating func take<Value: Stored>(_: Value.Type = Value.self) throws(StateError) -> Value {
        try Value(from: &self)
    }

    mutating func take(_: Double.Type = Double.self) throws(StateError) -> Double {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try byte()) << shift }
        return Double(bitPattern: bits)
    }

    mutating func take(_: String.Type = String.self) throws(StateError) -> String {
        let count = try take(Int.self)
        guard count >= 0, count <= bytes.count - place else { throw StateError() }
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }
}

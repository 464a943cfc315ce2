// The stored form of states (metrics, sessions, strategies): whole numbers in as few bytes as they need (7
// bits a byte, zigzag), doubles as their 8 bytes. Only `StateWriter` and `StateReader` know it; both sides
// name the fields in the same order.

import Contracts

/// A stored state that cannot be read: damaged, or of another version of the program.
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

package struct StateWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func put(_ value: Int128) {
        var rest = UInt128(bitPattern: (value << 1) ^ (value >> 127))
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func put(_ value: some FixedWidthInteger) { put(Int128(value)) }
    package mutating func put(_ value: MoneySum) { put(value.units) }
    package mutating func put(_ value: some FixedPoint) { put(value.units) }
    package mutating func put(_ value: Timestamp) { put(value.microseconds) }
    package mutating func put(_ value: Bool) { put(value ? 1 : 0) }
    mutating func put(_ value: some Stored) { value.write(into: &self) }

    package mutating func put(_ value: Double) {
        put(bits: value.bitPattern)
    }

    package mutating func put(_ value: String) {
        put(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func put(_ value: [UInt8]) {
        put(value.count)
        bytes.append(contentsOf: value)
    }

    /// 8 bytes as they are: what is spread over all bits needs no fewer.
    package mutating func put(bits: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
        }
    }

    package mutating func put<Item>(
        each items: some Collection<Item>, _ write: (Item, inout StateWriter) -> Void
    ) {
        put(items.count)
        for item in items { write(item, &self) }
    }

    mutating func put(each items: [some Stored]) { put(each: items) { $1.put($0) } }
}

package struct StateReader {
    private let bytes: [UInt8]
    private var place = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { place == bytes.count }

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

    package mutating func take<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(StateError) -> Number {
        guard let value = Number(exactly: try wide()) else { throw StateError() }
        return value
    }

    package mutating func take(_: MoneySum.Type = MoneySum.self) throws(StateError) -> MoneySum {
        MoneySum(units: try wide())
    }

    package mutating func take<Amount: FixedPoint>(_: Amount.Type = Amount.self) throws(StateError) -> Amount
    {
        Amount(units: try take(Int64.self))
    }

    package mutating func take(_: Timestamp.Type = Timestamp.self) throws(StateError) -> Timestamp {
        Timestamp(microseconds: try take())
    }

    package mutating func take(_: Bool.Type = Bool.self) throws(StateError) -> Bool {
        switch try take(Int.self) {
        case 0: false
        case 1: true
        default: throw StateError()
        }
    }

    mutating func take<Value: Stored>(_: Value.Type = Value.self) throws(StateError) -> Value {
        try Value(from: &self)
    }

    package mutating func take(_: Double.Type = Double.self) throws(StateError) -> Double {
        Double(bitPattern: try takeBits())
    }

    package mutating func takeBits() throws(StateError) -> UInt64 {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try byte()) << shift }
        return bits
    }

    /// A word by its raw value, which must be known.
    package mutating func take<Word: RawRepresentable<UInt8>>(
        word _: Word.Type = Word.self
    ) throws(StateError) -> Word {
        guard let word = Word(rawValue: try take(UInt8.self)) else { throw StateError() }
        return word
    }

    /// How many items follow; each takes a byte at least, so a damaged count cannot ask for all memory.
    package mutating func takeCount() throws(StateError) -> Int {
        let count = try take(Int.self)
        guard count >= 0, count <= bytes.count - place else { throw StateError() }
        return count
    }

    package mutating func take<Item>(
        each read: (inout StateReader) throws(StateError) -> Item
    ) throws(StateError) -> [Item] {
        var items: [Item] = []
        let count = try takeCount()
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(try read(&self)) }
        return items
    }

    mutating func take<Item: Stored>(each _: Item.Type = Item.self) throws(StateError) -> [Item] {
        try take { (reader) throws(StateError) in try reader.take(Item.self) }
    }

    package mutating func takeBytes() throws(StateError) -> [UInt8] {
        let count = try takeCount()
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    package mutating func take(_: String.Type = String.self) throws(StateError) -> String {
        let count = try takeCount()
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }
}

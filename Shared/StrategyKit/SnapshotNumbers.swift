// Whole numbers as bytes, for `Strategy.snapshot` and `restore`: 8 bytes each, the lowest first. What they
// mean is the strategy's business; put a version first if it may ever change.

import Contracts

/// Numbers of a snapshot, in the order in which they are put.
public struct SnapshotWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func put(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func put(_ value: Int) { put(Int64(value)) }
    public mutating func put(_ value: UInt64) { put(Int64(bitPattern: value)) }
    public mutating func put(_ value: Bool) { put(value ? 1 as Int64 : 0) }
    public mutating func put(_ value: Double) { put(value.bitPattern) }
    public mutating func put(_ value: some FixedPoint) { put(value.units) }

    /// How many values there are, then each of them; the same as one after the other, but faster.
    public mutating func put(_ values: [some FixedPoint]) {
        put(values.count)
        let units = values.map { UInt64(bitPattern: $0.units).littleEndian }
        units.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Takes them back in the same order. A snapshot that is too short, or that has something left at `finish`,
/// is not one of this strategy.
public struct SnapshotReader {
    private let bytes: [UInt8]
    private var place = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public mutating func take(_: Int64.Type = Int64.self) throws(StrategyError) -> Int64 {
        guard place + 8 <= bytes.count else { throw StrategyError("the snapshot is too short") }
        defer { place += 8 }
        var value: UInt64 = 0
        for (shift, byte) in bytes[place..<place + 8].enumerated() {
            value |= UInt64(byte) << UInt64(8 * shift)
        }
        return Int64(bitPattern: value)
    }

    public mutating func take(_: Int.Type = Int.self) throws(StrategyError) -> Int {
        Int(try take(Int64.self))
    }

    /// A number of things to come, each of 8 bytes at least.
    public mutating func takeCount() throws(StrategyError) -> Int {
        let count = try take(Int.self)
        guard count >= 0, count <= (bytes.count - place) / 8 else {
            throw StrategyError("the snapshot is damaged")
        }
        return count
    }

    public mutating func take(_: UInt64.Type = UInt64.self) throws(StrategyError) -> UInt64 {
        UInt64(bitPattern: try take(Int64.self))
    }

    public mutating func take(_: Bool.Type = Bool.self) throws(StrategyError) -> Bool {
        try take(Int64.self) != 0
    }

    public mutating func take(_: Double.Type = Double.self) throws(StrategyError) -> Double {
        Double(bitPattern: try take(UInt64.self))
    }

    public mutating func take<Amount: FixedPoint>(
        _: Amount.Type = Amount.self
    ) throws(StrategyError) -> Amount {
        Amount(units: try take(Int64.self))
    }

    /// Nothing may be left.
    public func finish() throws(StrategyError) {
        guard place == bytes.count else { throw StrategyError("the snapshot is too long") }
    }
}

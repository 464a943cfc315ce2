/// Symbols of one process, each with a dense number in the order in which it was first seen.
///
/// Looking a name up by its bytes costs one hash and usually one comparison and never allocates. Numbers are
/// local to the process and never travel. Limit: `maximumSymbols`.
public struct SymbolTable: Sendable {
    public static let maximumSymbols = 65_536

    public private(set) var names: [String] = []
    private var keys: [[UInt8]] = []
    /// Open addressing, at most half full. A slot holds all of a name of up to 16 bytes.
    private var slots: [Slot] = Array(repeating: Slot(), count: 64)

    private struct Slot {
        var key = PackedKey(first: 0, last: 0, count: -1)
        var index: Int32 = -1
    }

    public init() {}

    public var count: Int { names.count }

    /// The name behind a number.
    public func name(of index: SymbolIndex) -> String { names[Int(index.rawValue)] }

    /// The UTF-8 bytes of a name, for topics and encoders.
    public func bytes(of index: SymbolIndex) -> [UInt8] { keys[Int(index.rawValue)] }

    /// The number of a name that is already known.
    public func index(of name: String) -> SymbolIndex? {
        var copy = name
        return copy.withUTF8 { find(UnsafeRawBufferPointer($0)) }
    }

    /// The number of a name, made when it is new. Throws when the bytes are not a symbol or the table is
    /// full.
    public mutating func intern(_ name: String) throws(InvalidName) -> SymbolIndex {
        let bytes = Array(name.utf8)
        return try bytes.withUnsafeBufferPointer { (raw) throws(InvalidName) in
            try intern(UnsafeRawBufferPointer(raw))
        }
    }

    /// As `intern(_:)`, from bytes; no allocation when the symbol is known.
    public mutating func intern(_ bytes: UnsafeRawBufferPointer) throws(InvalidName) -> SymbolIndex {
        if let known = find(bytes) { return known }
        guard NameRule.symbol.accepts(bytes) else {
            let shown = String(decoding: bytes.prefix(40), as: UTF8.self)
            throw InvalidName("symbol \"\(shown)\" is not allowed: use 1 to 32 of A-Z a-z 0-9 . _ -")
        }
        guard names.count < Self.maximumSymbols else {
            throw InvalidName("more than \(Self.maximumSymbols) symbols")
        }
        let index = Int32(names.count)
        names.append(String(decoding: bytes, as: UTF8.self))
        keys.append(Array(bytes))
        if names.count * 2 > slots.count { grow() } else { place(index) }
        return SymbolIndex(index)
    }

    /// The number of the symbol with these bytes, if it is known.
    public func find(_ bytes: UnsafeRawBufferPointer) -> SymbolIndex? { find(PackedKey(bytes), bytes) }

    /// As `find(_:)` when the bytes are packed already.
    @inline(__always)
    func find(_ key: PackedKey, _ bytes: UnsafeRawBufferPointer) -> SymbolIndex? {
        var slot = Self.hash(key, bytes) & (slots.count &- 1)
        while true {
            let entry = slots[slot]
            if entry.key == key, key.count <= 16 || keys[Int(entry.index)].elementsEqual(bytes) {
                return SymbolIndex(entry.index)
            }
            if entry.index < 0 { return nil }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
    }

    private mutating func grow() {
        slots = Array(repeating: Slot(), count: slots.count * 2)
        for index in keys.indices { place(Int32(index)) }
    }

    private mutating func place(_ index: Int32) {
        let (key, hash) = keys[Int(index)].withUnsafeBytes { bytes in
            let key = PackedKey(bytes)
            return (key, Self.hash(key, bytes))
        }
        var slot = hash & (slots.count - 1)
        while slots[slot].index >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Slot(key: key, index: index)
    }

    /// No seed, the same in every process. The middle of a long name counts too: of options it is the date.
    @inline(__always)
    private static func hash(_ key: PackedKey, _ bytes: UnsafeRawBufferPointer) -> Int {
        var mixed = (key.first ^ (key.last &<< 21 | key.last &>> 43)) &* 0x9e37_79b9_7f4a_7c15
        if key.count > 16 {
            for offset in 8..<(key.count - 8) { mixed = (mixed ^ UInt64(bytes[offset])) &* 0x100_0000_01b3 }
        }
        return Int(truncatingIfNeeded: (mixed ^ (mixed &>> 32)) & 0x7fff_ffff)
    }
}

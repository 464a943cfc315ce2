// The keys of an object that a decoder knows, found without a loop.
//
// A key is reduced to its first eight bytes, its last eight bytes and its length while its end is looked for.
// A multiplier that gives every key a slot of its own is searched once, when the table is made, always in the
// same sequence. Looking up then costs one multiplication and one comparison, whatever the order of the keys.

/// A key as a decoder sees it: enough to tell keys of up to 16 bytes apart exactly.
struct PackedKey: Equatable {
    /// The first eight bytes, zeros after a shorter key.
    var first: UInt64
    /// The last eight bytes; zero for a key shorter than eight.
    var last: UInt64
    var count: Int

    @inline(always)
    init(first: UInt64, last: UInt64, count: Int) {
        self.first = first
        self.last = last
        self.count = count
    }

    /// Any text, escapes resolved.
    init(_ text: JSONText) {
        self.init(first: 0, last: 0, count: 0)
        var bytes = Unescaping(text)
        while let byte = bytes.next() { append(byte) }
        if count < 8 { last = 0 }
    }

    /// Any bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(first: 0, last: 0, count: bytes.count)
        if count >= 8 {
            first = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            last = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        } else {
            for (index, byte) in bytes.enumerated() { first |= UInt64(byte) << UInt64(index * 8) }
        }
    }

    init(_ name: StaticString) {
        self.init(first: 0, last: 0, count: 0)
        for index in 0..<name.utf8CodeUnitCount { append(name.utf8Start[index]) }
        if count < 8 { last = 0 }
    }

    private mutating func append(_ byte: UInt8) {
        if count < 8 { first |= UInt64(byte) << UInt64(count * 8) }
        last = last >> 8 | UInt64(byte) << 56
        count += 1
    }

    @inline(always)
    func slot(_ multiplier: UInt64, _ shift: UInt64) -> Int {
        let mixed = (first ^ (last &<< 21 | last &>> 43)) &* multiplier
        return Int(truncatingIfNeeded: mixed &>> shift)
    }
}

/// A key as our own encoders write it, comma and colon included, for a comparison that needs no search.
struct LikelyKey {
    /// The first eight bytes of `,"name":`, or as many as it has.
    private(set) var first = UInt64.max
    private(set) var firstMask = UInt64.max
    /// Its last eight bytes, or the same as `first`.
    private(set) var last = UInt64.max
    private(set) var lastOffset = 0
    private(set) var count = 0
    private(set) var number = 0

    /// Matches nothing: no message holds these bytes.
    init() {}

    /// Nothing either when it is too long for two words.
    init(_ name: StaticString, number: Int, isFirst: Bool) {
        let text = (isFirst ? "\"" : ",\"") + "\(name)\":"
        let bytes = Array(text.utf8)
        guard bytes.count <= 16 else { return }
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        first = word(bytes.prefix(8))
        firstMask = bytes.count < 8 ? (1 << UInt64(bytes.count * 8)) - 1 : .max
        last = bytes.count < 8 ? first : word(bytes.suffix(8))
        lastOffset = max(bytes.count - 8, 0)
        count = bytes.count
        self.number = number
    }

    @inline(always)
    func matches(_ bytes: JSONBytes, at index: Int) -> Bool {
        let mask = count < 8 ? firstMask : .max
        return ((bytes.word(index) ^ first) & firstMask) | ((bytes.word(index &+ lastOffset) ^ last) & mask)
            == 0
    }
}

/// Names to dense numbers 0, 1, 2 … in the order in which they are given.
///
/// `@unchecked Sendable`: the slots are written once by `init` and never again. They are never freed, because
/// tables are made once for the life of the process.
struct KeyIndex: @unchecked Sendable {
    /// As many as fit the bits of one word.
    static let maximumKeys = 64

    private struct Slot {
        var key = PackedKey(first: 0, last: 0, count: -1)
        var number = -1
        var name: UnsafePointer<UInt8>?
    }

    private let slots: UnsafePointer<Slot>
    /// What follows each key where we write it, by the key's number + 1; the first one at 0.
    private let likely: UnsafePointer<LikelyKey>
    private let multiplier: UInt64
    private let shift: UInt64
    let names: [StaticString]

    /// - Parameter order: Numbers in the order in which our encoder writes them; nothing depends on it but
    ///   speed.
    init(_ names: [StaticString], order: [Int] = []) {
        precondition(names.count <= Self.maximumKeys, "a table has at most 64 keys")
        let keys = names.map { PackedKey($0) }
        var bits: UInt64 = 2
        while 1 << bits < names.count * 3 { bits += 1 }
        var candidate: UInt64 = 0x9e37_79b9_7f4a_7c15
        var tries = 0
        while !Self.isPerfect(keys, candidate, 64 - bits) {
            candidate = candidate &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407 | 1
            tries += 1
            if tries % 1024 == 0 { bits += 1 }
        }
        let made = UnsafeMutablePointer<Slot>.allocate(capacity: 1 << bits)
        made.initialize(repeating: Slot(), count: 1 << bits)
        for (number, key) in keys.enumerated() {
            let name = names[number].utf8Start
            made[key.slot(candidate, 64 - bits)] = Slot(key: key, number: number, name: name)
        }
        slots = UnsafePointer(made)
        let following = UnsafeMutablePointer<LikelyKey>.allocate(capacity: names.count + 1)
        following.initialize(repeating: LikelyKey(), count: names.count + 1)
        for (place, number) in order.enumerated() {
            let before = place == 0 ? 0 : order[place - 1] + 1
            following[before] = LikelyKey(names[number], number: number, isFirst: place == 0)
        }
        likely = UnsafePointer(following)
        multiplier = candidate
        shift = 64 - bits
        self.names = names
    }

    private static func isPerfect(_ keys: [PackedKey], _ multiplier: UInt64, _ shift: UInt64) -> Bool {
        var taken = [Bool](repeating: false, count: 1 << (64 - shift))
        for key in keys {
            let slot = key.slot(multiplier, shift)
            if taken[slot] { return false }
            taken[slot] = true
        }
        return true
    }

    /// The key that stands behind this one in what we write; -1 is before the first.
    @inline(always)
    func likely(after number: Int) -> UnsafePointer<LikelyKey> { likely + (number &+ 1) }

    /// The number of a key, or -1. `text` is looked at only for keys of more than 16 bytes.
    @inline(always)
    func number(of key: PackedKey, _ text: JSONText) -> Int {
        let slot = slots + key.slot(multiplier, shift)
        guard slot.pointee.key == key else { return -1 }
        if key.count > 16, !isSame(slot.pointee.name, text) { return -1 }
        return slot.pointee.number
    }

    @inline(never)
    private func isSame(_ name: UnsafePointer<UInt8>?, _ text: JSONText) -> Bool {
        guard !text.isEscaped else {
            var bytes = Unescaping(text)
            var index = 0
            while let byte = bytes.next() {
                guard name?[index] == byte else { return false }
                index += 1
            }
            return true
        }
        return text.equals(UnsafeRawBufferPointer(start: name, count: text.count))
    }
}

/// The keys of an object as the cases of an enum, in order from raw value 0.
public struct KeyTable<Key: WireNamed>: Sendable {
    let index: KeyIndex

    /// Made once and kept (`static let`): it searches for a perfect hash and is never freed.
    public init() { self.init(order: []) }

    /// With the order in which our encoder writes the keys.
    init(order: [Key]) {
        index = KeyIndex(Key.allCases.map(\.wireName), order: order.map { Int($0.rawValue) })
        let numbers = Key.allCases.map { Int($0.rawValue) }
        precondition(numbers.elementsEqual(0..<numbers.count), "raw values count from 0 in order")
        for key in Key.allCases {
            precondition(
                Self.key(Int(key.rawValue)).rawValue == key.rawValue, "an enum is one byte, its raw value")
        }
    }

    /// The case of a number that the table gave.
    ///
    /// Unsafe: an enum of up to 256 cases without payloads is one byte that counts its cases in order, which
    /// `init` has checked for this one. `init(rawValue:)` would be a switch over all cases.
    @inline(always)
    static func key(_ number: Int) -> Key { unsafeBitCast(UInt8(truncatingIfNeeded: number), to: Key.self) }

    /// The case of a word, as a value instead of a key; nil when it is none of them.
    @inline(always)
    func word(_ text: JSONText) -> Key? {
        let number = index.number(of: PackedKey(text), text)
        return number < 0 ? nil : Self.key(number)
    }
}

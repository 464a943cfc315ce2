// Topics of one journal, each with a dense number in the order in which it was first seen.
//
// Finding a topic by its bytes costs one hash and usually one comparison, and allocates only when it is new.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct TopicTable {
    private var keys: [[UInt8]] = []
    private var slots: [Int32] = Array(repeating: -1, count: 64)

    var count: Int { keys.count }

    func bytes(of topic: Int) -> [UInt8] { keys[topic] }

    /// Whether these bytes can be a topic: they stand in the header between quotes, unescaped.
    static func accepts(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.count <= JournalLimit.topicBytes
            && bytes.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
    }

    /// The number of a topic, made when it is new.
    mutating func intern(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let known = find(bytes) { return known }
        precondition(
            Self.accepts(bytes), "a topic is 1 to 255 printable ASCII bytes without quote and backslash")
        precondition(
            keys.count < JournalLimit.topics, "a journal holds at most \(JournalLimit.topics) topics")
        let topic = keys.count
        keys.append(Array(bytes))
        if keys.count * 2 > slots.count { grow() } else { place(topic) }
        return topic
    }

    private func find(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var slot = Self.hash(bytes) & (slots.count - 1)
        while slots[slot] >= 0 {
            let topic = Int(slots[slot])
            let isSame =
                keys[topic].count == bytes.count
                && keys[topic].withUnsafeBytes {
                    memcmp($0.baseAddress!, bytes.baseAddress!, bytes.count) == 0
                }
            if isSame { return topic }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for topic in keys.indices { place(topic) }
    }

    private mutating func place(_ topic: Int) {
        var slot = keys[topic].withUnsafeBytes(Self.hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(topic)
    }

    /// FNV-1a: short keys, no seed, the same in every process.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32)) & Int.max
    }
}

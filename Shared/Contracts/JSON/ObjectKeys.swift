// Which keys an open object has shown, so that a second one is refused at every depth.
//
// Known keys are bits of a word. Others are remembered by their place in the message, on one stack for all
// open objects: the first 32 inside the reader, more on the heap. A message of known keys allocates nothing.

/// The keys of one open object.
public struct ObjectScope {
    /// A bit for each known key seen, by its number in the table.
    var seen: UInt64 = 0
    /// Where this object's other keys begin on the stack.
    let firstOther: Int
    var isFirst = true

    /// Whether this key of the object's table was there.
    public func has(_ key: some RawRepresentable<UInt8>) -> Bool {
        seen & (1 &<< UInt64(key.rawValue)) != 0
    }
}

/// An open array.
public struct ArrayScope {
    var isFirst = true
}

/// Places of the keys that no table knows, of all objects that are open.
struct OtherKeys {
    /// Keys kept without an allocation, and compared one by one.
    private static let inline = 32

    private(set) var count = 0
    private var first = SIMD32<UInt32>(repeating: 0)
    /// Made when it is needed, so that most readers have nothing to free.
    private var more: MoreKeys?

    /// Forgets the keys of an object that was closed.
    @inline(always)
    mutating func close(_ scope: ObjectScope) {
        if count != scope.firstOther { count = scope.firstOther }
    }

    /// Remembers a key; refuses one that this object has shown, and one too many.
    mutating func note(
        _ text: JSONText, at offset: Int, since firstOther: Int, in bytes: JSONBytes
    ) throws(JSONError) {
        guard count - firstOther < JSONReader.maximumKeys else { throw JSONError(.tooManyKeys, at: offset) }
        for place in firstOther..<max(firstOther, min(count, Self.inline)) {
            if try bytes.isKey(first[place], text) { throw JSONError(.duplicateKey, at: offset) }
        }
        let entry = JSONBytes.entry(offset, text)
        if count < Self.inline {
            first[count] = entry
        } else {
            try noteMore(entry, text, at: offset, since: firstOther, in: bytes)
        }
        count += 1
    }

    @inline(never)
    private mutating func noteMore(
        _ entry: UInt32, _ text: JSONText, at offset: Int, since firstOther: Int, in bytes: JSONBytes
    ) throws(JSONError) {
        // A reader is a value, so a copy of it must not see what this one adds.
        if !isKnownUniquelyReferenced(&more) { more = MoreKeys(copying: more) }
        guard let more else { preconditionFailure("there is room for more keys") }
        more.forget(after: count - Self.inline)
        let hash = text.hash
        if try more.contains(text, hash, since: firstOther - Self.inline, in: bytes) {
            throw JSONError(.duplicateKey, at: offset)
        }
        more.append(entry, hash)
    }
}

/// Keys beyond the first few, found by their hash.
///
/// A stack and a hash table in one: each bucket is a chain from the newest key to the oldest, and keys are
/// forgotten newest first, so forgetting is taking the head of a chain off.
private final class MoreKeys {
    private struct Entry {
        var key: UInt32
        var hash: UInt32
        /// The one before it in its bucket, or -1.
        var previous: Int32
    }

    private static let buckets = 1024
    private var entries: [Entry] = []
    private var newest = [Int32](repeating: -1, count: MoreKeys.buckets)

    init(copying other: MoreKeys?) {
        guard let other else { return }
        entries = other.entries
        newest = other.newest
    }

    func forget(after count: Int) {
        while entries.count > count {
            let entry = entries.removeLast()
            newest[Int(entry.hash) % Self.buckets] = entry.previous
        }
    }

    func contains(_ text: JSONText, _ hash: UInt32, since first: Int, in bytes: JSONBytes) throws(JSONError)
        -> Bool
    {
        var place = Int(newest[Int(hash) % Self.buckets])
        while place >= max(first, 0) {
            let entry = entries[place]
            if entry.hash == hash, try bytes.isKey(entry.key, text) { return true }
            place = Int(entry.previous)
        }
        return false
    }

    func append(_ key: UInt32, _ hash: UInt32) {
        let bucket = Int(hash) % Self.buckets
        entries.append(Entry(key: key, hash: hash, previous: newest[bucket]))
        newest[bucket] = Int32(entries.count - 1)
    }
}

extension JSONText {
    /// FNV-1a of its bytes, the same however they are escaped.
    fileprivate var hash: UInt32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var bytes = Unescaping(self)
        while let byte = bytes.next() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}

extension JSONBytes {
    /// Marks a key with escapes; a message is far shorter than 2^31.
    private static let escaped: UInt32 = 1 << 31

    /// A key by its place.
    fileprivate static func entry(_ offset: Int, _ text: JSONText) -> UInt32 {
        UInt32(offset) | (text.isEscaped ? escaped : 0)
    }

    /// Whether an earlier key is this text.
    fileprivate func isKey(_ entry: UInt32, _ text: JSONText) throws(JSONError) -> Bool {
        let start = Int(entry & ~Self.escaped) + 1
        if entry & Self.escaped == 0, !text.isEscaped {
            // With the closing quote, so that the lengths need not be known. An earlier key ends before this
            // one.
            return (base + start).equalBytes(UnsafeRawBufferPointer(start: text.start, count: text.count + 1))
        }
        let (quote, isEscaped) = try endOfString(start)
        return JSONText(start: base + start, count: quote - start, isEscaped: isEscaped).equals(text)
    }
}

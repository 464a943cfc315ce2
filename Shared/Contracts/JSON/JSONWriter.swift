// A reusable byte buffer with the forms of the contracts: canonical amounts, six-decimal times, escaped
// strings.
//
// Commas are written by themselves, by looking at the byte before. The writer does not check that objects are
// closed or that a key comes before a value: its callers are encoders, and tests read what they write. No
// allocation once the buffer is as large as the largest message.

/// Writes JSON, or any bytes, into a buffer that grows and is used again.
public struct JSONWriter: ~Copyable {
    /// Unsafe: owned by this value alone, `capacity` bytes of which `count` are written.
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes written.
    public private(set) var count = 0

    public init(capacity: Int = 1024) {
        self.capacity = max(capacity, 64)
        base = .allocate(byteCount: self.capacity, alignment: 8)
    }

    deinit { base.deallocate() }

    /// Forgets what was written and keeps the memory.
    public mutating func reset() { count = 0 }

    /// Forgets what was written after the first `count` bytes.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a writer is cut at a byte that it has")
        self.count = count
    }

    /// What was written; valid inside the closure only.
    @inline(__always)
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A copy of what was written.
    public var string: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// A copy of what was written.
    public var array: [UInt8] { withBytes { Array($0) } }

    // MARK: Memory

    /// A cursor with room for this many bytes. Hand it back with `advance(to:)` before anything else is done.
    @inline(__always)
    mutating func cursor(_ room: Int) -> JSONCursor {
        if capacity &- count < room &+ JSONCursor.slack { grow(room + JSONCursor.slack) }
        return JSONCursor(base + count)
    }

    @inline(__always)
    mutating func advance(to cursor: JSONCursor) {
        count = cursor.place - base
        assert(count + JSONCursor.slack <= capacity, "a cursor stays in its room")
    }

    @inline(never)
    private mutating func grow(_ room: Int) {
        capacity = max(capacity * 2, count + room)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }

    // MARK: Bytes

    public mutating func append(_ byte: UInt8) {
        var cursor = cursor(1)
        cursor.byte(byte)
        advance(to: cursor)
    }

    public mutating func append(_ text: StaticString) {
        var cursor = cursor(text.utf8CodeUnitCount)
        cursor.text(text)
        advance(to: cursor)
    }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var cursor = cursor(bytes.count)
        cursor.bytes(bytes)
        advance(to: cursor)
    }

    public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Leaves room for bytes that `patch` fills in later; spaces until then.
    public mutating func appendSpace(_ count: Int) {
        _ = cursor(count)
        (base + self.count).initializeMemory(as: UInt8.self, repeating: 0x20, count: count)
        self.count += count
    }

    /// Replaces bytes that were written before.
    public mutating func patch(at offset: Int, with bytes: UnsafeRawBufferPointer) {
        precondition(offset >= 0 && offset + bytes.count <= count, "a patch lies inside what was written")
        guard let source = bytes.baseAddress else { return }
        (base + offset).copyMemory(from: source, byteCount: bytes.count)
    }

    // MARK: Structure

    /// A comma where one is needed: not at the beginning, nor after `{`, `[`, `:` or a comma.
    @inline(__always)
    private mutating func separate(_ cursor: inout JSONCursor) {
        guard count > 0 else { return }
        switch base.load(fromByteOffset: count &- 1, as: UInt8.self) {
        case 0x7b, 0x5b, 0x3a, 0x2c, 0x20, 0x0a: break
        default: cursor.byte(0x2c)
        }
    }

    /// A separated value of at most this many bytes.
    @inline(__always)
    private mutating func write(_ room: Int, _ body: (inout JSONCursor) -> Void) {
        var cursor = cursor(room &+ 1)
        separate(&cursor)
        body(&cursor)
        advance(to: cursor)
    }

    /// `"name":` and a value of at most this many bytes. Names are the contract's own: nothing to escape.
    @inline(__always)
    private mutating func member(_ name: StaticString, _ room: Int, _ body: (inout JSONCursor) -> Void) {
        write(room &+ name.utf8CodeUnitCount &+ 3) { cursor in
            cursor.byte(0x22)
            cursor.text(name)
            cursor.byte(0x22)
            cursor.byte(0x3a)
            body(&cursor)
        }
    }

    /// `{`, after a comma where one is needed.
    public mutating func beginObject() { write(1) { $0.byte(0x7b) } }
    public mutating func endObject() { append(0x7d as UInt8) }
    /// `[`, after a comma where one is needed.
    public mutating func beginArray() { write(1) { $0.byte(0x5b) } }
    public mutating func endArray() { append(0x5d as UInt8) }
    public mutating func beginObject(_ name: StaticString) { member(name, 1) { $0.byte(0x7b) } }
    public mutating func beginArray(_ name: StaticString) { member(name, 1) { $0.byte(0x5b) } }

    /// A key that is not known when the program is compiled; a value must follow.
    public mutating func key(_ name: String) {
        value(name)
        append(0x3a as UInt8)
    }

    // MARK: Fields

    public mutating func field(_ name: StaticString, _ value: Int64) {
        member(name, JSONCursor.longestNumber) { $0.integer(value) }
    }

    public mutating func field(_ name: StaticString, _ value: Int) { field(name, Int64(value)) }

    public mutating func field(_ name: StaticString, _ value: UInt64) {
        member(name, JSONCursor.longestNumber) { $0.unsigned(value) }
    }

    public mutating func field(_ name: StaticString, _ value: some FixedPoint) {
        let units = value.units
        member(name, JSONCursor.longestNumber) { $0.amount(units) }
    }

    public mutating func field(_ name: StaticString, _ value: Timestamp) {
        member(name, JSONCursor.longestNumber) { $0.timestamp(value) }
    }

    /// `null` where there is no text.
    public mutating func fieldOrNull(_ name: StaticString, _ value: String?) {
        if let value { return field(name, value) }
        member(name, 4) { $0.text("null") }
    }

    public mutating func field(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            member(name, utf8.count * 6 + 2) { $0.string(UnsafeRawBufferPointer(utf8)) }
        }
    }

    public mutating func field(_ name: StaticString, _ value: Bool) {
        member(name, 5) { $0.text(value ? "true" : "false") }
    }

    /// A word that needs no escapes.
    public mutating func field(_ name: StaticString, word: StaticString) {
        member(name, word.utf8CodeUnitCount + 2) { cursor in
            cursor.byte(0x22)
            cursor.text(word)
            cursor.byte(0x22)
        }
    }

    public mutating func field(_ name: StaticString, _ value: some WireNamed) {
        field(name, word: value.wireName)
    }

    /// A value that is JSON already.
    public mutating func field(_ name: StaticString, raw json: UnsafeRawBufferPointer) {
        member(name, json.count) { $0.bytes(json) }
    }

    // MARK: Values

    public mutating func value(_ value: Int64) { write(JSONCursor.longestNumber) { $0.integer(value) } }

    public mutating func value(_ value: UInt64) { write(JSONCursor.longestNumber) { $0.unsigned(value) } }

    public mutating func value(_ value: some FixedPoint) {
        let units = value.units
        write(JSONCursor.longestNumber) { $0.amount(units) }
    }

    public mutating func value(_ value: Timestamp) { write(JSONCursor.longestNumber) { $0.timestamp(value) } }

    public mutating func value(_ value: Bool) { write(5) { $0.text(value ? "true" : "false") } }

    public mutating func value(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            write(utf8.count * 6 + 2) { $0.string(UnsafeRawBufferPointer(utf8)) }
        }
    }

    /// The shortest decimal that gives this number again; `null` for NaN and infinities, which JSON has not.
    public mutating func value(double value: Double) {
        guard value.isFinite else { return null() }
        var text = value.description
        text.withUTF8 { utf8 in
            write(utf8.count) { $0.bytes(UnsafeRawBufferPointer(utf8)) }
        }
    }

    /// A value that is JSON already.
    public mutating func value(raw json: UnsafeRawBufferPointer) { write(json.count) { $0.bytes(json) } }

    public mutating func null() { write(4) { $0.text("null") } }
}

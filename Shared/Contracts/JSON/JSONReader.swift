// A pull reader over the bytes of one message: RFC 8259 and nothing else, within the limits of DESIGN 5.
//
// It accepts what any JSON writer may produce: white space, escapes, keys in any order, exponents, fields
// that the decoder does not know. It refuses with a code and the byte: duplicate keys at every depth, known
// or not; lone surrogates, invalid UTF-8, control characters; leading zeros, NaN; trailing bytes. What is
// skipped is checked like what is read.
//
// Cost: one pass, no allocation (but see `OtherKeys`), about 170 ns for a quote of 243 bytes where simdjson
// takes 290.

/// Reads one JSON value from bytes. The bytes must stay valid while it and the texts it gave are used.
public struct JSONReader {
    /// Longer messages are refused.
    public static let maximumMessageBytes = 1 << 20
    /// Deeper nesting is refused.
    public static let maximumDepth = 32
    /// Longer numbers are refused.
    public static let maximumNumberLength = 40
    /// More keys in one object, beside those that its decoder knows, are refused.
    public static let maximumKeys = 8_192

    var scanner: JSONScanner

    public init(_ message: UnsafeRawBufferPointer) throws(JSONError) {
        try JSONScanner.check(message)
        scanner = JSONScanner(JSONBytes(message))
    }

    /// The next byte to be read.
    public var offset: Int { scanner.offset }

    var bytes: JSONBytes { scanner.bytes }

    // MARK: Objects

    /// Enters the object that is the next value.
    public mutating func openObject() throws(JSONError) -> ObjectScope { try scanner.openObject() }

    /// The next key that the table knows, or nil at the end of the object. Others are checked and skipped.
    public mutating func nextKey<Key>(
        in scope: inout ObjectScope, of table: KeyTable<Key>
    ) throws(JSONError) -> Key? {
        try scanner.nextKey(in: &scope, of: table)
    }

    /// As `nextKey(in:of:)`, as the number of the name; -1 at the end of the object.
    mutating func nextNumber(in scope: inout ObjectScope, of table: KeyIndex) throws(JSONError) -> Int {
        try scanner.nextNumber(in: &scope, of: table)
    }

    /// The next key whatever it is, or nil at the end of the object. Read or skip its value before the next
    /// one.
    public mutating func nextKey(in scope: inout ObjectScope) throws(JSONError) -> JSONText? {
        try scanner.nextKey(in: &scope)
    }

    // MARK: Arrays

    /// Enters the array that is the next value.
    public mutating func openArray() throws(JSONError) -> ArrayScope { try scanner.openArray() }

    /// Whether another element follows; false leaves the array.
    public mutating func nextElement(in scope: inout ArrayScope) throws(JSONError) -> Bool {
        try scanner.nextElement(in: &scope)
    }

    // MARK: Values

    /// A string, left in place.
    public mutating func string() throws(JSONError) -> JSONText { try scanner.string() }

    /// A number in units of 1e-8: exact, or refused.
    public mutating func amount() throws(JSONError) -> Int64 { try scanner.amount() }

    /// A number of seconds with at most six decimals: exact, or refused.
    public mutating func timestamp() throws(JSONError) -> Timestamp { try scanner.timestamp() }

    /// A whole number that is not negative. `100.0` and `1E2` are whole.
    public mutating func unsigned() throws(JSONError) -> UInt64 { try scanner.unsigned() }

    /// A whole number, −9223372036854775807 to 9223372036854775807.
    public mutating func integer() throws(JSONError) -> Int64 { try scanner.integer() }

    /// A number as its characters.
    public mutating func number() throws(JSONError) -> UnsafeRawBufferPointer { try scanner.number() }

    /// `true` or `false`.
    public mutating func bool() throws(JSONError) -> Bool { try scanner.bool() }

    /// Takes a `null` if it is the next value.
    public mutating func takesNull() throws(JSONError) -> Bool { try scanner.takesNull() }

    /// The first byte of the next value, 0 at the end: `"`, `{`, `[`, a digit …
    public var nextByte: UInt8 { bytes.byte(bytes.skipSpace(offset)) }

    /// Any value, checked, as its bytes.
    public mutating func raw() throws(JSONError) -> UnsafeRawBufferPointer { try scanner.raw() }

    /// Passes any value, checked.
    public mutating func skip() throws(JSONError) { try scanner.skip() }

    /// Refuses anything but white space after the value.
    public mutating func finish() throws(JSONError) { try scanner.finish() }
}

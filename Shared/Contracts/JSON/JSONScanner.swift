// The inside of `JSONReader`: one index that moves over the bytes of a message.
//
// The hot paths are `@inline(always)` and hand the slow ones their index as a value. A decoder that keeps a
// scanner in a local variable and never passes it on as `inout` has its index in a register.

/// What `JSONReader` does, inside this module: inlined into the loops of decoders, so that its index is a
/// register.
struct JSONScanner {
    let bytes: JSONBytes
    /// The next byte to be read.
    fileprivate(set) var offset = 0
    private var depth = 0
    private var otherKeys = OtherKeys()

    /// The caller has checked the length of the message.
    @inline(always)
    init(_ bytes: JSONBytes) { self.bytes = bytes }

    /// Refuses a message that is too long.
    @inline(always)
    static func check(_ message: UnsafeRawBufferPointer) throws(JSONError) {
        guard message.count <= JSONReader.maximumMessageBytes else {
            throw JSONError(.messageTooLong, at: JSONReader.maximumMessageBytes)
        }
    }

    // MARK: Objects

    /// Enters the object that is the next value.
    @inline(always)
    mutating func openObject() throws(JSONError) -> ObjectScope {
        let index = bytes.skipSpace(offset)
        guard bytes.byte(index) == 0x7b else { throw bytes.notThis(index) }
        try deeper(index)
        offset = index &+ 1
        return ObjectScope(firstOther: otherKeys.count)
    }

    /// The next key that the table knows, or nil at the end of the object. Others are checked and skipped.
    @inline(always)
    mutating func nextKey<Key>(
        in scope: inout ObjectScope, of table: KeyTable<Key>
    ) throws(JSONError) -> Key? {
        let number = try nextNumber(in: &scope, of: table.index)
        return number < 0 ? nil : KeyTable<Key>.key(number)
    }

    /// As `nextNumber(in:of:)`, trying first whether the key is the one that we write after `previous`.
    @inline(always)
    mutating func nextNumber(
        in scope: inout ObjectScope, of table: KeyIndex, after previous: Int
    ) throws(JSONError) -> Int {
        let likely = table.likely(after: previous)
        guard likely.pointee.matches(bytes, at: offset) else { return try nextNumber(in: &scope, of: table) }
        let number = likely.pointee.number
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        if scope.seen & bit != 0 { throw JSONError(.duplicateKey, at: offset &+ 1) }
        scope.seen |= bit
        scope.isFirst = false
        offset &+= likely.pointee.count
        return number
    }

    /// As `nextKey(in:of:)`, as the number of the name; -1 at the end of the object.
    @inline(always)
    mutating func nextNumber(in scope: inout ObjectScope, of table: KeyIndex) throws(JSONError) -> Int {
        while try entersMember(of: &scope) {
            let start = offset
            let key: PackedKey
            let text: JSONText
            (key, text, offset) = try bytes.key(start)
            let number = table.number(of: key, text)
            if number >= 0 {
                let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
                if scope.seen & bit != 0 { throw JSONError(.duplicateKey, at: start) }
                scope.seen |= bit
                return number
            }
            try otherKeys.note(text, at: start, since: scope.firstOther, in: bytes)
            offset = try bytes.skipValue(offset, depth: depth, &otherKeys)
        }
        return -1
    }

    /// The next key whatever it is, or nil at the end of the object. Read or skip its value before the next
    /// one.
    mutating func nextKey(in scope: inout ObjectScope) throws(JSONError) -> JSONText? {
        guard try entersMember(of: &scope) else { return nil }
        let start = offset
        let text: JSONText
        (_, text, offset) = try bytes.key(start)
        try otherKeys.note(text, at: start, since: scope.firstOther, in: bytes)
        return text
    }

    /// Goes to the quote of the next key, or past the end of the object.
    @inline(always)
    private mutating func entersMember(of scope: inout ObjectScope) throws(JSONError) -> Bool {
        var index = bytes.skipSpace(offset)
        let byte = bytes.byte(index)
        if scope.isFirst {
            scope.isFirst = false
            if byte != 0x7d {
                offset = index
                return true
            }
        } else if byte == 0x2c {
            index = bytes.skipSpace(index &+ 1)
            offset = index
            return true
        } else if byte != 0x7d {
            throw bytes.refuse(index)
        }
        offset = index &+ 1
        depth &-= 1
        otherKeys.close(scope)
        return false
    }

    // MARK: Arrays

    /// Enters the array that is the next value.
    mutating func openArray() throws(JSONError) -> ArrayScope {
        let index = bytes.skipSpace(offset)
        guard bytes.byte(index) == 0x5b else { throw bytes.notThis(index) }
        try deeper(index)
        offset = index + 1
        return ArrayScope()
    }

    /// Whether another element follows; false leaves the array.
    mutating func nextElement(in scope: inout ArrayScope) throws(JSONError) -> Bool {
        let index = bytes.skipSpace(offset)
        switch bytes.byte(index) {
        case 0x5d:
            offset = index + 1
            depth -= 1
            return false
        case 0x2c where !scope.isFirst:
            offset = index + 1
            return true
        default:
            guard scope.isFirst else { throw bytes.refuse(index) }
            scope.isFirst = false
            offset = index
            return true
        }
    }

    @inline(always)
    private mutating func deeper(_ index: Int) throws(JSONError) {
        guard depth < JSONReader.maximumDepth else { throw JSONError(.tooDeep, at: index) }
        depth &+= 1
    }

    // MARK: Values

    /// A string, left in place.
    @inline(always)
    mutating func string() throws(JSONError) -> JSONText {
        let index = bytes.skipSpace(offset)
        guard bytes.byte(index) == 0x22 else { throw bytes.notThis(index) }
        let (quote, isEscaped) = try bytes.endOfString(index &+ 1)
        offset = quote &+ 1
        return JSONText(start: bytes.base + (index &+ 1), count: quote &- index &- 1, isEscaped: isEscaped)
    }

    /// A number in units of 1e-8: exact, or refused.
    @inline(always)
    mutating func amount() throws(JSONError) -> Int64 {
        let value: Int64
        (value, offset) = try bytes.amount(bytes.skipSpace(offset))
        return value
    }

    /// A number of seconds with at most six decimals: exact, or refused.
    @inline(always)
    mutating func timestamp() throws(JSONError) -> Timestamp {
        let value: Int64
        (value, offset) = try bytes.timestamp(bytes.skipSpace(offset))
        return Timestamp(microseconds: value)
    }

    /// A whole number that is not negative. `100.0` and `1E2` are whole.
    @inline(always)
    mutating func unsigned() throws(JSONError) -> UInt64 {
        let value: UInt64
        (value, offset) = try bytes.unsigned(bytes.skipSpace(offset))
        return value
    }

    /// A whole number, −9223372036854775807 to 9223372036854775807.
    mutating func integer() throws(JSONError) -> Int64 {
        let value: Int64
        (value, offset) = try bytes.slow(bytes.skipSpace(offset), decimals: 0)
        return value
    }

    /// A number as its characters.
    mutating func number() throws(JSONError) -> UnsafeRawBufferPointer {
        let start = bytes.skipSpace(offset)
        offset = try NumberShape(bytes, at: start).end
        return UnsafeRawBufferPointer(start: bytes.base + start, count: offset - start)
    }

    /// `true` or `false`.
    mutating func bool() throws(JSONError) -> Bool {
        let index = bytes.skipSpace(offset)
        let isTrue = bytes.byte(index) == 0x74
        guard isTrue || bytes.byte(index) == 0x66 else { throw bytes.notThis(index) }
        offset = try bytes.literal(isTrue ? "true" : "false", index)
        return isTrue
    }

    /// Takes a `null` if it is the next value.
    mutating func takesNull() throws(JSONError) -> Bool {
        let index = bytes.skipSpace(offset)
        guard bytes.byte(index) == 0x6e else { return false }
        offset = try bytes.literal("null", index)
        return true
    }

    /// The first byte of the next value, 0 at the end: `"`, `{`, `[`, a digit …
    var nextByte: UInt8 { bytes.byte(bytes.skipSpace(offset)) }

    /// Any value, checked, as its bytes.
    mutating func raw() throws(JSONError) -> UnsafeRawBufferPointer {
        let start = bytes.skipSpace(offset)
        offset = try bytes.skipValue(start, depth: depth, &otherKeys)
        return UnsafeRawBufferPointer(start: bytes.base + start, count: offset - start)
    }

    /// Passes any value, checked.
    mutating func skip() throws(JSONError) {
        offset = try bytes.skipValue(offset, depth: depth, &otherKeys)
    }

    /// Refuses anything but white space after the value.
    @inline(always)
    mutating func finish() throws(JSONError) {
        offset = bytes.skipSpace(offset)
        guard offset == bytes.count else { throw JSONError(.trailingBytes, at: offset) }
    }
}

extension JSONScanner {
    /// The version, which must be ours.
    @inline(always)
    mutating func version() throws(JSONError) {
        let start = bytes.skipSpace(offset)
        guard try unsigned() == UInt64(contractVersion) else {
            throw JSONError(.unknownVersion, at: start, "version")
        }
    }

    /// A string that is a name under this rule.
    @inline(always)
    mutating func name(_ rule: NameRule, _ field: StaticString) throws(JSONError) -> JSONText {
        let text = try string()
        guard bytes.isName(text, rule) else {
            throw JSONError(.invalidName, at: bytes.offset(of: text), field)
        }
        return text
    }

    /// An amount that is not negative.
    @inline(always)
    mutating func size(_ field: StaticString) throws(JSONError) -> Int64 {
        let start = bytes.skipSpace(offset)
        let units = try amount()
        guard units >= 0 else { throw JSONError(.unexpectedValue, at: start, field) }
        return units
    }
}

extension JSONError {
    /// About a field of the contract. Not inlined: it stands where nothing is hot.
    @inline(never)
    init(_ code: Code, at offset: Int, _ field: StaticString) {
        self.init(code, at: offset, field: "\(field)")
    }
}

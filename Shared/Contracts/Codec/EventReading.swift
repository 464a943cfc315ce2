// How the events that are not market data are read: an enum of their own keys behind the envelope's, one
// loop, and a check of what is required. These come at the pace of orders, so clarity goes before
// nanoseconds.

/// The own keys of one kind of event, as cases in the order of its encoder.
protocol EventKey: WireNamed {
    /// Keys that may be left out.
    static var optional: [Self] { get }
    static var keys: EventKeys { get }
}

/// The keys of one kind of event.
struct EventKeys: Sendable {
    /// The envelope's, then the event's own.
    let index: KeyIndex
    /// Own keys that may not be left out, as `ObjectScope.seen` has them.
    let required: UInt64
}

extension EventKey {
    static func makeKeys() -> EventKeys {
        EventKeys(
            index: KeyIndex(EnvelopeKey.allCases.map(\.wireName) + allCases.map(\.wireName)),
            required: allCases.filter { key in !optional.contains { $0.rawValue == key.rawValue } }
                .reduce(0) { $0 | 1 << UInt64(EnvelopeFields.count + Int($1.rawValue)) })
    }

    /// The own key with the lowest of these bits.
    static func first(_ bits: UInt64) -> Self? {
        Self(rawValue: UInt8(bits.trailingZeroBitCount - EnvelopeFields.count))
    }
}

/// Which parts of an envelope an object must have.
enum EnvelopeRule {
    /// All of it.
    case whole
    /// All but `seq` and `prev`.
    case unnumbered
    /// Nothing but `type` and `version`; the rest is read when it is there.
    case none
}

extension JSONReader {
    /// Reads the object that is the next value: `field` gets each own key with the reader at its value.
    mutating func event<Key: EventKey>(
        _ type: StaticString, _ rule: EnvelopeRule, of _: Key.Type,
        _ field: (Key, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) -> EventHead? {
        let keys = Key.keys
        var envelope = EnvelopeFields()
        var scope = try openObject()
        while true {
            let number = try nextNumber(in: &scope, of: keys.index)
            guard number >= 0 else { break }
            if number < EnvelopeFields.count {
                try envelope.read(number, &self)
            } else if let key = Key(rawValue: UInt8(number - EnvelopeFields.count)) {
                try field(key, &self)
            }
        }
        try EnvelopeFields.require(EnvelopeKey.type.bit | EnvelopeKey.version.bit, scope, at: offset)
        try envelope.require(type)
        let head = rule == .none ? nil : try envelope.head(scope, at: offset, numbered: rule == .whole)
        let missing = keys.required & ~scope.seen
        if missing != 0, let key = Key.first(missing) {
            throw JSONError(.missingField, at: offset, field: "\(key.wireName)")
        }
        return head
    }

    /// One of the words of an enum.
    mutating func word<Word: WireNamed>(_ field: StaticString) throws(JSONError) -> Word {
        let start = bytes.skipSpace(offset)
        guard let word = try string().withBytes({ Word(wireName: $0) }) else {
            throw JSONError(.unknownWord, at: start, field: "\(field)")
        }
        return word
    }

    /// A string that is a name under this rule, as a copy.
    mutating func nameString(_ rule: NameRule, _ field: StaticString) throws(JSONError) -> String {
        try name(rule, field).string
    }

    mutating func price() throws(JSONError) -> Price { Price(units: try amount()) }
    mutating func money() throws(JSONError) -> Money { Money(units: try amount()) }
    mutating func quantity() throws(JSONError) -> Quantity { Quantity(units: try amount()) }
}

/// Decodes a message that is one event with an envelope.
func decodeHeaded<Value>(
    _ bytes: UnsafeRawBufferPointer, _ read: (inout JSONReader) throws(JSONError) -> (EventHead?, Value)
) throws(JSONError) -> (head: EventHead, value: Value) {
    var reader = try JSONReader(bytes)
    let (head, value) = try read(&reader)
    try reader.finish()
    guard let head else { throw JSONError(.missingField, at: reader.offset, field: "seq") }
    return (head, value)
}

/// The same with an envelope that outlives the message.
func decodeEvent<Value>(
    _ bytes: UnsafeRawBufferPointer, _ read: (inout JSONReader) throws(JSONError) -> (EventHead?, Value)
) throws(JSONError) -> (envelope: Envelope, value: Value) {
    let (head, value) = try decodeHeaded(bytes, read)
    return (head.envelope, value)
}

extension JSONReader {
    /// An amount that is not negative.
    mutating func size(_ field: StaticString) throws(JSONError) -> Int64 { try scanner.size(field) }

    /// An amount above zero.
    mutating func increment(_ field: StaticString) throws(JSONError) -> Int64 {
        let start = bytes.skipSpace(offset)
        let units = try amount()
        guard units > 0 else {
            throw JSONError(.unexpectedValue, at: start, field)
        }
        return units
    }
}

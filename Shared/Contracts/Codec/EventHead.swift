// The envelope on the wire: `type, version, source, epoch, seq, prev, published_at` and, on market events in
// the journal, `position`. Source and epoch are compared in place, so a reader of one publisher never copies
// them.

/// What differs in the envelope from one event of a publisher to the next.
public struct EventStamp: Sendable, Equatable {
    public var seq: UInt64
    /// `seq` of the previous event on the same topic, 0 for the first.
    public var prev: UInt64
    public var publishedAt: Timestamp
    /// Where in its source a market event came from; nil elsewhere.
    public var position: UInt64?

    public init(seq: UInt64, prev: UInt64, publishedAt: Timestamp, position: UInt64? = nil) {
        self.seq = seq
        self.prev = prev
        self.publishedAt = publishedAt
        self.position = position
    }
}

/// Source and epoch of one publisher, with the bytes that they make in every event of it.
public struct EnvelopeHeader: Sendable {
    public let source: String
    public let epoch: String
    /// `"version":1,"source":"…","epoch":"…",`
    let prepared: [UInt8]
    private let sourceRange: Range<Int>
    private let epochRange: Range<Int>

    /// Both are identifiers: 1–40 of `[A-Za-z0-9._-]`.
    public init(source: String, epoch: String) throws(InvalidName) {
        self.source = try NameRule.identifier.validated(source, as: "source")
        self.epoch = try NameRule.identifier.validated(epoch, as: "epoch")
        var bytes = Array("\"version\":\(contractVersion),\"source\":\"".utf8)
        sourceRange = bytes.count..<bytes.count + source.utf8.count
        bytes += Array("\(source)\",\"epoch\":\"".utf8)
        epochRange = bytes.count..<bytes.count + epoch.utf8.count
        bytes += Array("\(epoch)\",".utf8)
        prepared = bytes
    }

    /// Bytes that `write` may need.
    @inline(always)
    var room: Int { prepared.count + 160 }

    /// The envelope after `{"type":"…",`, without a comma after it.
    @inline(always)
    func write(_ stamp: EventStamp, into cursor: inout JSONCursor) {
        prepared.withUnsafeBytes { cursor.bytes($0) }
        cursor.text("\"seq\":")
        cursor.unsigned(stamp.seq)
        cursor.text(",\"prev\":")
        cursor.unsigned(stamp.prev)
        cursor.text(",\"published_at\":")
        cursor.timestamp(stamp.publishedAt)
        if let position = stamp.position {
            cursor.text(",\"position\":")
            cursor.unsigned(position)
        }
    }

    /// Begins an event: `{"type":"…","version":1,…,"published_at":…`. The object stays open for its own
    /// fields.
    public func begin(_ type: StaticString, _ stamp: EventStamp, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: type)
        var cursor = writer.cursor(room)
        cursor.byte(0x2c)
        write(stamp, into: &cursor)
        writer.advance(to: cursor)
    }

    fileprivate func matches(_ source: JSONText, _ epoch: JSONText) -> Bool {
        prepared.withUnsafeBytes { bytes in
            source.equals(UnsafeRawBufferPointer(rebasing: bytes[sourceRange]))
                && epoch.equals(UnsafeRawBufferPointer(rebasing: bytes[epochRange]))
        }
    }
}

/// The envelope of a decoded event. `source` and `epoch` stay in the message: valid while its bytes are.
public struct EventHead {
    public var stamp: EventStamp
    public var source: JSONText
    public var epoch: JSONText

    /// Whether the event is of this source and epoch. Allocates nothing.
    public func isFrom(_ header: EnvelopeHeader) -> Bool { header.matches(source, epoch) }

    /// A copy that outlives the message.
    public var envelope: Envelope {
        Envelope(
            source: source.string, epoch: epoch.string, seq: stamp.seq, prev: stamp.prev,
            publishedAt: stamp.publishedAt)
    }

    /// Type and envelope of any event that has a whole envelope; its other fields are checked as JSON only.
    /// A heartbeat has no `seq` and `prev`, see `Heartbeat.decode`.
    public static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> (
        type: JSONText, head: EventHead
    ) {
        var reader = try JSONReader(bytes)
        var fields = EnvelopeFields()
        var scope = try reader.openObject()
        while true {
            let number = try reader.nextNumber(in: &scope, of: EnvelopeFields.index)
            guard number >= 0 else { break }
            try fields.read(number, &reader)
        }
        try reader.finish()
        return (fields.type, try fields.head(scope, at: reader.offset))
    }

    /// The type alone, nil without one; of the rest only what stands before it is looked at.
    static func type(of bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONText? {
        var reader = try JSONReader(bytes)
        var scope = try reader.openObject()
        while true {
            let number = try reader.nextNumber(in: &scope, of: EnvelopeFields.index)
            guard number >= 0 else { return nil }
            if number == Int(EnvelopeKey.type.rawValue) { return try reader.string() }
            try reader.skip()
        }
    }
}

/// The keys of the envelope: numbers 0 to 7 in the table of every event.
enum EnvelopeKey: UInt8, WireNamed {
    case type, version, source, epoch, seq, prev, publishedAt, position

    var wireName: StaticString {
        switch self {
        case .type: "type"
        case .version: "version"
        case .source: "source"
        case .epoch: "epoch"
        case .seq: "seq"
        case .prev: "prev"
        case .publishedAt: "published_at"
        case .position: "position"
        }
    }

    /// As a bit of `ObjectScope.seen`.
    var bit: UInt64 { 1 << UInt64(rawValue) }
}

/// The envelope while its event is being read.
struct EnvelopeFields {
    static let index = KeyIndex(EnvelopeKey.allCases.map(\.wireName))
    /// Keys before an event's own.
    static let count = EnvelopeKey.allCases.count

    var type = JSONText.none
    private var typeOffset = 0
    private var source = JSONText.none
    private var epoch = JSONText.none
    private var stamp = EventStamp(seq: 0, prev: 0, publishedAt: Timestamp(microseconds: 0))

    mutating func read(_ number: Int, _ reader: inout JSONReader) throws(JSONError) {
        switch EnvelopeKey(rawValue: UInt8(truncatingIfNeeded: number)) {
        case .type:
            typeOffset = reader.offset
            type = try reader.string()
        case .version: try reader.version()
        case .source: source = try reader.name(.identifier, "source")
        case .epoch: epoch = try reader.name(.identifier, "epoch")
        case .seq: stamp.seq = try reader.unsigned()
        case .prev: stamp.prev = try reader.unsigned()
        case .publishedAt: stamp.publishedAt = try reader.timestamp()
        case .position: stamp.position = try reader.unsigned()
        case nil: break
        }
    }

    /// Refuses another type than this.
    func require(_ expected: StaticString) throws(JSONError) {
        guard type.equals(expected) else { throw JSONError(.unknownType, at: typeOffset, field: "type") }
    }

    private static let unnumbered =
        EnvelopeKey.type.bit | EnvelopeKey.version.bit | EnvelopeKey.source.bit | EnvelopeKey.epoch.bit
        | EnvelopeKey.publishedAt.bit
    private static let whole = unnumbered | EnvelopeKey.seq.bit | EnvelopeKey.prev.bit

    /// Refuses an object in which the key with one of these bits was not seen.
    static func require(_ bits: UInt64, _ scope: ObjectScope, at end: Int) throws(JSONError) {
        let missing = bits & ~scope.seen
        if missing != 0, let key = EnvelopeKey(rawValue: UInt8(missing.trailingZeroBitCount)) {
            throw JSONError(.missingField, at: end, field: "\(key.wireName)")
        }
    }

    /// The whole envelope; every field but `position` is required, `seq` and `prev` only of what is numbered.
    func head(_ scope: ObjectScope, at end: Int, numbered: Bool = true) throws(JSONError) -> EventHead {
        try Self.require(numbered ? Self.whole : Self.unnumbered, scope, at: end)
        return EventHead(stamp: stamp, source: source, epoch: epoch)
    }
}

extension JSONReader {
    /// The version, which must be ours.
    mutating func version() throws(JSONError) { try scanner.version() }

    /// A string that is a name under this rule.
    mutating func name(_ rule: NameRule, _ field: StaticString) throws(JSONError) -> JSONText {
        try scanner.name(rule, field)
    }
}

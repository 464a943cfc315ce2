// Any JSON value as a tree, for settings, metadata and requests: cold paths, where clarity beats speed.
// Numbers keep their characters, objects the order of their members, so what was read is written again as it
// was.

/// Any JSON value.
public enum JSONValue: Sendable, Equatable {
    /// A member of an object.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSONValue
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// The characters of a number, a JSON number always when it was parsed.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in order; no name twice when it was parsed.
    case object([Member])

    /// Parses one value and nothing after it, within the limits of `JSONReader`.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = try JSONReader(bytes)
        try self.init(reading: &reader)
        try reader.finish()
    }

    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try JSONValue(parsing: UnsafeRawBufferPointer(buffer))
        }
    }

    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// Reads the next value of a message.
    public init(reading reader: inout JSONReader) throws(JSONError) {
        switch reader.nextByte {
        case 0x7b:
            var members: [Member] = []
            var scope = try reader.openObject()
            while let name = try reader.nextKey(in: &scope) {
                members.append(Member(name.string, try JSONValue(reading: &reader)))
            }
            self = .object(members)
        case 0x5b:
            var elements: [JSONValue] = []
            var scope = try reader.openArray()
            while try reader.nextElement(in: &scope) { elements.append(try JSONValue(reading: &reader)) }
            self = .array(elements)
        case 0x22: self = .string(try reader.string().string)
        case 0x74, 0x66: self = .bool(try reader.bool())
        case 0x2d, 0x30...0x39: self = .number(String(decoding: try reader.number(), as: UTF8.self))
        default:
            guard try reader.takesNull() else {
                // Nothing that a value begins with: skipping says what is wrong.
                try reader.skip()
                throw JSONError(.unexpectedByte, at: reader.offset)
            }
            self = .null
        }
    }

    /// Appends it without white space.
    public func write(into writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .number(let digits): writer.value(digits: digits)
        case .string(let text): writer.value(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(into: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                member.value.write(into: &writer)
            }
            writer.endObject()
        }
    }

    /// Its JSON without white space.
    public var text: String {
        var writer = JSONWriter()
        write(into: &writer)
        return writer.string
    }
}

extension JSONWriter {
    /// A number by its characters.
    fileprivate mutating func value(digits: String) {
        var digits = digits
        digits.withUTF8 { value(raw: UnsafeRawBufferPointer($0)) }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number("\(value)") }
}

extension JSONValue {
    public init(_ value: Int) { self = .number("\(value)") }
    public init(_ value: UInt64) { self = .number("\(value)") }
    public init(_ value: Int64) { self = .number("\(value)") }
    public init(_ value: some FixedPoint) { self = .number(canonicalDecimal(value.units)) }
    public init(_ value: Timestamp) { self = .number(value.description) }
    /// `null` when it is not finite.
    public init(_ value: Double) { self = value.isFinite ? .number(value.description) : .null }
}

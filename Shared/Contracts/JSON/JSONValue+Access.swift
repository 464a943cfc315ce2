// Typed access to a tree, with sentences that name the field, what was expected and what was there.

/// A member of a tree is not there, or is of another type.
public struct JSONValueError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The member's name.
    public var field: String
    public var description: String

    public init(field: String, _ description: String) {
        self.field = field
        self.description = description
    }
}

extension JSONValue {
    /// What kind of value it is, in a person's words.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    // MARK: The value itself, or nil when it is something else

    public var asString: String? { if case .string(let text) = self { text } else { nil } }
    public var asBool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var asArray: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    public var asObject: [Member]? { if case .object(let members) = self { members } else { nil } }
    /// A whole number that fits; `1E2` and `100.0` are whole.
    public var asInteger: Int64? { scanned { (reader) throws(JSONError) in try reader.integer() } }
    public var asUnsigned: UInt64? { scanned { (reader) throws(JSONError) in try reader.unsigned() } }
    /// In units of 1e-8, exact.
    public var asAmount: Int64? { scanned { (reader) throws(JSONError) in try reader.amount() } }
    public var asTimestamp: Timestamp? { scanned { (reader) throws(JSONError) in try reader.timestamp() } }
    public var asDouble: Double? { scanned { (reader) throws(JSONError) in try reader.double() } }

    private func scanned<Value>(_ read: (inout JSONReader) throws(JSONError) -> Value) -> Value? {
        guard case .number(var digits) = self else { return nil }
        return digits.withUTF8 { bytes in
            guard var reader = try? JSONReader(UnsafeRawBufferPointer(bytes)), let value = try? read(&reader),
                (try? reader.finish()) != nil
            else { return nil }
            return value
        }
    }

    // MARK: Members of an object

    /// The member with this name, or nil.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    public func string(_ name: String) throws(JSONValueError) -> String {
        try member(name, "a string") { $0.asString }
    }

    public func integer(_ name: String) throws(JSONValueError) -> Int64 {
        try member(name, "a whole number") { $0.asInteger }
    }

    public func unsigned(_ name: String) throws(JSONValueError) -> UInt64 {
        try member(name, "a whole number that is not negative") { $0.asUnsigned }
    }

    public func bool(_ name: String) throws(JSONValueError) -> Bool {
        try member(name, "true or false") { $0.asBool }
    }

    public func double(_ name: String) throws(JSONValueError) -> Double {
        try member(name, "a number") { $0.asDouble }
    }

    /// In units of 1e-8.
    public func amount(_ name: String) throws(JSONValueError) -> Int64 {
        try member(name, "a number with at most 8 decimals") { $0.asAmount }
    }

    public func timestamp(_ name: String) throws(JSONValueError) -> Timestamp {
        try member(name, "seconds with at most 6 decimals") { $0.asTimestamp }
    }

    public func array(_ name: String) throws(JSONValueError) -> [JSONValue] {
        try member(name, "an array") { $0.asArray }
    }

    public func object(_ name: String) throws(JSONValueError) -> [Member] {
        try member(name, "an object") { $0.asObject }
    }

    private func member<Value>(
        _ name: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) throws(JSONValueError) -> Value {
        guard case .object = self else {
            throw JSONValueError(field: name, "\"\(name)\" is looked for in \(kind), not in an object")
        }
        guard let value = self[name] else {
            throw JSONValueError(field: name, "\"\(name)\" is missing: it must be \(expected)")
        }
        guard let typed = read(value) else {
            // Short values are shown, long ones only by their kind.
            let shown = value.text
            let found = shown.utf8.count <= 40 ? shown : value.kind
            throw JSONValueError(field: name, "\"\(name)\" must be \(expected), not \(found)")
        }
        return typed
    }
}

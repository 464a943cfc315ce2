// Why a message was refused: a closed code for programs, the byte at which it went wrong, a sentence for
// people.

/// A message that is not JSON, or not the event it should be.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The closed set of reasons. Wire names travel in dead letters and never change.
    public enum Code: UInt8, WireNamed {
        // The limits of a reader.
        case messageTooLong, tooDeep, tooManyKeys, numberTooLong
        // Not JSON.
        case unexpectedEnd, unexpectedByte, trailingBytes, controlCharacter, invalidEscape, loneSurrogate
        case invalidUTF8, invalidNumber, leadingZero, duplicateKey
        // JSON, but not what belongs here.
        case wrongType, tooManyDecimals, outOfRange
        case missingField, unknownType, unknownVersion, unknownWord, invalidName, unexpectedValue
    }

    public var code: Code
    /// Byte of the message, from 0.
    public var offset: Int
    /// The field it is about; empty when it is about the JSON itself.
    public var field: String

    public init(_ code: Code, at offset: Int, field: String = "") {
        self.code = code
        self.offset = offset
        self.field = field
    }

    /// What is wrong, as one sentence without the place.
    public var sentence: String {
        field.isEmpty ? code.sentence : "\"\(field)\": \(code.sentence)"
    }

    public var description: String { "\(sentence) (byte \(offset))" }
}

extension JSONError.Code {
    public var wireName: StaticString {
        switch self {
        case .messageTooLong: "message_too_long"
        case .tooDeep: "too_deep"
        case .tooManyKeys: "too_many_keys"
        case .numberTooLong: "number_too_long"
        case .unexpectedEnd: "unexpected_end"
        case .unexpectedByte: "unexpected_byte"
        case .trailingBytes: "trailing_bytes"
        case .controlCharacter: "control_character"
        case .invalidEscape: "invalid_escape"
        case .loneSurrogate: "lone_surrogate"
        case .invalidUTF8: "invalid_utf8"
        case .invalidNumber: "invalid_number"
        case .leadingZero: "leading_zero"
        case .duplicateKey: "duplicate_key"
        case .wrongType: "wrong_type"
        case .tooManyDecimals: "too_many_decimals"
        case .outOfRange: "out_of_range"
        case .missingField: "missing_field"
        case .unknownType: "unknown_type"
        case .unknownVersion: "unknown_version"
        case .unknownWord: "unknown_word"
        case .invalidName: "invalid_name"
        case .unexpectedValue: "unexpected_value"
        }
    }

    /// The rule that was broken.
    public var sentence: String {
        switch self {
        case .messageTooLong: "a message has at most \(JSONReader.maximumMessageBytes) bytes"
        case .tooDeep: "objects and arrays nest at most \(JSONReader.maximumDepth) deep"
        case .tooManyKeys: "an object has at most \(JSONReader.maximumKeys) keys"
        case .numberTooLong: "a number has at most \(JSONReader.maximumNumberLength) characters"
        case .unexpectedEnd: "the message ends in the middle"
        case .unexpectedByte: "this byte is not JSON here"
        case .trailingBytes: "nothing but white space may follow the value"
        case .controlCharacter: "a control character in a string must be escaped"
        case .invalidEscape: "a backslash is followed by one of \"\\/bfnrt or u and four hexadecimal digits"
        case .loneSurrogate: "a surrogate escape must come with its other half"
        case .invalidUTF8: "a string must be valid UTF-8"
        case .invalidNumber: "a number is digits, optionally with a minus, a fraction and an exponent"
        case .leadingZero: "a number must not begin with a zero followed by digits"
        case .duplicateKey: "a key must not stand twice in one object"
        case .wrongType: "the value is of another type"
        case .tooManyDecimals: "the number has more decimals than are kept exactly"
        case .outOfRange: "the number is outside of the range that is kept exactly"
        case .missingField: "the field is missing"
        case .unknownType: "the event type is not one that belongs here"
        case .unknownVersion: "only version \(contractVersion) is understood"
        case .unknownWord: "the word is not one of those that are allowed here"
        case .invalidName: "the name is not allowed: use A-Z a-z 0-9 . _ - and keep to its length"
        case .unexpectedValue: "the value is not allowed here"
        }
    }
}

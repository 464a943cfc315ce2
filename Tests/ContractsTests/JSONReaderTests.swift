import Testing

@testable import Contracts

/// What any JSON text must be to be read at all; all of it runs through the code that skips unknown values
/// too.
struct JSONReaderTests {
    @Test(
        "What is JSON is read",
        arguments: [
            "null", "true", "false", "0", "-0", "1", "-1", "10", "1.5", "1e5", "1E+5", "1e-5", "-0.0e0",
            "\"\"",
            "\"a\"", "[]", "{}", "[ ]", "{ }", " [1 , 2] ", "\t{\n\"a\"\r: [ {} , [] ] }\n", "[[[[]]]]",
            "[null,null]",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\u00e9\\uABCD\"", "\"\\ud83d\\ude00\"",
            "\"\\uD800\\uDC00\"", "\"\u{7f}\"", "\"é€😀\"", "\"\u{fffd}\u{10ffff}\u{e000}\u{d7ff}\"",
            "{\"\":1}", "{\"a\":1,\"b\":2}", "{\"a\":{\"a\":1}}", "[{\"a\":1},{\"a\":1}]",
            "{\"a\":1,\"A\":2}",
            "1234567890123456789012345678901234567890", "0.00000000000000000000000000000000000001",
            "\"01234567\"", "\"0123456789abcdef\"", "{\"01234567\":1,\"012345678\":2,\"0123456\":3}",
        ])
    func accepted(_ text: String) throws {
        let value = try JSONValue(parsing: text)
        // The tree written again is the same tree.
        #expect(try JSONValue(parsing: value.text) == value)
        // The code that skips values agrees with the code that reads them.
        try withBytes(text) { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            try reader.skip()
            try reader.finish()
        }
    }

    static let refused: [(String, JSONError.Code, Int)] = [
        ("", .unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("[", .unexpectedEnd, 1), ("{", .unexpectedEnd, 1),
        ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("{\"a\"", .unexpectedEnd, 4),
        ("{\"a\":", .unexpectedEnd, 5), ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\":1,", .unexpectedEnd, 7),
        ("\"", .unexpectedEnd, 1), ("\"abc", .unexpectedEnd, 4), ("\"abcdefghijk", .unexpectedEnd, 12),
        ("\"\\", .unexpectedEnd, 2), ("\"\\u00", .unexpectedEnd, 5), ("tru", .unexpectedEnd, 3),
        ("]", .unexpectedByte, 0), ("}", .unexpectedByte, 0), (",", .unexpectedByte, 0),
        ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("[1:2]", .unexpectedByte, 2),
        ("{\"a\":1,}", .unexpectedByte, 7), ("{,}", .unexpectedByte, 1), ("{a:1}", .unexpectedByte, 1),
        ("{'a':1}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5),
        ("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
        ("{1:2}", .unexpectedByte, 1), ("{\"a\"::1}", .unexpectedByte, 5), ("truE", .unexpectedByte, 3),
        ("nul}", .unexpectedByte, 3), ("'a'", .unexpectedByte, 0), ("\u{feff}1", .unexpectedByte, 0),
        ("[1]]", .trailingBytes, 3), ("1 2", .trailingBytes, 2), ("{}{}", .trailingBytes, 2),
        ("nullx", .trailingBytes, 4),
        ("1\u{0}", .trailingBytes, 1), ("\u{c}1", .unexpectedByte, 0), ("1\u{b}", .trailingBytes, 1),
        ("NaN", .invalidNumber, 0), ("Infinity", .invalidNumber, 0), ("-Infinity", .invalidNumber, 1),
        ("+1", .invalidNumber, 0), (".5", .invalidNumber, 0), ("-", .unexpectedEnd, 1),
        ("-x", .invalidNumber, 1),
        ("[1.]", .invalidNumber, 3), ("1.", .unexpectedEnd, 2), ("[1e]", .invalidNumber, 3),
        ("[1e+]", .invalidNumber, 4),
        ("[-]", .invalidNumber, 2), ("1.e1", .invalidNumber, 2), ("01", .leadingZero, 0),
        ("-01", .leadingZero, 1),
        ("00", .leadingZero, 0), ("-00.5", .leadingZero, 1), ("0x1", .trailingBytes, 1),
        ("1_000", .trailingBytes, 1),
        ("12345678901234567890123456789012345678901", .numberTooLong, 0),
        ("0.000000000000000000000000000000000000000", .numberTooLong, 0),
        ("\"\u{1f}\"", .controlCharacter, 1), ("\"abcdefgh\n\"", .controlCharacter, 9),
        ("\"\u{0}\"", .controlCharacter, 1),
        ("\"\\x\"", .invalidEscape, 2), ("\"\\u00g0\"", .invalidEscape, 5),
        ("\"\\U0000\"", .invalidEscape, 2),
        ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\udc00\"", .loneSurrogate, 1),
        ("\"\\ud800\\ud800\"", .loneSurrogate, 1),
        ("\"\\ud800x\"", .loneSurrogate, 1), ("\"\\udc00\\ud800\"", .loneSurrogate, 1),
        ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
        ("{\"a\":1,\"a\":2}", .duplicateKey, 7), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey, 7),
        ("{\"\\u0061\":1,\"a\":2}", .duplicateKey, 12), ("{\"é\":1,\"\\u00e9\":2}", .duplicateKey, 8),
        ("{\"\":1,\"\":2}", .duplicateKey, 6), ("[{\"x\":{\"b\":1,\"c\":{},\"b\":2}}]", .duplicateKey, 20),
        ("{\"o\":{\"a\":1},\"o\":1}", .duplicateKey, 13),
        ("{\"0123456789abcdefg\":1,\"0123456789abcdefg\":2}", .duplicateKey, 23),
    ]

    @Test("What is not JSON is refused with a code and the byte", arguments: refused)
    func checkRefused(_ text: String, _ code: JSONError.Code, _ offset: Int) {
        let bytes = Array(text.utf8)
        let read = refusal(bytes) { (bytes) throws(JSONError) in try JSONValue(parsing: bytes) }
        #expect(read == JSONError(code, at: offset), "read: \(text)")
        let skipped = refusal(bytes) { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            try reader.skip()
            try reader.finish()
        }
        #expect(skipped == JSONError(code, at: offset), "skipped: \(text)")
    }

    static let invalidUTF8: [[UInt8]] = [
        [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x20], [0xe0, 0x80, 0x80],
        [0xe0, 0x9f, 0xbf],
        [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80],
        [0xf0, 0x8f, 0xbf, 0xbf],
        [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xfe], [0xff],
    ]

    @Test("Invalid UTF-8 is refused wherever it stands in a string", arguments: invalidUTF8)
    func checkInvalidUTF8(_ sequence: [UInt8]) {
        for before in 0..<18 {
            let bytes = [0x22] + [UInt8](repeating: 0x61, count: before) + sequence + [0x22]
            let error = refusal(bytes) { (bytes) throws(JSONError) in try JSONValue(parsing: bytes) }
            #expect(error == JSONError(.invalidUTF8, at: before + 1))
        }
    }

    @Test("The limits are kept: one less is read, one more is refused")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(JSONReader.maximumDepth))
        let deep = refusal(Array(nested(33).utf8)) { (bytes) throws(JSONError) in
            try JSONValue(parsing: bytes)
        }
        #expect(deep == JSONError(.tooDeep, at: 32))

        func keys(_ count: Int) -> String {
            "{" + (0..<count).map { "\"key\($0)\":0" }.joined(separator: ",") + "}"
        }
        #expect(try JSONValue(parsing: keys(8192)).asObject?.count == 8192)
        let many = refusal(Array(keys(8193).utf8)) { (bytes) throws(JSONError) in
            try JSONValue(parsing: bytes)
        }
        #expect(many?.code == .tooManyKeys)

        let long = [UInt8](repeating: 0x20, count: JSONReader.maximumMessageBytes - 1) + [0x31]
        _ = try JSONValue(parsing: long)
        let longer = refusal(long + [0x20]) { (bytes) throws(JSONError) in try JSONValue(parsing: bytes) }
        #expect(longer?.code == .messageTooLong)
    }

    @Test("A second key is found among many, at every depth, and only in its own object")
    func manyKeys() throws {
        func object(_ names: [String], _ inner: String = "0") -> String {
            "{"
                + names.enumerated().map { "\"\($1)\":\($0 == names.count / 2 ? inner : "1")" }.joined(
                    separator: ",") + "}"
        }
        let names = (0..<300).map { "name\($0)" }
        // The same names in an object inside, before and after: no duplicates.
        let nested = object(names, object(names, object(Array(names.prefix(10)))))
        _ = try JSONValue(parsing: "[\(nested),\(nested)]")
        for place in [1, 16, 31, 32, 33, 100, 299] {
            for copy in [0, 15, 30, 31, 32, 33, 150] where copy < place {
                var wrong = names
                wrong[place] = place % 2 == 0 ? names[copy] : "\\u006e" + names[copy].dropFirst()
                for text in [object(wrong), object(names, object(wrong)), object(wrong, nested)] {
                    let read = refusal(Array(text.utf8)) { (bytes) throws(JSONError) in
                        try JSONValue(parsing: bytes)
                    }
                    #expect(read?.code == .duplicateKey, "\(place) \(copy)")
                }
            }
        }
    }

    @Test("A copied reader goes its own way")
    func copies() throws {
        let names = (0..<70).map { "\"k\($0)\":1" }.joined(separator: ",")
        try withBytes("{\(names)}") { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            var scope = try reader.openObject()
            for _ in 0..<40 {
                _ = try reader.nextKey(in: &scope)
                try reader.skip()
            }
            var copy = reader
            var copiedScope = scope
            while try copy.nextKey(in: &copiedScope) != nil { try copy.skip() }
            while try reader.nextKey(in: &scope) != nil { try reader.skip() }
            try copy.finish()
            try reader.finish()
        }
    }

    @Test("Every text is the same after writing and reading, in place or unescaped")
    func texts() throws {
        var random = Seeded(11)
        for _ in 0..<3000 {
            let text = random.text()
            let json = written { $0.value(text) }
            try withBytes(json) { (bytes) throws(JSONError) in
                var reader = try JSONReader(bytes)
                let read = try reader.string()
                #expect(read.string == text)
                var copy = text
                #expect(copy.withUTF8 { read.equals(UnsafeRawBufferPointer($0)) })
                let other = text + "x"
                #expect(!Array(other.utf8).withUnsafeBytes { read.equals($0) })
            }
        }
    }

    @Test("Unescaping gives the scalars that the escapes name")
    func unescaping() throws {
        let text = "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\b\\f\\n\\r\\t\\/\\\\\\\"z\""
        #expect(try JSONValue(parsing: text) == .string("Aé€😀\u{8}\u{c}\n\r\t/\\\"z"))
    }

    @Test("A value of another type is refused where it stands")
    func wrongTypes() {
        func code<R>(_ text: String, _ body: (inout JSONReader) throws(JSONError) -> R) -> JSONError? {
            refusal(Array(text.utf8)) { (bytes) throws(JSONError) in
                var reader = try JSONReader(bytes)
                return try body(&reader)
            }
        }
        let wrong = JSONError(.wrongType, at: 1)
        #expect(code(" \"1\"") { (reader) throws(JSONError) in try reader.amount() } == wrong)
        #expect(code(" null") { (reader) throws(JSONError) in try reader.timestamp() } == wrong)
        #expect(code(" {}") { (reader) throws(JSONError) in try reader.unsigned() } == wrong)
        #expect(code(" 1") { (reader) throws(JSONError) in try reader.bool() } == wrong)
        #expect(code(" 1") { (reader) throws(JSONError) in try reader.string() } == wrong)
        #expect(code(" []") { (reader) throws(JSONError) in try reader.openObject() } == wrong)
        #expect(code(" {}") { (reader) throws(JSONError) in try reader.openArray() } == wrong)
    }

    @Test("A known key is found in any disguise, and not twice")
    func knownKeys() throws {
        enum Key: UInt8, WireNamed {
            case type, remainingQuantity, eightBytes
            var wireName: StaticString {
                switch self {
                case .type: "type"
                case .remainingQuantity: "remaining_quantity"
                case .eightBytes: "12345678"
                }
            }
        }
        let table = KeyTable<Key>()
        func keys(_ text: String) throws(JSONError) -> [Key] {
            try withBytes(text) { (bytes) throws(JSONError) in
                var found: [Key] = []
                var reader = try JSONReader(bytes)
                var scope = try reader.openObject()
                while let key = try reader.nextKey(in: &scope, of: table) {
                    found.append(key)
                    try reader.skip()
                }
                try reader.finish()
                return found
            }
        }
        #expect(
            try keys(
                #"{"remaining_quantity":1,"remaininXXquantity":2,"\u0074ype":3,"12345678":4,"1234567":5}"#
            )
                == [.remainingQuantity, .type, .eightBytes])
        #expect(try keys("{\"remaining\\u005fquantity\":1}") == [.remainingQuantity])
        #expect(throws: JSONError(.duplicateKey, at: 10)) { try keys("{\"type\":1,\"typ\\u0065\":2}") }
        #expect(throws: JSONError(.duplicateKey, at: 16)) { try keys("{\"x\":1,\"type\":1,\"x\":2}") }
    }
}

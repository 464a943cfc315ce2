import Testing

@testable import Contracts

/// Amounts, times and whole numbers from digits: exact or refused.
struct NumberTests {
    private func amount(_ text: String) throws(JSONError) -> Int64 {
        try withBytes(text) { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            let value = try reader.amount()
            try reader.finish()
            return value
        }
    }

    private func timestamp(_ text: String) throws(JSONError) -> Int64 {
        try withBytes(text) { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            let value = try reader.timestamp().microseconds
            try reader.finish()
            return value
        }
    }

    private func unsigned(_ text: String) throws(JSONError) -> UInt64 {
        try withBytes(text) { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            let value = try reader.unsigned()
            try reader.finish()
            return value
        }
    }

    static let amounts: [(String, Int64)] = [
        ("0", 0), ("-0", 0), ("0.0", 0), ("-0.00000000", 0), ("0e99", 0), ("0e-99", 0), ("0.000000000000", 0),
        ("1", 100_000_000), ("-1", -100_000_000), ("181.82", 18_182_000_000), ("1E2", 10_000_000_000),
        ("100.0", 10_000_000_000), ("1e-8", 1), ("-1e-8", -1), ("1.5e1", 1_500_000_000),
        ("15e-1", 150_000_000),
        ("0.00000001", 1), ("0.000000010000", 1), ("1.234567890000000000000", 123_456_789), ("1000e-11", 1),
        ("12345678.12345678", 1_234_567_812_345_678), ("123456789.1", 12_345_678_910_000_000),
        ("1234567890.12345678", 123_456_789_012_345_678), ("0.1e1", 100_000_000), ("0.00000000001e3", 1),
        ("92233720368.54775807", Int64.max), ("-92233720368.54775807", -Int64.max),
        ("9223372036854775807e-8", Int64.max),
        ("92233720368547758.07e-6", Int64.max), ("9.0e9", 900_000_000_000_000_000),
        ("1e10", 1_000_000_000_000_000_000),
    ]

    @Test("An amount is read exactly", arguments: amounts)
    func checkAmounts(_ text: String, _ units: Int64) throws {
        #expect(try amount(text) == units)
        // Where a number ends does not depend on what follows it.
        try withBytes("[\(text),\(text) ]") { (bytes) throws(JSONError) in
            var reader = try JSONReader(bytes)
            var scope = try reader.openArray()
            while try reader.nextElement(in: &scope) { #expect(try reader.amount() == units) }
            try reader.finish()
        }
    }

    static let refusedAmounts: [(String, JSONError.Code, Int)] = [
        ("0.000000001", .tooManyDecimals, 0), ("1e-9", .tooManyDecimals, 0),
        ("1.123456789", .tooManyDecimals, 0),
        ("1.5e-8", .tooManyDecimals, 0), ("92233720368.54775808", .outOfRange, 0),
        ("-92233720368.54775808", .outOfRange, 0), ("1e11", .outOfRange, 0), ("1e9999999999", .outOfRange, 0),
        ("9223372036854775808", .outOfRange, 0), ("01", .leadingZero, 0), ("-", .unexpectedEnd, 1),
        ("1.", .unexpectedEnd, 2), ("1e", .unexpectedEnd, 2), ("NaN", .invalidNumber, 0),
        ("1,", .trailingBytes, 1),
        ("1.2.3", .trailingBytes, 3), ("12345678901234567890123456789012345678901", .numberTooLong, 0),
        ("1.0000000000000000000000000000000000000000000", .numberTooLong, 0), ("--1", .invalidNumber, 1),
        ("", .unexpectedEnd, 0), ("1e+-2", .invalidNumber, 3), ("٣", .invalidNumber, 0),
    ]

    @Test("An amount that cannot be kept exactly is refused", arguments: refusedAmounts)
    func checkRefusedAmounts(_ text: String, _ code: JSONError.Code, _ offset: Int) {
        #expect(throws: JSONError(code, at: offset)) { try amount(text) }
    }

    @Test("Amounts of every size are the same after writing and reading")
    func amountRoundTrip() throws {
        var random = Seeded(1)
        for _ in 0..<50_000 {
            let units = random.units()
            let text = written { $0.value(Price(units: units)) }
            #expect(text == canonicalDecimal(units))
            #expect(try amount(text) == units)
        }
    }

    static let times: [(String, Int64)] = [
        ("1381239000.123000", 1_381_239_000_123_000), ("1381239000", 1_381_239_000_000_000), ("0", 0),
        ("-0.5", -500_000),
        ("1381239000.1", 1_381_239_000_100_000), ("1.381239e9", 1_381_239_000_000_000), ("0.000001", 1),
        ("1381239000.12300000", 1_381_239_000_123_000), ("1381239000.1230000000000", 1_381_239_000_123_000),
        ("-1.000001", -1_000_001), ("12345678.5", 12_345_678_500_000),
        ("99999999999.999999", 99_999_999_999_999_999),
    ]

    @Test("A time is read exactly", arguments: times)
    func checkTimes(_ text: String, _ microseconds: Int64) throws {
        #expect(try timestamp(text) == microseconds)
    }

    @Test("A time finer than a microsecond is refused")
    func refusedTimes() {
        for text in ["1.0000001", "1381239000.1234567", "1381239000.00000001", "1e-7"] {
            #expect(throws: JSONError(.tooManyDecimals, at: 0)) { try timestamp(text) }
        }
        #expect(throws: JSONError(.outOfRange, at: 0)) { try timestamp("1e13") }
    }

    @Test("Times have six decimals always, and are the same after reading")
    func timeRoundTrip() throws {
        var random = Seeded(2)
        for _ in 0..<20_000 {
            let time = random.time()
            let text = written { $0.value(time) }
            #expect(text == time.description)
            #expect(text.split(separator: ".").last?.count == 6)
            #expect(try timestamp(text) == time.microseconds)
        }
    }

    static let wholes: [(String, UInt64)] = [
        ("0", 0), ("-0", 0), ("7", 7), ("1E2", 100), ("100.0", 100), ("18446744073709551615", UInt64.max),
        ("12345678", 12_345_678), ("123456789", 123_456_789), ("1234567890123456", 1_234_567_890_123_456),
        ("1.5e1", 15), ("9007199254740993", 9_007_199_254_740_993),
    ]

    @Test("A whole number is read exactly", arguments: wholes)
    func checkWholes(_ text: String, _ value: UInt64) throws { #expect(try unsigned(text) == value) }

    @Test("What is not a whole number is refused")
    func refusedWholes() {
        #expect(throws: JSONError(.tooManyDecimals, at: 0)) { try unsigned("1.5") }
        #expect(throws: JSONError(.tooManyDecimals, at: 0)) { try unsigned("1e-1") }
        #expect(throws: JSONError(.outOfRange, at: 0)) { try unsigned("-1") }
        #expect(throws: JSONError(.outOfRange, at: 0)) { try unsigned("18446744073709551616") }
    }

    @Test("Numbers of every length are written as the standard library writes them")
    func writing() {
        var random = Seeded(3)
        for _ in 0..<50_000 {
            let value = random.next() >> UInt64.random(in: 0..<64, using: &random)
            #expect(written { $0.value(value) } == "\(value)")
            let signed = Int64(bitPattern: value)
            #expect(written { $0.value(signed) } == "\(signed)")
        }
        #expect(written { $0.value(Int64.min) } == "-9223372036854775808")
    }
}

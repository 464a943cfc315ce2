import Testing

@testable import Contracts

struct NameTests {
    @Test("Names keep to their letters and lengths, in both ways in which they are checked")
    func rules() throws {
        for byte in UInt8.min...UInt8.max {
            let scalar = Character(Unicode.Scalar(byte))
            let isLetter = byte < 0x80 && (scalar.isLetter || scalar.isNumber || "._-".contains(scalar))
            for place in [0, 3, 7, 8, 11] {
                var bytes = [UInt8](repeating: 0x61, count: 12)
                bytes[place] = byte
                #expect(NameRule.identifier.accepts(bytes) == isLetter)
                #expect(NameRule.derived.accepts(bytes) == (isLetter || byte == 0x3a))
                bytes.withUnsafeBytes { raw in
                    let message = JSONBytes(raw)
                    let text = JSONText(start: message.base, count: raw.count, isEscaped: false)
                    #expect(message.isName(text, .identifier) == isLetter)
                    #expect(message.isName(text, .derived) == (isLetter || byte == 0x3a))
                }
            }
        }
        for (rule, limit) in [(NameRule.identifier, 40), (.derived, 64), (.symbol, 32)] {
            for count in 0...70 {
                let bytes = [UInt8](repeating: 0x61, count: count)
                #expect(rule.accepts(bytes) == (1...limit).contains(count))
                bytes.withUnsafeBytes { raw in
                    let message = JSONBytes(raw)
                    let text = JSONText(start: message.base, count: raw.count, isEscaped: false)
                    #expect(message.isName(text, rule) == (1...limit).contains(count))
                }
            }
        }
        #expect(throws: InvalidName.self) { try NameRule.symbol.validated("BTC/USD", as: "symbol") }
    }

    @Test("A symbol keeps its number, and every name finds its own")
    func symbols() throws {
        var random = Seeded(6)
        var table = SymbolTable()
        var numbers: [String: SymbolIndex] = [:]
        // Names that differ in the middle only are the hard ones for a hash of first and last bytes.
        for middle in 0..<2000 { numbers["AAAAAAAA\(1000 + middle)ZZZZZZZZ"] = SymbolIndex.none }
        for _ in 0..<5000 { numbers[random.name(1...32)] = SymbolIndex.none }
        for name in numbers.keys.sorted() {
            let index = try table.intern(name)
            #expect(Int(index.rawValue) == table.count - 1)
            numbers[name] = index
        }
        for (name, index) in numbers {
            #expect(table.index(of: name) == index)
            #expect(try table.intern(name) == index)
            #expect(table.name(of: index) == name)
            #expect(table.bytes(of: index) == Array(name.utf8))
        }
        #expect(table.index(of: "not there") == nil)
        for bad in ["", "BTC/USD", "a b", "é", String(repeating: "a", count: 33)] {
            #expect(throws: InvalidName.self) { try table.intern(bad) }
        }
        #expect(table.count == numbers.count)
    }

    @Test("A short code keeps up to eight printable bytes")
    func codes() {
        for text in ["", "N", "USD", "equity", "abcdefgh"] { #expect(ShortCode(text)?.description == text) }
        for text in ["abcdefghi", "a b", "é", "\"", "\\", "\u{7f}"] { #expect(ShortCode(text) == nil) }
    }

    @Test("Every word is found by its wire name, and nothing else is")
    func words() {
        func check<Word: WireNamed & Equatable>(_: Word.Type) {
            for word in Word.allCases { #expect(Word(wireName: "\(word.wireName)") == word) }
            #expect(Word(wireName: "") == nil)
            #expect(Word(wireName: "nothing") == nil)
        }
        check(Side.self)
        check(OrderType.self)
        check(TimeInForce.self)
        check(OrderStatus.self)
        check(Liquidity.self)
        check(PositionEffect.self)
        check(Command.Action.self)
        #expect(Command.Action(wireName: "input") == nil)
        check(JSONError.Code.self)
    }

    @Test(
        "A bar's length is written in its largest unit",
        arguments: [
            (1, "1s"), (60, "1m"), (90, "90s"), (300, "5m"), (3600, "1h"), (5400, "90m"), (86_400, "1d"),
            (604_800, "7d"),
        ] as [(UInt32, String)])
    func intervals(_ seconds: UInt32, _ word: String) {
        #expect(BarInterval.word(seconds: seconds) == word)
        #expect(BarInterval.seconds(word: word) == seconds)
    }

    @Test("A word that is no length is refused")
    func refusedIntervals() {
        for word in ["", "s", "1", "0s", "01m", "1w", "-1s", "1.5h", "367d", "99999999999d", "1 m"] {
            #expect(BarInterval.seconds(word: word) == nil)
        }
        #expect(BarInterval.seconds(word: "60s") == 60)
    }
}

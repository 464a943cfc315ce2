import Testing

@testable import Contracts

extension Seeded {
    mutating func code(_ length: ClosedRange<Int>) -> ShortCode {
        let letters = Array("ABCXYZabc0129!@#,.{}")
        return ShortCode(
            String(
                (0..<Int.random(in: length, using: &self)).map { _ in
                    letters.randomElement(using: &self) ?? "A"
                }))
            ?? .none
    }

    mutating func sides(_ event: inout MarketEvent) {
        event.has = MarketEvent.Presence(rawValue: UInt8.random(in: 0...3, using: &self))
        if event.has.contains(.bid) {
            event.bid.units = units()
            event.bidSize.units = size()
        }
        if event.has.contains(.ask) {
            event.ask.units = units()
            event.askSize.units = size()
        }
    }

    mutating func marketEvent(_ symbol: SymbolIndex) -> MarketEvent {
        let kinds: [MarketEvent.Kind] = [.quote, .trade, .bar, .instrument, .clock, .end]
        let kind = kinds.randomElement(using: &self) ?? .quote
        var event = MarketEvent(
            kind: kind, symbol: kind == .clock || kind == .end ? .none : symbol, timestamp: time())
        switch kind {
        case .quote, .trade:
            sides(&event)
            event.code = code(0...8)
            event.detail = code(0...8)
            if kind == .trade {
                event.price.units = units()
                event.size.units = size()
            }
        case .bar:
            sides(&event)
            event.interval = UInt32.random(in: 1...BarInterval.maximumSeconds, using: &self)
            event.openTime = time()
            event.open.units = units()
            event.high.units = units()
            event.low.units = units()
            event.price.units = units()
            event.size.units = size()
        case .instrument:
            event.price.units = max(size(), 1)
            event.size.units = max(size(), 1)
            event.code = code(1...8)
            event.detail = code(1...8)
        case .clock, .end: break
        }
        return event
    }
}

struct MarketEventTests {
    private func encoded(
        _ event: MarketEvent, _ symbols: SymbolTable, _ stamp: EventStamp, session: TradingSession? = nil
    ) throws -> String {
        let header = try header()
        let symbol = event.symbol == .none ? [] : symbols.bytes(of: event.symbol)
        return written {
            MarketEventCodec.encode(
                event, symbol: symbol, session: session, header: header, stamp: stamp, into: &$0)
        }
    }

    @Test("A tick on the wire looks like this")
    func example() throws {
        var symbols = SymbolTable()
        var event = MarketEvent(
            kind: .quote, symbol: try symbols.intern("IBM"),
            timestamp: Timestamp(microseconds: 1_381_239_000_123_000))
        event.has = .both
        event.bid.units = 18_180_000_000
        event.ask.units = 18_182_000_000
        event.bidSize = Quantity(whole: 300)
        event.askSize = Quantity(whole: 100)
        let stamp = EventStamp(
            seq: 918, prev: 915, publishedAt: Timestamp(microseconds: 1_766_658_600_223_456), position: 7)
        let expected = """
            {"type":"tick","version":1,"source":"simulator","epoch":"k3v9q2","seq":918,"prev":915,\
            "published_at":1766658600.223456,"position":7,"symbol":"IBM","timestamp":1381239000.123000,\
            "kind":"quote","bid":181.8,"ask":181.82,"bid_size":300,"ask_size":100}
            """
        #expect(try encoded(event, symbols, stamp) == expected)
    }

    @Test("Every market event is the same after encoding and decoding, whoever wrote it")
    func roundTrip() throws {
        var random = Seeded(21)
        for _ in 0..<4000 {
            var symbols = SymbolTable()
            let event = random.marketEvent(try symbols.intern(random.name(1...32)))
            var stamp = random.stamp()
            if Bool.random(using: &random) { stamp.position = random.number() }
            let json = try encoded(event, symbols, stamp)
            for text in [json, try disguised(json, &random)] {
                var decoded = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
                try withBytes(text) { (bytes) throws(JSONError) in
                    let head = try MarketEventCodec.decode(bytes, into: &decoded, symbols: &symbols)
                    #expect(head.stamp == stamp)
                    #expect(head.envelope.source == "simulator")
                }
                var expected = event
                expected.seq = stamp.seq
                #expect(decoded == expected, "\(text)")
                #expect(symbols.count == 1)
            }
        }
    }

    @Test("Source and epoch are compared in place")
    func origin() throws {
        var symbols = SymbolTable()
        let event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(seconds: 1))
        var random = Seeded(22)
        let json = try encoded(event, symbols, random.stamp())
        let other = try EnvelopeHeader(source: "simulator", epoch: "k3v9q3")
        let own = try header()
        for text in [json, json.replacing("simulator", with: "simul\\u0061tor")] {
            try withBytes(text) { (bytes) throws(JSONError) in
                var decoded = event
                let head = try MarketEventCodec.decode(bytes, into: &decoded, symbols: &symbols)
                #expect(head.isFrom(own))
                #expect(!head.isFrom(other))
                let (type, same) = try EventHead.read(bytes)
                #expect(type.equals("clock"))
                #expect(same.isFrom(own))
            }
        }
    }

    @Test("An instrument keeps its session")
    func session() throws {
        var symbols = SymbolTable()
        var event = MarketEvent(
            kind: .instrument, symbol: try symbols.intern("IBM"), timestamp: Timestamp(seconds: 1))
        event.price = Price(units: 1_000_000)
        event.size = Quantity(whole: 1)
        event.code = ShortCode("USD") ?? .none
        event.detail = ShortCode("equity") ?? .none
        let session = TradingSession(timeZone: "America/New_York", open: "09:30", close: "16:00")
        var random = Seeded(23)
        let json = try encoded(event, symbols, random.stamp(), session: session)
        try withBytes(json) { (bytes) throws(JSONError) in
            #expect(try MarketEventCodec.session(of: bytes) == session)
            var decoded = event
            _ = try MarketEventCodec.decode(bytes, into: &decoded, symbols: &symbols)
            #expect(decoded.price == event.price)
        }
        for (wrong, field) in [("9:30", "open"), ("24:01", "open"), ("0a:00", "open"), ("09:60", "open")] {
            let bytes = Array(json.replacing("09:30", with: wrong).utf8)
            let error = refusal(bytes) { (bytes) throws(JSONError) in
                var decoded = event
                return try MarketEventCodec.decode(bytes, into: &decoded, symbols: &symbols)
            }
            #expect(error?.code == .unexpectedValue)
            #expect(error?.field == "session.\(field)")
        }
    }

    static let tick = """
        {"type":"tick","version":1,"source":"s","epoch":"e","seq":1,"prev":0,"published_at":1,"symbol":"A",\
        "timestamp":1,"kind":"trade","price":1,"size":2}
        """
    static let quote = tick.replacing(
        "\"trade\",\"price\":1,\"size\":2", with: "\"quote\",\"bid\":1,\"bid_size\":2")
    static let bar = tick.replacing("tick", with: "bar").replacing(
        "\"kind\":\"trade\",\"price\":1,\"size\":2",
        with: "\"interval\":\"1m\",\"open_time\":0,\"open\":1,\"high\":2,\"low\":1,\"close\":2,\"volume\":5")

    static let refused: [(String, String, String, JSONError.Code, String)] = [
        (tick, "\"price\":1", "\"price\":null", .wrongType, ""),
        (tick, "\"price\":1,", "", .missingField, "price"),
        (tick, "\"size\":2", "\"size\":-2", .unexpectedValue, "size"),
        (tick, "tick", "tock", .unknownType, "type"),
        (tick, "\"type\":\"tick\",", "", .missingField, "type"),
        (tick, "\"version\":1", "\"version\":2", .unknownVersion, "version"),
        (tick, "\"kind\":\"trade\"", "\"kind\":\"sale\"", .unknownWord, "kind"),
        (tick, "\"symbol\":\"A\"", "\"symbol\":\"A/B\"", .invalidName, "symbol"),
        (tick, "\"symbol\":\"A\"", "\"symbol\":\"\"", .invalidName, "symbol"),
        (tick, "\"source\":\"s\"", "\"source\":\"s s\"", .invalidName, "source"),
        (tick, "\"epoch\":\"e\"", "\"epoch\":\"\"", .invalidName, "epoch"),
        (tick, "\"seq\":1,", "", .missingField, "seq"), (tick, "\"seq\":1,", "\"seq\":-1,", .outOfRange, ""),
        (tick, "\"timestamp\":1,", "", .missingField, "timestamp"),
        (tick, "\"timestamp\":1", "\"timestamp\":1.0000001", .tooManyDecimals, ""),
        (tick, "\"price\":1", "\"price\":1e11", .outOfRange, ""),
        (tick, "\"price\":1", "\"price\":1,\"price\":1", .duplicateKey, ""),
        (tick, "\"size\":2", "\"size\":2,\"exchange\":\"ninechars\"", .unexpectedValue, "exchange"),
        (quote, "\"bid_size\":2", "\"x\":2", .missingField, "bid_size"),
        (quote, "\"bid\":1", "\"x\":1", .missingField, "bid"),
        (bar, "\"1m\"", "\"1x\"", .unknownWord, "interval"),
        (bar, "\"volume\":5", "\"volume\":-5", .unexpectedValue, "volume"),
        (bar, "\"close\":2,", "", .missingField, "close"),
    ]

    @Test("A market event that is not one is refused, and nothing is kept of it", arguments: refused)
    func checkRefused(
        _ base: String, _ part: String, _ other: String, _ code: JSONError.Code, _ field: String
    ) throws {
        var symbols = SymbolTable()
        let blank = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        var event = blank
        #expect(base.contains(part))
        let error = refusal(Array(base.replacing(part, with: other).utf8)) { (bytes) throws(JSONError) in
            try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
        }
        #expect(error?.code == code)
        #expect(error?.field == field)
        #expect(symbols.count == 0)
        #expect(event == blank)
        // Unchanged it is accepted: the test can fail.
        try withBytes(base) { (bytes) throws(JSONError) in
            _ = try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
        }
    }

    @Test("A refused value is pointed at")
    func offsets() {
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        let text = Self.tick.replacing("\"size\":2", with: "\"size\": -2")
        let error = refusal(Array(text.utf8)) { (bytes) throws(JSONError) in
            try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
        }
        #expect(error?.offset == text.utf8.count - 3)
        #expect(error?.description == "\"size\": the value is not allowed here (byte \(text.utf8.count - 3))")
    }

    @Test("A message cut short at any byte is refused, whole it is read with any neighbour behind it")
    func prefixes() throws {
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        for text in [Self.tick, Self.quote, Self.bar] {
            let bytes = Array(text.utf8)
            for count in 0..<bytes.count {
                let error = refusal(Array(bytes.prefix(count))) { (bytes) throws(JSONError) in
                    try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
                }
                #expect(error?.code == .unexpectedEnd, "\(count)")
                #expect(error?.offset == count)
            }
            // The reader never looks past the end: digits behind it would change the last number.
            let longer = bytes + Array("9999999999999999".utf8)
            longer.withUnsafeBytes { raw in
                let cut = UnsafeRawBufferPointer(rebasing: raw[..<bytes.count])
                #expect((try? MarketEventCodec.decode(cut, into: &event, symbols: &symbols)) != nil)
            }
        }
    }

    @Test("Fields of other events are fields that are not known")
    func foreignFields() throws {
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        let text = Self.quote.replacing(
            "\"bid\":1", with: "\"price\":9,\"size\":9,\"open\":7,\"bid\":1,\"session\":{}")
        try withBytes(text) { (bytes) throws(JSONError) in
            _ = try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
        }
        #expect(event.price == .zero && event.size == .zero && event.open == .zero)
    }
}

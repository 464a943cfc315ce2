import Testing

@testable import Contracts

extension Seeded {
    mutating func execution(_ symbol: SymbolIndex, order: UInt64, fill: UInt32) -> Execution {
        Execution(
            strategySeq: number(), order: order, fill: fill,
            effect: PositionEffect.allCases.randomElement(using: &self) ?? .open,
            side: Bool.random(using: &self) ? .buy : .sell,
            liquidity: Bool.random(using: &self) ? .taker : .maker, symbol: symbol,
            quantity: Quantity(units: max(size(), 1)),
            price: Price(units: units()), referencePrice: Price(units: units()),
            slippage: Price(units: units()),
            fee: Money(units: units()), timestamp: time(), position: Quantity(units: units()),
            averagePrice: Price(units: units()), realizedPnl: Money(units: units()),
            cash: Money(units: units()))
    }

    mutating func report(_ symbol: SymbolIndex) -> Report {
        let type = OrderType.allCases.randomElement(using: &self) ?? .market
        let order = number() + 1
        return Report(
            number: number(), status: OrderStatus.allCases.randomElement(using: &self) ?? .accepted,
            command: number(),
            order: order, symbol: symbol, side: Bool.random(using: &self) ? .buy : .sell, type: type,
            timeInForce: Bool.random(using: &self) ? .gtc : .ioc, quantity: Quantity(units: size()),
            price: type == .limit ? Price(units: units()) : .zero,
            stopPrice: type == .stop ? Price(units: units()) : .zero,
            filled: Quantity(units: size()), remaining: Quantity(units: size()), after: number(),
            timestamp: time(),
            reason: Bool.random(using: &self) ? Reason(code: "not_enough_cash", sentence: text()) : nil,
            executions: (0..<Int.random(in: 0...2, using: &self)).map {
                execution(symbol, order: order, fill: UInt32($0 + 1))
            })
    }

    mutating func command(_ symbol: SymbolIndex) -> Command {
        var command = Command(
            action: Command.Action.allCases.randomElement(using: &self) ?? .submit, number: number(),
            order: number(),
            symbol: symbol, side: Bool.random(using: &self) ? .buy : .sell,
            type: OrderType.allCases.randomElement(using: &self) ?? .market,
            timeInForce: Bool.random(using: &self) ? .gtc : .ioc, quantity: Quantity(units: units()),
            price: Price(units: units()), stopPrice: Price(units: units()))
        command.afterEvent = number()
        command.afterReport = number()
        command.decided = time()
        return command
    }
}

struct EventTests {
    static let example = """
        {"type":"trade","version":1,"source":"simulator","epoch":"k3v9q2","seq":918,"prev":915,\
        "published_at":1766658600.223456,"trade_id":"sma-ibm:42:1","order_id":"sma-ibm:42",\
        "strategy_id":"sma-ibm",\
        "strategy_seq":17,"event_type":"open","symbol":"IBM","side":"buy","quantity":100,"price":181.82,\
        "reference_price":181.8,"slippage":0.02,"fee":1,"liquidity":"taker","timestamp":1381239000.123000,\
        "performance_data":{"position":100,"average_price":181.82,"realized_pnl":0,"cash":81817}}
        """

    @Test(
        "The trade event is the design's, byte for byte, and the ledger line is it without the envelope"
    )
    func checkExample() throws {
        let (envelope, trade) = try withBytes(Self.example, TradeEvent.decode)
        #expect(envelope.seq == 918 && envelope.prev == 915 && envelope.source == "simulator")
        let header = try header()
        let stamp = EventStamp(seq: 918, prev: 915, publishedAt: envelope.publishedAt)
        #expect(written { trade.encode(header: header, stamp: stamp, into: &$0) } == Self.example)
        let line = Self.example.replacing(
            #""source":"simulator","epoch":"k3v9q2","seq":918,"prev":915,"published_at":1766658600.223456,"#,
            with: "")
        #expect(written { trade.writeCanonical(into: &$0) } == line)
        #expect(try withBytes(line, TradeEvent.decodeCanonical) == trade)
        #expect(throws: JSONError.self) { try withBytes(line, TradeEvent.decode) }
    }

    @Test("Trades are the same after encoding and decoding, whoever wrote them")
    func trades() throws {
        var random = Seeded(31)
        let header = try header()
        for _ in 0..<1500 {
            let strategy = random.name(1...40)
            let execution = random.execution(SymbolIndex(3), order: random.number() + 1, fill: 1)
            let trade = TradeEvent(execution, strategy: strategy, symbol: random.name(1...32))
            let stamp = random.stamp()
            let json = written { trade.encode(header: header, stamp: stamp, into: &$0) }
            // Longer ids than 64 cannot be: the strategy's 40, a colon, 20 digits; with a fill's number they
            // can.
            guard trade.tradeID.utf8.count <= 64 else { continue }
            for text in [json, try disguised(json, &random)] {
                let (envelope, decoded) = try withBytes(text, TradeEvent.decode)
                #expect(decoded == trade, "\(text)")
                #expect(envelope.seq == stamp.seq && envelope.publishedAt == stamp.publishedAt)
            }
            #expect(trade.execution(symbol: SymbolIndex(3)) == execution)
        }
    }

    @Test("Reports are the same after the wire, with and without envelope")
    func orders() throws {
        var random = Seeded(32)
        let header = try header()
        for _ in 0..<1500 {
            var symbols = SymbolTable()
            let symbol = random.name(1...32)
            let report = random.report(try symbols.intern(symbol))
            let order = OrderEvent(
                report, strategy: random.name(1...36), fence: random.number(), symbol: symbol)
            let stamp = random.stamp()
            let json = written { order.encode(header: header, stamp: stamp, trades: true, into: &$0) }
            for text in [json, try disguised(json, &random)] {
                let (envelope, decoded) = try withBytes(text, OrderEvent.decode)
                #expect(decoded == order, "\(text)")
                #expect(envelope.prev == stamp.prev)
            }
            let inner = written { order.write(into: &$0) }
            let read = try withBytes(inner) { (bytes) throws(JSONError) in
                var reader = try JSONReader(bytes)
                return try OrderEvent(reading: &reader)
            }
            #expect(try read.report(symbols: &symbols) == report)
            let published = written { order.encode(header: header, stamp: stamp, into: &$0) }
            #expect(!published.contains("\"trades\""))
        }
    }

    @Test("Commands are the same after the wire, with and without envelope")
    func commands() throws {
        var random = Seeded(33)
        let header = try header()
        for _ in 0..<1500 {
            var symbols = SymbolTable()
            let symbol = random.name(1...32)
            let strategy = random.name(1...40)
            let command = random.command(try symbols.intern(symbol))
            let stamp = random.stamp()
            let bare = written { CommandCodec.write(command, strategy: strategy, symbol: symbol, into: &$0) }
            let full = written {
                CommandCodec.encode(
                    command, strategy: strategy, symbol: symbol, header: header, stamp: stamp, into: &$0)
            }
            for text in [bare, full, try disguised(full, &random)] {
                let decoded = try withBytes(text) { (bytes) throws(JSONError) in
                    try CommandCodec.decode(bytes, symbols: &symbols)
                }
                #expect(decoded.command == command)
                #expect(decoded.strategy == strategy)
            }
        }
    }

    @Test("Heartbeats, performance and notices are the same after encoding and decoding")
    func notices() throws {
        var random = Seeded(34)
        let header = try header()
        for _ in 0..<500 {
            let stamp = random.stamp()
            let beat = Heartbeat(
                first: random.number(), last: random.number(),
                topics: (0..<Int.random(in: 0...5, using: &random)).map {
                    .init(topic: "tick/\($0)\(random.text())/", seq: random.number())
                })
            var json = written { beat.encode(header: header, publishedAt: stamp.publishedAt, into: &$0) }
            #expect(!json.contains("\"seq\"") && !json.contains("\"prev\""))
            #expect(try withBytes(json, Heartbeat.decode).heartbeat == beat)
            let mark = random.equity()
            json = written { mark.encode(header: header, stamp: stamp, into: &$0) }
            #expect(try withBytes(try disguised(json, &random), EquityEvent.decode).equity == mark)
            json = written { mark.writeCanonical(into: &$0) }
            #expect(try withBytes(json, EquityEvent.decodeCanonical) == mark)
            let performance = PerformanceEvent(
                strategyID: random.name(1...40),
                symbol: Bool.random(using: &random) ? nil : random.name(1...32), period: "all",
                timestamp: random.time(), currency: "EUR", periodsPerYear: 365,
                metrics: ["sharpe", "max_drawdown", "é\""].map {
                    .init(
                        $0,
                        Bool.random(using: &random) ? nil : Double.random(in: -1e20...1e-3, using: &random))
                })
            json = written { performance.encode(header: header, stamp: stamp, into: &$0) }
            #expect(try withBytes(json, PerformanceEvent.decode).performance == performance)
            let notice = DeadLetterNotice(
                id: random.name(1...40), reason: "invalid_utf8", sentence: random.text(),
                stage: random.text(),
                count: random.number(), firstSeen: random.time(), lastSeen: random.time())
            json = written { notice.encode(header: header, stamp: stamp, into: &$0) }
            for text in [json, try disguised(json, &random)] {
                let (envelope, decoded) = try withBytes(text, DeadLetterNotice.decode)
                #expect(decoded == notice)
                #expect(envelope.seq == stamp.seq)
            }
        }
    }

    @Test("What is not finite is written as null")
    func notFinite() throws {
        let event = PerformanceEvent(
            strategyID: "s", period: "all", timestamp: Timestamp(seconds: 1),
            metrics: [.init("a", .nan), .init("b", .infinity), .init("c", 1e300)])
        let header = try header()
        var random = Seeded(35)
        let stamp = random.stamp()
        let json = written { event.encode(header: header, stamp: stamp, into: &$0) }
        let metrics = try withBytes(json, PerformanceEvent.decode).performance.metrics
        #expect(metrics == [.init("a", nil), .init("b", nil), .init("c", 1e300)])
    }

    static let refusedTrades: [(String, String, JSONError.Code, String)] = [
        ("\"type\":\"trade\"", "\"type\":\"order\"", .unknownType, "type"),
        ("\"side\":\"buy\"", "\"side\":\"long\"", .unknownWord, "side"),
        ("\"version\":1", "\"version\":3", .unknownVersion, "version"),
        ("\"quantity\":100", "\"quantity\":0", .unexpectedValue, "quantity"),
        ("\"quantity\":100", "\"quantity\":\"100\"", .wrongType, ""),
        (",\"cash\":81817", "", .missingField, "performance_data.cash"),
        ("\"fee\":1,", "", .missingField, "fee"), ("\"seq\":918,", "", .missingField, "seq"),
        ("\"cash\":81817", "\"cash\":1,\"cash\":2", .duplicateKey, ""),
        ("\"open\"", "\"opened\"", .unknownWord, "event_type"),
        ("sma-ibm:42:1", "sma ibm", .invalidName, "trade_id"),
        ("\"price\":181.82", "\"price\":NaN", .invalidNumber, ""),
    ]

    @Test("A trade that is not one is refused with the field", arguments: refusedTrades)
    func checkRefusedTrades(_ part: String, _ other: String, _ code: JSONError.Code, _ field: String) {
        #expect(Self.example.contains(part))
        let error = refusal(Array(Self.example.replacing(part, with: other).utf8), TradeEvent.decode)
        #expect(error?.code == code)
        #expect(error?.field == field)
    }

    @Test("An order's prices belong to its type, and a reason has both parts")
    func orderRules() throws {
        var random = Seeded(36)
        var report = random.report(SymbolIndex(0))
        (report.type, report.price, report.reason, report.executions) = (.limit, Price(whole: 5), nil, [])
        let order = OrderEvent(report, strategy: "s", fence: 1, symbol: "A")
        let json = written { order.write(into: &$0) }
        func error(_ part: String, _ other: String) -> JSONError? {
            #expect(json.contains(part))
            return refusal(Array(json.replacing(part, with: other).utf8)) { (bytes) throws(JSONError) in
                var reader = try JSONReader(bytes)
                return try OrderEvent(reading: &reader)
            }
        }
        #expect(error("\"price\":5,", "")?.code == .missingField)
        #expect(error("\"price\":5,", "\"price\":5,\"stop_price\":1,")?.code == .unexpectedValue)
        #expect(error("\"limit\"", "\"market\"")?.field == "price")
        #expect(error("\"fence\":1,", "\"fence\":1,\"reason\":\"x\",")?.field == "reason_code")
        #expect(error("\"fence\":1,", "\"fence\":1,\"reason_code\":\"x\",")?.field == "reason")
    }

    @Test("An execution is not made of ids that are not its order's")
    func ids() throws {
        let (_, trade) = try withBytes(Self.example, TradeEvent.decode)
        #expect(trade.execution(symbol: .none)?.order == 42)
        for id in ["other:42", "sma-ibm", "sma-ibm:", "sma-ibm:042", "sma-ibm:x", "sma-ibm:42:1"] {
            var wrong = trade
            wrong.orderID = id
            #expect(wrong.execution(symbol: .none) == nil)
        }
    }
}

import Testing

@testable import Contracts

struct TopicTests {
    private func derived(_ json: String) throws(JSONError) -> String {
        String(decoding: try withBytes(json, Topic.derive(fromJSON:)), as: UTF8.self)
    }

    static let topics: [(String, [UInt8])] = [
        ("{\"type\":\"tick\",\"symbol\":\"BTC-USD\"}", Topic.tick("BTC-USD")),
        ("{\"symbol\":\"IBM\",\"type\":\"instrument\"}", Topic.instrument("IBM")),
        ("{\"symbol\":\"IBM\",\"interval\":\"60s\",\"type\":\"bar\"}", Topic.bar(60, "IBM")),
        ("{\"type\":\"clock\"}", Topic.clock), ("{\"type\":\"end\",\"x\":{\"type\":1}}", Topic.end),
        ("{\"type\":\"heartbeat\"}", Topic.heartbeat),
        (
            "{\"type\":\"order\",\"strategy_id\":\"s\",\"symbol\":\"A\",\"reason\":\"no / cash\"}",
            Topic.order("s", "A")
        ),
        ("{\"type\":\"tr\\u0061de\",\"strategy_id\":\"s\",\"symbol\":\"\\u0041\"}", Topic.trade("s", "A")),
        ("{\"type\":\"equity\",\"strategy_id\":\"s\"}", Topic.equity("s")),
        ("{\"type\":\"performance\",\"strategy_id\":\"s\"}", Topic.performance("s")),
        ("{\"type\":\"dead-letter\",\"reason\":\"invalid_utf8\"}", Topic.deadLetter("invalid_utf8")),
        ("{\"type\":\"session\",\"strategy_id\":\"s\",\"symbol\":[1]}", Topic.session("s")),
        ("{\"type\":\"session_end\",\"strategy_id\":\"s\"}", Topic.session("s")),
        ("{\"type\":\"command\",\"strategy_id\":\"s\"}", Topic.command("s")),
        ("{\"type\":\"fence\",\"strategy_id\":\"s\"}", Topic.fence("s")),
        ("{\"type\":\"input\",\"strategy_id\":\"s\",\"interval\":5}", Topic.input("s")),
    ]

    @Test("The topic of an event follows from its JSON", arguments: topics)
    func checkTopics(_ json: String, _ topic: [UInt8]) throws {
        #expect(try derived(json) == String(decoding: topic, as: UTF8.self))
        #expect(topic.last == 0x2f)
    }

    @Test("What has no topic is refused, and leaves none")
    func refused() {
        for (json, code) in [
            ("{\"symbol\":\"A\"}", JSONError.Code.missingField), ("{\"type\":\"tick\"}", .missingField),
            ("{\"type\":\"x\"}", .unknownType), ("{\"type\":\"tick\",\"symbol\":\"A/B\"}", .invalidName),
            ("{\"type\":\"tick\",\"symbol\":5}", .missingField),
            ("{\"type\":\"trade\",\"symbol\":\"A\"}", .missingField),
            ("{\"type\":\"bar\",\"symbol\":\"A\",\"interval\":\"x\"}", .unknownWord), ("[]", .wrongType),
            ("{\"type\":\"clock\"", .unexpectedEnd), ("{\"type\":\"clock\"}x", .trailingBytes),
        ] {
            var topic: [UInt8] = [1]
            let error = refusal(Array(json.utf8)) { (bytes) throws(JSONError) in
                try Topic.derive(fromJSON: bytes, into: &topic)
            }
            #expect(error?.code == code, "\(json)")
            #expect(topic.isEmpty)
        }
    }

    @Test("Every encoded event has the topic that it is published under")
    func encoded() throws {
        var random = Seeded(41)
        let header = try header()
        for _ in 0..<2000 {
            var symbols = SymbolTable()
            let event = random.marketEvent(try symbols.intern(random.name(1...32)))
            let symbol = symbols.bytes(of: SymbolIndex(0))
            let stamp = random.stamp()
            let json = written {
                MarketEventCodec.encode(event, symbol: symbol, header: header, stamp: stamp, into: &$0)
            }
            var topic: [UInt8] = []
            symbol.withUnsafeBytes { Topic.write(event, symbol: $0, into: &topic) }
            #expect(try derived(json) == String(decoding: topic, as: UTF8.self))
            #expect(try derived(try disguised(json, &random)) == String(decoding: topic, as: UTF8.self))
        }
    }
}

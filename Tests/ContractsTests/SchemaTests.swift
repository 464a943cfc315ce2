import Foundation
import Testing

@testable import Contracts

/// The schemas are JSON, and say of every event what its encoder writes. Whole messages are held against them
/// with a schema validator in the end-to-end tests.
struct SchemaTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "Shared/Contracts/Schemas")

    private static func schema(_ name: String) throws -> JSONValue {
        try JSONValue(
            parsing: [UInt8](Data(contentsOf: folder.appendingPathComponent("\(name).schema.json"))))
    }

    /// Names in the `required` of a schema and of the envelope that it refers to.
    private static func names(_ schema: JSONValue, _ key: String) throws -> Set<String> {
        var found: Set<String> = []
        if let required = schema["required"]?.asArray, key == "required" {
            found.formUnion(required.compactMap(\.asString))
        }
        if let properties = schema["properties"]?.asObject, key == "properties" {
            found.formUnion(properties.map(\.name))
        }
        if let reference = schema["$ref"]?.asString, let name = reference.split(separator: "/").last,
            let definition = try Self.schema("common")["$defs"]?[String(name)]
        {
            found.formUnion(try names(definition, key))
        }
        return found
    }

    /// The smallest and the largest message of each event.
    private static func messages() throws -> [String: [String]] {
        let header = try header()
        var symbols = SymbolTable()
        let symbol = try symbols.intern("A")
        var random = Seeded(61)
        let stamp = EventStamp(seq: 1, prev: 0, publishedAt: Timestamp(seconds: 1))
        let full = EventStamp(seq: 1, prev: 0, publishedAt: Timestamp(seconds: 1), position: 1)
        var messages: [String: [String]] = [:]
        func market(_ name: String, _ event: MarketEvent, session: TradingSession? = nil) {
            for stamp in [stamp, full] {
                messages[name, default: []].append(
                    written {
                        MarketEventCodec.encode(
                            event, symbol: [0x41], session: session, header: header, stamp: stamp, into: &$0)
                    })
            }
        }
        for _ in 0..<200 {
            let event = random.marketEvent(symbol)
            switch event.kind {
            case .quote, .trade: market("tick", event)
            case .bar: market("bar", event)
            case .clock: market("clock", event)
            case .end: market("end", event)
            case .instrument:
                market("instrument", event)
                market(
                    "instrument", event,
                    session: TradingSession(timeZone: "UTC", open: "00:00", close: "24:00"))
            }
            let order = OrderEvent(random.report(symbol), strategy: "s", fence: 1, symbol: "A")
            messages["order", default: []].append(
                written { order.encode(header: header, stamp: stamp, trades: true, into: &$0) })
            for trade in order.trades {
                messages["trade", default: []].append(
                    written { trade.encode(header: header, stamp: stamp, into: &$0) })
            }
        }
        let command = random.command(symbol)
        messages["command"] = [
            written {
                CommandCodec.encode(
                    command, strategy: "s", symbol: "A", header: header, stamp: stamp, into: &$0)
            }
        ]
        messages.merge(inputs(header, stamp)) { $1 }
        messages["heartbeat"] = [
            written {
                Heartbeat(first: 1, last: 2).encode(header: header, publishedAt: stamp.publishedAt, into: &$0)
            }
        ]
        messages.merge(derived(header, stamp, &random)) { $1 }
        let notice = DeadLetterNotice(
            id: "1", reason: "r", sentence: "s", stage: "t", count: 1, firstSeen: stamp.publishedAt,
            lastSeen: stamp.publishedAt)
        messages["dead-letter"] = [written { notice.encode(header: header, stamp: stamp, into: &$0) }]
        return messages
    }

    /// What comes from outside.
    private static func inputs(_ header: EnvelopeHeader, _ stamp: EventStamp) -> [String: [String]] {
        let version = StrategyInput.Version(
            pluginID: "p", pluginVersion: "1", pluginSHA256: "", parameters: [.init("fast", "3")],
            warmUp: "events=3")
        let wishes = [
            StrategyInput(id: "a", kind: .pause),
            StrategyInput(id: "b", kind: .swap, reason: "better", version: version, beginning: .snapshot),
            StrategyInput(id: "c", kind: .stop, sinceEvent: 3, sinceReport: 1),
        ]
        var messages: [String: [String]] = [:]
        for wish in wishes {
            var command = Command(action: .input, number: 4, order: 0, symbol: .none)
            command.input = wish
            messages["input", default: []].append(
                written {
                    InputCodec.encode(command, strategy: "s", header: header, stamp: stamp, into: &$0)
                })
        }
        let report = Report.onInput(number: 1, command: 4, after: 3, timestamp: stamp.publishedAt)
        let order = OrderEvent(report, strategy: "s", fence: 1, symbol: "")
        messages["input_report"] = [
            written { InputReportCodec.encode(order, header: header, stamp: stamp, into: &$0) }
        ]
        messages["halt"] = ["", "why"].map { reason in
            let halt = HaltRecord(strategyID: "s", id: "h", reason: reason, event: 3)
            return written { halt.encode(header: header, stamp: stamp, into: &$0) }
        }
        return messages
    }

    /// What follows from the trades.
    private static func derived(
        _ header: EnvelopeHeader, _ stamp: EventStamp, _ random: inout Seeded
    ) -> [String: [String]] {
        let mark = random.equity()
        let whole = PerformanceEvent(
            strategyID: "s", period: "all", timestamp: stamp.publishedAt, metrics: [])
        var ofSymbol = whole
        ofSymbol.symbol = "A"
        return [
            "equity": [written { mark.encode(header: header, stamp: stamp, into: &$0) }],
            "performance": [whole, ofSymbol].map { event in
                written { event.encode(header: header, stamp: stamp, into: &$0) }
            },
        ]
    }

    @Test("A schema requires what every message has, and knows all that any has")
    func fields() throws {
        for (name, texts) in try Self.messages() {
            let schema = try Self.schema(name)
            #expect(schema["properties"]?["type"]?["const"] == .string(name))
            let keys = try texts.map { Set(try JSONValue(parsing: $0).asObject?.map(\.name) ?? []) }
            let always = keys.dropFirst().reduce(keys[0]) { $0.intersection($1) }
            let ever = keys.reduce(Set<String>()) { $0.union($1) }
            #expect(try Self.names(schema, "required") == always, "\(name)")
            let known = try Self.names(schema, "properties")
            // Only market data have a position.
            let optional: Set<String> =
                known.contains("position") && !ever.contains("position") ? ["position"] : []
            #expect(known == ever.union(optional), "\(name)")
        }
    }

    @Test(
        "Every file is a schema of draft 2020-12 under its own name, and AsyncAPI names each event"
    )
    func files() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
        let asyncAPI = try String(
            contentsOf: Self.folder.appendingPathComponent("asyncapi.yaml"), encoding: .utf8)
        for file in files where file.hasSuffix(".schema.json") {
            let name = String(file.dropLast(".schema.json".count))
            let schema = try Self.schema(name)
            #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
            #expect(schema["$id"]?.asString?.hasSuffix("/\(file)") == true)
            if !["common", "command", "input", "input_report", "halt"].contains(name) {
                #expect(asyncAPI.contains("$ref: ./\(file)"), "\(name)")
            }
        }
        #expect(files.count == 17)
    }
}

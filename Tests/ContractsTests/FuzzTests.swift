import Foundation
import Testing

@testable import Contracts

/// Messages with a few bytes changed: whatever comes, it is read or refused, never more, and what was read is
/// written and read again as the same.
struct FuzzTests {
    private static func corpus() throws -> [[UInt8]] {
        var random = Seeded(51)
        let header = try header()
        var messages: [[UInt8]] = [Array(EventTests.example.utf8), Array(JSONValueTests.request.utf8)]
        for _ in 0..<40 {
            var symbols = SymbolTable()
            let symbol = random.name(1...12)
            let index = try symbols.intern(symbol)
            let event = random.marketEvent(index)
            let stamp = random.stamp()
            let json = written {
                MarketEventCodec.encode(
                    event, symbol: Array(symbol.utf8), header: header, stamp: stamp, into: &$0)
            }
            messages.append(Array(json.utf8))
            messages.append(Array(try disguised(json, &random).utf8))
            let order = OrderEvent(random.report(index), strategy: "s", fence: 1, symbol: symbol)
            messages.append(
                Array(written { order.encode(header: header, stamp: stamp, trades: true, into: &$0) }.utf8))
        }
        return messages
    }

    /// More rounds by ROUNDS, as `make fuzz` sets it.
    private static func rounds(_ standard: Int) -> Int {
        ProcessInfo.processInfo.environment["ROUNDS"].flatMap { Int($0) } ?? standard
    }

    private static func mutated(_ message: [UInt8], _ random: inout Seeded) -> [UInt8] {
        let spice = Array("{}[]\",:\\u0019eE+-.tfn \u{0}\u{1f}/é".utf8) + [0x80, 0xff, 0xc3, 0xed]
        var bytes = message
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = spice.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 4: bytes.removeLast(bytes.count - place)
            default:
                let end = min(bytes.count, place + Int.random(in: 1...30, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    @Test("200,000 damaged messages are read or refused, and offsets lie inside them")
    func mutations() throws {
        var random = Seeded(52)
        let corpus = try Self.corpus()
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        var accepted = 0
        var outside = 0
        var disagreements = 0
        for _ in 0..<Self.rounds(200_000) {
            let bytes = Self.mutated(corpus.randomElement(using: &random) ?? [], &random)
            func offset(_ error: JSONError?) -> JSONError? {
                if let error, error.offset < 0 || error.offset > bytes.count { outside += 1 }
                return error
            }
            let skipped = offset(
                refusal(bytes) { (bytes) throws(JSONError) in
                    var reader = try JSONReader(bytes)
                    try reader.skip()
                    try reader.finish()
                })
            let market = offset(
                refusal(bytes) { (bytes) throws(JSONError) in
                    try MarketEventCodec.decode(bytes, into: &event, symbols: &symbols)
                })
            // What is no JSON is no event either, and the reason is the same unless a value was wrong before
            // it.
            if skipped != nil, market == nil { disagreements += 1 }
            _ = offset(refusal(bytes, OrderEvent.decode))
            _ = offset(refusal(bytes, TradeEvent.decode))
            _ = offset(refusal(bytes, Topic.derive(fromJSON:)))
            if skipped == nil { accepted += 1 }
        }
        #expect(outside == 0)
        #expect(disagreements == 0)
        // Enough of both kinds that the test means something.
        #expect(accepted > 5_000 && accepted < 190_000)
    }

    @Test("The tree agrees with skipping on 40,000 damaged messages, and what was read is written the same")
    func trees() throws {
        var random = Seeded(53)
        let corpus = try Self.corpus()
        for _ in 0..<Self.rounds(40_000) {
            let bytes = Self.mutated(corpus.randomElement(using: &random) ?? [], &random)
            let skipped = refusal(bytes) { (bytes) throws(JSONError) in
                var reader = try JSONReader(bytes)
                try reader.skip()
                try reader.finish()
            }
            do {
                let value = try JSONValue(parsing: bytes)
                #expect(skipped == nil)
                #expect(try JSONValue(parsing: value.text) == value)
            } catch {
                #expect(error == skipped, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}

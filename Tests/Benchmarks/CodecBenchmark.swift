// Our codec on the tick event of the contract. `messages` writes the messages, the same bytes for every
// reader: `ticks.ndjson` with keys in the order of the contract, `shuffled.ndjson` with keys in a random
// order, another one in each message, drawn with a fixed seed. Before anything is timed it is checked that
// both say the same, that escapes are read and that bytes which are not UTF-8 are refused.

import Contracts
import Foundation

/// Ticks as events and as messages.
struct TickMessages {
    static let names = ["AAPL", "MSFT", "NVDA", "BRK.B", "SPY", "T", "GOOGL", "BTC-USD"]
    private static let count = 1_024

    var symbols = SymbolTable()
    var events: [MarketEvent] = []
    var stamps: [EventStamp] = []
    let header: EnvelopeHeader

    init() throws {
        header = try EnvelopeHeader(source: "gateway", epoch: "k3v9q2")
        var random = Dice(seed: 7)
        var time: Int64 = 1_766_658_600_123_456
        for number in 0..<Self.count {
            time += random.below(5_000)
            let symbol = try symbols.intern(Self.names[Int(random.below(8))])
            var event = MarketEvent(
                kind: .quote, symbol: symbol, timestamp: Timestamp(microseconds: time))
            let bid = 10_000 + random.below(30_000)
            event.has = .both
            event.bid = Price(units: bid * 1_000_000)
            event.ask = Price(units: (bid + 1 + random.below(9)) * 1_000_000)
            event.bidSize = Quantity(whole: 100 * (1 + random.below(50)))
            event.askSize = Quantity(whole: 100 * (1 + random.below(50)))
            event.seq = UInt64(123_456 + number)
            events.append(event)
            stamps.append(
                EventStamp(
                    seq: event.seq, prev: event.seq - 7,
                    publishedAt: Timestamp(microseconds: time + 77)))
        }
    }

    /// One message, in the order of the contract.
    func write(_ index: Int, into writer: inout JSONWriter) {
        MarketEventCodec.encode(
            events[index], symbol: symbols.bytes(of: events[index].symbol), header: header,
            stamp: stamps[index], into: &writer)
    }
}

/// Random numbers that are the same everywhere.
struct Dice {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func below(_ limit: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64(state >> 33) % limit
    }
}

/// The lines of a file in memory of their own, so that what is read past the end is not the next line.
func lines(_ path: String) throws -> [UnsafeRawBufferPointer] {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw BenchmarkError("\(path) cannot be read; run `benchmarks messages` first")
    }
    return data.split(separator: UInt8(ascii: "\n")).map { line in
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: line.count, alignment: 16)
        block.copyBytes(from: line)
        return UnsafeRawBufferPointer(block)
    }
}

enum CodecBenchmark {
    private static let rounds = 100

    static func writeMessages(_ arguments: [String]) throws {
        let messages = try TickMessages()
        var ordered: [UInt8] = []
        var shuffled: [UInt8] = []
        var random = Dice(seed: 11)
        var writer = JSONWriter()
        for index in messages.events.indices {
            writer.reset()
            messages.write(index, into: &writer)
            ordered += writer.array + [UInt8(ascii: "\n")]
            guard case .object(var members) = try JSONValue(parsing: writer.array) else { continue }
            for place in members.indices.dropFirst().reversed() {
                members.swapAt(place, Int(random.below(Int64(place + 1))))
            }
            shuffled += Array(JSONValue.object(members).text.utf8) + [UInt8(ascii: "\n")]
        }
        try FileManager.default.createDirectory(atPath: arguments[0], withIntermediateDirectories: true)
        for (name, bytes) in [("ticks.ndjson", ordered), ("shuffled.ndjson", shuffled)] {
            try Data(bytes).write(to: URL(fileURLWithPath: arguments[0] + "/" + name))
        }
    }

    static func run(_ arguments: [String]) throws {
        let messages = try TickMessages()
        let repeats = try number(arguments[1])
        let ordered = try lines(arguments[0] + "/ticks.ndjson")
        let shuffled = try lines(arguments[0] + "/shuffled.ndjson")
        try check(messages, ordered)
        try check(messages, shuffled)
        try checkStrictness(messages)
        try decode("decode, keys in order", ordered, messages, repeats)
        try decode("decode, keys in any order", shuffled, messages, repeats)
        encode(messages, repeats)
    }

    private static func decode(
        _ name: String, _ lines: [UnsafeRawBufferPointer], _ messages: TickMessages, _ repeats: Int
    ) throws {
        var symbols = messages.symbols
        var event = messages.events[0]
        var sum: UInt64 = 0
        let bytes = lines.reduce(0) { $0 + $1.count }
        try measure(name, count: lines.count, repeats: repeats, rounds: rounds, bytes: bytes) {
            for line in lines {
                let head = try MarketEventCodec.decode(line, into: &event, symbols: &symbols)
                sum &+= head.stamp.seq
            }
        }
        precondition(sum != 0, "every message has a number")
    }

    private static func encode(_ messages: TickMessages, _ repeats: Int) {
        let names = (0..<messages.symbols.count).map { messages.symbols.bytes(of: SymbolIndex(Int32($0))) }
        var writer = JSONWriter()
        var bytes = 0
        for index in messages.events.indices {
            writer.reset()
            messages.write(index, into: &writer)
            bytes += writer.count
        }
        let count = messages.events.count
        measure("encode", count: count, repeats: repeats, rounds: rounds, bytes: bytes) {
            for index in 0..<count {
                writer.reset()
                let symbol = Int(messages.events[index].symbol.rawValue)
                MarketEventCodec.encode(
                    messages.events[index], symbol: names[symbol], header: messages.header,
                    stamp: messages.stamps[index], into: &writer)
            }
        }
    }

    // MARK: checks

    /// Every message says what its event says.
    private static func check(_ messages: TickMessages, _ lines: [UnsafeRawBufferPointer]) throws {
        guard lines.count == messages.events.count else { throw BenchmarkError("there are other messages") }
        var symbols = messages.symbols
        var event = messages.events[0]
        for (index, line) in lines.enumerated() {
            let head = try MarketEventCodec.decode(line, into: &event, symbols: &symbols)
            event.seq = head.stamp.seq
            guard event == messages.events[index], head.stamp == messages.stamps[index] else {
                throw BenchmarkError("message \(index + 1) is read as something else")
            }
        }
    }

    /// Escapes in keys and values are read, and what is not UTF-8 is refused, like by the peer.
    private static func checkStrictness(_ messages: TickMessages) throws {
        var writer = JSONWriter()
        messages.write(0, into: &writer)
        let name = TickMessages.names[Int(messages.events[0].symbol.rawValue)]
        let escaped = String(format: "\\u%04x", Int(name.utf8.first ?? 0)) + name.dropFirst()
        let text = writer.string.replacing("\"symbol\":\"\(name)\"", with: "\"s\\u0079mbol\":\"\(escaped)\"")
        var symbols = messages.symbols
        var event = messages.events[1]
        _ = try Array(text.utf8).withUnsafeBytes {
            try MarketEventCodec.decode($0, into: &event, symbols: &symbols)
        }
        guard event.symbol == messages.events[0].symbol else { throw BenchmarkError("escapes are not read") }
        var broken = writer.array
        broken.insert(contentsOf: Array(#""note":""#.utf8) + [0xc3, 0x28] + Array(#"","#.utf8), at: 1)
        let isRefused = broken.withUnsafeBytes {
            (try? MarketEventCodec.decode($0, into: &event, symbols: &symbols)) == nil
        }
        guard isRefused else { throw BenchmarkError("bytes that are not UTF-8 are not refused") }
    }
}

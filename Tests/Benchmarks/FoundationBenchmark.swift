// The same ticks through Foundation's `Codable`. Amounts become `Double`, which is what Foundation does
// fastest: exact ones through `Decimal` cost several times as much.

import Foundation

enum FoundationBenchmark {
    private struct Tick: Codable {
        var type: String
        var version: Int
        var source: String
        var epoch: String
        var seq: UInt64
        var prev: UInt64
        var published_at: Double
        var symbol: String
        var timestamp: Double
        var kind: String
        var bid: Double?
        var ask: Double?
        var bid_size: Double?
        var ask_size: Double?
    }

    private static let rounds = 4

    static func run(_ arguments: [String]) throws {
        let repeats = try number(arguments[1])
        let lines = try lines(arguments[0] + "/shuffled.ndjson").map { Data($0) }
        let bytes = lines.reduce(0) { $0 + $1.count }
        let decoder = JSONDecoder()
        let encoder = JSONEncoder()
        var sum: UInt64 = 0
        try measure(
            "decode, keys in any order", count: lines.count, repeats: repeats, rounds: rounds, bytes: bytes
        ) {
            for line in lines { sum &+= try decoder.decode(Tick.self, from: line).seq }
        }
        let ticks = try lines.map { try decoder.decode(Tick.self, from: $0) }
        try measure("encode", count: ticks.count, repeats: repeats, rounds: rounds, bytes: bytes) {
            for tick in ticks { sum &+= UInt64(try encoder.encode(tick).count) }
        }
        precondition(sum != 0, "every message has a number")
    }
}

// How far back in the journal of market data a strategy must begin to be warm at an event.
//
// Reads backwards in pieces, so that it costs what the warm-up asks for and not the whole journal. Where the
// journal does not reach back far enough, the strategy begins with it and warms up on.

import Contracts
import Messaging
import StrategyHost

struct WarmUpHistory {
    /// Events read at a time.
    private static let piece: UInt64 = 65_536

    private let warmUp: WarmUp
    private let symbols: Set<String>

    init(_ warmUp: WarmUp, _ symbols: [String]) {
        self.warmUp = warmUp
        self.symbols = Set(symbols)
    }

    /// The latest event from which on the strategy has seen all of its warm-up before `end`.
    func start(before end: UInt64, in reader: JournalReader) throws -> UInt64 {
        var seen: [String: Int64] = [:]
        var last: Timestamp?
        var upper = min(end, reader.lastSeq + 1)
        while upper > reader.firstSeq {
            let lower = max(reader.firstSeq, upper > Self.piece ? upper - Self.piece : 1)
            for event in try events(lower, upper - 1, in: reader).reversed() {
                switch warmUp {
                case .none: return end
                case .events(let count):
                    // A one-sided quote may have no price yet: it is handed over, perhaps, and not counted.
                    if event.isPriced { seen[event.symbol, default: 0] += 1 }
                    if symbols.allSatisfy({ seen[$0, default: 0] >= count }) { return event.seq }
                case .seconds(let seconds):
                    last = last ?? event.time
                    guard let last, event.time.microseconds > last.microseconds - seconds * 1_000_000 else {
                        return event.seq
                    }
                }
            }
            upper = lower
        }
        return min(end, reader.firstSeq)
    }

    private struct Seen {
        var seq: UInt64
        var symbol: String
        var time: Timestamp
        var isPriced: Bool
    }

    /// What there is of the strategy's symbols, in order.
    private func events(_ from: UInt64, _ through: UInt64, in reader: JournalReader) throws -> [Seen] {
        var table = SymbolTable()
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        var found: [Seen] = []
        try reader.read(from: from, through: through) { seq, json in
            guard (try? MarketEventCodec.decode(json, into: &event, symbols: &table)) != nil,
                event.symbol != .none, event.kind != .instrument
            else { return true }
            let name = table.name(of: event.symbol)
            guard symbols.contains(name) else { return true }
            found.append(
                Seen(
                    seq: seq, symbol: name, time: event.timestamp,
                    isPriced: event.kind != .quote || event.has == .both))
            return true
        }
        return found
    }
}

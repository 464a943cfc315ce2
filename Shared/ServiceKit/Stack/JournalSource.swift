// Recorded market data as a source: the events of a market data journal in their order. Reads in stretches,
// so memory does not grow with the length of the journal.

import Contracts
import MarketData
import Messaging

/// The events of a journal folder. `seq` keeps the number that the event has in the journal.
package struct JournalSource: MarketDataSource {
    /// Events decoded at a time.
    private static let stretch: UInt64 = 4_096

    package private(set) var position: UInt64 = 0
    private let reader: JournalReader
    private let start: UInt64
    private var events: [MarketEvent] = []
    private var next = 0
    private var sawEnd = false

    /// - Parameter seq: where to begin, if that is kept.
    /// - Throws: `JournalError` when there is no journal or it is damaged.
    package init(directory: String, from seq: UInt64 = 1) throws {
        reader = try JournalReader(directory: directory)
        start = max(reader.firstSeq, seq)
    }

    /// The last event of the journal.
    package var last: UInt64 { reader.lastSeq }
    package var epoch: String { reader.epoch }
    /// The oldest event that is kept.
    package var keptFirst: UInt64 { reader.firstSeq }
    /// How many events it holds from where it begins.
    package var count: UInt64 { last + 1 - min(start, last + 1) }

    package mutating func next(
        into event: inout MarketEvent, symbols: inout SymbolTable
    ) throws(MarketDataError) -> Bool {
        if next == events.count { try fill(&symbols) }
        guard next < events.count else { return try end(&event) }
        event = events[next]
        next += 1
        position += 1
        sawEnd = event.kind == .end
        return true
    }

    /// A journal that was cut off in the middle of a run has no `end` of its own.
    private mutating func end(_ event: inout MarketEvent) throws(MarketDataError) -> Bool {
        guard !sawEnd else { return false }
        let last = events.last ?? event
        event = MarketEvent(kind: .end, symbol: .none, timestamp: last.timestamp)
        event.seq = last.seq + 1
        sawEnd = true
        position += 1
        return true
    }

    private mutating func fill(_ symbols: inout SymbolTable) throws(MarketDataError) {
        let from = start + position
        guard from <= reader.lastSeq, !sawEnd else { return }
        events.removeAll(keepingCapacity: true)
        next = 0
        var table = symbols
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        do {
            try reader.read(from: from, through: from + Self.stretch - 1) { seq, json in
                do throws(JSONError) {
                    _ = try MarketEventCodec.decode(json, into: &event, symbols: &table)
                } catch {
                    // As the live feed does.
                    event = .unreadable(seq: seq)
                }
                event.seq = seq
                events.append(event)
                return true
            }
        } catch {
            throw MarketDataError(.damaged, "\(error)")
        }
        symbols = table
    }
}

// A long stream through the core of the tracker: sent three times, out of order within a thousand, and once
// more under the epoch of an old journal. FULL=1 makes it a million events, else it is some thousand.

import Contracts
import Foundation
import Persistence
import ServiceKit
import Testing

@testable import performance_tracker

@Suite("A long stream") struct MillionTests {
    private static let isFull = ProcessInfo.processInfo.environment["FULL"] != nil
    /// Trades of each of the strategies; each comes with the report of its order.
    private static let strategies = ["a", "b", "c", "d"]
    private static let count = isFull ? 125_000 : 1_500

    /// Trades and reports of all strategies in the order of their publication, from seq 1 on.
    private func events() throws -> [LedgerEvent] {
        let trades = try Self.strategies.enumerated().map { number, strategy in
            try simulatedTrades(strategy, Self.count, seed: 630 + UInt64(number))
        }
        return (0..<Self.count).flatMap { place in
            trades.flatMap { [$0[place].report, .trade($0[place])] }
        }
    }

    /// What the ledger of these events is, line by line, without a database.
    private func expected(_ events: [LedgerEvent]) -> [String] {
        let trades = events.compactMap { event in
            if case .trade(let trade) = event { trade } else { nil }
        }
        return trades.sorted { ($0.strategyID, $0.strategySeq) < ($1.strategyID, $1.strategySeq) }.map {
            var line = JSONWriter()
            $0.writeCanonical(into: &line)
            return line.string + "\n"
        }
    }

    @Test("three times over, reordered within a thousand, and an old epoch: one ledger") func stream() throws
    {
        print("seed 634")
        var random = SeededNumbers(seed: 634)
        let folder = try Folder()
        let desk = try Desk(folder)
        let stream = desk.core.streams[0]
        let events = try events()
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        func arrive(_ places: some Sequence<Int>, _ stream: SimulatorStream) {
            for place in places { stream.arrived(events[place], seq: UInt64(place) + 1, json: empty) }
        }
        stream.arrivedComplete(0, epoch: "now")
        for _ in 1...3 {
            let keys = events.indices.map { $0 + Int.random(in: 0..<1_000, using: &random) }
            let places = events.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            for start in stride(from: 0, to: places.count, by: 40_000) {
                arrive(places[start..<min(start + 40_000, places.count)], stream)
                try desk.core.book()
            }
            stream.arrivedComplete(UInt64(events.count), epoch: "now")
            try desk.core.book()
        }
        let expected = expected(events)
        let ledger = try desk.ledger()
        // Not as arrays in the expectation: a difference would print all of it.
        #expect(ledger.count == expected.count && ledger.elementsEqual(expected))
        #expect(desk.core.counts.booked == Int64(expected.count))
        #expect(desk.core.counts.duplicates == Int64(expected.count) * 2)
        #expect(try desk.letters().isEmpty && stream.booked == UInt64(events.count))
        #expect(try rebuildMetrics(in: desk.store, isDryRun: true) == [])
        #expect(try desk.store.checkLedger(noted: nil).faults == [])
        let orders = try Self.strategies.map {
            try desk.store.orders(strategy: $0, after: 0, limit: .max >> 1).count
        }
        #expect(orders == Self.strategies.map { _ in Self.count })

        // The same again, as a journal of an old epoch would send it.
        let heads = try desk.store.ledgerHeads()
        let again = try Desk(folder)
        arrive(events.indices, again.core.streams[0])
        again.core.streams[0].arrivedComplete(UInt64(events.count) * 2, epoch: "old")
        let error = #expect(throws: StoreError.self) { try again.core.book() }
        #expect(error?.code == .epochChanged)
        #expect(try again.store.ledgerHeads() == heads)
        #expect(try again.store.checkpoint(source: "simulator")?.epoch == "now")
    }

    @Test("a ledger of which a part is archived goes on as one of which nothing is") func archived() throws {
        let (folder, plain) = (try Folder(), try Desk(try Folder()))
        let events = try events()
        let half = events.count / 2
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        func arrive(_ range: Range<Int>, _ desk: Desk) throws {
            for place in range {
                desk.core.streams[0].arrived(events[place], seq: UInt64(place) + 1, json: empty)
            }
            desk.core.streams[0].arrivedComplete(UInt64(range.upperBound), epoch: "now")
            try desk.core.book()
        }
        func send(_ numbers: ClosedRange<UInt64>, _ desk: Desk) throws -> [String] {
            desk.send(numbers.map { json(outside($0, $0 % 2 == 0 ? .sell : .buy)) })
            return try desk.book()
        }
        try arrive(0..<events.count, plain)
        _ = try send(1...60, plain)
        do {
            let desk = try Desk(folder)
            try arrive(0..<half, desk)
            _ = try send(1...40, desk)
            // Beside the tracker, as the command does it.
            let report = try folder.open().archiveTrades(
                before: Timestamp(seconds: 3_000_000_000), isDryRun: false)
            #expect(report.trades == UInt64(half / 2 + 40))
            try arrive(half..<events.count, desk)
            #expect(try send(21...50, desk).count { $0.hasPrefix("duplicate") } == 20)
        }
        // And one that is started anew: books, metrics and owners come from the archive too.
        let again = try Desk(folder)
        #expect(try send(51...60, again).allSatisfy { $0.hasPrefix("booked") })
        #expect(try again.ledger().elementsEqual(plain.ledger()))
        #expect(try again.store.positions() == plain.store.positions())
        #expect(try again.store.metrics() == plain.store.metrics())
        #expect(try again.store.ledgerHeads() == plain.store.ledgerHeads())
        #expect(try rebuildMetrics(in: again.store, isDryRun: true) == [])
        #expect(try again.store.checkLedger(noted: nil).faults == [])
        // The id of an archived trade is not free again.
        var reused = outside(61)
        reused.tradeID = "t3"
        #expect(try again.send(json(reused)) == ["dead_letter t3 conflicting_duplicate"])
    }
}

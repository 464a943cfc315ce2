// The archive: after it everything that is read of the ledger, and everything that is refused, is as before.

import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("The archive of the ledger", .onEveryStore) struct ArchiveTests {
    let folder: Folder
    let store: DatabaseStore
    /// Market times of `trade(_:_:)` are this and its number in microseconds.
    private static let start: Int64 = 1_381_239_000_123_000
    private let never = Timestamp(seconds: 9_000_000_000)

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func moment(_ seq: Int64) -> Timestamp { Timestamp(microseconds: Self.start + seq) }

    /// Everything that is read of a ledger.
    private struct Content: Equatable {
        var lines: [String]
        var positions: [PositionRow]
        var heads: [LedgerHead]
        var sources: [String: String]
        var pages: [[TradeEvent]]

        init(_ store: DatabaseStore) throws {
            lines = try store.ledger()
            positions = try store.positions()
            heads = try store.ledgerHeads()
            sources = try store.strategySources()
            pages = try ["a", "b"].flatMap { strategy in
                try [0, 7, 1_500].map { try store.trades(strategy: strategy, after: $0, limit: 20) }
            }
        }
    }

    /// Two strategies, some trades late, in batches of all sizes; both have the same number of trades.
    private func fill(_ count: UInt64, seed: UInt64, late: Int = 20) throws {
        var numbers = SeededNumbers(seed: seed)
        var trades = (1...count).flatMap { [trade("a", $0), trade("b", $0, symbol: "SPY")] }
        for _ in 0..<late {
            let place = Int.random(in: 0..<trades.count - 60, using: &numbers)
            trades.insert(trades.remove(at: place), at: place + Int.random(in: 2...50, using: &numbers))
        }
        var first: UInt64 = 1
        while !trades.isEmpty {
            let size = min(trades.count, Int.random(in: 1...400, using: &numbers))
            try store.book(batch(first, Array(trades.prefix(size))))
            first += UInt64(size)
            trades.removeFirst(size)
        }
    }

    @Test(
        "ledger, chain, positions and look-ups are the same before and after",
        arguments: [501, 502] as [UInt64])
    func same(seed: UInt64) throws {
        try fill(2_300, seed: seed)
        let before = try Content(store)
        let first = try store.archiveTrades(before: moment(1_200), isDryRun: false)
        #expect(first.strategies.map(\.strategyID) == ["a", "b"] && first.trades > 1_500, "seed \(seed)")
        #expect(try Content(store) == before, "seed \(seed)")
        #expect(try store.checkLedger(noted: nil).faults == [])
        // A second time from there on, up to the last.
        let rest = try store.archiveTrades(before: never, isDryRun: false)
        #expect(first.trades + rest.trades == 4_600)
        #expect(try store.integer("SELECT count(*) FROM trades") == 0)
        #expect(try Content(store) == before, "seed \(seed)")
        let report = try store.checkLedger(noted: before.heads[1].hash)
        #expect(report.faults == [] && report.rows == 4_600 && report.notedTrade != nil)
        #expect(try store.rebuildPositions(isDryRun: true) == [])
        #expect(try store.trade(id: "b:7:1") == trade("b", 7, symbol: "SPY"))
        #expect(try store.trade(id: "b:9999:1") == nil)
        // And it goes on.
        #expect(try store.book(batch(9_000, [trade("a", 2_301)])).booked == 1)
        #expect(try store.checkLedger(noted: nil).isWhole)
        #expect(try store.ledger().count == 4_601)
    }

    @Test(
        "what is sent again is a duplicate, what contradicts the archive a conflict, whatever comes with it")
    func again() throws {
        let trades = (1...60).map { trade("a", $0) }
        try store.book(batch(1, trades))
        _ = try store.archiveTrades(before: moment(41), isDryRun: false)
        var other = trades[4]
        other.price.units += 1
        var taken = trades[5]
        taken.tradeID = "x"
        var reused = trade("a", 62)
        reused.tradeID = trades[6].tradeID
        let sent = [trades[0], other, trades[50], trade("a", 61), taken, reused, trades[39], trade("c", 1)]
        for _ in 1...2 {
            let result = try store.book(batch(100, sent))
            let isFirst = result.booked > 0
            #expect(
                result.outcomes == [
                    .duplicate, .conflict, .duplicate, isFirst ? .booked : .duplicate, .conflict, .conflict,
                    .duplicate, isFirst ? .booked : .duplicate,
                ])
            #expect(result.conflicts.map(\.index) == [1, 4, 5])
            #expect(result.conflicts.map(\.kind) == [.tradeID, .strategySeq, .tradeID])
            #expect(result.booked + result.duplicates == 5)
        }
        #expect(try store.ledger().count == 62 && store.checkLedger(noted: nil).isWhole)
    }

    @Test("a trade beyond the checkpoint of its source stays, and so does all behind it") func checkpoint()
        throws
    {
        var one = batch(1, (1...20).map { trade("a", $0) })
        one.checkpoint.seq = 12
        try store.book(one)
        let report = try store.archiveTrades(before: never, isDryRun: false)
        #expect(report.strategies.map(\.through) == [12])
        #expect(report.strategies[0].left?.contains("trade a:13:1 lies beyond the checkpoint") == true)
        #expect(try store.integer("SELECT min(strategy_seq) FROM trades") == 13)
        // The source sends them again, as after a crash, and is handled that far.
        #expect(try store.book(batch(13, (13...20).map { trade("a", $0) })).duplicates == 8)
        #expect(try store.archiveTrades(before: never, isDryRun: false).strategies.map(\.through) == [20])
    }

    @Test("trades of another robot are safe once they are booked: no checkpoint holds them back")
    func ingested()
        throws
    {
        let trades = (1...3).map { SourcedTrade(seq: 0, event: trade("bot.s", $0)) }
        try store.book(
            TradeBatch(
                checkpoint: Checkpoint(source: "bot", epoch: Checkpoint.ingestEpoch, seq: 0), trades: trades))
        #expect(try store.archiveTrades(before: never, isDryRun: false).trades == 3)
    }

    @Test("a missing trade stops the archive before it, until it comes") func hole() throws {
        try store.book(batch(1, [1, 2, 4, 5].map { trade("a", $0) }))
        let report = try store.archiveTrades(before: never, isDryRun: false)
        #expect(report.strategies.map(\.through) == [2])
        #expect(report.strategies[0].left?.contains("trade 3 of the strategy is missing") == true)
        try store.book(batch(9, [trade("a", 3)]))
        #expect(try store.archiveTrades(before: never, isDryRun: false).strategies.map(\.through) == [5])
        #expect(try store.ledger().count == 5 && store.checkLedger(noted: nil).isWhole)
    }

    @Test("a dry run says the same and changes nothing; so does one that fails half way") func nothing()
        throws
    {
        try fill(1_400, seed: 503)
        let before = try Content(store)
        let would = try store.archiveTrades(before: moment(1_300), isDryRun: true)
        #expect(try store.integer("SELECT count(*) FROM archive_blocks") == 0)
        try store.inject("BEFORE DELETE ON trades")
        #expect(storeError { _ = try store.archiveTrades(before: never, isDryRun: false) } != nil)
        try store.removeInjected("BEFORE DELETE ON trades")
        #expect(try store.integer("SELECT count(*) FROM archive_blocks") == 0)
        #expect(try Content(store) == before)
        #expect(try store.archiveTrades(before: moment(1_300), isDryRun: false) == would)
    }

    @Test("a block that was altered, taken out or put elsewhere is found, and the trade is named")
    func damage()
        throws
    {
        try store.book(batch(1, (1...2_500).map { trade("a", $0) }))
        _ = try store.archiveTrades(before: moment(2_400), isDryRun: false)
        let content = try store.access { connection in
            try connection.makeStatement("SELECT content FROM archive_blocks ORDER BY id LIMIT 1")
                .firstRow { Array($0.bytes(0)) }
        }
        let whole = try #require(content)
        func put(_ bytes: [UInt8]) throws {
            try store.transaction { connection in
                let update = try connection.statement(
                    "UPDATE archive_blocks SET content = ? WHERE first_number = 1")
                update.bind(bytes, at: 1)
                try update.run()
            }
        }
        func faults() throws -> [String] {
            try store.checkLedger(noted: nil).faults.map { "\($0.kind.rawValue): \($0.sentence)" }
        }
        var trades = try #require(whole.withUnsafeBytes { ArchiveBlock.unpack($0) })
        trades[41].trade.event.cash.units += 1
        try put(try ArchiveBlock.pack(trades))
        #expect(try faults().contains { $0.hasPrefix("altered: trade a:42:1 (strategy_seq 42)") })
        var flipped = whole
        flipped[whole.count / 2] ^= 4
        try put(flipped)
        #expect(try faults().contains { $0.contains("archived trades of strategy a from 1 on") })
        #expect(storeError { _ = try store.ledger() }?.code == .damaged)
        try put(whole)
        #expect(try faults() == [])
        try store.execute(
            "DELETE FROM archive_ids WHERE id_hash = \(ArchiveBlock.idHash("a:7:1"))")
        #expect(try faults().map { $0.prefix(9) } == ["structure"])
        try store.execute("DELETE FROM archive_blocks WHERE first_number = 1001")
        #expect(try faults().contains { $0.hasPrefix("missing: ") })
    }

    @Test("a packed block is read as it was, and no other bytes are taken for one") func block() throws {
        let rows = (1...300).map { seq in
            ArchivedTrade(
                source: "simulator", trade: SourcedTrade(seq: seq, event: trade("a", seq)),
                link: ChainLink(
                    number: Int64(seq), hash: ChainHash(digestOf: [UInt8(truncatingIfNeeded: seq)])))
        }
        let packed = try ArchiveBlock.pack(rows)
        #expect(packed.withUnsafeBytes { ArchiveBlock.unpack($0) } == rows)
        print("seed 504")
        var numbers = SeededNumbers(seed: 504)
        for _ in 0..<500 {
            var bytes = packed
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            let read = bytes.withUnsafeBytes { ArchiveBlock.unpack($0) }
            #expect(read == nil || read == rows, "byte \(place)")
        }
    }
}

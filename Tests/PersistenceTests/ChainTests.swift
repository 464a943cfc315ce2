// The chain of the ledger: whatever is changed in the database is found and named.

import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("The chain of the ledger", .onEveryStore) struct ChainTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func fill() throws {
        try store.book(batch(1, (1...9).map { trade("a", $0) })) { _ in
            BookingFollowUp(performance: [performance("a", trades: 9)])
        }
        try store.book(batch(10, [trade("b", 1), trade("a", 10), trade("b", 2, symbol: "SPY")]))
    }

    @Test("an untouched ledger is whole, whatever the batches were") func whole() throws {
        try fill()
        try store.book(batch(9, [trade("a", 9), trade("a", 11), trade("a", 3), trade("a", 12)]))
        let report = try store.checkLedger(noted: nil)
        #expect(report.faults == [] && report.rows == 14)
        #expect(report.heads.map { "\($0.strategyID) \($0.trades)" } == ["a 12", "b 2"])
        #expect(try store.ledgerHeads() == report.heads)
        // The same rows in other batches give the same heads.
        let other = try Folder()
        let one = try other.open()
        for (seq, row) in (1...9).map({ (UInt64($0), trade("a", UInt64($0))) }) {
            try one.book(batch(seq, [row]))
        }
        try one.book(batch(11, [trade("a", 10)]))
        try one.book(batch(10, [trade("a", 11), trade("a", 12)]))
        #expect(try one.ledgerHeads().first?.trades == 12)
    }

    @Test("the hash is the same on every database and for ever") func known() throws {
        // Made by hand in Python: sha256(32 zeros, 1, then the columns, each text with its length before it).
        try store.book(batch(1, [trade("a", 1)]))
        #expect(
            try store.ledgerHeads().map(\.hash) == [
                "38ff6d5327b93eac02ebbb23fd4e6d6bb123c59439eae45bd167454f244db953"
            ])
    }

    @Test(
        "an altered, missing or extra row is found and named",
        arguments: [
            ("UPDATE trades SET price_e8 = price_e8 + 1 WHERE trade_id = 'a:5:1'", "altered", "a:5:1"),
            ("UPDATE trades SET trade_id = 'a:5:2' WHERE trade_id = 'a:5:1'", "altered", "a:5:2"),
            ("UPDATE trades SET seq = 99 WHERE trade_id = 'a:10:1'", "altered", "a:10:1"),
            ("UPDATE trades SET source = 'x' WHERE trade_id = 'b:1:1'", "altered", "b:1:1"),
            ("UPDATE trades SET side = 'sell' WHERE trade_id = 'a:1:1'", "altered", "a:1:1"),
            ("UPDATE trades SET liquidity = 'none' WHERE trade_id = 'a:1:1'", "altered", "a:1:1"),
            ("UPDATE trades SET chain = x WHERE trade_id = 'a:5:1'", "altered", "a:5:1"),
            ("UPDATE trades SET chain_number = 3 WHERE trade_id = 'a:5:1'", "extra", "a:5:1"),
            ("DELETE FROM trades WHERE trade_id = 'a:5:1'", "missing", "a:6:1 (strategy_seq 6)"),
            ("DELETE FROM trades WHERE trade_id = 'a:10:1'", "missing", "a:9:1 (strategy_seq 9)"),
            ("DELETE FROM trades WHERE strategy_id = 'b'", "missing", "strategy b"),
            ("DELETE FROM chain_heads WHERE strategy_id = 'b'", "altered", "strategy b"),
            ("UPDATE chain_heads SET number = 9 WHERE strategy_id = 'a'", "altered", "strategy a"),
        ])
    func found(change: String, kind: String, name: String) throws {
        try fill()
        try store.execute(
            change.replacing(
                "chain = x", with: "chain = (SELECT chain FROM chain_heads WHERE strategy_id = 'b')"))
        let report = try store.checkLedger(noted: nil)
        let faults = report.faults.filter { $0.kind.rawValue == kind && $0.sentence.contains(name) }
        #expect(faults.count == 1, "\(report.faults)")
        #expect(!report.faults.contains { $0.sentence.contains("a:8:1 ") }, "\(report.faults)")
    }

    @Test("a row that was put in is named") func extra() throws {
        try fill()
        try store.execute(
            """
            INSERT INTO trades (source, seq, \(TradeColumns.names))
            SELECT source, 77, 'a:77:1', order_id, strategy_id, 77, event_type, symbol, side, quantity_e8,
                price_e8, reference_price_e8, slippage_e8, fee_e8, liquidity, timestamp_us, position_e8,
                average_price_e8, realized_pnl_e8, cash_e8 FROM trades WHERE trade_id = 'a:5:1'
            """)
        let report = try store.checkLedger(noted: nil)
        #expect(
            report.faults.contains {
                $0.kind == .extra && $0.sentence.contains("a:77:1 (strategy_seq 77)")
            })
    }

    @Test(
        "what follows from the trades is held against them",
        arguments: [
            ("UPDATE positions SET fees_e8 = 0 WHERE strategy_id = 'a'", "position of a in IBM"),
            ("DELETE FROM positions WHERE strategy_id = 'b' AND symbol = 'SPY'", "b in SPY is missing"),
            ("UPDATE checkpoints SET seq = 99", "checkpoint of source simulator"),
            ("UPDATE performance SET total_return = 0.5", "metrics of strategy a"),
        ])
    func derived(change: String, sentence: String) throws {
        try fill()
        try store.execute(change)
        let report = try store.checkLedger(noted: nil)
        #expect(report.faults.map(\.kind) == [.derived])
        #expect(report.faults.first?.sentence.contains(sentence) == true)
    }

    @Test("a checkpoint that was changed is not followed") func changedCheckpoint() throws {
        try fill()
        try store.execute("UPDATE checkpoints SET seq = 99")
        #expect(storeError { _ = try store.checkpoint(source: "simulator") }?.code == .damaged)
        #expect(storeError { try store.book(batch(13, [trade("a", 11)])) }?.code == .damaged)
    }

    @Test("a noted head is found again after more trades, and not in another ledger") func noted() throws {
        try store.book(batch(1, (1...5).map { trade("a", $0) }))
        let noted = try #require(try store.ledgerHeads().first?.hash)
        try store.book(batch(6, (6...9).map { trade("a", $0) }))
        let report = try store.checkLedger(noted: noted.uppercased())
        #expect(report.isWhole && report.notedTrade == "trade a:5:1 (strategy_seq 5)")
        // A whole new chain over other rows is whole in itself; only the noted head tells.
        let forged = try Folder()
        let other = try forged.open()
        try other.book(batch(1, (1...9).map { trade("a", $0, price: 5_00000000) }))
        #expect(try other.checkLedger(noted: nil).isWhole)
        #expect(try other.checkLedger(noted: noted).faults.map(\.kind) == [.missing])
    }

    @Test("positions are made anew from the trades, and a dry run only tells") func rebuild() throws {
        try fill()
        let before = try store.positions()
        #expect(try store.rebuildPositions(isDryRun: false) == [])
        try store.execute("UPDATE positions SET realized_pnl_e8 = 1, position_e8 = 5 WHERE symbol = 'IBM'")
        let found = try store.rebuildPositions(isDryRun: true)
        #expect(found.count == 2)
        #expect(try store.positions() != before)
        #expect(try store.rebuildPositions(isDryRun: false) == found)
        #expect(try store.positions() == before)
        #expect(try store.checkLedger(noted: nil).isWhole)
    }
}

@Suite("Pages of trades", .onEveryStore) struct PageTests {
    @Test(
        "pages hold what was asked for, newest first, each trade once",
        arguments: [
            (nil, nil, nil, nil), ("a", nil, nil, nil), (nil, "SPY", nil, nil), ("b", "IBM", nil, nil),
            (nil, nil, 20, 60), ("a", nil, 10, nil), ("c", nil, nil, nil), (nil, "SPY", nil, 33),
        ] as [(String?, String?, Int64?, Int64?)])
    func pages(strategy: String?, symbol: String?, from: Int64?, before: Int64?) throws {
        let folder = try Folder()
        let store = try folder.open()
        var number: UInt64 = 0
        var all: [TradeEvent] = []
        for seq in 1...40 as ClosedRange<UInt64> {
            for id in ["a", "b"] {
                var one = trade(id, seq, symbol: (seq + (id == "a" ? 0 : 1)) % 3 == 0 ? "SPY" : "IBM")
                // Several at one moment.
                one.timestamp = Timestamp(microseconds: Int64(seq / 4 * 8))
                number += 1
                try store.book(batch(number, [one]))
                all.append(one)
            }
        }
        let query = TradeQuery(
            strategy: strategy, symbol: symbol, from: from.map { Timestamp(microseconds: $0) },
            before: before.map { Timestamp(microseconds: $0) })
        let expected = all.filter {
            (strategy == nil || $0.strategyID == strategy) && (symbol == nil || $0.symbol == symbol)
                && $0.timestamp.microseconds >= from ?? 0 && $0.timestamp.microseconds < before ?? .max
        }
        var found: [TradeEvent] = []
        var cursor: TradeCursor?
        repeat {
            let page = try store.trades(query, after: cursor, limit: 7)
            #expect(page.trades.count == 7 || page.next == nil)
            found += page.trades
            cursor = page.next
        } while cursor != nil
        #expect(found == expected.reversed())
    }
}

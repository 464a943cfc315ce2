import Contracts
import Testing

@testable import Persistence

@Suite("The ledger as it is printed", .onEveryStore) struct LedgerTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    @Test("lines are ordered by the bytes of the strategy id, then by number") func order() throws {
        let ids = ["b", "B", "a.1", "a-1", "a", "Z", "a_1", "10", "9", "aa"]
        var number: UInt64 = 0
        for seq: UInt64 in [2, 11, 1, 10] {
            for id in ids {
                number += 1
                try store.book(batch(number, [trade(id, seq)]))
            }
        }
        var expected: [String] = []
        for id in ["10", "9", "B", "Z", "a", "a-1", "a.1", "a_1", "aa", "b"] {
            expected += [1, 2, 10, 11].map { "\(id) \($0)" }
        }
        var found: [String] = []
        try store.forEachTrade(strategy: nil) { found.append("\($0.strategyID) \($0.strategySeq)") }
        #expect(found == expected)
        found = []
        try store.forEachTrade(strategy: "a-1") { found.append("\($0.strategySeq)") }
        #expect(found == ["1", "2", "10", "11"])
        #expect(try store.trades(strategy: "a", after: 1, limit: 2).map(\.strategySeq) == [2, 10])
    }

    @Test("the line is the canonical one, byte for byte") func bytes() throws {
        var sample = trade("sma-ibm", 17, symbol: "IBM", price: 181_82000000)
        sample.tradeID = "sma-ibm:42:1"
        sample.orderID = "sma-ibm:42"
        sample.timestamp = Timestamp(microseconds: 1_381_239_000_123_000)
        sample.cash = Money(whole: 81817)
        sample.fee = Money(units: 1_50000000)
        try store.book(batch(918, [sample]))
        #expect(
            try store.ledger() == [
                #"{"type":"trade","version":1,"trade_id":"sma-ibm:42:1","order_id":"sma-ibm:42","#
                    + #""strategy_id":"sma-ibm","strategy_seq":17,"event_type":"open","symbol":"IBM","#
                    + #""side":"buy","#
                    + #""quantity":100,"price":181.82,"reference_price":181.8,"slippage":0.02,"fee":1.5,"#
                    + #""liquidity":"taker","timestamp":1381239000.123000,"#
                    + #""performance_data":{"position":100,"#
                    + #""average_price":181.82,"realized_pnl":0,"cash":81817}}"# + "\n"
            ])
    }

    @Test(
        "a changed column shows in the printed ledger",
        arguments: [
            "trade_id = 'a:1:2'", "order_id = 'a:2'", "strategy_id = 'b'", "strategy_seq = 3",
            "event_type = 'update'", "symbol = 'IBN'", "side = 'sell'", "quantity_e8 = quantity_e8 + 1",
            "price_e8 = price_e8 + 1", "reference_price_e8 = 0", "slippage_e8 = -slippage_e8",
            "fee_e8 = fee_e8 + 1", "liquidity = 'maker'", "timestamp_us = timestamp_us + 1",
            "position_e8 = -position_e8", "average_price_e8 = 1", "realized_pnl_e8 = 1",
            "cash_e8 = cash_e8 - 1",
        ])
    func changedColumn(change: String) throws {
        try store.book(batch(1, [trade("a", 1)]))
        let before = try store.ledger()
        try store.execute("UPDATE trades SET \(change)")
        #expect(try store.ledger() != before)
    }

    @Test("a word that was never written is damage", arguments: ["event_type", "side", "liquidity"])
    func unknownWord(column: String) throws {
        try store.book(batch(1, [trade("a", 1)]))
        try store.execute("UPDATE trades SET \(column) = 'buz'")
        let error = storeError { _ = try store.ledger() }
        #expect(error?.code == .damaged)
        #expect(error?.sentence.contains("trade a:1:1") == true && error?.sentence.contains(column) == true)
    }

    @Test("a reader sees one moment, and the writer does not wait for it") func readerBesideWriter() throws {
        try store.book(batch(1, (1...20).map { trade("a", $0) }))
        let reader = try folder.open(StoreOptions(access: .readOnly, busyTimeout: .zero))
        var seen = 0
        try reader.forEachTrade(strategy: nil) { _ in
            seen += 1
            if seen == 5 { try store.book(batch(21, (21...40).map { trade("a", $0) })) }
        }
        #expect(seen == 20)
        #expect(try reader.ledger().count == 40)
    }

    @Test("what the reader's body throws ends the reading, and the store goes on") func throwingBody() throws
    {
        try store.book(batch(1, (1...3).map { trade("a", $0) }))
        #expect(throws: Injected.self) { try store.forEachTrade(strategy: nil) { _ in throw Injected() } }
        #expect(try store.ledger().count == 3)
        #expect(try store.book(batch(4, [trade("a", 4)])).booked == 1)
    }
}

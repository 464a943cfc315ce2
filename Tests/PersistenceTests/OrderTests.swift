import Contracts
import Testing

@testable import Persistence

@Suite("Orders and runs", .onEveryStore) struct OrderTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func order(
        _ number: UInt64, report: UInt64, _ status: OrderStatus, filled: Int64 = 0, command: UInt64? = nil,
        type: OrderType = .limit, reason: Reason? = nil
    ) -> OrderEvent {
        OrderEvent(
            Report(
                number: report, status: status, command: command ?? number, order: number, symbol: .none,
                side: .sell, type: type, timeInForce: .gtc, quantity: Quantity(whole: 100),
                price: Price(whole: 10), stopPrice: Price(whole: 9), filled: Quantity(whole: filled),
                remaining: Quantity(whole: 100 - filled), after: 7,
                timestamp: Timestamp(seconds: Int64(report)), reason: reason), strategy: "s", fence: 1,
            symbol: "IBM")
    }

    private func book(_ seq: UInt64, _ orders: [OrderEvent]) throws {
        var one = batch(seq, [])
        for event in orders { one.orders.add(event) }
        try store.book(one)
    }

    private var stored: [String] {
        get throws {
            try store.orders(strategy: "s", after: 0, limit: 99).map {
                "\($0.number) \($0.event.status.wireName) \($0.event.filled)/\($0.event.remaining)"
            }
        }
    }

    @Test("an order is one row that stands as its last report left it, whatever comes again or late")
    func latest()
        throws
    {
        try book(1, [order(1, report: 1, .accepted), order(2, report: 2, .accepted)])
        try book(2, [order(1, report: 3, .partiallyFilled, filled: 40, command: 0)])
        #expect(try stored == ["1 partially_filled 40/60", "2 accepted 0/100"])
        // The same stretch again, and a report that was missed comes behind a later one.
        try book(3, [order(1, report: 5, .filled, filled: 100, command: 0), order(1, report: 1, .accepted)])
        try book(4, [order(1, report: 4, .partiallyFilled, filled: 70, command: 0)])
        #expect(try stored == ["1 filled 100/0", "2 accepted 0/100"])
        let row = try #require(try store.orders(strategy: "s", after: 0, limit: 1).first)
        #expect(row.created == Timestamp(seconds: 1) && row.event.timestamp == Timestamp(seconds: 5))
        #expect(row.source == "simulator" && row.event.orderID == "s:1" && row.event.symbol == "IBM")
        #expect(try store.orders(strategy: "s", after: 1, limit: 9).map(\.number) == [2])
        #expect(try store.orderedStrategies() == ["s"])
    }

    @Test("a cancel that is refused leaves its order as it was; a refused order is one") func refused() throws
    {
        let late = Reason(code: "not_working", sentence: "\"order\" \\ 1 is {done}, NULL")
        try book(
            1,
            [
                order(1, report: 1, .filled, filled: 100),
                order(1, report: 2, .rejected, command: 2, reason: late),
                order(9, report: 3, .rejected, command: 10, reason: late),
                order(3, report: 4, .rejected, type: .market, reason: late),
                order(4, report: 5, .accepted, type: .stop),
            ])
        #expect(try stored == ["1 filled 100/0", "3 rejected 0/100", "4 accepted 0/100"])
        let rows = try store.orders(strategy: "s", after: 0, limit: 9)
        #expect(rows[1].event.reason == late && rows[0].event.reason == nil)
        #expect(rows.map { $0.event.price == nil } == [false, true, true])
        #expect(rows.map { $0.event.stopPrice == nil } == [true, true, false])
    }

    @Test("many orders in one batch, and the same again in batches of one, make the same rows") func bulk()
        throws
    {
        let all = (1...500).map { order(UInt64($0), report: UInt64($0), $0 % 2 == 0 ? .accepted : .filled) }
        try book(1, all)
        let before = try store.orders(strategy: "s", after: 0, limit: 999)
        #expect(before.count == 500)
        for (index, event) in all.prefix(20).enumerated() { try book(2 + UInt64(index), [event]) }
        #expect(try store.orders(strategy: "s", after: 0, limit: 999) == before)
    }

    @Test("orders move with the checkpoint: a batch that fails leaves none") func undone() throws {
        var one = batch(1, [trade("s", 1)])
        one.orders.add(order(1, report: 1, .filled, filled: 100))
        #expect(throws: Injected.self) { try store.book(one) { _ in throw Injected() } }
        #expect(try stored == [])
        try store.book(one)
        #expect(try stored == ["1 filled 100/0"])
    }

    @Test("each claim is a run with its parameters; how it ended is told") func runs() throws {
        for id in ["a", "b"] {
            _ = try store.upsert(
                StrategyRow(
                    id: id, plugin: "p", symbols: ["IBM", "SPY"], parameters: "{\"n\":1}", simulation: "{}"))
        }
        let first = try store.claim(runner: "r1", limit: 9, term: nil).map(\.claim)
        try store.note(
            runner: "r1",
            [
                (first[0], StrategyStanding(state: .running, event: 5)),
                (first[1], StrategyStanding(state: .failed, reason: "it broke", event: 3)),
            ])
        try store.release(runner: "r1", claims: [first[0]])
        _ = try store.claim(runner: "r2", limit: 1, term: nil)
        // Started anew under its own name: what it held before was lost.
        _ = try store.claim(runner: "r2", limit: 1, term: nil, takingBackOwn: true)
        let runs = try store.runs(strategy: "a")
        #expect(runs.map(\.fence) == [1, 2, 3] && runs.map(\.runner) == ["r1", "r2", "r2"])
        #expect(runs.map(\.outcome) == [.released, .lost, .running])
        #expect(runs.map { $0.ended == nil } == [false, false, true])
        #expect(runs[0].event == 5 && runs[0].parameters == "{\"n\":1}" && runs[0].symbols == ["IBM", "SPY"])
        let other = try store.runs(strategy: nil).filter { $0.strategyID == "b" }
        #expect(other.map(\.outcome) == [.failed] && other.map(\.reason) == ["it broke"])
    }
}

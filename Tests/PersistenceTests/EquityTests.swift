// Marks and days: written with their batch, read back as they were.

import Contracts
import Testing

@testable import Persistence

private func mark(_ strategy: String, _ number: UInt64, held: Bool = true) -> EquityEvent {
    EquityEvent(
        strategyID: strategy, number: number, strategySeq: number * 2,
        timestamp: Timestamp(seconds: 1_381_239_000 + Int64(number)), equity: Money(units: 7 + Int64(number)),
        cash: Money(units: -3), currency: "USD", periodsPerYear: 365,
        holdings: held
            ? [.init(symbol: "IBM", position: Quantity(units: -1), price: Price(units: 12_345_678_901))] : [])
}

private func day(_ symbol: String, _ day: Int32, _ equity: Int64) -> PerformanceDay {
    PerformanceDay(symbol: symbol, day: day, equity: Money(units: equity), figures: [1, 0, UInt8(equity)])
}

@Suite("Marks and days", .onEveryStore) struct EquityTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func marks(_ strategy: String) throws -> [EquityEvent] {
        var marks: [EquityEvent] = []
        try store.forEachMark(strategy: strategy) { marks.append($0) }
        return marks
    }

    @Test("marks are kept once, by strategy and number") func kept() throws {
        let all = [mark("a", 1), mark("b", 1, held: false), mark("a", 2), mark("a", 10)]
        var given = batch(1, [trade("a", 1)])
        given.marks = all + [mark("a", 2)]
        try store.book(given)
        try store.book(given)
        #expect(try marks("a") == [mark("a", 1), mark("a", 2), mark("a", 10)])
        #expect(try marks("b") == [mark("b", 1, held: false)])
        #expect(try marks("c") == [])
    }

    @Test("a batch that fails leaves neither marks nor days") func undone() throws {
        var given = batch(1, [trade("a", 1)])
        given.marks = [mark("a", 1)]
        #expect(throws: Injected.self) {
            try store.book(given) { _ in
                throw Injected()
            }
        }
        #expect(try marks("a") == [])
    }

    @Test("days are written over while they last, and replaced after counting anew") func days() throws {
        var row = performance("a", trades: 1)
        row.changedDays = [day("", 20_458, 1), day("IBM", 20_458, 2), day("", -1, 3)]
        try store.book(batch(1, [trade("a", 1)])) { _ in BookingFollowUp(performance: [row]) }
        row.changedDays = [day("", 20_458, 4), day("", 20_459, 5)]
        try store.book(batch(2, [trade("a", 2)])) { _ in BookingFollowUp(performance: [row]) }
        #expect(
            try store.days(strategy: "a") == [
                day("", -1, 3), day("", 20_458, 4), day("", 20_459, 5), day("IBM", 20_458, 2),
            ])
        #expect(try store.days(strategy: "b") == [])
        row.changedDays = [day("", 20_460, 6)]
        row.trades = 9
        try store.replaceMetrics(row)
        #expect(try store.days(strategy: "a") == [day("", 20_460, 6)])
        #expect(try store.metrics(strategy: "a")?.trades == 9)
    }

    @Test("a mark that cannot be read is named") func damaged() throws {
        var given = batch(1, [trade("a", 1)])
        given.marks = [mark("a", 1)]
        try store.book(given)
        try store.execute("UPDATE equity_marks SET positions = '[{\"symbol\":1}]'")
        let error = storeError { _ = try marks("a") }
        #expect(error?.code == .damaged && error?.sentence.contains("mark 1 of a") == true)
    }
}

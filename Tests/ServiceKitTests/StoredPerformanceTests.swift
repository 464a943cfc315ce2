// Performance in a database: what is read back, and what is counted anew from trades and marks, is what was
// counted as they came, in whatever order and batches they were booked.

import Contracts
import Persistence
import ServiceKit
import Testing
import TradingCore

/// A walk of one symbol: a trade every hour, a mark after every third, 60 in all.
private struct Walk {
    var trades: [TradeEvent] = []
    var marks: [EquityEvent] = []

    init() {
        var cash = Money(whole: 100_000)
        var held = Quantity.zero
        for number in 1...60 as ClosedRange<Int64> {
            let price = Price(whole: 100 + number * 7 % 13)
            let isBuy = held.isZero
            let quantity = Quantity(whole: 10)
            let value = Money(units: price.units * 10)
            cash = (isBuy ? cash - value : cash + value) - Money(whole: 1)
            held = isBuy ? quantity : .zero
            let time = Timestamp(seconds: 1_767_571_200 + number * 3_600 * 5)
            trades.append(
                TradeEvent(
                    Execution(
                        strategySeq: UInt64(number), order: UInt64(number), fill: 1,
                        effect: isBuy ? .open : .close, side: isBuy ? .buy : .sell, liquidity: .taker,
                        symbol: .none, quantity: quantity, price: price, referencePrice: price,
                        slippage: .zero, fee: Money(whole: 1), timestamp: time, position: held,
                        averagePrice: isBuy ? price : .zero, realizedPnl: .zero, cash: cash),
                    strategy: "walk", symbol: "IBM"))
            guard number % 3 == 0 else { continue }
            let worth = Price(whole: 101 + number % 5)
            marks.append(
                EquityEvent(
                    strategyID: "walk", number: UInt64(marks.count + 1), strategySeq: UInt64(number),
                    timestamp: time.advanced(byMicroseconds: 60_000_000),
                    equity: held.isZero ? cash : cash + Money(units: worth.units * 10), cash: cash,
                    currency: "USD", periodsPerYear: 252,
                    holdings: held.isZero ? [] : [.init(symbol: "IBM", position: held, price: worth)]))
        }
    }

    /// Counted as they come.
    var performance: StrategyPerformance? {
        var performance: StrategyPerformance?
        var marks = marks[...]
        for trade in trades {
            while let mark = marks.first, mark.strategySeq < trade.strategySeq {
                _ = StrategyPerformance.record(mark, in: &performance)
                marks.removeFirst()
            }
            _ = StrategyPerformance.record(ExecutionFacts(trade), in: &performance)
        }
        for mark in marks { _ = StrategyPerformance.record(mark, in: &performance) }
        return performance
    }
}

private func figures(_ performance: StrategyPerformance?) -> [[Figure]] {
    Period.allCases.map { performance?.figures($0).list ?? [] }
}

@Suite struct StoredPerformanceTests {
    private let folder: TemporaryFolder
    private let store: any Store

    init() throws {
        folder = try TemporaryFolder()
        store = try openStore(folder.path + "/trading.db")
    }

    private func book(
        _ trades: [TradeEvent], _ marks: [EquityEvent], _ rows: [PerformanceRow] = []
    ) throws {
        let numbered = trades.map { SourcedTrade(seq: $0.strategySeq, event: $0) }
        let last = Checkpoint(source: "simulator", epoch: "k3v9q2", seq: numbered.map(\.seq).max() ?? 0)
        try store.book(TradeBatch(checkpoint: last, trades: numbered, marks: marks)) { _ in
            BookingFollowUp(performance: rows)
        }
    }

    @Test func `a strategy without a trade and a mark has no performance`() throws {
        #expect(try storedPerformance("walk", in: store) == nil)
    }

    @Test func `the stored performance is the one that was counted, after any number of batches`() throws {
        let walk = Walk()
        var performance: StrategyPerformance?
        for (index, trade) in walk.trades.enumerated() {
            _ = StrategyPerformance.record(ExecutionFacts(trade), in: &performance)
            let marks = walk.marks.filter { $0.strategySeq == trade.strategySeq }
            for mark in marks { _ = StrategyPerformance.record(mark, in: &performance) }
            try book([trade], marks, [PerformanceRow("walk", taking: &performance!)])
            // As after a restart.
            if index % 7 == 0 { performance = try storedPerformance("walk", in: store) }
        }
        #expect(try storedPerformance("walk", in: store) == performance)
        #expect(figures(performance) == figures(walk.performance))
        let row = try #require(try store.metrics(strategy: "walk"))
        #expect(row.trades == 60 && row.winRate == performance?.figures(.all)["win_rate"])
    }

    @Test func `counting anew gives the same figures, in whatever order the trades were booked`() throws {
        let walk = Walk()
        for trade in walk.trades.reversed() { try book([trade], []) }
        try book([], walk.marks.reversed())
        var recounted = try #require(try recountedPerformance("walk", in: store))
        #expect(figures(recounted) == figures(walk.performance))
        // Without a stored row, or with one of another version, reading counts anew.
        #expect(figures(try storedPerformance("walk", in: store)) == figures(walk.performance))
        var row = PerformanceRow("walk", taking: &recounted)
        row.state = [99]
        try store.replaceMetrics(row)
        #expect(figures(try storedPerformance("walk", in: store)) == figures(walk.performance))
    }

    @Test func `a trade that is missing is passed over, and counted once it is there`() throws {
        let walk = Walk()
        let missing = walk.trades[20]
        try book(walk.trades.filter { $0 != missing }, walk.marks)
        let without = try recountedPerformance("walk", in: store)
        #expect(without?.account.total.trades.count == 59)
        try book([missing], [])
        #expect(figures(try recountedPerformance("walk", in: store)) == figures(walk.performance))
    }
}

// What is measured of a running tracker: how long it takes over a backlog, how long from the publication of a
// trade to its commit, and how long the metrics and a page of trades take to read.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit
import TradingCore

enum TrackerBenchmark {
    /// Publishes a journal of `TRADES` trades, each with the report of its order, until it is ended. Prints a
    /// line once the journal is there; trades a second are published after that: `RATE`, with 0 none.
    ///
    /// Then, with a database: for each trade published live the microseconds to its commit.
    static func publish(_ arguments: [String]) throws {
        let (backlog, rate) = (try number(arguments[3]), Int(arguments[4]) ?? 0)
        let bus = try Bus()
        let journal = try JournalWriter(directory: arguments[2]) { "k3v9q2" }
        let publisher = try Publisher(
            bus: bus, endpoint: arguments[0], source: StoreBenchmark.source, journal: journal,
            wallClock: wallClock)
        var next = 0
        func append() {
            let trade = StoreBenchmark.trade(next)
            next += 1
            let order = trade.report
            publisher.append(
                topic: publisher.topicID(Array("order/\(trade.strategyID)/\(trade.symbol)/".utf8))
            ) {
                order.encode(header: publisher.header, stamp: $0, into: &$1)
            }
            publisher.append(
                topic: publisher.topicID(Array("trade/\(trade.strategyID)/\(trade.symbol)/".utf8))
            ) {
                trade.encode(header: publisher.header, stamp: $0, into: &$1)
            }
        }
        while next < backlog {
            append()
            if next.isMultiple(of: 1_000) { publisher.flush() }
        }
        publisher.flush()
        let server = try ReplayServer(bus: bus, endpoint: arguments[1], journalDirectory: arguments[2])
        print("{\"bench\":\"backlog\",\"last\":\(publisher.lastSeq)}")
        fflush(nil)
        var follower: CommitFollower?
        if rate > 0, arguments.count > 5 {
            follower = CommitFollower(try openStore(arguments[5], options: StoreOptions(access: .readOnly)))
        }
        if rate > 0 {
            let end = backlog + rate * (arguments.count > 6 ? try number(arguments[6]) : 10)
            bus.timer(every: .microseconds(1_000_000 / rate)) {
                guard next < end else { return }
                append()
                let id = StoreBenchmark.trade(next - 1).tradeID
                publisher.flush()
                follower?.published(id)
            }
            bus.timer(every: .microseconds(100)) {
                guard let follower else { return }
                follower.look()
                guard next == end, follower.isDone else { return }
                follower.report()
                bus.stop()
            }
        }
        withExtendedLifetime(server) { bus.run() }
    }

    /// Books `TRADES` trades with their metrics, then reads them as an API would, and prints the
    /// milliseconds.
    static func query(_ arguments: [String]) throws {
        let count = try number(arguments[1])
        let store = try openStore(arguments[0])
        var ledgers: [String: StrategyPerformance] = [:]
        for first in stride(from: 0, to: count, by: 10_000) {
            let trades = (first..<min(first + 10_000, count)).map {
                SourcedTrade(seq: UInt64($0) + 1, event: StoreBenchmark.trade($0))
            }
            for trade in trades {
                let id = trade.event.strategyID
                _ = StrategyPerformance.record(ExecutionFacts(trade.event), in: &ledgers[id])
            }
            let rows = ledgers.keys.sorted().map { PerformanceRow($0, taking: &ledgers[$0]!) }
            try store.book(
                TradeBatch(
                    checkpoint: Checkpoint(
                        source: StoreBenchmark.source, epoch: "k3v9q2", seq: trades.last?.seq ?? 0),
                    trades: trades)
            ) { _ in BookingFollowUp(performance: rows) }
        }
        try store.close()
        let reader = try openStore(arguments[0], options: StoreOptions(access: .readOnly))
        defer { try? reader.close() }
        let strategy = StoreBenchmark.trade(0).strategyID
        let last = StoreBenchmark.trade(count - 1).timestamp
        let queries: [(String, () throws -> Void)] = [
            ("figures of one period", { _ = try figures(strategy, [.month], reader) }),
            ("figures of all periods", { _ = try figures(strategy, Period.allCases, reader) }),
            ("stored metrics of all strategies", { _ = try reader.metrics() }),
            ("page of a strategy", { try page(TradeQuery(strategy: strategy), reader) }),
            ("page of a symbol", { try page(TradeQuery(symbol: "SPY"), reader) }),
            ("page of a day", { try page(TradeQuery(before: last), reader) }),
        ]
        for (name, query) in queries {
            var times: [Double] = []
            for _ in 0..<51 {
                let clock = Stopwatch()
                try query()
                times.append(Double(clock.wallNanoseconds) / 1e6)
            }
            times.sort()
            var line = Figures(name)
            line.add("ms", times[25])
            line.add("ms_max", times[50])
            line.print()
        }
    }

    private static func figures(
        _ strategy: String, _ periods: [Period], _ store: any Store
    ) throws -> [TradingCore.Figures] {
        guard let performance = try storedPerformance(strategy, in: store) else { return [] }
        return periods.map { performance.figures($0) }
    }

    private static func page(_ query: TradeQuery, _ store: any Store) throws {
        guard try store.trades(query, after: nil, limit: 100).trades.count == 100 else {
            throw BenchmarkError("a page has a hundred trades")
        }
    }
}

private func wallClock() -> Timestamp {
    Timestamp(microseconds: Stopwatch.clock(CLOCK_REALTIME) / 1_000)
}

/// Waits for trades to appear in the database, in the order of their publication.
private final class CommitFollower {
    private let store: any Store
    private var waiting: [(id: String, at: Int64)] = []
    private var first = 0
    private var taken: [Double] = []

    init(_ store: any Store) { self.store = store }

    var isDone: Bool { first == waiting.count }

    func published(_ id: String) { waiting.append((id, Stopwatch.clock(CLOCK_MONOTONIC))) }

    func look() {
        while first < waiting.count, (try? store.trade(id: waiting[first].id)) != nil {
            taken.append(Double(Stopwatch.clock(CLOCK_MONOTONIC) - waiting[first].at) / 1_000)
            first += 1
        }
    }

    func report() {
        taken.sort()
        var figures = Figures("latency")
        figures.add("count", taken.count)
        figures.add("p50", taken[taken.count / 2])
        figures.add("p99", taken[min(taken.count - 1, taken.count * 99 / 100)])
        figures.print()
    }
}

extension TradeEvent {
    /// That its order was filled by it.
    fileprivate var report: OrderEvent {
        OrderEvent(
            Report(
                number: strategySeq, status: .filled, command: 0, order: strategySeq, symbol: .none,
                side: side,
                type: .market, timeInForce: .gtc, quantity: quantity, price: .zero, stopPrice: .zero,
                filled: quantity, remaining: .zero, after: strategySeq, timestamp: timestamp),
            strategy: strategyID, fence: 1, symbol: symbol)
    }
}

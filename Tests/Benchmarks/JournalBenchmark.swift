// Trade events a second into a journal, encoding included: the same batches and the same durability as the
// peer's transactions. `process` is what SQLite calls synchronous NORMAL in WAL mode (nothing is synced at a
// commit), `group` is FULL (one sync a batch).

import Contracts
import Foundation
import Messaging

enum JournalBenchmark {
    static func run(_ arguments: [String]) throws {
        let folder = arguments[0]
        let records = try number(arguments[1])
        let batch = try number(arguments[2])
        var configuration = JournalConfiguration()
        guard let durability = Durability(rawValue: arguments[3]) else {
            throw BenchmarkError("\(arguments[3]) is not process, group or record")
        }
        configuration.durability = durability
        let journal = try JournalWriter(directory: folder, configuration: configuration) { "k3v9q2" }
        let header = try EnvelopeHeader(source: "simulator", epoch: journal.epoch)
        let names = TickMessages.names
        let topics = names.map { journal.topicID(Topic.trade("sma-cross-10-50", $0)) }
        var random = Dice(seed: 3)
        var trade = TradeEvent(execution, strategy: "sma-cross-10-50", symbol: names[0])
        let clock = Stopwatch()
        var bytes = 0
        for first in stride(from: 0, to: records, by: batch) {
            for number in first..<min(first + batch, records) {
                let symbol = Int(random.below(8))
                vary(&trade, number, names[symbol], &random)
                journal.append(topic: topics[symbol]) { seq, prev, json in
                    let stamp = EventStamp(seq: seq, prev: prev, publishedAt: trade.timestamp)
                    trade.encode(header: header, stamp: stamp, into: &json)
                }
            }
            journal.withPendingBytes { bytes += $0.count }
            try journal.flush()
        }
        let wall = clock.wallNanoseconds
        let user = clock.userNanoseconds
        journal.close()
        var figures = Figures("journal")
        figures.add("durability", durability.rawValue)
        figures.add("batch", batch)
        figures.add("records", records)
        figures.add("records_per_s", Double(records) * 1e9 / Double(wall))
        figures.add("user_ns", Double(user) / Double(records))
        figures.add("bytes", Double(bytes) / Double(records))
        figures.print()
    }

    private static let execution = Execution(
        strategySeq: 1, order: 1, fill: 1, effect: .open, side: .buy, liquidity: .taker,
        symbol: SymbolIndex(0), quantity: Quantity(whole: 100), price: Price(units: 18_182_000_000),
        referencePrice: Price(units: 18_180_000_000), slippage: Price(units: 2_000_000), fee: Money(whole: 1),
        timestamp: Timestamp(microseconds: 1_766_658_600_123_456), position: Quantity(whole: 100),
        averagePrice: Price(units: 18_182_000_000), realizedPnl: .zero, cash: Money(whole: 81_817))

    /// The next trade: other numbers in every field that differs from trade to trade.
    private static func vary(
        _ trade: inout TradeEvent, _ number: Int, _ symbol: String, _ random: inout Dice
    ) {
        trade.tradeID = "sma-cross-10-50:\(number + 1):1"
        trade.orderID = "sma-cross-10-50:\(number + 1)"
        trade.strategySeq = UInt64(number + 1)
        trade.symbol = symbol
        trade.side = random.below(2) == 0 ? .buy : .sell
        trade.quantity = Quantity(whole: 100 * (1 + random.below(8)))
        trade.price = Price(units: 10_000_000_000 + random.below(1 << 24) * 1_000_000)
        trade.fee = Money(units: random.below(1_024) * 100_000)
        trade.timestamp = Timestamp(microseconds: 1_766_658_600_123_456 + Int64(number) * 1_000)
        trade.realizedPnl = Money(units: random.below(1 << 31) - (1 << 30))
    }
}

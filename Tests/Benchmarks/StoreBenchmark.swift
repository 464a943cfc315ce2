// Trades a second into the store, as the tracker books them: batches of trades of eight strategies with all
// that goes into their transaction (positions, heads of the chains, metrics and days, the checkpoint). The
// peers in Peers/store_*.c execute the same statements with the same values and the same batches.

import Contracts
import Foundation
import Persistence
import ServiceKit
import TradingCore

enum StoreBenchmark {
    private static let strategies = (0..<8).map { "sma-cross-\($0)" }
    private static let symbols = ["AAPL", "MSFT", "NVDA", "SPY", "T", "GOOGL", "BRK.B", "BTC-USD"]
    /// Bytes of the stored state of a strategy, and of a day of it; the peers write as many.
    private static let stateBytes = 1_024
    private static let dayBytes = 512
    static let source = "simulator"

    /// Trade number `index` of all: the strategies take turns, each opens and closes.
    static func trade(_ index: Int) -> TradeEvent {
        let seq = UInt64(index / strategies.count) + 1
        let place = index % strategies.count
        let isOpen = seq % 2 == 1
        let price =
            100_00000000 + Int64(truncatingIfNeeded: UInt64(index) &* 2_654_435_761 >> 7 % 1_000) * 1_000_000
        return TradeEvent(
            Execution(
                strategySeq: seq, order: seq, fill: 1, effect: isOpen ? .open : .close,
                side: isOpen ? .buy : .sell, liquidity: .taker, symbol: .none, quantity: Quantity(whole: 100),
                price: Price(units: price), referencePrice: Price(units: price - 1_000_000),
                slippage: Price(units: 1_000_000), fee: Money(whole: 1),
                timestamp: Timestamp(microseconds: 1_766_658_600_000_000 + Int64(index) * 1_000_000),
                position: Quantity(whole: isOpen ? 100 : 0), averagePrice: Price(units: isOpen ? price : 0),
                realizedPnl: Money(units: isOpen ? 0 : Int64(seq) * 1_000),
                cash: Money(whole: 100_000 - Int64(seq % 1_000))), strategy: strategies[place],
            symbol: symbols[place])
    }

    /// Writes the trades as the peers read them: the columns of a row with tabs between them.
    static func write(_ arguments: [String]) throws {
        var text = ""
        for index in 0..<(try number(arguments[1])) {
            let trade = trade(index)
            let columns: [String] = [
                source, "\(index + 1)", trade.tradeID, trade.orderID, trade.strategyID,
                "\(trade.strategySeq)",
                "\(trade.effect.wireName)", trade.symbol, "\(trade.side.wireName)", "\(trade.quantity.units)",
                "\(trade.price.units)", "\(trade.referencePrice.units)", "\(trade.slippage.units)",
                "\(trade.fee.units)", "\(trade.liquidity.wireName)", "\(trade.timestamp.microseconds)",
                "\(trade.position.units)", "\(trade.averagePrice.units)", "\(trade.realizedPnl.units)",
                "\(trade.cash.units)",
            ]
            text += columns.joined(separator: "\t") + "\n"
        }
        try text.write(toFile: arguments[0], atomically: false, encoding: .utf8)
    }

    /// Makes the tables that a peer then fills.
    static func make(_ arguments: [String]) throws { try openStore(arguments[0]).close() }

    /// Books the trades. Only `book` is timed: the batches are there before.
    static func run(_ arguments: [String]) throws {
        let (count, size) = (try number(arguments[1]), try number(arguments[2]))
        var options = StoreOptions()
        options.durability = arguments[3] == "power" ? .power : .process
        let store = try openStore(arguments[0], options: options)
        let batches = stride(from: 0, to: count, by: size).map { first in
            let trades = (first..<min(first + size, count)).map {
                SourcedTrade(seq: UInt64($0) + 1, event: trade($0))
            }
            let touched = Set(trades.map(\.event.strategyID)).sorted()
            return (
                TradeBatch(
                    checkpoint: Checkpoint(source: source, epoch: "k3v9q2", seq: trades.last?.seq ?? 0),
                    trades: trades), touched.map { row($0, seq: trades.last?.seq ?? 0) }
            )
        }
        let clock = Stopwatch()
        for (batch, rows) in batches {
            let result = try store.book(batch) { _ in BookingFollowUp(performance: rows) }
            guard result.booked == batch.trades.count else { throw BenchmarkError("a trade was not booked") }
        }
        let (wall, user) = (clock.wallNanoseconds, clock.userNanoseconds)
        try store.close()
        var figures = Figures("store")
        figures.add("rows_s", Double(count) * 1e9 / Double(wall))
        figures.add("user_ns", Double(user) / Double(count))
        figures.print()
    }

    private static func row(_ strategy: String, seq: UInt64) -> PerformanceRow {
        var row = PerformanceRow(
            strategyID: strategy, trades: seq, timestamp: Timestamp(microseconds: Int64(seq)),
            realizedPnl: Money(units: Int64(seq)), fees: Money(units: Int64(seq)), totalReturn: 0.25,
            winRate: 0.5, maximumDrawdown: 0.125, state: Array(repeating: 7, count: stateBytes))
        // A day of market time holds 86,400 trades of these.
        let day = Int32(20_447 + seq / 86_400)
        row.changedDays = ["", "X"].map { symbol in
            PerformanceDay(
                symbol: symbol, day: day, equity: Money(units: Int64(seq)),
                figures: Array(repeating: 9, count: dayBytes))
        }
        return row
    }
}

// Quotes a second of the backtester: sessions and host as in `trading-robot backtest`, the strategy behind
// the C interface, events already decoded in memory. Settings of the oracle: fills at the touch whatever the
// size, a fee of 100 millionths of the value, no latency, long only.
//
// With LAPS above 1 the same quotes come again and again with times and numbers that go on, so that the rate
// over much more data is seen. `growth_mb` is what the process grew by during the measured runs.

import Contracts
import Foundation
import StrategyHost
import TradingCore

enum BacktestBenchmark {
    /// Far more than the loss of any run, so that no order is refused for want of cash.
    private static let cash = Money(whole: 1_000_000_000)

    static func run(_ arguments: [String]) throws {
        let block = try quotes(arguments[0])
        let laps = try number(arguments[2])
        let events = repeated(block, laps: laps)
        let plugin = try NativePlugin(path: arguments[1])
        // Once over the first lap, so that code and branch predictors are warm.
        _ = try pass(events.prefix(block.count), plugin)
        let before = residentBytes()
        for _ in 0..<(try number(arguments[3])) {
            let clock = Stopwatch()
            let allocations = Allocations.count
            let result = try pass(events[...], plugin)
            let wall = clock.wallNanoseconds
            let user = clock.userNanoseconds
            var figures = Figures("backtest")
            figures.add("events", events.count)
            figures.add("events_per_s", Double(events.count) * 1e9 / Double(wall))
            figures.add("user_events_per_s", Double(events.count) * 1e9 / Double(max(1, user)))
            figures.add("fills", result.fills)
            figures.add("trades", result.roundTrips)
            figures.add("position_e8", Int(result.position.units))
            figures.add("pnl_e8", Int(result.profit.units))
            figures.add("fees_e8", Int(result.fees.units))
            figures.add("growth_mb", Double(residentBytes() - before) / 1_048_576)
            if let allocations { figures.add("allocations", (Allocations.count ?? 0) - allocations) }
            figures.print()
        }
    }

    private struct Result {
        var fills = 0
        var roundTrips = 0
        var fees = Money.zero
        var position = Quantity.zero
        var profit = Money.zero
    }

    private static func pass(_ events: ArraySlice<MarketEvent>, _ plugin: NativePlugin) throws -> Result {
        let symbol = SymbolIndex(0)
        var settings = SessionSettings()
        settings.cash = cash
        settings.fill = .touch
        settings.fee = .perValue
        settings.feePerValue = PartsPerMillion(whole: 100)
        let declared = plugin.metadata.parameters.contains { $0.name == "direction" }
        let strategy = try HostedStrategy(
            id: "bench", instance: plugin.makeInstance(), symbols: [symbol], names: ["TEST"],
            parameters: ParameterValues(
                declared ? ["direction=long"] : [], for: plugin.metadata.parameters), cash: cash)
        let session = BacktestSession(strategy: strategy, settings: settings, symbols: [symbol])
        var result = Result()
        let sink = { (execution: Execution) in
            result.fills += 1
            if execution.position.isZero { result.roundTrips += 1 }
            result.fees += execution.fee
            result.position = execution.position
        }
        try events.withUnsafeBufferPointer { events in
            for index in events.indices { try session.take(events[index], sink) }
        }
        try session.finish(sink)
        result.profit = try session.driver.book.equity().subtracting(cash)
        return result
    }

    /// The quotes of `ts_ns,bid,ask,last,volume`, sizes unknown.
    static func quotes(_ path: String) throws -> [MarketEvent] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BenchmarkError("\(path) cannot be read")
        }
        var events: [MarketEvent] = []
        data.withUnsafeBytes { bytes in
            var place = (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count) + 1
            while place < bytes.count {
                let nanoseconds = units(bytes, &place, decimals: 0)
                let bid = units(bytes, &place, decimals: 8)
                let ask = units(bytes, &place, decimals: 8)
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
                place += 1
                var event = MarketEvent(
                    kind: .quote, symbol: SymbolIndex(0),
                    timestamp: Timestamp(microseconds: nanoseconds / 1_000))
                event.has = .both
                event.bid = Price(units: bid)
                event.ask = Price(units: ask)
                event.seq = UInt64(events.count + 1)
                events.append(event)
            }
        }
        guard !events.isEmpty else { throw BenchmarkError("\(path) holds no quotes") }
        return events
    }

    /// A number up to the next comma, in units of so many decimals.
    private static func units(_ bytes: UnsafeRawBufferPointer, _ place: inout Int, decimals: Int) -> Int64 {
        var value: Int64 = 0
        var seen: Int?
        while bytes[place] != UInt8(ascii: ",") {
            if bytes[place] == UInt8(ascii: ".") {
                seen = 0
            } else {
                value = value * 10 + Int64(bytes[place] - UInt8(ascii: "0"))
                if let count = seen { seen = count + 1 }
            }
            place += 1
        }
        place += 1
        for _ in (seen ?? 0)..<max(decimals, seen ?? 0) { value *= 10 }
        return value
    }

    private static func repeated(_ block: [MarketEvent], laps: Int) -> [MarketEvent] {
        guard let first = block.first?.timestamp.microseconds, let last = block.last?.timestamp.microseconds
        else { return block }
        var events: [MarketEvent] = []
        events.reserveCapacity(block.count * laps)
        for lap in 0..<laps {
            for var event in block {
                event.timestamp = Timestamp(
                    microseconds: event.timestamp.microseconds + Int64(lap) * (last - first + 1_000))
                event.seq = UInt64(events.count + 1)
                events.append(event)
            }
        }
        return events
    }
}

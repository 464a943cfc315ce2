// What the platform adds to a call of an in-process native strategy: the same quotes handed to the same
// strategy by `HostedStrategy`, and by its C function alone with the market data already in their C form.

import CStrategyABI
import Contracts
import Foundation
import StrategyHost

enum HostBenchmark {
    /// Quotes of one round, few enough for the cache: the calls are measured, not the memory.
    private static let count = 1_000
    private static let rounds = 2_000

    static func run(_ arguments: [String]) throws {
        let repeats = try number(arguments[1])
        let events = (0..<count).map(Self.quote)
        let (direct, instance, host) = try direct(arguments[0])
        let data = events.map(Self.raw)
        let hosted = try hosted(NativePlugin(path: arguments[0]))
        var failures: Int32 = 0
        measure("direct", count: count, repeats: repeats, rounds: rounds, bytes: 0) {
            data.withUnsafeBufferPointer { data in
                guard let first = data.baseAddress else { return }
                for index in data.indices { failures &+= direct(instance, first + index) }
            }
        }
        try measure("hosted", count: count, repeats: repeats, rounds: rounds, bytes: 0) {
            for event in events { try hosted.handle(event) }
        }
        withExtendedLifetime(host) {}
        guard failures == 0 else { throw BenchmarkError("the strategy failed") }
    }

    private typealias Call =
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tr_market_data>?) -> Int32

    /// The strategy's own function with an instance, and the host that the instance was made with.
    private static func direct(
        _ path: String
    ) throws -> (Call, UnsafeMutableRawPointer?, HostedStrategy) {
        let host = try hosted(NativePlugin(path: path))
        typealias Entry = @convention(c) () -> UnsafePointer<tr_strategy>?
        // Unsafe: the plugin was loaded and checked by NativePlugin just now, so the symbol has this type.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(library, TR_STRATEGY_ENTRY_SYMBOL),
            let table = unsafeBitCast(symbol, to: Entry.self)()?.pointee, let call = table.on_market_data
        else { throw BenchmarkError("\(path) is no strategy plugin") }
        var instance: UnsafeMutableRawPointer?
        guard table.create(table.context, host.hostTable, "{}", &instance) == 0 else {
            throw BenchmarkError("\(path) cannot make an instance")
        }
        return (call, instance, host)
    }

    private static func hosted(_ plugin: NativePlugin) throws -> HostedStrategy {
        try HostedStrategy(
            id: "bench", instance: plugin.makeInstance(), symbols: [SymbolIndex(0)], names: ["TEST"],
            parameters: ParameterValues([], for: plugin.metadata.parameters), cash: Money(whole: 100_000))
    }

    private static func quote(_ index: Int) -> MarketEvent {
        var event = MarketEvent(
            kind: .quote, symbol: SymbolIndex(0), timestamp: Timestamp(microseconds: Int64(index)))
        event.seq = UInt64(index + 1)
        event.has = .both
        event.bid = Price(units: 10_000_000_000 + Int64(index % 101) * 1_000_000)
        event.ask = Price(units: event.bid.units + 2_000_000)
        event.bidSize = Quantity(whole: 100)
        event.askSize = Quantity(whole: 100)
        return event
    }

    private static func raw(_ event: MarketEvent) -> tr_market_data {
        var data = tr_market_data()
        data.seq = event.seq
        data.timestamp_us = event.timestamp.microseconds
        data.presence = UInt32(event.has.rawValue)
        data.price_e8 = (event.bid.units + event.ask.units) / 2
        data.bid_e8 = event.bid.units
        data.ask_e8 = event.ask.units
        data.bid_size_e8 = event.bidSize.units
        data.ask_size_e8 = event.askSize.units
        return data
    }
}

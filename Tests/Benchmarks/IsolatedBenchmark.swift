// A round trip to a strategy in a process of its own: one quote a message, answered before the next, as in a
// backtest. The peer is a bare socket pair between two processes (Peers/socketpair.c).

import Contracts
import Foundation
import StrategyHost

enum IsolatedBenchmark {
    /// Events before the measuring begins.
    private static let warm = 2_000

    static func run(_ arguments: [String]) throws {
        let count = try number(arguments[1])
        var folders = PluginFolders([], ownFolder: nil)
        folders.isolation = .process
        let plugin = try folders.load(arguments[0])
        let strategy = try HostedStrategy(
            id: "bench", instance: plugin.makeInstance(waits: true), symbols: [SymbolIndex(0)],
            names: ["TEST"], parameters: ParameterValues([], for: plugin.metadata.parameters),
            cash: Money(whole: 100_000))
        var times = [Int](repeating: 0, count: count)
        var began = ContinuousClock.now
        for index in 0..<(count + warm) {
            let event = quote(index)
            if index == warm { began = .now }
            let start = ContinuousClock.now
            try strategy.handle(event)
            if index >= warm { times[index - warm] = Int((ContinuousClock.now - start) / .nanoseconds(1)) }
        }
        let mean = (ContinuousClock.now - began) / .microseconds(1) / Double(count)
        try strategy.cleanup()
        times.sort()
        func micro(_ place: Int) -> String { String(format: "%.2f", Double(times[place]) / 1e3) }
        print(
            #"{"bench":"isolated","count":\#(count),"mean_us":\#(String(format: "%.2f", mean)),"#
                + #""p50_us":\#(micro(count / 2)),"p99_us":\#(micro(count * 99 / 100))}"#)
    }

    private static func quote(_ index: Int) -> MarketEvent {
        var event = MarketEvent(
            kind: .quote, symbol: SymbolIndex(0),
            timestamp: Timestamp(microseconds: 1_381_239_000_000_000 + Int64(index)))
        event.seq = UInt64(index + 1)
        event.has = .both
        event.bid = Price(units: 18_181_000_000 + Int64(index % 101) * 1_000_000)
        event.ask = Price(units: event.bid.units + 2_000_000)
        event.bidSize = Quantity(whole: 100)
        event.askSize = Quantity(whole: 100)
        return event
    }
}

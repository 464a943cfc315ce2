// A Swift strategy that warms up: its metadata say so, its signals are dropped meanwhile, its orders refused.

import CStrategyABI
import Contracts
import StrategyKit
import Testing

@testable import StrategyHost

/// Buys on every event, by a signal or by an order.
private struct Eager: Strategy {
    static let metadata = StrategyMetadata(
        id: "eager", name: "Eager", version: "1", description: "", warmUp: .events(parameter: "length"),
        parameters: [.integer("length", default: 3, in: 1...9), .flag("signals", default: true)])

    mutating func onMarketData(_ data: MarketData, in context: StrategyContext) throws -> Signal? {
        if context.flag("signals") { return .buy(Quantity(whole: 1)) }
        do {
            try context.place(.market(.buy, Quantity(whole: 1), of: data.symbol))
        } catch OrderRefused.warmingUp {
            context.log("warming up at \(data.seq)")
        }
        return nil
    }
}

@Suite struct WarmUpTests {
    @Test("signals are dropped and orders refused until the strategy is warm", arguments: [true, false])
    func warmUp(signals: Bool) throws {
        let table = export(Eager.self).assumingMemoryBound(to: tr_strategy.self)
        let plugin = try NativePlugin(table: table, path: "eager")
        let values = try ParameterValues(["signals=\(signals)"], for: plugin.metadata.parameters)
        let warmUp = try #require(plugin.metadata.warmUp).warmUp(values)
        #expect(warmUp == .events(3))
        var lines: [String] = []
        let strategy = try HostedStrategy(
            id: "e", instance: plugin.makeInstance(), symbols: [SymbolIndex(0)], names: ["IBM"],
            parameters: values, cash: Money(whole: 1_000), warmUp: warmUp, onLog: { lines.append($1) })
        for seq in 1...5 {
            var event = MarketEvent(
                kind: .trade, symbol: SymbolIndex(0), timestamp: Timestamp(seconds: Int64(seq)))
            event.seq = UInt64(seq)
            event.price = Price(whole: 10)
            try strategy.handle(event)
        }
        var commands: [Command] = []
        strategy.takeCommands(into: &commands)
        #expect(commands.map(\.number) == [1, 2, 3])
        #expect(commands.map(\.afterEvent) == [3, 4, 5])
        #expect(lines == (signals ? [] : ["warming up at 1", "warming up at 2"]))
    }

    @Test("metadata without a warm-up do not mention it")
    func none() {
        let plain = StrategyMetadata(id: "a", name: "A", version: "1", description: "")
        #expect(!plain.json.contains("warm_up"))
        #expect(Eager.metadata.json.contains(#""warm_up":{"events":"length"}"#))
    }
}

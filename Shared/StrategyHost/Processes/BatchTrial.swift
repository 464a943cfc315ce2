// Whether a plugin that takes many events in one message decides as it does when it is given one at a time:
// it must stop at the first event on which it acts. Part of `trading-robot plugins check`.

import Contracts

package struct BatchTrial {
    private static let symbol = "TRIAL-A"
    /// Events of a run; it ends at the first on which the plugin acts.
    private static let events: UInt64 = 2_000

    private let plugin: any StrategyPlugin

    package init(_ plugin: any StrategyPlugin) { self.plugin = plugin }

    /// What is wrong, as a sentence; nil for a good plugin, and for one that is not asked at all.
    package func run() throws -> String? {
        guard plugin.isIsolated, plugin.kind != .native else { return nil }
        let single = try firstCommands(together: false)
        let many = try firstCommands(together: true)
        guard single != many else { return nil }
        func place(_ commands: [Command]) -> String {
            commands.first.map { "\(commands.count) orders at event \($0.afterEvent)" } ?? "nothing"
        }
        return "it decides differently when events come many at a time: \(place(many)), but one at a time "
            + "\(place(single)). It must stop at the first event on which it acts and count it in \"handled\""
    }

    /// What it decides first.
    private func firstCommands(together: Bool) throws -> [Command] {
        guard let instance = plugin.makeInstance(waits: false) as? ProcessInstance else { return [] }
        let strategy = try HostedStrategy(
            id: "trial", instance: instance, symbols: [SymbolIndex(0)], names: [Self.symbol],
            parameters: ParameterValues([], for: plugin.metadata.parameters), cash: Money(whole: 1_000_000))
        var commands: [Command] = []
        func answered() throws {
            while strategy.isPending {
                instance.wait()
                try strategy.proceed()
            }
            strategy.takeCommands(into: &commands)
        }
        try answered()
        var walk: Int64 = 10_000
        var state: UInt64 = 5
        for seq in 1...Self.events where commands.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            walk += Int64(state >> 40) % 7 - 3
            var event = MarketEvent(
                kind: .quote, symbol: SymbolIndex(0), timestamp: Timestamp(seconds: Int64(seq)))
            event.seq = seq
            event.has = .both
            event.bid = Price(units: (walk - 1) * 1_000_000)
            event.ask = Price(units: (walk + 1) * 1_000_000)
            event.bidSize = Quantity(whole: 100)
            event.askSize = Quantity(whole: 100)
            try strategy.handle(event)
            if together, strategy.takesMore, seq < Self.events { continue }
            while strategy.heldEvent != nil, commands.isEmpty {
                try strategy.sendHeld()
                try answered()
            }
        }
        return commands
    }
}

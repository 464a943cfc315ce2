// The sample strategies as users get them: the built shared libraries, loaded through the C interface. They
// lie beside the test executable; where they were not built, the tests say so and are skipped.

import Contracts
import Testing

@testable import StrategyHost

@Suite struct SampleStrategyTests {
    private static var isBuilt: Bool {
        let ids = PluginFolders([]).list().compactMap { try? $0.outcome.get().metadata.id }
        return ids.contains("sma-crossover") && ids.contains("quoter")
    }

    /// A market that fills what the strategy sends: market orders at once, limits when told to.
    private final class Market {
        private(set) var strategy: HostedStrategy
        private let make: (HostedSnapshot?) throws -> HostedStrategy
        var commands: [Command] = []
        var position: Int64 = 0
        var seq: UInt64 = 0
        /// The market's time; each quote is 10 µs after the one before unless it is set.
        var microseconds: Int64 = 0
        var executions: UInt64 = 0

        init(_ id: String, _ texts: [String]) throws {
            let plugin = try PluginFolders([]).plugin(id: id)
            make = { restored in
                try HostedStrategy(
                    id: "x", instance: plugin.makeInstance(waits: true), symbols: [SymbolIndex(3)],
                    names: ["A"],
                    parameters: ParameterValues(texts, for: plugin.metadata.parameters),
                    cash: Money(whole: 100_000), from: restored)
            }
            strategy = try make(nil)
        }

        /// Another instance goes on from the snapshot of this one.
        func restart() throws {
            try strategy.wantState()
            guard case .taken(let snapshot)? = strategy.takeState() else {
                Issue.record("a sample strategy gives snapshots")
                return
            }
            strategy = try make(try HostedSnapshot(bytes: snapshot.bytes, symbols: strategy.symbols))
        }

        /// A quote around this mid, in cents.
        func quote(_ cents: Int64, width: Int64 = 2) throws {
            seq += 1
            microseconds = max(microseconds, Int64(seq) * 10)
            try strategy.handle(
                StrategyHostTests.quote(
                    seq, at: microseconds, (cents - width / 2) * 1_000_000, (cents + width / 2) * 1_000_000
                ))
        }

        func taken() -> [Command] { strategy.taken() }

        /// Answers a command, filled with the whole quantity or not.
        func answer(
            _ command: Command, _ status: OrderStatus, order: Command? = nil, reason: Reason? = nil
        ) throws {
            let terms = order ?? command
            var fills: [Execution] = []
            if status == .filled {
                position += command.side.sign * command.quantity.units
                executions += 1
                fills.append(
                    Execution(
                        strategySeq: executions, order: command.order, fill: 1, effect: .update,
                        side: command.side, liquidity: .taker, symbol: command.symbol,
                        quantity: command.quantity, price: command.price, referencePrice: command.price,
                        slippage: .zero, fee: .zero, timestamp: Timestamp(microseconds: microseconds),
                        position: Quantity(units: position), averagePrice: .zero, realizedPnl: .zero,
                        cash: .zero))
            }
            let isOver = status == .filled || status == .rejected && command.action == .submit
            try strategy.handle(
                Report(
                    number: strategy.lastReport + 1, status: status, command: command.number,
                    order: command.order, symbol: command.symbol, side: command.side, type: command.type,
                    timeInForce: command.timeInForce, quantity: terms.quantity, price: terms.price,
                    stopPrice: .zero, filled: .zero, remaining: isOver ? .zero : terms.quantity,
                    after: strategy.lastEvent, timestamp: Timestamp(microseconds: microseconds),
                    reason: reason, executions: fills))
        }
    }

    @Test(
        "sma-crossover follows its written rule", .enabled(if: isBuilt, "sample strategies are not built"),
        arguments: ["both", "long"])
    func crossover(direction: String) throws {
        let market = try Market(
            "sma-crossover", ["fast=3", "slow=8", "quantity=10", "direction=\(direction)"])
        var prices: [Int64] = []
        var generator: UInt64 = 7
        var cents: Int64 = 10_000
        var orders = 0
        for _ in 0..<2_000 {
            generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            cents += Int64(generator >> 40) % 7 - 3
            let position = market.position
            try market.quote(cents)
            prices.append(cents)
            var expected: Int64 = 0
            if prices.count >= 8 {
                let difference = prices.suffix(3).reduce(0, +) * 8 - prices.suffix(8).reduce(0, +) * 3
                let size = Quantity(whole: 10).units
                if difference > 0, position <= 0 { expected = size - position }
                if difference < 0, direction == "both", position >= 0 { expected = -(size + position) }
                if difference < 0, direction == "long", position > 0 { expected = -position }
            }
            let commands = market.taken()
            #expect(commands.map { $0.side.sign * $0.quantity.units } == (expected == 0 ? [] : [expected]))
            #expect(commands.allSatisfy { $0.type == .market && $0.price == .zero })
            for command in commands { try market.answer(command, .filled) }
            orders += commands.count
        }
        #expect(orders > 100)
    }

    @Test(
        "sma-crossover sends nothing while an order is open, and refuses parameters that make no sense",
        .enabled(if: isBuilt, "sample strategies are not built"))
    func oneOrder() throws {
        let market = try Market("sma-crossover", ["fast=1", "slow=2"])
        try market.quote(100)
        try market.quote(200)
        let first = market.taken()
        #expect(first.map(\.side) == [.buy])
        try market.quote(100)
        try market.answer(first[0], .accepted)
        try market.quote(50)
        #expect(market.taken().isEmpty)
        try market.answer(first[0], .filled)
        try market.quote(40)
        #expect(market.taken().map(\.quantity) == [Quantity(whole: 200)])
        let failure = #expect(throws: StrategyFailure.self) { try Market("sma-crossover", ["fast=50"]) }
        #expect(
            failure?.sentence
                == "strategy x failed in initialize after event 0: fast (50) must be less than slow (50)")
    }

    @Test(
        "made from its snapshot, a strategy decides what it would have decided",
        .enabled(if: isBuilt, "sample strategies are not built"),
        arguments: [
            ("sma-crossover", ["fast=3", "slow=8", "quantity=10"]),
            ("quoter", ["half_spread=0.02", "max_position=300"]),
        ])
    func snapshots(id: String, texts: [String]) throws {
        let (whole, cut) = (try Market(id, texts), try Market(id, texts))
        var generator: UInt64 = 11
        var (cents, made) = (10_000 as Int64, 0)
        var submits: [UInt64: Command] = [:]
        for step in 0..<1_500 {
            generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            cents += Int64(generator >> 40) % 7 - 3
            try whole.quote(cents)
            try cut.quote(cents)
            let commands = whole.taken()
            try #require(commands == cut.taken(), "after event \(step + 1)")
            made += commands.count
            for command in commands {
                let fills = command.type == .market || generator >> (command.number % 32) & 3 == 0
                if command.action == .submit { submits[command.number] = command }
                let status: OrderStatus = fills ? .filled : command.action == .submit ? .accepted : .replaced
                let order =
                    command.action == .submit
                    ? nil
                    : submits[command.order].map { order in
                        var order = order
                        order.price = command.price
                        return order
                    }
                for market in [whole, cut] { try market.answer(command, status, order: order) }
                let more = whole.taken()
                try #require(more == cut.taken(), "after command \(command.number)")
                for command in more {
                    submits[command.number] = command
                    for market in [whole, cut] { try market.answer(command, .accepted) }
                }
            }
            if step % 97 == 50 { try cut.restart() }
        }
        #expect(made > 100)
    }

    @Test("quoter keeps both sides working", .enabled(if: isBuilt, "sample strategies are not built"))
    func quoter() throws {
        let market = try Market("quoter", ["half_spread=0.05", "max_position=100"])
        func prices(_ commands: [Command]) -> [String] {
            commands.map { "\($0.action) \($0.order) \($0.side) \($0.quantity) \($0.price)" }
        }
        try market.quote(10_000, width: 3)
        let first = market.taken()
        // The quote is 99.99 by 100.01: integer cents make its mid 100.
        #expect(prices(first) == ["submit 1 buy 100 99.95", "submit 2 sell 100 100.05"])
        try market.quote(10_500)
        #expect(market.taken().isEmpty, "nothing is sent while the orders are unanswered")
        for command in first { try market.answer(command, .accepted) }
        try market.quote(10_001)
        #expect(market.taken().isEmpty, "one tick away is near enough")
        try market.quote(10_002)
        let moved = market.taken()
        #expect(prices(moved) == ["replace 1 buy 100 99.97", "replace 2 sell 100 100.07"])
        for command in moved { try market.answer(command, .replaced) }
        #expect(market.taken().isEmpty)
        // Filled at its limit: at most 100 long, so only a sell may follow, and one is working already.
        try market.answer(first[0], .filled)
        #expect(market.taken().isEmpty)
        try market.answer(first[1], .filled)
        #expect(
            prices(market.taken()) == ["submit 5 buy 100 99.97", "submit 6 sell 100 100.07"],
            "flat again, both sides are placed in reaction to the report")
    }

    @Test(
        "after a rejection a side of quoter rests until the position changes or its time is over",
        .enabled(if: isBuilt, "sample strategies are not built"))
    func rejection() throws {
        let market = try Market("quoter", ["rest=2"])
        let reason = Reason(code: "insufficient_cash", sentence: "there is not enough cash")
        try market.quote(10_000)
        let first = market.taken()
        try market.answer(first[0], .rejected, reason: reason)
        try market.answer(first[1], .accepted)
        try market.quote(10_000)
        #expect(market.taken().isEmpty, "the buy side rests")
        market.microseconds = 2_000_009
        try market.quote(10_000)
        #expect(market.taken().isEmpty)
        market.microseconds = 2_000_010
        try market.quote(10_000)
        let again = market.taken()
        #expect(again.map(\.side) == [.buy], "the time is over")
        try market.answer(again[0], .rejected, reason: reason)
        try market.quote(10_000)
        #expect(market.taken().isEmpty)
        try market.answer(first[1], .filled)
        let both = market.taken()
        #expect(both.map(\.side) == [.buy, .sell], "the position has changed")
        for command in both { try market.answer(command, .accepted) }
        try market.quote(10_100)
        let moved = market.taken()
        #expect(moved.map(\.action) == [.replace, .replace])
        try market.answer(moved[0], .rejected, order: both[0], reason: reason)
        try market.answer(moved[1], .replaced)
        try market.quote(10_200)
        #expect(market.taken().map(\.side) == [.sell], "its replacement was refused, so the buy side rests")
    }

    @Test(
        "a quoter that does not rest tries again on the next event",
        .enabled(if: isBuilt, "sample strategies are not built"))
    func restless() throws {
        let market = try Market("quoter", ["rest=0"])
        try market.quote(10_000)
        let reason = Reason(code: "insufficient_cash", sentence: "there is not enough cash")
        for command in market.taken() { try market.answer(command, .rejected, reason: reason) }
        #expect(market.taken().isEmpty)
        try market.quote(10_000)
        #expect(market.taken().map(\.number) == [3, 4])
    }
}

// A Swift strategy through the real C table and back, within this process.

import CStrategyABI
import Contracts
import StrategyKit
import Testing

@testable import StrategyHost

/// Notes everything that it is handed in its log, and does what the test asks by the price.
private struct Recorder: Strategy {
    static let metadata = StrategyMetadata(
        id: "recorder", name: "Recorder", version: "0.1", description: "notes \"all\"", barIntervals: [60],
        parameters: [
            .integer("count", default: 3, in: 1...9, "how many"),
            .decimal("gap", default: "0.05", from: "0", through: "2.5"),
            .flag("loud", default: true),
            .choice("mode", default: "a", of: ["a", "b"]),
            .text("label", default: "x"),
        ])
    private var events: [UInt8] = []

    mutating func initialize(in context: StrategyContext) throws {
        let gap: Price = context.decimal("gap")
        context.log(
            "init \(context.integer("count")) \(gap) \(context.flag("loud")) \(context.text("mode")) "
                + "\(context.text("label")) \(context.symbols.map { context.name(of: $0) })")
    }

    mutating func onMarketData(_ data: MarketData, in context: StrategyContext) throws -> Signal? {
        events.append(UInt8(data.seq))
        context.log("data \(data.seq) \(data.price) \(data.volume) \(context.now)")
        switch data.price {
        case Price(whole: 1): return .buy(Quantity(whole: 10))
        case Price(whole: 2): return .sell(Quantity(whole: 5), limit: Price(whole: 3))
        case Price(whole: 3):
            try context.place(
                .stop(.sell, Quantity(whole: 1), of: data.symbol, at: Price(whole: 7), timeInForce: .ioc))
            #expect(context.replace(2, quantity: Quantity(whole: 4), price: Price(whole: 5)) == 4)
            #expect(context.cancel(2) == 5)
            #expect(context.cancel(99) == nil)
            #expect(context.setTimer(afterMicroseconds: 10) == 1)
        case Price(whole: 4): throw StrategyError("four is too much")
        default: break
        }
        return nil
    }

    mutating func onTradeExecuted(_ trade: Execution, in context: StrategyContext) throws {
        context.log(
            "trade \(trade.order) \(trade.quantity) \(trade.price) \(trade.position) "
                + "\(context.position(of: trade.symbol))"
        )
    }

    mutating func onOrder(_ report: Report, in context: StrategyContext) throws {
        let working = context.workingOrders.map(\.order)
        context.log(
            "order \(report.order) \(report.status) \(report.reason?.code ?? "-") \(working) "
                + "\(context.unansweredCommands) \(context.openOrders(of: report.symbol)) \(context.cash)")
    }

    mutating func onTimer(_ timer: UInt64, in context: StrategyContext) throws {
        context.log("timer \(timer)")
    }
    mutating func cleanup(in context: StrategyContext) throws {
        #expect(throws: OrderRefused.notNow) {
            try context.place(.market(.buy, Quantity(whole: 1), of: SymbolIndex(0)))
        }
        context.log("cleanup")
    }
    func snapshot() throws -> [UInt8]? { events }
    mutating func restore(_ bytes: [UInt8], in context: StrategyContext) throws { events = bytes }
}

@Suite struct BridgeTests {
    /// Lines logged by the strategy.
    private final class Log { var lines: [String] = [] }

    private func plugin() throws -> NativePlugin {
        let table = export(Recorder.self).assumingMemoryBound(to: tr_strategy.self)
        return try NativePlugin(table: table, path: "recorder")
    }

    private func hosted(_ plugin: NativePlugin, _ log: Log, _ texts: [String] = []) throws -> HostedStrategy {
        try HostedStrategy(
            id: "r1", instance: plugin.makeInstance(), symbols: [SymbolIndex(4)], names: ["IBM"],
            parameters: ParameterValues(texts, for: plugin.metadata.parameters), cash: Money(whole: 1_000),
            onLog: { _, text in log.lines.append(text) })
    }

    private func trade(_ seq: UInt64, at time: Int64, price: Int64) -> MarketEvent {
        var event = MarketEvent(
            kind: .trade, symbol: SymbolIndex(4), timestamp: Timestamp(microseconds: time))
        event.seq = seq
        event.price = Price(whole: price)
        event.size = Quantity(whole: 8)
        return event
    }

    @Test("metadata become JSON with a schema of the parameters, and are read back the same")
    func metadata() throws {
        let expected =
            #"{"id":"recorder","name":"Recorder","version":"0.1","description":"notes \"all\"","#
            + #""intervals":[60],"parameters":{"type":"object","properties":{"#
            + #""count":{"type":"integer","default":3,"minimum":1,"maximum":9,"description":"how many"},"#
            + #""gap":{"type":"number","default":0.05,"minimum":0,"maximum":2.5},"#
            + #""loud":{"type":"boolean","default":true},"#
            + #""mode":{"type":"string","default":"a","enum":["a","b"]},"#
            + #""label":{"type":"string","default":"x"}},"additionalProperties":false}}"#
        #expect(Recorder.metadata.json == expected)
        let read = try plugin().metadata
        #expect(read.id == "recorder")
        #expect(read.description == "notes \"all\"")
        #expect(read.barIntervals == [60])
        #expect(read.parameters.map(\.name) == ["count", "gap", "loud", "mode", "label"])
        #expect(read.parameters[1].kind == .decimal(0...250_000_000))
        #expect(read.parameters[1].defaultValue == .decimal(5_000_000))
    }

    @Test("every call goes through the C table in order, with its values")
    func calls() throws {
        let log = Log()
        let strategy = try hosted(try plugin(), log, ["mode=b", "count=9"])
        #expect(log.lines == [#"init 9 0.05 true b x ["IBM"]"#])
        log.lines = []
        try strategy.handle(trade(5, at: 100, price: 1))
        try strategy.handle(trade(6, at: 110, price: 2))
        var commands: [Command] = []
        strategy.takeCommands(into: &commands)
        #expect(commands.map(\.number) == [1, 2])
        #expect(commands.map(\.type) == [.market, .limit])
        #expect(commands[1].price == Price(whole: 3))
        #expect(commands.map(\.symbol) == [SymbolIndex(4), SymbolIndex(4)])
        try strategy.handle(filled(1, commands[0], at: 111))
        try strategy.handle(rejected(2, commands[1], at: 112))
        #expect(
            log.lines == [
                "data 5 1 8 0.000100", "data 6 2 8 0.000110", "trade 1 10 1 10 10",
                "order 1 filled - [] 1 1 990", "order 2 rejected no_short [] 0 0 990",
            ])
        try strategy.cleanup()
        #expect(log.lines.last == "cleanup")
    }

    @Test("orders are changed through the context, and an order that is not open gives nil")
    func changes() throws {
        let log = Log()
        let strategy = try hosted(try plugin(), log)
        try strategy.handle(trade(1, at: 10, price: 1))
        try strategy.handle(trade(2, at: 11, price: 2))
        try strategy.handle(trade(3, at: 12, price: 3))
        var commands: [Command] = []
        strategy.takeCommands(into: &commands)
        #expect(commands.map(\.action) == [.submit, .submit, .submit, .replace, .cancel])
        #expect(commands.map(\.order) == [1, 2, 3, 2, 2])
        #expect(commands[2].timeInForce == .ioc && commands[2].stopPrice == Price(whole: 7))
        #expect(commands[3].quantity == Quantity(whole: 4) && commands[3].side == .sell)
        try strategy.handle(trade(4, at: 22, price: 9))
        #expect(log.lines.suffix(2) == ["timer 1", "data 4 9 8 0.000022"])
    }

    @Test("a thrown error stops the strategy with its sentence")
    func failure() throws {
        let strategy = try hosted(try plugin(), Log())
        let expected = StrategyFailure(
            stage: .marketData, sentence: "strategy r1 failed in marketData after event 8: four is too much")
        #expect(throws: expected) { try strategy.handle(trade(8, at: 1, price: 4)) }
        #expect(strategy.failure == expected)
        #expect(throws: expected) { try strategy.handle(trade(9, at: 2, price: 1)) }
        #expect(strategy.lastCommand == 0 && strategy.lastEvent == 8)
    }

    @Test("a snapshot restores another instance")
    func snapshots() throws {
        let plugin = try plugin()
        let first = plugin.makeInstance()
        let strategy = try HostedStrategy(
            id: "r1", instance: first, symbols: [SymbolIndex(4)], names: ["IBM"],
            parameters: ParameterValues([], for: plugin.metadata.parameters), cash: .zero)
        try strategy.handle(trade(7, at: 1, price: 9))
        let state = try #require(first.snapshot())
        #expect(state == [7])
        let second = plugin.makeInstance()
        let other = try HostedStrategy(
            id: "r2", instance: second, symbols: [SymbolIndex(4)], names: ["IBM"],
            parameters: ParameterValues([], for: plugin.metadata.parameters), cash: .zero)
        #expect(second.snapshot() == [])
        #expect(second.restore(state) == 0)
        #expect(second.snapshot() == [7])
        withExtendedLifetime((strategy, other)) {}
    }

    private func filled(_ number: UInt64, _ command: Command, at time: Int64) -> Report {
        let execution = Execution(
            strategySeq: 1, order: command.order, fill: 1, effect: .open, side: command.side,
            liquidity: .taker,
            symbol: command.symbol, quantity: command.quantity, price: Price(whole: 1),
            referencePrice: Price(whole: 1), slippage: .zero, fee: .zero,
            timestamp: Timestamp(microseconds: time), position: command.quantity,
            averagePrice: Price(whole: 1),
            realizedPnl: .zero, cash: Money(whole: 990))
        return Report(
            number: number, status: .filled, command: command.number, order: command.order,
            symbol: command.symbol, side: command.side, type: command.type, timeInForce: command.timeInForce,
            quantity: command.quantity, price: .zero, stopPrice: .zero, filled: command.quantity,
            remaining: .zero, after: command.afterEvent == 5 ? 6 : command.afterEvent,
            timestamp: Timestamp(microseconds: time), executions: [execution])
    }

    private func rejected(_ number: UInt64, _ command: Command, at time: Int64) -> Report {
        Report(
            number: number, status: .rejected, command: command.number, order: command.order,
            symbol: command.symbol, side: command.side, type: command.type, timeInForce: command.timeInForce,
            quantity: command.quantity, price: command.price, stopPrice: .zero, filled: .zero,
            remaining: .zero,
            after: command.afterEvent, timestamp: Timestamp(microseconds: time),
            reason: Reason(code: "no_short", sentence: "short selling is off"))
    }
}

// An instance without a library: each call runs a closure of the test.

import CStrategyABI
import Contracts

@testable import StrategyHost

final class ScriptedStrategy: StrategyInstance {
    let barIntervals: [UInt32]
    var onData: (HostedStrategy, tr_market_data) -> Int32 = { _, _ in 0 }
    var onTrade: (HostedStrategy, tr_trade) -> Void = { _, _ in }
    var onReport: (HostedStrategy, tr_order_update) -> Void = { _, _ in }
    var onTime: (HostedStrategy, UInt64, Int64) -> Void = { _, _, _ in }
    /// What was called, in order.
    var calls: [String] = []
    private unowned var host: HostedStrategy!

    init(barIntervals: [UInt32] = []) { self.barIntervals = barIntervals }

    func create(in host: HostedStrategy) -> Int32 {
        self.host = host
        return 0
    }
    func initialize() -> Int32 { 0 }
    func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32 {
        calls.append("data \(data.pointee.seq)")
        return onData(host, data.pointee)
    }
    func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 {
        calls.append("trade \(trade.pointee.strategy_seq)")
        onTrade(host, trade.pointee)
        return 0
    }
    func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 {
        calls.append("order \(update.pointee.report)")
        onReport(host, update.pointee)
        return 0
    }
    func onTimer(_ timer: UInt64, due: Int64) -> Int32 {
        calls.append("timer \(timer) \(due)")
        onTime(host, timer, due)
        return 0
    }
    func cleanup() -> Int32 { 0 }
    func destroy() {}
    func snapshot() -> [UInt8]? { nil }
    func restore(_ state: [UInt8]) -> Int32 { 0 }
}

extension HostedStrategy {
    /// A strategy on the symbols 3 and 5 with 1,000 of cash.
    static func scripted(_ instance: ScriptedStrategy) throws -> HostedStrategy {
        try HostedStrategy(
            id: "s1", instance: instance, symbols: [SymbolIndex(3), SymbolIndex(5)], names: ["A", "B"],
            parameters: ParameterValues(), cash: Money(whole: 1_000))
    }

    /// The commands made since the last call.
    func taken() -> [Command] {
        var commands: [Command] = []
        takeCommands(into: &commands)
        return commands
    }

    /// A limit order to buy one.
    @discardableResult
    func buy(slot: UInt32 = 0) -> Int64 {
        submit(
            slot: slot, side: .buy, type: .limit, timeInForce: .gtc, quantity: Quantity(whole: 1),
            price: Price(whole: 9), stopPrice: .zero)
    }
}

/// A quote of symbol 3 with whole prices; an absent side is nil.
func quote(
    _ seq: UInt64, at time: Int64, _ bid: Int64? = 10, _ ask: Int64? = 12, symbol: Int32 = 3
) -> MarketEvent {
    var event = MarketEvent(
        kind: .quote, symbol: SymbolIndex(symbol), timestamp: Timestamp(microseconds: time))
    event.seq = seq
    if let bid {
        event.has.insert(.bid)
        event.bid = Price(units: bid)
        event.bidSize = Quantity(units: 1)
    }
    if let ask {
        event.has.insert(.ask)
        event.ask = Price(units: ask)
        event.askSize = Quantity(units: 2)
    }
    return event
}

func event(
    _ kind: MarketEvent.Kind, _ seq: UInt64, at time: Int64, price: Int64 = 0, size: Int64 = 0,
    interval: UInt32 = 0, symbol: Int32 = 3
) -> MarketEvent {
    var event = MarketEvent(kind: kind, symbol: SymbolIndex(symbol), timestamp: Timestamp(microseconds: time))
    event.seq = seq
    event.price = Price(units: price)
    event.size = Quantity(units: size)
    event.interval = interval
    return event
}

/// A report on an order of one to buy; what is filled comes as one execution.
func report(
    _ number: UInt64, _ status: OrderStatus, order: UInt64, command: UInt64? = nil, after: UInt64,
    at time: Int64, remaining: Int64 = 0, fill: Int64 = 0, position: Int64 = 0
) -> Report {
    var executions: [Execution] = []
    if fill != 0 {
        executions.append(
            Execution(
                strategySeq: number, order: order, fill: 1, effect: .open, side: .buy, liquidity: .maker,
                symbol: SymbolIndex(3), quantity: Quantity(whole: fill), price: Price(whole: 9),
                referencePrice: Price(whole: 9), slippage: .zero, fee: .zero,
                timestamp: Timestamp(microseconds: time), position: Quantity(whole: position),
                averagePrice: Price(whole: 9), realizedPnl: .zero, cash: Money(whole: 1_000 - 9 * position)))
    }
    return Report(
        number: number, status: status, command: command ?? order, order: order, symbol: SymbolIndex(3),
        side: .buy, type: .limit, timeInForce: .gtc, quantity: Quantity(whole: 1), price: Price(whole: 9),
        stopPrice: .zero, filled: Quantity(whole: fill), remaining: Quantity(whole: remaining), after: after,
        timestamp: Timestamp(microseconds: time), executions: executions)
}

// Short ways to say what happens in the tables of the unit tests: symbol A has number 0 and trades in whole
// prices; times are microseconds.

import CStrategyABI
import Contracts
import StrategyHost
import TradingCore

let symbolA = SymbolIndex(0)
let symbolB = SymbolIndex(1)

func quote(
    _ seq: UInt64, at time: Int64, _ bid: Int64 = 10, _ ask: Int64 = 12, size: Int64 = 100,
    of symbol: SymbolIndex = symbolA
) -> MarketEvent {
    var event = MarketEvent(kind: .quote, symbol: symbol, timestamp: Timestamp(microseconds: time))
    event.seq = seq
    event.has = .both
    (event.bid, event.ask) = (Price(whole: bid), Price(whole: ask))
    (event.bidSize, event.askSize) = (Quantity(whole: size), Quantity(whole: size))
    return event
}

func event(_ kind: MarketEvent.Kind, _ seq: UInt64, at time: Int64) -> MarketEvent {
    var event = MarketEvent(kind: kind, symbol: .none, timestamp: Timestamp(microseconds: time))
    event.seq = seq
    return event
}

/// A submit that was decided at this position: a market order without a price, else a limit.
func buy(
    _ number: UInt64, after event: UInt64, report: UInt64 = 0, decided time: Int64, quantity: Int64 = 1,
    at price: Int64? = nil
) -> Command {
    var command = Command(
        action: .submit, number: number, order: number, symbol: symbolA, side: .buy,
        type: price == nil ? .market : .limit, quantity: Quantity(whole: quantity),
        price: Price(whole: price ?? 0))
    command.afterEvent = event
    command.afterReport = report
    command.decided = Timestamp(microseconds: time)
    return command
}

func settings(latency: Int64 = 0) -> SessionSettings {
    var settings = SessionSettings()
    settings.latencyMicroseconds = latency
    return settings
}

func makeWindow(_ events: [MarketEvent], capacity: UInt64 = 16) -> EventWindow {
    var window = EventWindow(startingAt: events.first?.seq ?? 1, capacity: capacity)
    for event in events { window.append(event) }
    return window
}

/// A strategy whose calls are closures, and which notes what it was shown.
final class Script: TestStrategy {
    var calls: [String] = []
    var onStart: (HostedStrategy) -> Void = { _ in }
    var onData: (HostedStrategy, UInt64) -> Void = { _, _ in }
    var onReport: (HostedStrategy, UInt64) -> Void = { _, _ in }
    var onTime: (HostedStrategy, UInt64) -> Void = { _, _ in }
    /// Events at which it fails.
    var fails: (UInt64) -> Bool = { _ in false }

    init() { super.init(Habits()) }

    override func initialize() -> Int32 {
        onStart(host)
        return 0
    }
    override func decide(on data: UnsafePointer<tr_market_data>) -> Int32 {
        calls.append("event \(data.pointee.seq)")
        onData(host, data.pointee.seq)
        return fails(data.pointee.seq) ? 1 : 0
    }
    override func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 {
        calls.append("report \(update.pointee.report)")
        onReport(host, update.pointee.report)
        return 0
    }
    override func onTimer(_ timer: UInt64, due: Int64) -> Int32 {
        calls.append("timer \(timer)")
        onTime(host, timer)
        return 0
    }

    func hosted(watches: Bool = false) throws -> HostedStrategy {
        try HostedStrategy(
            id: "s", instance: self, symbols: [symbolA], names: ["A"], parameters: ParameterValues(),
            cash: Money(whole: 100_000), watches: watches)
    }
}

extension HostedStrategy {
    /// A limit order to buy one at 9, which rests below the quotes of these tests.
    func rest(_ price: Int64 = 9) {
        _ = submit(
            slot: 0, side: .buy, type: .limit, timeInForce: .gtc, quantity: Quantity(whole: 1),
            price: Price(whole: price), stopPrice: .zero)
    }

    func buyAtMarket() {
        _ = submit(
            slot: 0, side: .buy, type: .market, timeInForce: .gtc, quantity: Quantity(whole: 1), price: .zero,
            stopPrice: .zero)
    }
}

/// A report on the order of this number, which it accepts.
func accepted(_ number: UInt64, order: UInt64, after event: UInt64, at time: Int64) -> Report {
    Report(
        number: number, status: .accepted, command: order, order: order, symbol: symbolA, side: .buy,
        type: .limit,
        timeInForce: .gtc, quantity: Quantity(whole: 1), price: Price(whole: 9), stopPrice: .zero,
        filled: .zero,
        remaining: Quantity(whole: 1), after: event, timestamp: Timestamp(microseconds: time))
}

func cancelled(_ number: UInt64, order: UInt64, command: UInt64 = 0, after event: UInt64, at time: Int64)
    -> Report
{
    var report = accepted(number, order: order, after: event, at: time)
    report.status = .cancelled
    report.command = command
    report.remaining = .zero
    return report
}

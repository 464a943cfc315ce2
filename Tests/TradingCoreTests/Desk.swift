// A session driven by hand, and its reports as short lines, so that a test reads as a script with its
// outcome.

import Contracts
import Testing

@testable import TradingCore

extension FixedPoint {
    /// An amount from its decimal text; traps on anything else.
    init(_ text: String) {
        guard let units = amountUnits(text) else { preconditionFailure("\(text) is an amount") }
        self.init(units: units)
    }
}

let ibm = SymbolIndex(7)
let spy = SymbolIndex(9)

/// One session with its clock. Each call advances neither time nor numbering unless it says so.
struct Desk {
    var book: SessionBook
    var reports: [Report] = []
    var time = Timestamp(seconds: 1000)
    var seq: UInt64 = 0
    var commands: UInt64 = 0

    init(_ settings: SessionSettings = .free) { book = SessionBook(settings: settings, symbols: [ibm, spy]) }

    // MARK: market

    mutating func quote(
        _ bid: String?, _ ask: String?, size: String = "100", bidSize: String? = nil,
        symbol: SymbolIndex = ibm
    ) {
        var event = MarketEvent(kind: .quote, symbol: symbol, timestamp: time)
        if let bid {
            event.has.insert(.bid)
            event.bid = Price(bid)
            event.bidSize = Quantity(bidSize ?? size)
        }
        if let ask {
            event.has.insert(.ask)
            event.ask = Price(ask)
            event.askSize = Quantity(size)
        }
        apply(event)
    }

    mutating func trade(_ price: String, size: String = "100", symbol: SymbolIndex = ibm) {
        var event = MarketEvent(kind: .trade, symbol: symbol, timestamp: time)
        event.price = Price(price)
        event.size = Quantity(size)
        apply(event)
    }

    /// A bar of one minute that begins now; time moves to its end.
    mutating func bar(
        _ open: String, _ high: String, _ low: String, _ close: String, symbol: SymbolIndex = ibm
    ) {
        var event = MarketEvent(kind: .bar, symbol: symbol, timestamp: time)
        event.openTime = time
        time = time.advanced(byMicroseconds: 60_000_000)
        event.timestamp = time
        event.interval = 60
        event.open = Price(open)
        event.high = Price(high)
        event.low = Price(low)
        event.price = Price(close)
        event.size = Quantity("1")
        apply(event)
    }

    mutating func instrument(price: String, size: String, currency: String, symbol: SymbolIndex = ibm) {
        var event = MarketEvent(kind: .instrument, symbol: symbol, timestamp: time)
        event.price = Price(price)
        event.size = Quantity(size)
        event.code = ShortCode(currency) ?? .none
        apply(event)
    }

    mutating func apply(_ event: MarketEvent) {
        var numbered = event
        numbered.seq = seq + 1
        book.apply(numbered, at: time, after: seq, into: &reports)
        seq += 1
    }

    // MARK: strategy

    @discardableResult
    mutating func submit(
        _ side: Side, _ quantity: String, _ type: OrderType = .market, at price: String = "0",
        stop: String = "0", _ timeInForce: TimeInForce = .gtc, symbol: SymbolIndex = ibm
    ) -> UInt64 {
        commands += 1
        run(
            Command(
                action: .submit, number: commands, order: commands, symbol: symbol, side: side, type: type,
                timeInForce: timeInForce, quantity: Quantity(quantity), price: Price(price),
                stopPrice: Price(stop)))
        return commands
    }

    mutating func replace(_ order: UInt64, quantity: String = "0", price: String = "0", stop: String = "0") {
        commands += 1
        run(
            Command(
                action: .replace, number: commands, order: order, symbol: ibm,
                quantity: Quantity(quantity), price: Price(price), stopPrice: Price(stop)))
    }

    mutating func cancel(_ order: UInt64) {
        commands += 1
        run(Command(action: .cancel, number: commands, order: order, symbol: ibm))
    }

    mutating func run(_ command: Command) {
        var decided = command
        decided.decided = time
        decided.afterEvent = seq
        book.execute(
            decided, reference: book.referencePrice(for: decided), at: time, after: seq, into: &reports)
    }

    // MARK: what came of it

    /// `order status quantity@price liquidity reason`, one a report.
    var lines: [String] { reports.map(\.line) }

    var executions: [Execution] { reports.flatMap(\.executions) }
}

extension Report {
    var line: String {
        var line = "\(order) \(status.wireName)"
        for execution in executions {
            line += " \(execution.quantity)@\(execution.price) \(execution.liquidity.wireName)"
        }
        if let reason { line += " \(reason.code)" }
        return line
    }
}

extension SessionSettings {
    /// No fee and much cash: for tests of something else.
    static var free: SessionSettings {
        var settings = SessionSettings()
        settings.fee = .none
        settings.cash = Money(whole: 10_000_000)
        return settings
    }

    static func free(_ change: (inout SessionSettings) -> Void) -> SessionSettings {
        var settings = free
        change(&settings)
        return settings
    }
}

/// One row of a table: a script and the reports it makes.
struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var settings: SessionSettings
    var script: @Sendable (inout Desk) -> Void
    var outcome: [String]

    init(
        _ name: String, _ settings: SessionSettings, _ script: @escaping @Sendable (inout Desk) -> Void,
        makes outcome: [String]
    ) {
        self.name = name
        self.settings = settings
        self.script = script
        self.outcome = outcome
    }

    init(
        _ name: String, _ script: @escaping @Sendable (inout Desk) -> Void, makes outcome: [String]
    ) {
        self.init(name, .free, script, makes: outcome)
    }

    var testDescription: String { name }

    func check() {
        var desk = Desk(settings)
        script(&desk)
        #expect(desk.lines == outcome, "\(name)")
        #expect(desk.reports.map(\.number) == Array(1..<UInt64(desk.reports.count) + 1))
    }
}

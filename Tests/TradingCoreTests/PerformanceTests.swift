import Contracts
import Testing

@testable import TradingCore

@Suite struct PerformanceTests {
    @Test func `metrics of a short run`() throws {
        var settings = SessionSettings()
        settings.cash = Money("1000")
        var desk = Desk(settings)
        desk.quote("10", "10", size: "0")
        desk.submit(.buy, "50")
        desk.quote("12", "12", size: "0")
        desk.submit(.sell, "20")
        desk.quote("8", "8", size: "0")
        desk.submit(.sell, "60")
        var performance = Performance(startEquity: settings.cash)
        var ledger = LedgerEquity<SymbolIndex>(cash: settings.cash)
        var equities: [Money] = []
        for execution in desk.executions {
            let equity = try ledger.record(execution)
            equities.append(equity)
            try performance.record(execution)
            performance.mark(equity: equity, at: execution.timestamp)
        }
        #expect(equities == [Money("999"), Money("1098"), Money("977.5"), Money("977")])
        #expect(performance.trades.count == 4)
        #expect(performance.realizedProfit.total == Money("-20"))
        #expect(performance.fees.total == Money("3"))
        #expect(performance.winRate.closing == 2)
        #expect(performance.winRate.value == 0.5)
        #expect(performance.endEquity == Money("977"))
        #expect(performance.totalReturn.value == -0.023)
        #expect(performance.maximumDrawdown.value == 121.0 / 1098)
        #expect(performance.maximumDrawdown.amount == 121)
        #expect(try desk.book.equity() == performance.endEquity)
    }

    @Test(arguments: [
        ("", 0.0), ("110 120", 0.0), ("90", 0.1), ("90 95 80", 0.2), ("50 200 120 300", 0.5), ("-100", 2.0),
    ])
    func `maximum drawdown from a start of 100`(equities: String, expected: Double) {
        var drawdown = MaximumDrawdown(start: Money("100"))
        for equity in equities.split(separator: " ") { drawdown.mark(equity: Money(String(equity))) }
        #expect(drawdown.value == expected)
    }

    @Test(arguments: [
        // effect, side, position after, closes
        (PositionEffect.open, Side.buy, "1", false), (.open, .sell, "-1", false),
        (.update, .buy, "2", false), (.update, .sell, "1", true), (.update, .sell, "-2", false),
        (.update, .buy, "-1", true), (.close, .buy, "0", true),
    ])
    func `an execution closes`(effect: PositionEffect, side: Side, position: String, closes: Bool) {
        let facts = ExecutionFacts(
            side: side, effect: effect, realizedPnl: .zero, fee: .zero, position: Quantity(position))
        #expect(facts.closes == closes)
    }

    @Test func `nothing yet is no rate and no return on nothing`() {
        let performance = Performance(startEquity: .zero)
        #expect(performance.winRate.value == nil)
        #expect(performance.totalReturn.value == nil)
        #expect(performance.time == nil)
    }

    @Test func `a sum out of range is an error and changes nothing`() throws {
        var performance = Performance(startEquity: .zero)
        let large = ExecutionFacts(
            side: .sell, effect: .close, realizedPnl: Money(units: .max), fee: .zero, position: .zero)
        try performance.record(large, at: Timestamp(seconds: 1))
        let before = performance
        #expect(throws: AmountOutOfRange.self) { try performance.record(large, at: Timestamp(seconds: 2)) }
        #expect(performance == before)
    }
}

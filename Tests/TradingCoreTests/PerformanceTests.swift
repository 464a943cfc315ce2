import Contracts
import Testing

@testable import TradingCore

/// 2026-01-05 00:00 UTC, day 20458.
private let monday = Timestamp(seconds: 1_767_571_200)

private func at(day: Int64 = 0, hour: Int64 = 12) -> Timestamp {
    monday.advanced(byMicroseconds: (day * 24 + hour) * 3_600_000_000)
}

/// Executions and marks as a session makes them, from a few words.
struct Account1000 {
    private(set) var performance: StrategyPerformance?
    private(set) var executions: [ExecutionFacts] = []
    private(set) var marks: [EquityEvent] = []
    private(set) var account: Account
    private var prices: [String: Price] = [:]
    private let symbols: [String]

    init(_ symbols: [String] = ["IBM"], cash: String = "1000") {
        self.symbols = symbols
        account = Account(cash: Money(cash), symbols: symbols.count)
    }

    mutating func trade(
        _ side: Side, _ quantity: String, _ price: String, fee: String = "1", of symbol: String = "IBM",
        at time: Timestamp = at()
    ) {
        let slot = symbols.firstIndex(of: symbol)!
        let booked = try! account.book(
            slot: slot, side, Quantity(quantity), at: Price(price), fee: Money(fee))
        for one in [booked.0, booked.1].compactMap({ $0 }) {
            let execution = Execution(
                strategySeq: UInt64(executions.count + 1), order: 1, fill: 1, effect: one.effect, side: side,
                liquidity: .taker, symbol: SymbolIndex(Int32(slot)), quantity: one.quantity,
                price: Price(price), referencePrice: Price(price), slippage: Price("0.01"), fee: one.fee,
                timestamp: time, position: one.position, averagePrice: one.averagePrice,
                realizedPnl: one.realized, cash: one.cash)
            executions.append(ExecutionFacts(execution, symbol: symbol))
            prices[symbol] = Price(price)
            #expect(StrategyPerformance.record(executions.last!, in: &performance) == .counted)
        }
    }

    mutating func mark(_ prices: [String: String] = [:], at time: Timestamp = at(), year: Int = 252) {
        for (symbol, price) in prices { self.prices[symbol] = Price(price) }
        var equity = account.cash
        var holdings: [EquityEvent.Holding] = []
        for (slot, symbol) in symbols.enumerated() {
            let position = account.positions[slot].quantity
            guard !position.isZero, let price = self.prices[symbol] else { continue }
            equity = equity + (try! price.times(position))
            holdings.append(.init(symbol: symbol, position: position, price: price))
        }
        let mark = EquityEvent(
            strategyID: "s", number: UInt64(marks.count + 1), strategySeq: UInt64(executions.count),
            timestamp: time, equity: equity, cash: account.cash, currency: "USD", periodsPerYear: year,
            holdings: holdings)
        marks.append(mark)
        #expect(StrategyPerformance.record(mark, in: &performance) == .counted)
        // One ledger: what the metrics count is what the session says.
        #expect(performance?.equity == equity)
    }
}

@Suite struct PerformanceTests {
    @Test func `a short run, figure by figure`() throws {
        var account = Account1000()
        account.mark()
        account.trade(.buy, "50", "10")
        account.mark(["IBM": "12"], at: at(hour: 13))
        account.trade(.sell, "20", "12", at: at(hour: 14))
        account.trade(.sell, "60", "8", fee: "2", at: at(hour: 16))
        account.mark(["IBM": "8"], at: at(day: 1))
        let figures = try #require(account.performance).figures(.all)
        let expected: [(String, Double?)] = [
            ("start_equity", 1000), ("end_equity", 976), ("total_return", -0.024), ("trades", 4),
            ("realized_pnl", -20), ("fees", 4), ("slippage", 1.3), ("traded_value", 1220),
            // 1000 bought at 10, seen at 12: 1099, then 1098; down to 977 with the fees of both parts.
            ("max_drawdown", (1099.0 - 976) / 1099), ("max_drawdown_amount", 123),
            ("round_trips", 1), ("win_rate", 0), ("profit_factor", 0), ("expectancy", -23),
            ("average_trade_return", -23.0 / 500), ("system_quality", nil), ("mae", 20), ("mfe", 100),
            ("holding_time", 4 * 3600), ("longest_losing_streak", 1), ("longest_winning_streak", 0),
            ("days", 2), ("exposure", 1), ("turnover", 1220 / 976.0),
        ]
        for (name, value) in expected {
            let found = figures[name]
            #expect(
                found == value || abs((found ?? .nan) - (value ?? .nan)) < 1e-12,
                "\(name) is \(found as Double?) for \(value as Double?)")
        }
    }

    @Test func `one day has a return and no figure that needs two`() throws {
        var account = Account1000()
        account.trade(.buy, "1", "10")
        account.mark(["IBM": "12"])
        let figures = try #require(account.performance).figures(.all)
        #expect(figures["total_return"] == 0.001)
        for name in [
            "cagr", "volatility", "sharpe", "sortino", "calmar", "value_at_risk_95",
            "conditional_value_at_risk_95", "daily_max_drawdown", "win_rate", "profit_factor",
        ] {
            #expect(figures[name] == nil, "\(name)")
        }
    }

    @Test func `days without an event are left out, and the year follows the instruments`() throws {
        var account = Account1000()
        account.trade(.buy, "10", "10", fee: "0")
        account.mark(["IBM": "11"], at: at(hour: 23))
        account.mark(["IBM": "12"], at: at(day: 4), year: 365)
        let performance = try #require(account.performance)
        #expect(performance.account.days.map(\.number) == [20458, 20462])
        #expect(performance.account.days.map(\.equity) == [Money("1010"), Money("1020")])
        #expect(performance.periodsPerYear == 365)
        let (one, two) = (0.01, 10.0 / 1010)
        let deviation = abs(one - two) / 2.0.squareRoot()
        let sharpe = (one + two) / 2 / deviation * 365.0.squareRoot()
        #expect(abs(performance.figures(.all)["sharpe"]! / sharpe - 1) < 1e-9)
    }

    @Test func `a period is the calendar days that end with the last day`() throws {
        var account = Account1000()
        account.trade(.buy, "10", "10", fee: "0")
        for day in 0..<40 { account.mark(["IBM": "\(11 + day)"], at: at(day: Int64(day))) }
        let performance = try #require(account.performance)
        for (period, days, start) in [
            (Period.day, 1, "1390"), (.week, 7, "1330"), (.month, 30, "1100"),
            (.quarter, 40, "1000"), (.year, 40, "1000"), (.all, 40, "1000"),
        ] {
            let figures = performance.figures(period)
            #expect(figures["days"] == Double(days), "\(period)")
            #expect(figures["start_equity"] == Money(start).approximate, "\(period)")
            #expect(figures["end_equity"] == 1400)
        }
        #expect(performance.figures(.day)["trades"] == 0)
        #expect(performance.figures(.all)["trades"] == 1)
    }

    @Test func `symbols add up to the account, and each is the account as if it had traded alone`() throws {
        var account = Account1000(["IBM", "SPY"])
        account.trade(.buy, "10", "10")
        account.trade(.sell, "4", "20", of: "SPY", at: at(hour: 13))
        account.mark(["IBM": "11", "SPY": "19"], at: at(hour: 14))
        account.trade(.buy, "4", "18", of: "SPY", at: at(day: 1))
        account.mark(["IBM": "12"], at: at(day: 2))
        let performance = try #require(account.performance)
        let figures = performance.symbols.map { performance.figures(of: $0, .all) }
        #expect(performance.symbols.map(\.symbol) == ["IBM", "SPY"])
        // IBM: 10 × 2 − 1; SPY: 4 × 2 − 2.
        #expect(figures.map { $0["end_equity"] } == [1019, 1006])
        #expect(figures.map { $0["days"] } == [3, 3])
        #expect(performance.equity == Money("1025"))
        #expect(performance.figures(.all)["round_trips"] == 1)
        #expect(figures[1]["expectancy"] == 6)
    }

    @Test func `strategies together count with their cash before they begin`() throws {
        var first = Account1000()
        first.trade(.buy, "10", "10", fee: "0")
        first.mark(["IBM": "11"], at: at(day: 0))
        first.mark(["IBM": "12"], at: at(day: 1))
        var second = Account1000(cash: "500")
        second.trade(.sell, "10", "10", fee: "0", at: at(day: 1))
        second.mark(["IBM": "9"], at: at(day: 2))
        let all = [try #require(first.performance), try #require(second.performance)]
        let figures = try #require(PortfolioPerformance.figures(all, .all))
        #expect(figures["start_equity"] == 1500)
        #expect(figures["end_equity"] == 1530)
        #expect(figures["days"] == 3)
        #expect(figures["trades"] == 2)
        #expect(figures["max_drawdown"] == nil)
    }

    @Test func `what was counted before is passed over, what is missing is noticed`() throws {
        var account = Account1000()
        account.trade(.buy, "1", "10")
        account.mark()
        account.trade(.sell, "1", "11")
        account.mark(at: at(day: 1))
        let whole = try #require(account.performance)
        var again: StrategyPerformance? = whole
        for execution in account.executions {
            #expect(StrategyPerformance.record(execution, in: &again) == .known)
        }
        for mark in account.marks { #expect(StrategyPerformance.record(mark, in: &again) == .known) }
        #expect(again == whole)
        var late: StrategyPerformance?
        #expect(StrategyPerformance.record(account.executions[1], in: &late) == .outOfOrder)
        #expect(StrategyPerformance.record(account.marks[0], in: &late) == .outOfOrder)
        #expect(late == nil)
        #expect(StrategyPerformance.record(account.executions[0], in: &late) == .counted)
        #expect(StrategyPerformance.record(account.marks[1], in: &late) == .outOfOrder)
        #expect(StrategyPerformance.record(account.executions[1], in: &late) == .counted)
        #expect(StrategyPerformance.record(account.marks[0], in: &late) == .outOfOrder)
    }

    @Test func `sums of trades do not leave their range`() throws {
        var account = Account1000(cash: "90000000000")
        for _ in 0..<40 {
            account.trade(.buy, "1", "80000000000", fee: "0")
            account.trade(.sell, "1", "80000000000", fee: "0")
        }
        let figures = try #require(account.performance).figures(.all)
        #expect(figures["traded_value"] == 6.4e12)
        #expect(figures["end_equity"] == 9e10)
    }
}

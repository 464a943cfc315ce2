// A performance that is stored and read back at any moment is the one that went on: bit for bit.

import Contracts
import Testing

@testable import TradingCore

/// xorshift: the same numbers for the same seed, everywhere.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Some days of trading in two symbols at random.
private func randomAccount(seed: UInt64) -> Account1000 {
    var random = Numbers(seed: seed)
    var account = Account1000(["IBM", "SPY"], cash: "100000")
    var hour: Int64 = 0
    for _ in 0..<Int.random(in: 1...120, using: &random) {
        hour += Int64.random(in: 0...30, using: &random)
        let time = Timestamp(seconds: 1_767_571_200 + hour * 3_600)
        let price = "\(Int.random(in: 50...150, using: &random)).\(Int.random(in: 1...99, using: &random))"
        let symbol = Bool.random(using: &random) ? "IBM" : "SPY"
        if Int.random(in: 0..<3, using: &random) == 0 {
            account.mark([symbol: price], at: time)
        } else {
            account.trade(
                Bool.random(using: &random) ? .buy : .sell, "\(Int.random(in: 1...40, using: &random))",
                price, of: symbol, at: time)
        }
    }
    return account
}

/// What a database keeps.
private struct Stored {
    var state: [UInt8] = []
    var days: [String: [Int32: TradingDay]] = [:]

    mutating func take(_ performance: inout StrategyPerformance) throws {
        state = performance.state
        for (symbol, day) in performance.takeChangedDays() {
            days[symbol, default: [:]][day.number] = try TradingDay(
                number: day.number, equity: day.equity, figures: day.figures)
        }
    }

    func performance() throws -> StrategyPerformance {
        try StrategyPerformance(state: state) { symbol in
            (days[symbol] ?? [:]).values.sorted { $0.number < $1.number }
        }
    }
}

@Suite struct PerformanceStateTests {
    @Test(arguments: UInt64(1)...40)
    func `a performance that is stored and read back goes on as if nothing had happened`(seed: UInt64) throws
    {
        let account = randomAccount(seed: seed)
        var random = Numbers(seed: seed + 1_000)
        var stored = Stored()
        var performance: StrategyPerformance?
        var marks = account.marks[...]
        func count(_ mark: EquityEvent?, _ execution: ExecutionFacts?) throws {
            if let mark { _ = StrategyPerformance.record(mark, in: &performance) }
            if let execution { _ = StrategyPerformance.record(execution, in: &performance) }
            guard performance != nil, Int.random(in: 0..<4, using: &random) == 0 else { return }
            try stored.take(&performance!)
            let read = try stored.performance()
            #expect(read == performance, "seed \(seed)")
            performance = read
        }
        for execution in account.executions {
            while let mark = marks.first, mark.strategySeq < execution.strategySeq {
                try count(marks.removeFirst(), nil)
            }
            try count(nil, execution)
        }
        for mark in marks { try count(mark, nil) }
        for period in Period.allCases {
            #expect(performance?.figures(period).list == account.performance?.figures(period).list)
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `counting anew from the ledger gives the same, bit for bit`(seed: UInt64) throws {
        let account = randomAccount(seed: seed)
        var recount = PerformanceRecount(marks: account.marks)
        for execution in account.executions { recount.record(execution) }
        var found = recount.finish()
        var expected = account.performance
        _ = found?.takeChangedDays()
        _ = expected?.takeChangedDays()
        #expect(found == expected, "seed \(seed)")
    }

    @Test func `a state that is cut or of another version is refused, never misread`() throws {
        var performance = try #require(randomAccount(seed: 7).performance)
        var stored = Stored()
        try stored.take(&performance)
        let state = stored.state
        for count in [0, 1, state.count / 2, state.count - 1] {
            stored.state = Array(state.prefix(count))
            #expect(throws: StateError.self) { try stored.performance() }
        }
        stored.state = [99] + state.dropFirst()
        #expect(throws: StateError.self) { try stored.performance() }
        stored.state = state + [0]
        #expect(throws: StateError.self) { try stored.performance() }
    }

    @Test(arguments: UInt64(1)...20)
    func `days put together are the whole`(seed: UInt64) throws {
        let performance = try #require(randomAccount(seed: seed).performance)
        var whole = Tally()
        whole.mark(performance.account.start, at: Timestamp(seconds: 1_767_571_200))
        for day in performance.account.days { whole.merge(day.tally) }
        let total = performance.account.total
        #expect(whole.trades == total.trades && whole.wins == total.wins && whole.profits == total.profits)
        #expect(whole.streaks == total.streaks && whole.holding == total.holding)
        #expect(whole.drawdown.value == total.drawdown.value, "seed \(seed)")
        #expect(whole.excursions == total.excursions && whole.exposure == total.exposure)
        let (one, other) = (whole.quality.value ?? 0, total.quality.value ?? 0)
        #expect(abs(one - other) <= 1e-12 * max(1, abs(one)))
    }
}

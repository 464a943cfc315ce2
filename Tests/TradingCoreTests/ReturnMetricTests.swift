// Each metric of returns against its formula written out, by tables with the outcome at the end. The
// libraries that define the conventions are compared in Tests/Python/test_metrics.py.

import Contracts
import Foundation
import Testing

@testable import TradingCore

@Suite struct ReturnMetricTests {
    private func summary(_ returns: [Double], _ year: Int = 252) throws -> ReturnSummary {
        try #require(ReturnSummary(returns, periodsPerYear: year))
    }

    private func isNear(_ value: Double?, _ expected: Double?) -> Bool {
        guard let value, let expected else { return value == nil && expected == nil }
        return abs(value - expected) <= 1e-12 * max(1, abs(expected))
    }

    @Test func `figures of four days`() throws {
        let summary = try summary([0.01, -0.02, 0.03, -0.01])
        let growth = 1.01 * 0.98 * 1.03 * 0.99
        let deviation = (((0.0075 * 0.0075) + (0.0225 * 0.0225) + (0.0275 * 0.0275) + (0.0125 * 0.0125)) / 3)
            .squareRoot()
        #expect(isNear(summary.growth, growth))
        #expect(isNear(Volatility.value(summary), deviation * 252.0.squareRoot()))
        #expect(isNear(SharpeRatio.value(summary), 0.0025 / deviation * 252.0.squareRoot()))
        let downside = ((0.0004 + 0.0001) / 4.0).squareRoot()
        #expect(isNear(SortinoRatio.value(summary), 0.0025 / downside * 252.0.squareRoot()))
        #expect(isNear(AnnualGrowth.byCount(summary), pow(growth, 63) - 1))
        #expect(isNear(AnnualGrowth.byCalendar(summary, days: 10), pow(growth, 36.525) - 1))
        #expect(isNear(DailyDrawdown.value(summary), 0.02))
        #expect(summary.fall.peak == 1 && summary.fall.trough == 2)
        #expect(isNear(CalmarRatio.value(summary), (pow(growth, 63) - 1) / 0.02))
    }

    @Test(arguments: [
        // returns, volatility, sharpe, sortino, calmar: what does not exist is absent
        ([0.0, 0], true, false, false, false), ([0.01, 0.01], true, false, false, false),
        ([0.01, 0.02], true, true, false, false), ([-0.01, -0.01], true, false, true, true),
        ([0.01, -0.02], true, true, true, true),
    ])
    func `what does not exist is absent`(
        returns: [Double], volatility: Bool, sharpe: Bool, sortino: Bool, calmar: Bool
    ) throws {
        let summary = try summary(returns)
        #expect(Volatility.value(summary).isFinite == volatility)
        #expect((SharpeRatio.value(summary) != nil) == sharpe)
        #expect((SortinoRatio.value(summary) != nil) == sortino)
        #expect((CalmarRatio.value(summary) != nil) == calmar)
    }

    @Test(arguments: [[], [0.1], [.nan, 0.1], [.infinity, 0.1]] as [[Double]])
    func `fewer than two returns, or one that is no number, give nothing`(returns: [Double]) {
        #expect(ReturnSummary(returns, periodsPerYear: 252) == nil)
    }

    @Test(arguments: [2, 3, 20, 21, 22, 40, 41, 1_000, 20_000, 100_001])
    func `value at risk is the percentile, the other the mean of what lies below`(count: Int) throws {
        var state: UInt64 = UInt64(count)
        let returns = (0..<count).map { _ -> Double in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 33) / Double(1 << 31) - 0.5
        }
        let sorted = returns.sorted()
        let place = 0.05 * Double(count - 1)
        let below = Int(place)
        let next = sorted[min(below + 1, count - 1)]
        let quantile = sorted[below] + (next - sorted[below]) * (place - Double(below))
        let tail = LowestReturns(returns)
        #expect(isNear(ValueAtRisk.value(tail), quantile))
        let mean = sorted[0...below].reduce(0, +) / Double(below + 1)
        #expect(isNear(ConditionalValueAtRisk.value(tail), mean))
    }

    @Test func `a sample that misleads does not change the lowest returns`() {
        // Every place that is sampled holds a high value, and then a low one.
        for sampled in [1.0, -1.0] {
            var returns = (0..<50_000).map { 0.5 * Double($0 % 97) / 97 }
            for place in stride(from: 0, to: returns.count, by: 24) { returns[place] = sampled }
            let tail = LowestReturns(returns)
            #expect(tail.values == Array(returns.sorted().prefix(tail.values.count)))
        }
    }

    @Test func `powers agree with the mathematics library`() {
        for base in [1e-9, 0.1, 0.5, 0.99, 1, 1.0000001, 1.3, 2, 123.456, 1e12] {
            for exponent in [-3.0, -0.5, 0, 1e-4, 0.25, 1, 2.5, 12, 126] {
                let expected = pow(base, exponent)
                let found = power(base, exponent)
                guard expected.isFinite, expected > 1e-290 else { continue }
                let size = 1 + abs(exponent * log(base))
                #expect(abs(found / expected - 1) < 1e-14 * size, "\(base)^\(exponent)")
            }
        }
    }
}

// Every metric of returns over a series of returns, as a period of a strategy has them: what pyfolio's
// `perf_stats` is measured against. The file holds the returns as 8-byte floats, little end first.

import Foundation
import TradingCore

enum MetricsBenchmark {
    static func run(_ arguments: [String]) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: arguments[0]))
        let returns = data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 8).map {
                Double(
                    bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                )
            }
        }
        for _ in 0..<(try number(arguments[1])) {
            let clock = Stopwatch()
            guard let summary = ReturnSummary(returns, periodsPerYear: 252) else {
                throw BenchmarkError("\(arguments[0]) holds fewer than two returns")
            }
            let tail = LowestReturns(summary.returns)
            let values: [(String, Double?)] = [
                ("annual_return", AnnualGrowth.byCount(summary)), ("total_return", summary.growth - 1),
                ("calendar", AnnualGrowth.byCalendar(summary, days: returns.count)),
                ("volatility", Volatility.value(summary)), ("sharpe", SharpeRatio.value(summary)),
                ("sortino", SortinoRatio.value(summary)), ("calmar", CalmarRatio.value(summary)),
                ("max_drawdown", -DailyDrawdown.value(summary)), ("value_at_risk", ValueAtRisk.value(tail)),
                ("conditional_value_at_risk", ConditionalValueAtRisk.value(tail)),
            ]
            let nanoseconds = clock.wallNanoseconds
            var figures = Figures("metrics")
            figures.add("ms", Double(nanoseconds) / 1e6)
            for (name, value) in values { figures.add(name, value ?? .nan) }
            figures.print()
        }
    }
}

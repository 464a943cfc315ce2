// Figures as JSON: the same names in `backtest --json`, `metrics --json` and on `performance/`.

import Contracts
import TradingCore

/// What is reported of one strategy.
struct ReportedStrategy {
    var id: String
    var performance: StrategyPerformance
    /// Why it stopped before the end; nil when it did not.
    var failure: String?
}

enum MetricsJSON {
    /// `"strategies":[…],"portfolio":{…},"conventions":{…}` into an object that is open.
    static func write(_ strategies: [ReportedStrategy], into writer: inout JSONWriter) {
        writer.beginArray("strategies")
        for strategy in strategies { write(strategy, &writer) }
        writer.endArray()
        let all = together(strategies)
        if let figures = PortfolioPerformance.figures(all, .all) {
            writer.beginObject("portfolio")
            write(figures, &writer)
            writePeriods(&writer) { PortfolioPerformance.figures(all, $0) }
            writer.endObject()
        }
        writer.beginObject("conventions")
        for convention in Conventions.sentences {
            writer.key(convention.name)
            writer.value(convention.sentence)
        }
        writer.endObject()
    }

    /// By id in byte order, as the tracker adds them up: sums of floats have an order.
    static func together(_ strategies: [ReportedStrategy]) -> [StrategyPerformance] {
        strategies.sorted { Array($0.id.utf8).lexicographicallyPrecedes(Array($1.id.utf8)) }
            .map(\.performance)
    }

    private static func write(_ strategy: ReportedStrategy, _ writer: inout JSONWriter) {
        let performance = strategy.performance
        writer.beginObject()
        writer.field("id", strategy.id)
        writer.field("currency", performance.currency)
        writer.field("periods_per_year", performance.periodsPerYear)
        write(performance.figures(.all), &writer)
        writePeriods(&writer) { performance.figures($0) }
        writer.beginObject("symbols")
        for symbol in performance.symbols.sorted(by: { $0.symbol < $1.symbol }) {
            writer.key(symbol.symbol)
            writer.beginObject()
            write(performance.figures(of: symbol, .all), &writer)
            writePeriods(&writer) { performance.figures(of: symbol, $0) }
            writer.endObject()
        }
        writer.endObject()
        if let failure = strategy.failure { writer.field("failure", failure) }
        writer.endObject()
    }

    private static func writePeriods(_ writer: inout JSONWriter, _ figures: (Period) -> Figures?) {
        writer.beginObject("periods")
        for period in Period.allCases where period != .all {
            guard let figures = figures(period) else { continue }
            writer.key(period.rawValue)
            writer.beginObject()
            write(figures, &writer)
            writer.endObject()
        }
        writer.endObject()
    }

    private static func write(_ figures: Figures, _ writer: inout JSONWriter) {
        for figure in figures.list {
            writer.key(figure.name)
            write(figure, &writer)
        }
    }

    private static func write(_ figure: Figure, _ writer: inout JSONWriter) {
        guard let value = figure.value else { return writer.null() }
        switch figure.unit {
        case .count: writer.value(Int64(value))
        case .date: writer.value(Timestamp(microseconds: Int64((value * 1e6).rounded())))
        case .money where figure.amount != nil: writer.value(figure.amount ?? .zero)
        default: writer.value(double: value)
        }
    }
}

// Figures for a person: one line a strategy, or a table with a column for each period.

import Contracts
import Foundation
import ServiceKit
import TradingCore

enum MetricsText {
    /// The most important figures in one line.
    static func line(_ strategy: ReportedStrategy) -> String {
        let figures = strategy.performance.figures(.all)
        let shown = [
            "end equity \(text(figures, "end_equity"))", "fees \(text(figures, "fees"))",
            "return \(text(figures, "total_return"))", "win rate \(text(figures, "win_rate"))",
            "maximum drawdown \(text(figures, "max_drawdown"))",
        ]
        return "\(strategy.id): \(text(figures, "trades")) trades, " + shown.joined(separator: ", ")
    }

    /// Every figure of every strategy and of all together.
    static func report(_ strategies: [ReportedStrategy]) -> String {
        var parts = strategies.map { strategy in
            let performance = strategy.performance
            let terms = [performance.currency, "\(performance.periodsPerYear) days a year"]
                .filter { !$0.isEmpty }.joined(separator: ", ")
            var text = table("\(strategy.id) (\(terms))", performance.account.count) {
                performance.figures($0)
            }
            if performance.symbols.count > 1 { text += "\n" + symbols(performance) }
            return text
        }
        let all = MetricsJSON.together(strategies)
        if all.count > 1, PortfolioPerformance.figures(all, .all) != nil {
            let longest = all.map(\.account.count).max() ?? 0
            parts.append(
                table("all strategies as one account", longest) {
                    PortfolioPerformance.figures(all, $0)
                })
        }
        parts.append(notes)
        return parts.joined(separator: "\n")
    }

    private static var notes: String {
        let width = Conventions.sentences.map(\.name.count).max() ?? 0
        return "How they are made; a dash is a figure that means nothing yet\n"
            + Conventions.sentences.map { convention in
                "  " + padded(convention.name, width) + "  \(convention.sentence)\n"
            }.joined()
    }

    /// A row a figure, a column a period that is shorter than what there is.
    private static func table(_ title: String, _ days: Int, _ figures: (Period) -> Figures?) -> String {
        let periods = Period.allCases.reversed().filter {
            $0 == .all || ($0.days ?? 0) < Int32(clamping: days)
        }
        return table(title, periods.map { ($0.rawValue, figures($0)) })
    }

    /// A column a symbol.
    private static func symbols(_ performance: StrategyPerformance) -> String {
        let sorted = performance.symbols.sorted { $0.symbol < $1.symbol }
        return table("  by symbol", sorted.map { ($0.symbol, performance.figures(of: $0, .all)) })
    }

    private static func table(_ title: String, _ columns: [(name: String, figures: Figures?)]) -> String {
        let names = columns.first?.figures?.list.map(\.name) ?? []
        let first = max(names.map(\.count).max() ?? 0, title.count) + 2
        var lines = [padded(title, first) + columns.map { cell($0.name) }.joined()]
        for (index, name) in names.enumerated() {
            let cells = columns.map { column in cell(column.figures.map { text($0.list[index]) } ?? "–") }
            lines.append(padded("  " + name, first) + cells.joined())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cell(_ text: String) -> String {
        String(repeating: " ", count: max(2, 18 - text.count)) + text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func text(_ figures: Figures, _ name: String) -> String {
        figures.list.first { $0.name == name }.map(text) ?? "–"
    }

    private static func text(_ figure: Figure) -> String {
        guard let value = figure.value else { return "–" }
        switch figure.unit {
        case .count: return "\(Int64(value))"
        case .money: return figure.amount?.description ?? String(format: "%.2f", value)
        case .fraction: return percent(value)
        case .ratio: return String(format: "%.3f", value)
        case .seconds: return duration(value)
        case .date:
            let time = UTCTime.text(microseconds: Int64((value * 1e6).rounded()))
            return String(time.prefix(16)).replacing("T", with: " ")
        }
    }

    private static func percent(_ value: Double) -> String {
        let text = String(format: "%.2f %%", value * 100)
        return text == "-0.00 %" ? "0.00 %" : text
    }

    private static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: String(format: "%.1f s", seconds)
        case ..<7_200: String(format: "%.1f min", seconds / 60)
        case ..<172_800: String(format: "%.1f h", seconds / 3_600)
        default: String(format: "%.1f d", seconds / 86_400)
        }
    }
}

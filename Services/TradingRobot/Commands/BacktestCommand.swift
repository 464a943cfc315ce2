// `trading-robot backtest`: strategies over recorded data in one process, with the sessions of the live
// stack.

import Contracts
import Foundation
import MarketData
import ServiceKit
import StrategyHost
import TradingCore

private let ledgerFile = Setting<String?>(
    "ledger", default: nil, placeholder: "FILE",
    help: "Write the canonical ledger to this file; - for standard output.")
private let asJSON = Setting<Bool>("json", default: false, help: "Print the result as one JSON object.")

let backtestCommand = Command(
    "backtest", "Runs strategies over recorded data, with the same simulation as the live stack.",
    settings: [
        CommonSettings.configuration.declaration, StrategySettings.strategy.declaration,
        StrategySettings.plugins.declaration, ledgerFile.declaration, asJSON.declaration,
    ] + DataSettings.declarations + SimulationSettings.declarations,
    tables: [DataSettings.instruments, StrategySettings.table]
) { context in
    var settings = context.settings
    settings.set(StrategySettings.strategy, try StrategySettings.definitions(settings))
    try checkFolders(settings)
    guard !settings[StrategySettings.strategy].isEmpty else {
        throw WrongUse("backtest needs --strategy \(StrategyDefinition.placeholder).")
    }
    let simulation = try SimulationSettings.read(settings)
    var run = BacktestRun(plugins: PluginFolders(settings[StrategySettings.plugins]))
    for terms in try checkedTerms(settings, simulation, plugin: { try run.plugin($0) }) { try run.add(terms) }
    let opened = try OpenedSource(settings, start: Timestamp(seconds: 1_735_689_600))
    if opened.isEndless {
        throw WrongUse("Synthetic data never end: give --events N, or --data PATH.")
    }
    for sentence in opened.description { writeToStandardError(sentence + "\n") }
    try checkSymbols(settings[StrategySettings.strategy], opened)
    var source = try opened.makeSource()
    var progress = TerminalProgress()
    try run.run(&source) { events in
        progress.show(opened.eventCount.map { "\(events * 100 / max(1, $0)) %" } ?? "\(events) events")
    }
    progress.finish()
    try writeLedger(run, to: settings[ledgerFile])
    if settings[asJSON] {
        writeToStandardOutput(BacktestReport.json(run))
    } else if settings[ledgerFile] != "-" {
        writeToStandardOutput(BacktestReport.text(run))
    }
    let failures = run.results.compactMap(\.failure)
    for failure in failures { writeToStandardError("trading-robot backtest: \(failure)\n") }
    return failures.isEmpty ? .done : .failed
}

/// The terms of every `--strategy`, all mistakes at once.
func checkedTerms(
    _ settings: Settings, _ simulation: SessionSettings, plugin: (String) throws -> NativePlugin
) throws -> [SessionTerms] {
    var mistakes: [String] = []
    var terms: [SessionTerms] = []
    for definition in settings[StrategySettings.strategy] {
        if terms.contains(where: { $0.strategyID == definition.id }) {
            mistakes.append("strategy \(definition.id) is given twice.")
        }
        do {
            let plugin = try plugin(definition.plugin)
            let made = try definition.terms(plugin: plugin, simulation: simulation)
            // Parameters can be wrong together, which only the strategy itself knows.
            let places = made.symbols.indices.map { SymbolIndex(Int32($0)) }
            try HostedStrategy.make(made, plugin: plugin, symbols: places).cleanup()
            terms.append(made)
        } catch let error as InvalidParameters {
            mistakes += error.problems.map { "strategy \(definition.id): \($0.sentence)." }
        } catch let error as PluginError {
            mistakes.append("strategy \(definition.id): \(error).")
        } catch let error as StrategyFailure {
            mistakes.append("\(error).")
        }
    }
    guard mistakes.isEmpty else { throw WrongUse(mistakes) }
    return terms
}

/// A symbol that the data do not hold would trade nothing, for ever: said at once.
func checkSymbols(_ strategies: [StrategyDefinition], _ opened: OpenedSource) throws(WrongUse) {
    guard !opened.instruments.isEmpty else { return }
    let known = opened.instruments.map(\.symbol)
    var mistakes: [String] = []
    for strategy in strategies {
        for symbol in strategy.symbols where !known.contains(symbol) {
            mistakes.append(
                "strategy \(strategy.id): the data have no symbol \(symbol); known: \(known.listed("and"))."
            )
        }
    }
    guard mistakes.isEmpty else { throw WrongUse(mistakes) }
}

private func writeLedger(_ run: BacktestRun, to path: String?) throws {
    guard let path else { return }
    var text = run.ledger().map { $0 + "\n" }.joined()
    guard path != "-" else {
        writeToStandardOutput(text)
        return
    }
    guard let file = fopen(path, "w") else { throw unwritable(path) }
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    guard fclose(file) == 0, written else { throw unwritable(path) }
}

/// With the system's own reason: Foundation's error does not say what is wrong with the path.
private func unwritable(_ path: String) -> Failure {
    Failure(
        "ledger_file",
        "the ledger cannot be written to \(path): \(String(cString: strerror(errno))). "
            + "Choose another file with --ledger."
    )
}

enum BacktestReport {
    /// The object of DESIGN 10.
    static func json(_ run: BacktestRun) -> String {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.beginArray("strategies")
        for result in run.results {
            let performance = result.performance
            writer.beginObject()
            writer.field("id", result.terms.strategyID)
            writer.field("trades", performance.trades.count)
            writer.field("end_equity", performance.endEquity)
            writer.field("fees", performance.fees.total)
            writer.field("realized_pnl", performance.realizedProfit.total)
            write("total_return", performance.totalReturn.value, &writer)
            write("win_rate", performance.winRate.value, &writer)
            write("max_drawdown", performance.maximumDrawdown.value, &writer)
            if let failure = result.failure { writer.field("failure", failure) }
            writer.endObject()
        }
        writer.endArray()
        writer.beginObject("data")
        writer.field("events", run.data.events)
        if let first = run.data.first { writer.field("first", first) }
        if let last = run.data.last { writer.field("last", last) }
        writer.endObject()
        writer.endObject()
        return writer.string + "\n"
    }

    private static func write(_ name: StaticString, _ value: Double?, _ writer: inout JSONWriter) {
        writer.key("\(name)")
        if let value { writer.value(double: value) } else { writer.null() }
    }

    /// One line a strategy, for a person.
    static func text(_ run: BacktestRun) -> String {
        var lines = ["\(run.data.events) events" + span(run.data)]
        for result in run.results {
            let performance = result.performance
            lines.append(
                "\(result.terms.strategyID): \(performance.trades.count) trades, end equity "
                    + "\(performance.endEquity), fees \(performance.fees.total), return "
                    + percent(performance.totalReturn.value) + ", win rate "
                    + percent(performance.winRate.value) + ", maximum drawdown "
                    + percent(performance.maximumDrawdown.value))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func span(_ data: BacktestData) -> String {
        guard let first = data.first, let last = data.last else { return "" }
        return " from \(UTCTime.text(microseconds: first.microseconds)) to "
            + UTCTime.text(microseconds: last.microseconds)
    }

    /// `1.23 %`, or a dash where the figure means nothing yet.
    static func percent(_ value: Double?) -> String {
        guard let value else { return "–" }
        let text = String(format: "%.2f %%", value * 100)
        return text == "-0.00 %" ? "0.00 %" : text
    }
}

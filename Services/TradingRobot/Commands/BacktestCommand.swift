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
private let equityFile = Setting<String?>(
    "equity", default: nil, placeholder: "FILE",
    help: "Write the marks of the accounts, one JSON object a line, to this file; - for standard output.")
private let fullReport = Setting<Bool>(
    "report", default: false, help: "Print every metric, by period and symbol, and how it is made.")
private let asJSON = Setting<Bool>("json", default: false, help: "Print the result as one JSON object.")

let backtestCommand = Command(
    "backtest", "Runs strategies over recorded data, with the same simulation as the live stack.",
    settings: [
        CommonSettings.configuration.declaration, StrategySettings.strategy.declaration,
        ledgerFile.declaration, equityFile.declaration, fullReport.declaration, asJSON.declaration,
    ] + StrategySettings.pluginDeclarations + DataSettings.declarations + SimulationSettings.declarations,
    tables: [DataSettings.instruments, StrategySettings.table]
) { context in
    var settings = context.settings
    let given = StrategySettings.read(settings)
    settings.set(StrategySettings.strategy, given.definitions)
    try checkFolders(settings)
    guard !given.definitions.isEmpty || !given.mistakes.isEmpty else {
        throw WrongUse("backtest needs --strategy \(StrategyDefinition.placeholder).")
    }
    let simulation = try SimulationSettings.read(settings)
    let plugins = StrategySettings.folders(settings)
    var run = BacktestRun(plugins: plugins, keepsMarks: settings[equityFile] != nil) { strategy, text in
        writeToStandardError("\(strategy): \(text)\n")
    }
    let terms = try checkedTerms(settings, simulation, mistakes: given.mistakes) { try run.plugin($0) }
    for terms in terms { try run.add(terms) }
    let opened = try OpenedSource(settings, start: Timestamp(seconds: 1_735_689_600))
    if opened.isEndless {
        throw WrongUse("Synthetic data never end: give --events N, or --data PATH.")
    }
    for sentence in opened.description { writeToStandardError(sentence + "\n") }
    let unknown = unknownSymbols(settings[StrategySettings.strategy], opened)
    guard unknown.isEmpty else { throw WrongUse(unknown) }
    var source = try opened.makeSource()
    var progress = TerminalProgress()
    try run.run(&source) { events in
        progress.show(opened.eventCount.map { "\(events * 100 / max(1, $0)) %" } ?? "\(events) events")
    }
    progress.finish()
    try write(run.ledger().map { $0 + "\n" }.joined(), to: settings[ledgerFile], "ledger")
    try write(run.equity(), to: settings[equityFile], "equity")
    if settings[asJSON] {
        writeToStandardOutput(BacktestReport.json(run))
    } else if settings[ledgerFile] != "-", settings[equityFile] != "-" {
        writeToStandardOutput(BacktestReport.text(run, report: settings[fullReport]))
    }
    let failures = run.results.compactMap(\.failure)
    for failure in failures { writeToStandardError("trading-robot backtest: \(failure)\n") }
    return failures.isEmpty ? .done : .failed
}

/// The terms of every strategy, all mistakes at once, those included that were found before.
func checkedTerms(
    _ settings: Settings, _ simulation: SessionSettings, mistakes before: [String] = [],
    plugin: (String) throws -> any StrategyPlugin
) throws -> [SessionTerms] {
    var mistakes = before
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
            mistakes += error.problems.map { "\(definition.path(ofParameter: $0.name))\($0.sentence)." }
        } catch let error as PluginError {
            mistakes.append("\(definition.pathOfPlugin)\(error).")
        } catch let error as StrategyFailure {
            mistakes.append("\(error).")
        }
    }
    guard mistakes.isEmpty else { throw WrongUse(mistakes) }
    return terms
}

/// A sentence for each symbol that the data do not hold: it would trade nothing, for ever.
func unknownSymbols(_ strategies: [StrategyDefinition], _ opened: OpenedSource) -> [String] {
    guard !opened.instruments.isEmpty else { return [] }
    let known = opened.instruments.map(\.symbol)
    var mistakes: [String] = []
    for strategy in strategies {
        for symbol in strategy.symbols where !known.contains(symbol) {
            mistakes.append(
                "strategy \(strategy.id): the data have no symbol \(symbol); known: \(known.listed("and"))."
            )
        }
    }
    return mistakes
}

private func write(_ text: String, to path: String?, _ flag: String) throws {
    guard let path else { return }
    var text = text
    guard path != "-" else {
        writeToStandardOutput(text)
        return
    }
    guard let file = fopen(path, "w") else { throw unwritable(path, flag) }
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
    guard fclose(file) == 0, written else { throw unwritable(path, flag) }
}

/// With the system's own reason: Foundation's error does not say what is wrong with the path.
private func unwritable(_ path: String, _ flag: String) -> Failure {
    Failure(
        "\(flag)_file",
        "the \(flag) cannot be written to \(path): \(String(cString: strerror(errno))). "
            + "Choose another file with --\(flag)."
    )
}

enum BacktestReport {
    /// The object of DESIGN 10.
    static func json(_ run: BacktestRun) -> String {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.beginObject()
        MetricsJSON.write(run.reported, into: &writer)
        writer.beginObject("data")
        writer.field("events", run.data.events)
        if let first = run.data.first { writer.field("first", first) }
        if let last = run.data.last { writer.field("last", last) }
        writer.endObject()
        writer.endObject()
        return writer.string + "\n"
    }

    /// One line a strategy, for a person; with `report`, every figure.
    static func text(_ run: BacktestRun, report: Bool) -> String {
        let lines = ["\(run.data.events) events" + span(run.data)] + run.reported.map(MetricsText.line)
        let text = lines.joined(separator: "\n") + "\n"
        return report ? text + "\n" + MetricsText.report(run.reported) : text
    }

    private static func span(_ data: BacktestData) -> String {
        guard let first = data.first, let last = data.last else { return "" }
        return " from \(UTCTime.text(microseconds: first.microseconds)) to "
            + UTCTime.text(microseconds: last.microseconds)
    }
}

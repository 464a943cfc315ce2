// `trading-robot plugins check PATH…`: runs a plugin against a script of events and says what it does wrong.

import Contracts
import Foundation
import ServiceKit
import StrategyHost

let pluginsCheckCommand = Command(
    "check", "Runs plugins against a script of events and says what they do wrong.",
    settings: StrategySettings.pluginDeclarations,
    operands: [
        Operand(
            "PATH", repeated: true, help: "A shared library, a Python file, or a plugin.json (or its folder)."
        )
    ]
) { context in
    var isWell = true
    for operand in context.operands {
        let result = try checkPlugin(operand, StrategySettings.folders(context.settings))
        for line in result.lines { writeToStandardOutput(line + "\n") }
        isWell = isWell && result.isWell
    }
    return isWell ? .done : .failed
}

/// What is wrong with one plugin, and what it came to.
private func checkPlugin(
    _ operand: String, _ folders: PluginFolders
) throws -> (lines: [String], isWell: Bool) {
    let manifest = operand + "/plugin.json"
    let path = FileManager.default.fileExists(atPath: manifest) ? manifest : operand
    let plugin: any StrategyPlugin
    do throws(PluginError) {
        plugin = try folders.load(path)
    } catch {
        return (["WRONG: \(error.sentence) [\(error.code.rawValue)]"], false)
    }
    var report = try PluginTrial(plugin.metadata) { plugin.makeInstance(waits: true) }.run()
    if report.mistakes.isEmpty, let mistake = try BatchTrial(plugin).run() { report.mistakes.append(mistake) }
    let metadata = plugin.metadata
    var lines = report.mistakes.map { "WRONG: \($0)" }
    lines += report.remarks.map { "note: \($0)" }
    if report.mistakes.isEmpty {
        lines.append(
            "ok: \(metadata.id) \(metadata.version) handled \(report.events) events twice, the same way: "
                + "\(report.commands) commands, \(report.trades) trades")
        if report.restarts > 0 {
            lines.append("ok: begun from its snapshot \(report.restarts) times it decided the same")
        }
    }
    return (lines, report.mistakes.isEmpty)
}

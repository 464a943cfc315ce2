// The command line: one tree of commands, each in a file of its own.

import ServiceKit

@main
enum TradingRobot {
    static func main() async {
        let root = Command(
            "trading-robot",
            "Paper trading with a ledger that can be proven. `trading-robot up` runs the whole stack here.",
            [
                upCommand, backtestCommand, verifyCommand, ledgerCommand,
                Command(
                    "journal", "Looks into a journal.",
                    [journalCatCommand, journalCheckCommand, journalPruneCommand]),
                tailCommand, metricsCommand, deadLetterCommands,
                Command(
                    "plugins", "Finds, tries and writes strategy plugins.",
                    [pluginsListCommand, pluginsCheckCommand, pluginsNewCommand]),
                strategiesCommand, backupCommand, restoreCommand, doctorCommand, healthCommand,
            ])
        if CommandLine.arguments.dropFirst() == ["--version"] {
            writeToStandardOutput("trading-robot \(platformVersion)\n")
            return
        }
        await runTool(root)
    }
}

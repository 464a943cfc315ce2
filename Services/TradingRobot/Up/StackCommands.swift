// The services of one stack as child commands.

import Contracts
import MarketData
import ServiceKit
import StrategyHost

struct StackCommands {
    let settings: Settings
    let endpoints: Endpoints
    let folder: String
    let runners: Int

    /// In the order in which they are started: who is connected to comes first.
    func all() -> [ChildCommand] {
        var commands = [gateway(), simulator(), tracker()]
        for number in 1...runners { commands.append(runner(number)) }
        return commands
    }

    private func child(_ executable: String, _ name: String, _ arguments: [String]) -> ChildCommand {
        var common = ["--data-dir", folder, "--parent-pid", String(ownProcessID())]
        if settings.isGiven(CommonSettings.logLevel) {
            common += ["--log-level", settings[CommonSettings.logLevel].rawValue]
        }
        if settings.isGiven(CommonSettings.logFormat) {
            common += ["--log-format", settings[CommonSettings.logFormat].rawValue]
        }
        return ChildCommand(
            name: name, executable: (PluginFolders.executableFolder ?? ".") + "/" + executable,
            arguments: common + arguments, logFile: folder + "/logs/\(name).log")
    }

    private func gateway() -> ChildCommand {
        var arguments = [
            "--market-data-endpoint", endpoints.marketData, "--market-data-replay-endpoint",
            endpoints.marketDataReplay, "--health-endpoint", endpoints.gatewayHealth,
            "--provider", settings[DataSettings.provider].rawValue, "--hours",
            settings[DataSettings.hours].rawValue, "--speed", settings[DataSettings.speed].settingText,
            "--seed", String(settings[DataSettings.seed]), "--rate", String(settings[DataSettings.rate]),
            "--events", String(settings[DataSettings.events]), "--durability",
            settings[StackSettings.durability].rawValue, "--journal-segment",
            String(settings[StackSettings.journalSegment]), "--expected-readers",
            (["simulator"] + (1...runners).map { "runner-\($0)" }).joined(separator: ","),
        ]
        for path in settings[DataSettings.data] { arguments += ["--data", path] }
        for symbol in settings[DataSettings.symbols] { arguments += ["--symbols", symbol] }
        if let file = settings[CommonSettings.configuration] { arguments += ["--config", file] }
        return child("market-data-gateway", "market-data-gateway", arguments)
    }

    private func simulator() -> ChildCommand {
        child(
            "order-simulator", "order-simulator",
            [
                "--market-data-endpoint", endpoints.marketData, "--market-data-replay-endpoint",
                endpoints.marketDataReplay, "--order-entry-endpoint", endpoints.orderEntry,
                "--trades-endpoint", endpoints.trades, "--trade-replay-endpoint", endpoints.tradeReplay,
                "--health-endpoint", endpoints.simulatorHealth, "--durability",
                settings[StackSettings.durability].rawValue, "--snapshot-every",
                String(settings[StackSettings.snapshotEvery]), "--journal-keep",
                settings[StackSettings.journalKeep].settingText, "--journal-segment",
                String(settings[StackSettings.journalSegment]),
            ])
    }

    private func tracker() -> ChildCommand {
        var arguments = [
            "--trades-endpoint", endpoints.trades, "--trade-replay-endpoint", endpoints.tradeReplay,
            "--performance-endpoint", endpoints.performance, "--ingest-endpoint", endpoints.ingest,
            "--health-endpoint", endpoints.trackerHealth,
        ]
        for name in settings[StackSettings.source] + settings[StackSettings.sources] {
            arguments += ["--sources", name]
        }
        return child("performance-tracker", "performance-tracker", arguments)
    }

    private func runner(_ number: Int) -> ChildCommand {
        var arguments = [
            "--number", String(number), "--source", "runner-\(number)", "--market-data-endpoint",
            endpoints.marketData,
            "--market-data-replay-endpoint", endpoints.marketDataReplay, "--order-entry-endpoint",
            endpoints.orderEntry, "--health-endpoint", endpoints.runnerHealth[number - 1],
            "--lease-term", settings[RunnerSettings.leaseTerm].settingText, "--snapshot-every",
            String(settings[StackSettings.snapshotEvery]),
        ]
        arguments += StrategySettings.flags(settings)
        return child("strategy-runner", "strategy-runner-\(number)", arguments)
    }
}

// The strategy runner: holds strategies by leases, runs their plugins on the gateway's stream, sends their
// commands.

import Contracts
import Foundation
import Logging
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

@main
enum Runner {
    static let number = Setting<Int>(
        "number", default: 1, placeholder: "N", help: "Number of this runner; chooses its health port.",
        allowed: Setting<Int>.within(1...10_000))

    static func main() async {
        var program = ServiceProgram(
            name: "strategy-runner",
            summary: "Finds, loads and runs strategy plugins, and sends their orders to the simulator.",
            source: "runner", healthPort: 9111,
            settings: [
                number.declaration, RunnerSettings.leaseTerm.declaration,
                StackSettings.snapshotEvery.declaration,
                StackSettings.marketData.declaration,
                StackSettings.marketDataReplay.declaration, StackSettings.orderEntry.declaration,
                StackSettings.database.declaration,
            ] + StrategySettings.pluginDeclarations,
            tolerated: ["simulation", "strategies", "instruments", "journal-keep", "journal-segment"]
                + DataSettings.declarations.map(\.name))
        program.health = { settings in
            (HTTPAddress(port: Endpoints.firstRunnerHealthPort + settings[number]), .next(50))
        }
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        // Only a name that was given is this runner's own: two without one must not take each other for
        // themselves.
        let name = context.isNamed ? context.instance : "\(context.instance)-\(randomEpoch())"
        context.log.info("holds strategies by leases under this name", metadata: ["runner": "\(name)"])
        let bus = try Bus()
        context.stop.onStop { bus.stop() }
        // What fails is asked again by the next look; a stop must not wait for a database that is held up.
        let store = try openStore(
            StackSettings.databaseLocation(settings), options: StoreOptions(busyTimeout: .seconds(1)))
        let feed = MarketFeed(
            bus: bus, endpoint: settings[StackSettings.marketData],
            replayEndpoint: settings[StackSettings.marketDataReplay], reader: name, epoch: nil)
        let connection = try CommandConnection(bus: bus, endpoint: settings[StackSettings.orderEntry])
        let plugins = StrategySettings.folders(settings)
        let loop = RunnerLoop(
            bus: bus, name: name, leaseTerm: settings[RunnerSettings.leaseTerm], store: store, feed: feed,
            connection: connection, plugins: plugins,
            snapshotEvery: UInt64(settings[StackSettings.snapshotEvery]), context: context)
        try loop.start()
        bus.run()
        loop.release()
        if let failure = loop.failure { throw failure }
    }
}

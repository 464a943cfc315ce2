// The performance tracker: every trade into the ledger exactly once, metrics beside it, dead letters for
// the rest.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit

@main
enum Tracker {
    static let simulator = Setting<String>(
        "simulator", default: "simulator", placeholder: "NAME",
        help: "Instance name of the simulator whose trades are booked.")

    static func main() async {
        let program = ServiceProgram(
            name: "performance-tracker",
            summary: "Stores every trade exactly once, calculates metrics, keeps dead letters.",
            source: "tracker", healthPort: 9103,
            settings: [
                simulator.declaration, StackSettings.trades.declaration,
                StackSettings.tradeReplay.declaration, StackSettings.performance.declaration,
                StackSettings.ingest.declaration, StackSettings.sources.declaration,
                StackSettings.database.declaration,
            ], tolerated: ["simulation", "strategies", "instruments"] + DataSettings.declarations.map(\.name))
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let sources = Set(settings[StackSettings.sources])
        guard !sources.contains(settings[simulator]), !sources.contains(IngestDesk.unknownSource) else {
            throw WrongUse(
                "sources holds \(settings[simulator]) or \(IngestDesk.unknownSource), which are taken: give "
                    + "the other robot another name.")
        }
        let bus = try Bus()
        // Nobody waits for a booking: trades of a millisecond become one transaction, and the processors are
        // left to those that trade.
        bus.roundInterval = .milliseconds(1)
        context.stop.onStop { bus.stop() }
        var options = StoreOptions()
        options.programVersion = platformVersion
        let store = try openStore(StackSettings.databaseLocation(settings), options: options)
        let core = try TrackerCore(
            store: store, source: settings[simulator], sources: sources, clock: wallClock)
        let publisher = try Publisher(
            bus: bus, endpoint: settings[StackSettings.performance], source: context.instance,
            epoch: randomEpoch(), wallClock: wallClock)
        let ingest = try IngestServer(bus: bus, endpoint: settings[StackSettings.ingest])
        let loop = TrackerLoop(bus: bus, core: core, publisher: publisher, ingest: ingest, context: context)
        try loop.start(
            endpoint: settings[StackSettings.trades], replayEndpoint: settings[StackSettings.tradeReplay])
        bus.run()
        try? store.close()
        if let failure = loop.failure { throw failure }
    }
}

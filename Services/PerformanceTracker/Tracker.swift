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
    static let moreSimulators = Setting<[String]>(
        "more-simulators", default: [], placeholder: SimulatorAddress.placeholder, separator: ",",
        help: "Another simulator whose trades are booked too: its trades and their replay. Repeatable.",
        allowed: { texts throws(RefusedValue) in
            guard texts.allSatisfy({ SimulatorAddress($0) != nil }) else {
                throw RefusedValue(SimulatorAddress.placeholder)
            }
        })

    static let deadLetterRows = Setting<Int>(
        "dead-letter-rows", default: 100_000, placeholder: "N",
        help:
            "Dead letters kept: beyond it the oldest resolved ones go; unresolved ones stay, with an alarm.",
        allowed: Setting<Int>.within(1...100_000_000))

    static func main() async {
        let program = ServiceProgram(
            name: "performance-tracker",
            summary: "Stores every trade exactly once, calculates metrics, keeps dead letters.",
            source: "tracker", healthPort: 9103,
            settings: [
                simulator.declaration, moreSimulators.declaration, StackSettings.trades.declaration,
                StackSettings.tradeReplay.declaration, StackSettings.performance.declaration,
                StackSettings.ingest.declaration, StackSettings.sources.declaration,
                StackSettings.database.declaration, deadLetterRows.declaration,
            ],
            tolerated: [
                "simulation", "strategies", "instruments", "snapshot-every", "journal-keep",
                "journal-segment",
            ] + DataSettings.declarations.map(\.name))
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let sources = Set(settings[StackSettings.sources])
        let simulators =
            [
                SimulatorAddress(
                    name: settings[simulator], trades: settings[StackSettings.trades],
                    replay: settings[StackSettings.tradeReplay])
            ] + settings[moreSimulators].compactMap { SimulatorAddress($0) }
        try checkNames(simulators.map(\.name), sources)
        let bus = try Bus()
        // Nobody waits for a booking: trades of some milliseconds become one transaction, and the processors
        // are left to those that trade. Other robots wait for their answers, one by one.
        bus.roundInterval = .milliseconds(settings[StackSettings.sources].isEmpty ? 5 : 1)
        context.stop.onStop { bus.stop() }
        var options = StoreOptions()
        options.programVersion = platformVersion
        options.givesWay = true
        let store = try openStore(StackSettings.databaseLocation(settings), options: options)
        let core = try TrackerCore(
            store: store, simulators: simulators.map(\.name), sources: sources, clock: wallClock)
        core.letterBox.maximumRows = settings[deadLetterRows]
        let publisher = try Publisher(
            bus: bus, endpoint: settings[StackSettings.performance], source: context.instance,
            epoch: randomEpoch(), wallClock: wallClock)
        let ingest = try IngestServer(bus: bus, endpoint: settings[StackSettings.ingest])
        let loop = TrackerLoop(bus: bus, core: core, publisher: publisher, ingest: ingest, context: context)
        try loop.start(simulators)
        bus.run()
        try? store.close()
        if let failure = loop.failure { throw failure }
    }

    /// Each name is a checkpoint, so no two may be the same.
    private static func checkNames(_ simulators: [String], _ sources: Set<String>) throws(WrongUse) {
        guard Set(simulators).count == simulators.count else {
            throw WrongUse("two simulators have the same name: give one of them another (--instance).")
        }
        let taken = sources.intersection(simulators + [IngestDesk.unknownSource])
        guard taken.isEmpty else {
            throw WrongUse(
                "sources holds \(taken.sorted().joined(separator: ", ")), which is taken: give the other "
                    + "robot another name.")
        }
    }
}

/// Where a simulator's trades are found.
struct SimulatorAddress {
    static let placeholder = "NAME=TRADES-ENDPOINT+REPLAY-ENDPOINT"

    var name: String
    var trades: String
    var replay: String

    init(name: String, trades: String, replay: String) {
        self.name = name
        self.trades = trades
        self.replay = replay
    }

    /// Nil when it is not of the form of `placeholder`.
    init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, NameRule.identifier.accepts(parts[0].utf8) else { return nil }
        // An endpoint may hold a plus; the second one begins behind a plus.
        let starts = ["+tcp://", "+ipc://"].compactMap { parts[1].firstRange(of: $0)?.lowerBound }
        guard let plus = starts.min() else { return nil }
        let ends = [parts[1][..<plus], parts[1][plus...].dropFirst()].map(String.init)
        guard ends[0].hasPrefix("tcp://") || ends[0].hasPrefix("ipc://") else { return nil }
        self.init(name: parts[0], trades: ends[0], replay: ends[1])
    }
}

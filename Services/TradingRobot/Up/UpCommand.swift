// `trading-robot up`: the whole stack on this machine, supervised, until Ctrl-C or the end of the data.

import Contracts
import Foundation
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let runners = Setting<Int>(
    "runners", default: 1, placeholder: "N", help: "Strategy runners to start.",
    allowed: Setting<Int>.within(1...64))
private let exitWhenDone = Setting<Bool>(
    "exit-when-done", default: false, help: "End when finite data have been traded and booked to the last.")
private let basePort = Setting<Int>(
    "base-port", default: Endpoints.standardBasePort, placeholder: "PORT",
    help: "Moves all ports together; 0: any free ones.", allowed: Setting<Int>.within(0...65_535))
private let transport = Setting<Transport>(
    "transport", default: .tcp,
    help: "How the services talk: TCP on this machine, or sockets in the data folder.")
private let fresh = Setting<Bool>(
    "fresh", default: false, help: "Move the data folder aside and begin anew.")

func ownProcessID() -> Int32 { getpid() }

let upCommand = Command(
    "up", "Runs the whole stack on this machine with the sample strategies, or with those of --strategy.",
    settings: [
        CommonSettings.configuration.declaration, CommonSettings.dataDirectory.declaration,
        CommonSettings.logLevel.declaration, CommonSettings.logFormat.declaration,
        StrategySettings.strategy.declaration, runners.declaration,
        exitWhenDone.declaration, basePort.declaration, transport.declaration, fresh.declaration,
        StackSettings.durability.declaration, StackSettings.snapshotEvery.declaration,
        StackSettings.journalKeep.declaration, StackSettings.journalSegment.declaration,
        RunnerSettings.leaseTerm.declaration,
        StackSettings.database.declaration, StackSettings.source.declaration,
        StackSettings.sources.declaration,
    ] + StrategySettings.pluginDeclarations + DataSettings.declarations + SimulationSettings.declarations,
    tables: [DataSettings.instruments, StrategySettings.table]
) { context in
    var settings = context.settings
    let given = StrategySettings.read(settings)
    settings.set(StrategySettings.strategy, given.definitions)
    try checkFolders(settings)
    let simulation = try SimulationSettings.read(settings)
    let opened = try OpenedSource(settings, start: Timestamp(microseconds: 0))
    let strategies = try wantedStrategies(settings, simulation, opened, mistakes: given.mistakes)
    let folder = try DataFolder(absolute(settings[CommonSettings.dataDirectory]), fresh: settings[fresh])
    let database = settings[StackSettings.database] ?? folder.path + "/trading.db"
    // The services inherit it; as a flag of theirs a password would show in the list of processes.
    if let given = settings[StackSettings.database] { setenv("DATABASE_URL", given, 1) }
    let rows = try writeRows(strategies, database: database)
    let endpoints = try chosenEndpoints(settings, folder.path)
    try endpoints.write(toDataDirectory: folder.path)
    for sentence in opened.description { writeToStandardError(sentence + "\n") }
    let commands = StackCommands(
        settings: settings, endpoints: endpoints, folder: folder.path, runners: settings[runners])
    let code = try supervise(
        commands.all(), endpoints: endpoints, rows: rows, exitWhenDone: settings[exitWhenDone],
        stop: context.stop)
    try sayWhatIsBooked(rows, database: database, folder: folder.path)
    return code
}

/// What the run came to, and the command that proves it.
private func sayWhatIsBooked(_ rows: [StrategyRow], database: String, folder: String) throws {
    let store = try openStore(database, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    let parts = try rows.map { "\(try store.metrics(strategy: $0.id)?.trades ?? 0) trades of \($0.id)" }
    writeToStandardError(
        "Booked: \(parts.joined(separator: ", ")). `trading-robot verify --data-dir \(folder)` proves them.\n"
    )
}

private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
}

/// The terms of the strategies to add: those given, or a sample of each kind when none is.
func wantedStrategies(
    _ settings: Settings, _ simulation: SessionSettings, _ opened: OpenedSource, mistakes: [String]
) throws -> GivenStrategies {
    let folders = StrategySettings.folders(settings)
    var settings = settings
    let areGiven = !settings[StrategySettings.strategy].isEmpty
    if !areGiven {
        let symbols = opened.instruments.map(\.symbol)
        let first = symbols.first ?? "ACME"
        let second = symbols.count > 1 ? symbols[1] : first
        settings.set(
            StrategySettings.strategy,
            [
                StrategyDefinition(
                    id: "sma-\(first.lowercased())", plugin: "sma-crossover", symbols: [first]),
                StrategyDefinition(
                    id: "quoter-\(second.lowercased())", plugin: "quoter", symbols: [second],
                    parameters: ["half_spread=0.01"]),
            ])
    }
    let mistakes = mistakes + unknownSymbols(settings[StrategySettings.strategy], opened)
    var loaded: [String: any StrategyPlugin] = [:]
    let terms = try checkedTerms(settings, simulation, mistakes: mistakes) { id in
        let plugin = try loaded[id] ?? folders.plugin(id: id)
        loaded[id] = plugin
        return plugin
    }
    let recovery = settings[StrategySettings.strategy].map { ($0.id, $0.recovery) }
    return GivenStrategies(
        terms: terms, areGiven: areGiven, recovery: Dictionary(recovery) { first, _ in first })
}

/// Writes the strategies into the database; returns those that should run.
func writeRows(
    _ strategies: GivenStrategies, database: String
) throws -> [StrategyRow] {
    let store = try openStore(database, options: StoreOptions(programVersion: platformVersion))
    defer { try? store.close() }
    let known = try store.strategies()
    // A folder with strategies goes on with them; the samples are for a new one.
    if strategies.areGiven || known.isEmpty {
        var mistakes: [String] = []
        // Those that are known first: one that is refused must not leave new ones behind.
        let isKnown = { (terms: SessionTerms) in known.contains { $0.strategy.id == terms.strategyID } }
        for terms in strategies.terms.filter(isKnown) {
            let row = row(terms, strategies.recovery)
            guard case .refused(let differences) = try store.upsert(row) else { continue }
            let list = differences.map { "\($0.term.rawValue) \($0.stored), not \($0.given)" }
            mistakes.append(
                "strategy \(terms.strategyID) is known with \(list.joined(separator: " and ")). Change "
                    + "a running one with `trading-robot strategies set` or `swap`, use another id, or "
                    + "--fresh for a new data folder (the old one is moved aside).")
        }
        guard mistakes.isEmpty else { throw WrongUse(mistakes) }
        for terms in strategies.terms where !isKnown(terms) {
            _ = try store.upsert(row(terms, strategies.recovery))
        }
    }
    return try store.strategies().map(\.strategy).filter { $0.desiredState != .stopped }
}

/// The strategies of the settings, or the samples.
struct GivenStrategies {
    var terms: [SessionTerms]
    var areGiven: Bool
    var recovery: [String: Recovery]
}

private func row(_ terms: SessionTerms, _ recovery: [String: Recovery]) -> StrategyRow {
    var row = terms.row
    row.recovery = recovery[terms.strategyID] ?? .replay
    return row
}

private func chosenEndpoints(_ settings: Settings, _ folder: String) throws -> Endpoints {
    let count = settings[runners]
    var endpoints =
        switch settings[transport] {
        case .tcp: try Endpoints.tcp(basePort: settings[basePort], runners: count)
        case .ipc: try Endpoints.ipc(dataDirectory: folder, basePort: settings[basePort], runners: count)
        }
    for number in endpoints.runnerHealth.count..<max(count, endpoints.runnerHealth.count) {
        endpoints.runnerHealth.append(endpoints.firstHealthEndpoint(ofRunner: number + 1))
    }
    return endpoints
}

private func supervise(
    _ commands: [ChildCommand], endpoints: Endpoints, rows: [StrategyRow], exitWhenDone: Bool,
    stop: StopSignal
) throws -> ExitCode {
    stop.onStop {}
    let isTerminal = isatty(2) == 1
    var status = StackStatus(endpoints)
    var supervisor = Supervisor(commands) { sentence in writeToStandardError(sentence + "\n") }
    try supervisor.start()
    defer { supervisor.stop() }
    for row in rows {
        writeToStandardError("\(row.id): \(row.plugin) on \(row.symbols.joined(separator: ", "))\n")
    }
    writeToStandardError("Trades are published on \(endpoints.trades). Ctrl-C stops the stack.\n")
    var (nextDrawing, nextCheck) = (ContinuousClock.now, ContinuousClock.now)
    while !stop.isStopping {
        if try supervisor.look() { status.interrupted() }
        if exitWhenDone, nextCheck <= .now {
            nextCheck = .now + .milliseconds(50)
            switch status.completion(strategies: rows.count) {
            case .running: break
            case .done: return .done
            case .doneWithFailures:
                writeToStandardError("A strategy could not go on; its log in the data folder says why.\n")
                return .failed
            }
        }
        if isTerminal, nextDrawing <= .now {
            status.measure()
            status.draw()
            nextDrawing = .now + .milliseconds(500)
        }
        usleep(exitWhenDone ? 20_000 : 50_000)
    }
    return .done
}

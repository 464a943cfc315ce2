// `trading-robot strategies prepare`: what has to be in the database before services are started one by one,
// each in a container or a unit of its own. `up` does the same by itself. Any number of times: what is there
// already stays as it is.

import Contracts
import Logging
import Persistence
import ServiceKit

/// How long a database may take to answer that is started at the same time.
private let patience = Duration.seconds(60)

private let commandName = Setting<String>(
    "command-name", default: "trading-robot", placeholder: "WORDS",
    help: "How this command line is called here; for what is suggested in the end.")

let strategiesPrepareCommand = Command(
    "prepare",
    "Makes the database ready for a stack: its tables, and the strategies of --strategy, or the samples when "
        + "there is none yet.",
    settings: [
        CommonSettings.configuration.declaration, CommonSettings.dataDirectory.declaration,
        CommonSettings.logLevel.declaration, CommonSettings.logFormat.declaration,
        StackSettings.database.declaration, StrategySettings.strategy.declaration, commandName.declaration,
    ] + StrategySettings.pluginDeclarations + DataSettings.declarations + SimulationSettings.declarations,
    tables: [DataSettings.instruments, StrategySettings.table]
) { context in
    var settings = context.settings
    let style = LogStyle(
        service: "trading-robot", instance: "prepare", format: settings[CommonSettings.logFormat])
    let log = Logger.service(style, level: settings[CommonSettings.logLevel])
    do {
        let given = StrategySettings.read(settings)
        settings.set(StrategySettings.strategy, given.definitions)
        try checkFolders(settings)
        let simulation = try SimulationSettings.read(settings)
        let opened = try OpenedSource(settings, start: Timestamp(microseconds: 0))
        let strategies = try wantedStrategies(settings, simulation, opened, mistakes: given.mistakes)
        let rows = try await whenReachable(log) {
            try writeRows(strategies, database: StackSettings.databaseLocation(settings))
        }
        for sentence in opened.description { log.info("\(sentence)") }
        for row in rows {
            log.info("\(row.id): \(row.plugin) on \(row.symbols.joined(separator: ", "))")
        }
        let name = settings[commandName]
        log.info(
            "Ready. To try: `\(name) tail trade/`, `\(name) ledger`, `\(name) metrics`, `\(name) verify`")
        return .done
    } catch  where style.format == .json {
        let sentences = (error as? WrongUse)?.sentences ?? [sentence(for: error)]
        for line in sentences { log.critical("\(line)") }
        return error is WrongUse ? .wrongUse : .failed
    }
}

/// Does something with the database, again and again while it is not there yet.
private func whenReachable<Value>(_ log: Logger, _ work: () throws -> Value) async throws -> Value {
    let end = ContinuousClock.now + patience
    var isSaid = false
    while true {
        do {
            return try work()
        } catch let error as StoreError where error.code == .unreachable && end > .now {
            if !isSaid { log.warning("waiting for the database: \(error.sentence)") }
            isSaid = true
            try await Task.sleep(for: .seconds(1))
        }
    }
}

// `trading-robot strategies list|add|stop|remove`: strategies as rows of the database. The runners see a
// change within half a second; it survives restarts of everything. What comes to a strategy that runs is in
// `StrategyInputCommands`.
//
// A stopped strategy stands still where it is: nothing of it can fill, and once started again it goes through
// all that it has missed, so that the ledger stays what the backtest makes of it.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit
import StrategyHost

private let id = Operand("ID", help: "The strategy.")
/// Where the strategies are.
let strategyPlace: [SettingDeclaration] = [
    CommonSettings.dataDirectory.declaration, StackSettings.database.declaration,
]
private let asJSON = Setting<Bool>("json", default: false, help: "One JSON object a line.")
private let start = Setting<String>(
    "start", default: "beginning", placeholder: "WHEN",
    help: "First market event: beginning (of the journal), live, or a time such as 2013-10-08T13:30:00Z.")

let strategiesCommand = Command(
    "strategies", "Shows, adds, starts, pauses, changes, halts, stops and removes strategies.",
    [
        strategiesListCommand, strategiesAddCommand, strategiesPrepareCommand, strategiesStartCommand,
        strategiesPauseCommand,
        strategiesSetCommand, strategiesSwapCommand, strategiesHaltCommand, strategiesInputsCommand,
        strategiesStopCommand, strategiesRemoveCommand,
    ])

private let strategiesListCommand = Command(
    "list", "Shows the strategies: owner, fence, state, lag.", settings: strategyPlace + [asJSON.declaration]
) { context in
    let store = try opened(context.settings, .readOnly)
    defer { try? store.close() }
    let records = try store.strategies()
    let inputs = Dictionary(grouping: try store.inputs(strategy: nil), by: \.strategy)
    if context.settings[asJSON] {
        for record in records {
            let own = inputs[record.strategy.id] ?? []
            writeToStandardOutput(try json(record, own).text + "\n")
        }
        return .done
    }
    let head = ["id", "plugin", "symbols", "wanted", "state", "owner", "fence", "event", "lag", "reason"]
    let rows = try [head] + records.map { try columns($0, inputs[$0.strategy.id] ?? []) }
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
        var line = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            .joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        writeToStandardOutput(line + "\n")
    }
    return .done
}

/// What is wanted and not in force yet.
private func pending(_ inputs: [OperatorInput]) -> [String] {
    inputs.filter { $0.state == .pending }.map(\.kind.rawValue)
}

private func columns(_ record: StrategyRecord, _ inputs: [OperatorInput]) throws -> [String] {
    let (row, standing) = (record.strategy, record.standing)
    let waiting = pending(inputs)
    let state = standing.state.rawValue + (waiting.isEmpty ? "" : ", \(waiting.listed("and")) pending")
    return [
        row.id, try row.currentVersion(inputs).pluginID, row.symbols.joined(separator: "+"),
        row.desiredState.rawValue,
        state, owner(record) ?? "-", "\(record.fence)", "\(standing.event)",
        "\(standing.lag)", standing.reason,
    ]
}

/// A lease that has run out is nobody's.
private func owner(_ record: StrategyRecord) -> String? { record.isHeld ? record.lease?.owner : nil }

private func json(_ record: StrategyRecord, _ inputs: [OperatorInput]) throws -> JSONValue {
    let (row, standing) = (record.strategy, record.standing)
    let version = try row.currentVersion(inputs)
    return .object([
        .init("id", .string(row.id)), .init("plugin", .string(version.pluginID)),
        .init("symbols", .array(row.symbols.map { .string($0) })),
        .init("wanted", .string(row.desiredState.rawValue)),
        .init("state", .string(standing.state.rawValue)),
        .init("owner", owner(record).map { .string($0) } ?? .null),
        .init("fence", .number("\(record.fence)")), .init("start", .number("\(row.start)")),
        .init("event", .number("\(standing.event)")), .init("lag", .number("\(standing.lag)")),
        .init("reason", .string(standing.reason)),
        .init("recovery", .string(row.recovery.rawValue)),
        .init("pending", .array(pending(inputs).map { .string($0) })),
        .init(
            "parameters",
            .object(version.parameters.map { .init($0.name, .string($0.value)) })),
    ])
}

private let strategiesAddCommand = Command(
    "add", "Adds a strategy and lets it run.",
    settings: strategyPlace + [
        StrategySettings.plugins.declaration, start.declaration, StrategySettings.recovery.declaration,
    ]
        + SimulationSettings.declarations,
    operands: [Operand("DEFINITION", help: StrategyDefinition.placeholder)]
) { context in
    let settings = context.settings
    let definition: StrategyDefinition
    do throws(RefusedValue) {
        definition = try StrategyDefinition.read(context.operands[0])
    } catch {
        throw WrongUse("\"\(context.operands[0])\" is no strategy; allowed is \(error.allowed).")
    }
    var simulation = try SimulationSettings.read(settings)
    var wanted = settings
    wanted.set(StrategySettings.strategy, [definition])
    let folders = PluginFolders(settings[StrategySettings.plugins])
    var terms = try checkedTerms(wanted, simulation) { try folders.plugin(id: $0) }[0]
    terms.start = try firstEvent(settings)
    let from = terms.start
    if let warmUp = WarmUp(text: terms.warmUp), warmUp != .none, from > 1 {
        let reader = try JournalReader(directory: settings[CommonSettings.dataDirectory] + "/market-data")
        terms.start = try WarmUpHistory(warmUp, terms.symbols).start(before: from, in: reader)
        simulation.ordersFrom = terms.start < from ? from : 0
        terms.simulation = simulation.fields.map { SessionTerms.Setting($0.name, $0.value) }
    }
    let store = try opened(settings, .readWrite)
    defer { try? store.close() }
    var row = terms.row
    row.recovery = settings[StrategySettings.recovery]
    switch try store.upsert(row) {
    case .added:
        let warmth = terms.start < from ? ", warmed up on the events from \(terms.start) on" : ""
        writeToStandardOutput("\(definition.id) is added and starts at event \(from)\(warmth)\n")
    case .unchanged: writeToStandardOutput("\(definition.id) is there already, with the same terms\n")
    case .refused(let differences):
        let list = differences.map { "\($0.term.rawValue) \($0.stored), not \($0.given)" }
        throw Failure(
            "other_terms",
            "strategy \(definition.id) is known with \(list.joined(separator: " and ")): use another id")
    }
    return .done
}

/// The first event of a new session.
private func firstEvent(_ settings: Settings) throws -> UInt64 {
    let word = settings[start]
    if word == "beginning" { return 1 }
    let reader = try JournalReader(directory: settings[CommonSettings.dataDirectory] + "/market-data")
    if word == "live" { return reader.lastSeq + 1 }
    guard let date = ISO8601DateFormatter().date(from: word) else {
        throw WrongUse(
            "--start is \"\(word)\"; allowed is beginning, live, or a time such as "
                + "2013-10-08T13:30:00Z.")
    }
    let time = Timestamp(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000)
    var found = reader.lastSeq + 1
    guard reader.lastSeq > 0 else { return found }
    var symbols = SymbolTable()
    var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
    try reader.read(from: reader.firstSeq, through: reader.lastSeq) { seq, json in
        guard (try? MarketEventCodec.decode(json, into: &event, symbols: &symbols)) != nil,
            event.timestamp >= time
        else { return true }
        found = seq
        return false
    }
    return found
}

private let strategiesRemoveCommand = Command(
    "remove", "Removes a stopped strategy. Its trades stay in the ledger.", settings: strategyPlace,
    operands: [id]
) { context in
    let name = context.operands[0]
    let store = try opened(context.settings, .readWrite)
    defer { try? store.close() }
    guard try store.strategies().contains(where: { $0.strategy.id == name }) else { throw unknown(name) }
    guard try store.remove(strategy: name) else {
        throw Failure(
            "still_held",
            "strategy \(name) is not stopped yet: `trading-robot strategies stop \(name)` first; a runner "
                + "gives it back within a second")
    }
    writeToStandardOutput("\(name) is removed\n")
    return .done
}

private let strategiesStopCommand = Command(
    "stop", "Takes a strategy from its runner; its session stands still.", settings: strategyPlace,
    operands: [id]
) { context in
    let strategy = context.operands[0]
    let store = try opened(context.settings, .readWrite)
    defer { try? store.close() }
    guard try store.setDesiredState(.stopped, strategy: strategy) else { throw unknown(strategy) }
    writeToStandardOutput("\(strategy) should be stopped now\n")
    return .done
}

func unknown(_ strategy: String) -> Failure {
    Failure(
        "unknown_strategy",
        "there is no strategy \(strategy): `trading-robot strategies list` shows those there are")
}

func opened(_ settings: Settings, _ access: StoreOptions.Access) throws -> any Store {
    try openStore(StackSettings.databaseLocation(settings), options: StoreOptions(access: access))
}

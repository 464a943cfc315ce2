// `trading-robot strategies start|pause|set|swap|halt|inputs`: what comes to a strategy from outside. A
// command notes a wish in the database; the runner that holds the strategy makes it an input of its session
// after some event, and says after which. So wishes survive restarts of everything, and every rerun has them
// at the same place.

import Contracts
import Foundation
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

private let id = Operand("ID", help: "The strategy.")
private let reason = Setting<String>("reason", default: "", placeholder: "TEXT", help: "Why; kept with it.")
private let wait = Setting<Int>(
    "wait", default: 10, placeholder: "SECONDS",
    help: "How long to wait until it is in force; it comes in force later in any case.",
    allowed: Setting<Int>.within(0...86_400))
private let all = Setting<Bool>("all", default: false, help: "All strategies.")
private let plugin = Setting<String>("plugin", default: "", placeholder: "ID", help: "The new plugin's id.")
private let asJSON = Setting<Bool>("json", default: false, help: "One JSON object a line.")
private let common = strategyPlace + [reason.declaration, wait.declaration]

// MARK: commands

let strategiesPauseCommand = Command(
    "pause",
    "Cancels a strategy's orders and rejects later ones until `start`; it goes on seeing the market.",
    settings: common, operands: [id]
) { context in try operate(context) { _, _, _ in [(.pause, nil)] } }

let strategiesStartCommand = Command(
    "start", "Lets a stopped, paused, halted or failed strategy go on.",
    settings: common + [StrategySettings.plugins.declaration, StrategySettings.recovery.declaration],
    operands: [id]
) { context in
    let settings = context.settings
    return try operate(context) { store, record, inputs in
        let name = record.strategy.id
        if settings.isGiven(StrategySettings.recovery) {
            _ = try store.setRecovery(settings[StrategySettings.recovery], strategy: name)
        }
        _ = try store.setDesiredState(.running, strategy: name)
        let hold = inputs.last { [.pause, .halt, .resume].contains($0.kind) && $0.state != .refused }
        let holds = hold.map { $0.kind != .resume } ?? false
        var wanted: [Wanted] = holds ? [(.resume, nil)] : []
        let resumes =
            settings.isGiven(StrategySettings.recovery) && settings[StrategySettings.recovery] == .resume
        switch record.standing.state {
        case .stopped: wanted.append((.restart, try current(record, inputs, settings)))
        case .paused where !holds, .failed:
            wanted.append(resumes ? (.restart, try current(record, inputs, settings)) : (.retry, nil))
        default: break
        }
        return wanted
    }
}

let strategiesSetCommand = Command(
    "set", "Changes parameters of a strategy, at an event: its session goes on.",
    settings: common + [StrategySettings.plugins.declaration],
    operands: [id, Operand("KEY=VALUE", repeated: true, help: "A parameter and its new value.")]
) { context in
    try operate(context) { _, record, inputs in
        let before = try record.strategy.currentVersion(inputs)
        let version = try newVersion(
            record.strategy, before.pluginID, before.parameters, context.operands.dropFirst(),
            context.settings)
        guard version.parameters != before.parameters else {
            throw Failure("no_change", "\(record.strategy.id) has these parameters already")
        }
        return [(.set, version)]
    }
}

let strategiesSwapCommand = Command(
    "swap", "Lets another plugin take a strategy over, at an event: its session goes on.",
    settings: common + [StrategySettings.plugins.declaration, plugin.declaration],
    operands: [
        id, Operand("KEY=VALUE", required: false, repeated: true, help: "A parameter of the new plugin."),
    ]
) { context in
    let settings = context.settings
    guard !settings[plugin].isEmpty else { throw WrongUse("--plugin names the new plugin.") }
    return try operate(context) { _, record, inputs in
        let before = try record.strategy.currentVersion(inputs)
        let version = try newVersion(
            record.strategy, settings[plugin], before.parameters, context.operands.dropFirst(), settings)
        guard version.pluginID != before.pluginID || version.parameters != before.parameters else {
            throw Failure("no_change", "\(record.strategy.id) is run by \(version.pluginID) already")
        }
        return [(.swap, version)]
    }
}

let strategiesHaltCommand = Command(
    "halt",
    "The kill switch: cancels orders and rejects later ones in the simulator, as soon as it has caught up "
        + "with the strategy, until `start`.",
    settings: common + [all.declaration],
    operands: [Operand("ID", required: false, repeated: true, help: "The strategies.")]
) { context in
    let store = try opened(context.settings, .readWrite)
    defer { try? store.close() }
    let known = try store.strategies().map(\.strategy.id)
    let names = context.settings[all] ? known : context.operands
    guard !names.isEmpty else { throw WrongUse("name the strategies to halt, or --all.") }
    if let name = names.first(where: { !known.contains($0) }) { throw unknown(name) }
    var noted: [OperatorInput] = []
    for name in names {
        let input = OperatorInput(
            id: randomEpoch(), strategy: name, kind: .halt, reason: context.settings[reason])
        _ = try store.want(input)
        noted.append(input)
    }
    return try report(noted, store, context)
}

let strategiesInputsCommand = Command(
    "inputs", "Shows what came to strategies from outside, and what became of it.",
    settings: strategyPlace + [asJSON.declaration],
    operands: [Operand("ID", required: false, help: "The strategy; all without one.")]
) { context in
    let store = try opened(context.settings, .readOnly)
    defer { try? store.close() }
    for input in try store.inputs(strategy: context.operands.first) {
        if context.settings[asJSON] {
            writeToStandardOutput(
                JSONValue.object([
                    .init("id", .string(input.id)), .init("strategy", .string(input.strategy)),
                    .init("kind", .string(input.kind.rawValue)),
                    .init("state", .string(input.state.rawValue)),
                    .init("event", .number("\(input.event)")), .init("reason", .string(input.reason)),
                    .init("sentence", .string(input.sentence)),
                ]).text + "\n")
        } else {
            writeToStandardOutput(sentence(input) + "\n")
        }
    }
    return .done
}

// MARK: inside

private typealias Wanted = (kind: OperatorInput.Kind, version: StrategyInput.Version?)

/// Notes what one strategy should do, and waits for it.
private func operate(
    _ context: CommandContext,
    _ body: (any Store, StrategyRecord, [OperatorInput]) throws -> [Wanted]
) throws -> ExitCode {
    let name = context.operands[0]
    let store = try opened(context.settings, .readWrite)
    defer { try? store.close() }
    guard let record = try store.strategies().first(where: { $0.strategy.id == name }) else {
        throw unknown(name)
    }
    var noted: [OperatorInput] = []
    for wanted in try body(store, record, try store.inputs(strategy: name)) {
        let input = OperatorInput(
            id: randomEpoch(), strategy: name, kind: wanted.kind, version: wanted.version,
            reason: context.settings[reason])
        _ = try store.want(input)
        noted.append(input)
    }
    if noted.isEmpty { writeToStandardOutput("\(name) should be running now\n") }
    return try report(noted, store, context)
}

/// Waits until the wishes are settled, and says what became of each.
private func report(
    _ noted: [OperatorInput], _ store: any Store, _ context: CommandContext
) throws -> ExitCode {
    let deadline = ContinuousClock.now + .seconds(context.settings[wait])
    var found = noted
    while true {
        let rows = try store.inputs(strategy: nil)
        found = noted.map { input in rows.first { $0.id == input.id } ?? input }
        if !found.contains(where: { $0.state == .pending }) || ContinuousClock.now >= deadline { break }
        usleep(50_000)
    }
    for input in found { writeToStandardOutput(sentence(input) + "\n") }
    return found.contains { $0.state == .refused || $0.state == .reverted } ? .failed : .done
}

private func sentence(_ input: OperatorInput) -> String {
    let what = "\(input.strategy): \(input.kind.rawValue)"
    let why = input.sentence.isEmpty ? "" : ": \(input.sentence)"
    return switch input.state {
    case .pending where input.kind == .halt:
        "\(input.strategy): halt pending; it acts when a runner has the strategy and has caught up. Until "
            + "then its session stands still."
    case .pending: "\(what) is noted; it comes in force at an event once a runner has the strategy"
    case .applied where input.event > 0: "\(what) is in force after event \(input.event)"
    case .applied: "\(what) is done"
    case .refused: "\(what) is refused\(why)"
    case .reverted: "\(what) was taken back after event \(input.event)\(why)"
    }
}

extension StrategyRow {
    /// The plugin and the parameters that act now, as far as inputs are in force.
    func currentVersion(_ inputs: [OperatorInput]) throws -> StrategyInput.Version {
        try inputs.last { $0.state == .applied && $0.version != nil }?.version ?? version
    }
}

/// A new version of a strategy: parameters as they were where the plugin has them, and as they are given.
///
/// - Throws: `WrongUse` with everything that the plugin does not take.
private func newVersion(
    _ row: StrategyRow, _ pluginID: String, _ before: [SessionTerms.Setting], _ given: some Sequence<String>,
    _ settings: Settings
) throws -> StrategyInput.Version {
    let plugin = try PluginFolders(settings[StrategySettings.plugins]).plugin(id: pluginID)
    let given = Array(given)
    let names = Set(given.map { String($0.prefix { $0 != "=" }) })
    let kept = before.filter { setting in
        !names.contains(setting.name) && plugin.metadata.parameters.contains { $0.name == setting.name }
    }
    do {
        let definition = StrategyDefinition(
            id: row.id, plugin: pluginID, symbols: row.symbols,
            parameters: kept.map { "\($0.name)=\($0.value)" } + given)
        let terms = try definition.terms(plugin: plugin, simulation: SessionSettings())
        // Parameters can be wrong together, which only the strategy itself knows.
        let places = terms.symbols.indices.map { SymbolIndex(Int32($0)) }
        try HostedStrategy.make(terms, plugin: plugin, symbols: places).cleanup()
        return terms.version
    } catch let error as InvalidParameters {
        throw WrongUse(error.problems.map { "strategy \(row.id): \($0.sentence)." })
    } catch let error as StrategyFailure {
        throw WrongUse("\(error).")
    }
}

/// The version that acts, as its plugin is now.
private func current(
    _ record: StrategyRecord, _ inputs: [OperatorInput], _ settings: Settings
) throws -> StrategyInput.Version {
    let version = try record.strategy.currentVersion(inputs)
    return try newVersion(record.strategy, version.pluginID, version.parameters, [], settings)
}

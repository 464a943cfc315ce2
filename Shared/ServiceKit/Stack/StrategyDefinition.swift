// From what a user writes to what a session is made of: `ID=PLUGIN:SYMBOL[+SYMBOL…][:key=value,…]`, checked
// against the plugin before anything starts, and back from a row of the database.

import Contracts
import Persistence
import StrategyHost
import TradingCore

/// One `--strategy`, as written.
package struct StrategyDefinition: Sendable, Equatable, ScalarSettingValue {
    package var id: String
    package var plugin: String
    package var symbols: [String]
    /// `key=value`, unchecked.
    package var parameters: [String]
    package var recovery = Recovery.replay
    /// Where in a file each key stands; empty for a strategy that was given as one text.
    private var places: [String: SettingOrigin]

    package init(
        id: String, plugin: String, symbols: [String], parameters: [String] = [],
        places: [String: SettingOrigin] = [:]
    ) {
        self.id = id
        self.plugin = plugin
        self.symbols = symbols
        self.parameters = parameters
        self.places = places
    }

    /// Where a strategy was written down makes no difference to it.
    package static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.plugin == right.plugin && left.symbols == right.symbols
            && left.parameters == right.parameters
    }

    /// What stands before a sentence about one of its parameters: how to find it again.
    package func path(ofParameter name: String) -> String {
        guard let place = places[name] ?? places["parameters"] else { return "strategy \(id): " }
        return "\(place): strategies.\(id).parameters."
    }

    /// The same for its plugin.
    package var pathOfPlugin: String {
        places["plugin"].map { "\($0): strategies.\(id).plugin: " } ?? "strategy \(id): "
    }

    package static var placeholder: String { "ID=PLUGIN:SYMBOL[+SYMBOL…][:key=value,…]" }

    package static func read(_ text: String) throws(RefusedValue) -> StrategyDefinition {
        let refusal = RefusedValue(
            "ID=PLUGIN:SYMBOL[+SYMBOL…][:key=value,…], as in sma-ibm=sma-crossover:IBM:fast=10")
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { throw refusal }
        let parts = halves[1].split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2 else { throw refusal }
        let definition = StrategyDefinition(
            id: String(halves[0]), plugin: String(parts[0]),
            symbols: parts[1].split(separator: "+", omittingEmptySubsequences: false).map(String.init),
            parameters: parts.count < 3 ? [] : parts[2].split(separator: ",").map(String.init))
        try definition.checkNames()
        return definition
    }

    fileprivate func checkNames() throws(RefusedValue) {
        guard [id, plugin].allSatisfy({ NameRule.identifier.accepts($0.utf8) }) else {
            throw RefusedValue("ids of 1 to 40 of A-Z a-z 0-9 . _ -")
        }
        // All strategies together are published under this name.
        guard id != "portfolio" else { throw RefusedValue("another id than portfolio") }
        guard !symbols.isEmpty, symbols.allSatisfy({ NameRule.symbol.accepts($0.utf8) }),
            Set(symbols).count == symbols.count
        else { throw RefusedValue("symbols of 1 to 32 of A-Z a-z 0-9 . _ -, each once") }
    }

    package var settingText: String {
        let tail = parameters.isEmpty ? "" : ":" + parameters.joined(separator: ",")
        return "\(id)=\(plugin):\(symbols.joined(separator: "+"))\(tail)"
    }

    /// The terms of the strategy's session, its parameters checked against the plugin's schema.
    ///
    /// - Throws: `InvalidParameters` with everything that is wrong.
    package func terms(
        plugin: any StrategyPlugin, simulation: SessionSettings
    ) throws(InvalidParameters) -> SessionTerms {
        let values = try ParameterValues(parameters, for: plugin.metadata.parameters)
        return SessionTerms(
            strategyID: id, pluginID: plugin.metadata.id, pluginVersion: plugin.metadata.version,
            pluginSHA256: fileSHA256(plugin.path) ?? "", symbols: symbols,
            parameters: values.entries.map { SessionTerms.Setting($0.name, $0.value.text) },
            simulation: simulation.fields.map { SessionTerms.Setting($0.name, $0.value) },
            warmUp: plugin.metadata.warmUp?.warmUp(values).text ?? "")
    }
}

extension SessionTerms {
    /// The row of the database that the session comes from.
    package var row: StrategyRow {
        StrategyRow(
            id: strategyID, plugin: pluginID, symbols: symbols, parameters: Self.json(parameters),
            simulation: Self.json(simulation), start: start)
    }

    /// The terms behind a row, with the plugin as it is now.
    ///
    /// - Throws: `JSONError` or `InvalidParameters` when the row and the plugin do not agree.
    package static func of(_ row: StrategyRow, plugin: any StrategyPlugin) throws -> SessionTerms {
        let parameters = try settings(row.parameters)
        let definition = StrategyDefinition(
            id: row.id, plugin: row.plugin, symbols: row.symbols,
            parameters: parameters.map { "\($0.name)=\($0.value)" })
        let simulation = try SessionSettings(fields: settings(row.simulation).map { ($0.name, $0.value) })
        var terms = try definition.terms(plugin: plugin, simulation: simulation)
        terms.start = row.start
        return terms
    }

    /// The terms behind a row with another version of the strategy.
    package static func of(_ row: StrategyRow, version: StrategyInput.Version) throws -> SessionTerms {
        SessionTerms(
            strategyID: row.id, pluginID: version.pluginID, pluginVersion: version.pluginVersion,
            pluginSHA256: version.pluginSHA256, symbols: row.symbols, parameters: version.parameters,
            simulation: try settings(row.simulation), warmUp: version.warmUp, start: row.start)
    }

    fileprivate static func json(_ settings: [Setting]) -> String {
        JSONValue.object(settings.map { .init($0.name, .string($0.value)) }).text
    }

    fileprivate static func settings(_ json: String) throws -> [Setting] {
        guard case .object(let members) = try JSONValue(parsing: json) else { return [] }
        return members.compactMap { member in member.value.asString.map { Setting(member.name, $0) } }
    }
}

extension StrategyRow {
    /// The plugin and the parameters with which the strategy begins.
    package var version: StrategyInput.Version {
        get throws {
            StrategyInput.Version(
                pluginID: plugin, pluginVersion: "", pluginSHA256: "",
                parameters: try SessionTerms.settings(parameters), warmUp: "")
        }
    }
}

extension HostedStrategy {
    /// The strategy of a session, ready for its first event.
    ///
    /// - Parameters:
    ///   - waits: whether calls wait for a plugin in a process of its own; else it may be pending.
    ///   - watches: whether it is a version that begins without acting.
    ///   - restored: the state of a snapshot to go on from.
    /// - Throws: `InvalidParameters`, `SettingsError` or `StrategyFailure`.
    package static func make(
        _ terms: SessionTerms, plugin: any StrategyPlugin, symbols: [SymbolIndex],
        waits: Bool = true, watches: Bool = false, restored: [UInt8]? = nil,
        onLog: ((_ level: UInt32, _ text: String) -> Void)? = nil
    ) throws -> HostedStrategy {
        let texts = terms.parameters.map { "\($0.name)=\($0.value)" }
        let settings = try SessionSettings(fields: terms.simulation.map { ($0.name, $0.value) })
        let warmUp = WarmUp(text: terms.warmUp) ?? .none
        let snapshot = try restored.map { bytes in
            do throws(StateError) {
                return try HostedSnapshot(
                    bytes: bytes, symbols: symbols, warmUp: warmUp, ordersFrom: settings.ordersFrom)
            } catch {
                throw SnapshotFrame.Refusal("the snapshot of \(terms.strategyID) cannot be read")
            }
        }
        return try HostedStrategy(
            id: terms.strategyID, instance: plugin.makeInstance(waits: waits), symbols: symbols,
            names: terms.symbols,
            parameters: ParameterValues(texts, for: plugin.metadata.parameters), cash: settings.cash,
            warmUp: warmUp, ordersFrom: settings.ordersFrom, watches: watches, from: snapshot,
            onLog: onLog)
    }
}

/// Settings of the strategies, for `up` and `backtest`.
package enum StrategySettings {
    package static let strategy = Setting<[StrategyDefinition]>(
        "strategy", default: [], section: "strategies",
        help: "A strategy to run. Repeatable.")
    package static let plugins = Setting<[String]>(
        "plugins", default: ["./plugins"], placeholder: "DIR", separator: ",",
        help: "Folders with strategy plugins, beside the built ones.")

    /// In a file: `strategies: ID:` with `plugin`, `symbols`, and `parameters` as keys with values.
    package static let table = SettingTable(
        ["strategies"],
        columns: [
            plugin.declaration, symbols.declaration, parameters.declaration, recovery.declaration,
        ],
        mapping: parameters.name, help: "A strategy to run, in place of --strategy.")
    private static let plugin = Setting<String?>("plugin", default: nil, help: "The plugin's id.")
    private static let symbols = Setting<[String]>(
        "symbols", default: [], separator: "+", help: "What it trades.")
    private static let parameters = Setting<[String]>(
        "parameters", default: [], help: "key=value, or keys with values.")

    /// The strategies of `--strategy`, or else those of the file's table, in the order of their ids, and a
    /// sentence for every row that is not whole.
    package static func read(
        _ settings: Settings
    ) -> (definitions: [StrategyDefinition], mistakes: [String]) {
        guard !settings.isGiven(strategy) else { return (settings[strategy], []) }
        var mistakes: [String] = []
        var definitions: [StrategyDefinition] = []
        for row in settings[table] {
            guard let plugin = row[plugin] ?? nil else {
                mistakes.append("strategies.\(row.name) names no plugin.")
                continue
            }
            var definition = StrategyDefinition(
                id: row.name, plugin: plugin, symbols: row[symbols] ?? [], parameters: row[parameters] ?? [],
                places: row.places)
            definition.recovery = row[recovery] ?? .replay
            do throws(RefusedValue) {
                try definition.checkNames()
                definitions.append(definition)
            } catch {
                mistakes.append("strategies.\(row.name): allowed are \(error.allowed).")
            }
        }
        return (definitions, mistakes)
    }

    package static let recovery = Setting<Recovery>(
        "recovery", default: .replay,
        help: "What becomes of a strategy that does not decide the same again from the same data: it stands "
            + "still and says so (replay), or begins afresh where it stood (resume).")
    package static let isolation = Setting<PluginIsolation>(
        "isolation", default: .auto,
        help: "Where native plugins run: in the runner (none), in processes of their own (process), or only "
            + "those that come with the platform in the runner (auto).")
    package static let pluginDeadline = Setting<Int>(
        "plugin-deadline", default: 10, placeholder: "SECONDS",
        help: "A plugin in a process of its own that has not answered for so long is stopped.",
        allowed: Setting<Int>.within(1...3_600))
    package static let pluginMemory = Setting<Int>(
        "plugin-memory", default: 1_024, placeholder: "MIB",
        help: "Memory of a plugin in a process of its own.", allowed: Setting<Int>.within(64...1_048_576))

    /// What decides which plugins there are and how they run.
    package static var pluginDeclarations: [SettingDeclaration] {
        [plugins.declaration, isolation.declaration, pluginDeadline.declaration, pluginMemory.declaration]
    }

    /// The plugin folders of these settings.
    package static func folders(_ settings: Settings) -> PluginFolders {
        var folders = PluginFolders(settings[plugins])
        folders.isolation = settings[isolation]
        folders.limits.answerMilliseconds = settings[pluginDeadline] * 1_000
        folders.limits.startMilliseconds = settings[pluginDeadline] * 3_000
        folders.limits.memory = UInt64(settings[pluginMemory]) << 20
        return folders
    }

    /// The same as flags of another program.
    package static func flags(_ settings: Settings) -> [String] {
        settings[plugins].flatMap { ["--plugins", $0] } + [
            "--isolation", settings[isolation].rawValue, "--plugin-deadline", "\(settings[pluginDeadline])",
            "--plugin-memory", "\(settings[pluginMemory])",
        ]
    }
}

extension PluginIsolation: ScalarSettingValue {}
extension Recovery: ScalarSettingValue {}

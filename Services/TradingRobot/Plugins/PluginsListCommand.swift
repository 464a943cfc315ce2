// `trading-robot plugins list`: every plugin that can be found with what may be configured, and for each file
// that cannot be used the exact reason.

import Contracts
import Foundation
import ServiceKit
import StrategyHost

private let asJSON = Setting<Bool>("json", default: false, help: "Print the result as one JSON object.")

let pluginsListCommand = Command(
    "list", "Shows every plugin that is found, and why a file cannot be used.",
    settings: [
        CommonSettings.configuration.declaration, asJSON.declaration,
    ] + StrategySettings.pluginDeclarations
) { context in
    let settings = context.settings
    try checkFolders(settings)
    let list = PluginList(StrategySettings.folders(settings))
    writeToStandardOutput(settings[asJSON] ? list.json : list.text)
    return .done
}

/// A folder that was named and is not there would look like one without plugins.
func checkFolders(_ settings: Settings) throws(WrongUse) {
    guard settings.isGiven(StrategySettings.plugins) else { return }
    let origin = settings.origin(of: StrategySettings.plugins)
    let missing = settings[StrategySettings.plugins].filter { folder in
        var isFolder: ObjCBool = false
        return !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) || !isFolder.boolValue
    }
    guard missing.isEmpty else {
        throw WrongUse(missing.map { "plugins is \"\($0)\" (\(origin)): there is no such folder." })
    }
}

/// The plugins of some folders, with their state.
struct PluginList {
    enum State: String {
        /// Can be used.
        case ready
        /// Another file with the same id comes first.
        case hidden
        /// Cannot be used.
        case failed
    }

    private struct Row {
        var path: String
        var state: State
        var metadata: PluginMetadata?
        /// Of `failed` and `hidden`.
        var code = ""
        var reason = ""

        var kind: String {
            path.hasSuffix(".py") ? "python" : path.hasSuffix("/plugin.json") ? "executable" : "native"
        }
    }

    private var rows: [Row] = []

    init(_ folders: PluginFolders) {
        var paths: [String: String] = [:]
        for listing in folders.list() {
            switch listing.outcome {
            case .failure(let error):
                rows.append(
                    Row(
                        path: listing.path, state: .failed, metadata: nil, code: error.code.rawValue,
                        reason: error.sentence))
            case .success(let plugin):
                var row = Row(path: listing.path, state: .ready, metadata: plugin.metadata)
                if let first = paths[plugin.metadata.id] {
                    row.state = .hidden
                    row.code = "same_id"
                    row.reason = "\(first) has the same id and comes first; --plugins names the order"
                } else {
                    paths[plugin.metadata.id] = listing.path
                }
                rows.append(row)
            }
        }
    }

    /// For a person: plugins that can be used, then what cannot.
    var text: String {
        var lines: [String] = []
        for row in rows {
            guard row.state == .ready, let metadata = row.metadata else { continue }
            lines.append(
                "\(metadata.id) \(metadata.version) (\(row.kind), \(row.state.rawValue)) \(row.path)")
            if !metadata.description.isEmpty { lines.append("    \(metadata.description)") }
            for parameter in metadata.parameters { lines.append("    " + Self.text(parameter)) }
            if let warmUp = metadata.warmUp { lines.append("    warm-up: \(Self.text(warmUp))") }
        }
        for row in rows where row.state != .ready {
            let name = row.metadata.map { "\($0.id) \($0.version)" } ?? "-"
            lines.append("\(name) (\(row.kind), \(row.state.rawValue)) \(row.path)")
            for line in row.reason.split(whereSeparator: \.isNewline) { lines.append("    \(line)") }
        }
        if rows.isEmpty {
            lines.append("No plugin was found. `trading-robot plugins new NAME --language swift` writes one.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ parameter: ParameterDeclaration) -> String {
        let what = parameter.description.isEmpty ? "" : ": \(parameter.description)"
        return "\(parameter.name)=\(parameter.defaultValue.text) (\(parameter.allowed))\(what)"
    }

    private static func text(_ warmUp: WarmUpDeclaration) -> String {
        switch warmUp.amount {
        case .number(let count): "\(count) \(warmUp.unit.rawValue)"
        case .parameter(let name): "\(name) \(warmUp.unit.rawValue)"
        }
    }

    /// `{"plugins":[{"path","kind","state","id",…,"parameters":SCHEMA} or {…,"code","reason"}]}`.
    var json: String {
        var writer = JSONWriter(capacity: 4_096)
        writer.beginObject()
        writer.beginArray("plugins")
        for row in rows {
            writer.beginObject()
            writer.field("path", row.path)
            writer.field("kind", row.kind)
            writer.field("state", row.state.rawValue)
            if let metadata = row.metadata { Self.write(metadata, &writer) }
            if row.state != .ready {
                writer.field("code", row.code)
                writer.field("reason", row.reason)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.string + "\n"
    }

    private static func write(_ metadata: PluginMetadata, _ writer: inout JSONWriter) {
        writer.field("id", metadata.id)
        writer.field("name", metadata.name)
        writer.field("version", metadata.version)
        writer.field("description", metadata.description)
        writer.beginArray("intervals")
        for interval in metadata.barIntervals { writer.value(Int64(interval)) }
        writer.endArray()
        if let warmUp = metadata.warmUp {
            writer.beginObject("warm_up")
            writer.key(warmUp.unit.rawValue)
            switch warmUp.amount {
            case .number(let count): writer.value(count)
            case .parameter(let name): writer.value(name)
            }
            writer.endObject()
        }
        let schema = metadata.parameterSchema
        let text = schema.isEmpty ? #"{"type":"object","properties":{}}"# : schema
        Array(text.utf8).withUnsafeBytes { writer.field("parameters", raw: $0) }
    }
}

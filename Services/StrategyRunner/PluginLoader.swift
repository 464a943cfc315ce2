// Looks for plugins beside the bus thread: a plugin in a process of its own is started to be asked what it
// is, and nobody else may wait for that.

import Dispatch
import Messaging
import StrategyHost

final class PluginLoader: Sendable {
    private let folders: PluginFolders
    private let bus: Bus
    /// One at a time: loading a library runs its code.
    private let queue = DispatchQueue(label: "plugin loader")

    init(_ folders: PluginFolders, bus: Bus) {
        self.folders = folders
        self.bus = bus
    }

    /// Finds a plugin; `body` gets it on the bus thread.
    func load(
        _ id: String, _ body: @escaping (Result<any StrategyPlugin, PluginError>) -> Void
    ) {
        let body = BusOnly(body)
        queue.async { [folders, bus] in
            let found: Result<any StrategyPlugin, PluginError>
            do throws(PluginError) {
                found = .success(try folders.plugin(id: id))
            } catch {
                found = .failure(error)
            }
            bus.post { body.value(found) }
        }
    }
}

/// Something that only the bus thread touches, on its way there.
///
/// Sendable: whoever holds it meanwhile does nothing with it.
private struct BusOnly<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

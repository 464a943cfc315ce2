// A plugin, whatever it is made of: what the platform wants to know before it makes a strategy of it.

/// What a plugin is made of.
package enum PluginKind: String, Sendable {
    /// A shared library with the C interface.
    case native
    /// A Python file.
    case python
    /// A program that speaks the protocol, with a `plugin.json`.
    case executable
}

/// Where native plugins run; everything else always has a process of its own.
package enum PluginIsolation: String, CaseIterable, Sendable {
    /// Those that come with the platform in the runner, all others in a process of their own.
    case auto
    /// All in a process of their own.
    case process
    /// All in the runner: faster, and a fault in one of them ends the runner.
    case none
}

package protocol StrategyPlugin: Sendable {
    /// The file that is the plugin: its digest is kept with every session.
    var path: String { get }
    var kind: PluginKind { get }
    /// Whether its strategies run in a process of their own.
    var isIsolated: Bool { get }
    var metadata: PluginMetadata { get }
    /// A new instance, to be given to one `HostedStrategy`.
    ///
    /// - Parameter waits: whether a call waits for its answer, as in a backtest. Else the strategy may be
    ///   pending (`HostedStrategy.isPending`).
    func makeInstance(waits: Bool) -> any StrategyInstance
}

extension NativePlugin: StrategyPlugin {
    package var kind: PluginKind { .native }
    package var isIsolated: Bool { false }
    package func makeInstance(waits: Bool) -> any StrategyInstance { makeInstance() }
}

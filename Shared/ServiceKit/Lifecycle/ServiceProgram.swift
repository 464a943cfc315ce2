// What a service's main declares, and what its bus thread is given.

import Logging

/// The declaration of one service.
package struct ServiceProgram: Sendable {
    package var name: String
    package var summary: String
    package var settings: [SettingDeclaration]
    package var tables: [SettingTable]
    /// The default of `--source`.
    package var source: Setting<String>
    /// Where health is served unless `--health-endpoint` says otherwise.
    package var health: @Sendable (Settings) -> (HTTPAddress, TakenPort)
    /// Keys that the stack's shared file may hold for other programs.
    package var tolerated: [String]

    /// - Parameters:
    ///   - name: of the executable.
    ///   - source: the default instance name.
    ///   - healthPort: the default port.
    package init(
        name: String, summary: String, source: String, healthPort: Int, settings: [SettingDeclaration],
        tables: [SettingTable] = [], tolerated: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.settings = settings
        self.tables = tables
        self.source = CommonSettings.source(default: source)
        self.tolerated = tolerated
        health = { _ in (HTTPAddress(port: healthPort), .refuse) }
    }

    /// Every setting: the common ones, then the program's own.
    var allSettings: [SettingDeclaration] {
        [
            CommonSettings.configuration.declaration, CommonSettings.dataDirectory.declaration,
            CommonSettings.logLevel.declaration, CommonSettings.logFormat.declaration,
            CommonSettings.healthEndpoint.declaration, CommonSettings.parentProcess.declaration,
            source.declaration,
        ] + settings
    }

    var help: String {
        let head = SettingsHelp.wrapped(summary, indent: 0).joined(separator: "\n")
        return "\(head)\n\nUsage: \(name) [settings]\n\nSettings (flag, environment, or file of --config):\n"
            + SettingsHelp.text(allSettings, tables: tables) + "\n"
    }
}

/// What the body of a service works with. The body runs on the bus thread and blocks until it is stopped.
package struct ServiceContext: Sendable {
    package let settings: Settings
    /// The instance name: `source` in events.
    package let instance: String
    /// Whether somebody chose the instance name.
    package let isNamed: Bool
    package let log: Logger
    package let metrics: MetricsRegistry
    package let health: Health
    /// Register what ends the body: `context.stop.onStop { bus.wake() }`.
    package let stop: StopSignal

    /// The data folder.
    package var dataDirectory: String { settings[CommonSettings.dataDirectory] }
}

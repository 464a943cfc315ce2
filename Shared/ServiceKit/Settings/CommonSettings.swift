// The settings that every program has, so that all of them are started, watched and read alike.

import Contracts

/// How a log line is written.
package enum LogFormat: String, CaseIterable, ScalarSettingValue { case human, json }

/// The least severe level that is logged.
package enum LogLevel: String, CaseIterable, ScalarSettingValue {
    case trace, debug, info, notice, warning, error, critical
}

/// The settings of every program.
package enum CommonSettings {
    package static let configuration = Setting<String?>(
        "config", default: nil, placeholder: "FILE",
        help: "YAML file with settings; flags and environment come first.")
    package static let dataDirectory = Setting<String>(
        "data-dir", default: "./data", placeholder: "DIR",
        help: "Folder of the journals, the database, logs and endpoints.json.",
        allowed: { value throws(RefusedValue) in
            if value.isEmpty { throw RefusedValue("the path of a folder") }
        })
    package static let logLevel = Setting<LogLevel>(
        "log-level", default: .info, help: "The least severe log lines to write.")
    package static let logFormat = Setting<LogFormat>(
        "log-format", default: .human, help: "Log lines for people, or one JSON object a line.")
    package static let parentProcess = Setting<Int>(
        "parent-pid", default: 0, placeholder: "PID",
        help: "Stop when this parent process is gone; 0: never.", allowed: Setting.within(0...Int(Int32.max)))

    /// Where health and metrics are served. Nil stands for the program's own port.
    package static let healthEndpoint = Setting<String?>(
        "health-endpoint", default: nil, placeholder: "http://HOST:PORT",
        help: "Where /health, /ready and /metrics are served; port 0: any free one.",
        allowed: { value throws(RefusedValue) in
            if let value, HTTPAddress(value) == nil { throw RefusedValue("http://HOST:PORT") }
        })

    /// The instance name, in the `source` of events and in every log line.
    package static func source(default standard: String) -> Setting<String> {
        Setting(
            "source", default: standard, placeholder: "NAME", help: "The name of this instance.",
            allowed: { value throws(RefusedValue) in
                guard NameRule.identifier.accepts(value.utf8) else {
                    throw RefusedValue("1 to 40 of A-Z a-z 0-9 . _ -")
                }
            })
    }
}

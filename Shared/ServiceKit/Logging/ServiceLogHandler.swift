// Log lines to standard error: for people, or one JSON object a line. The same fields everywhere: time,
// level, service, instance, message, metadata by name. A line is one write, so lines of several threads do
// not mix. Never call a logger in a loop over events: a line costs a system call.

import Logging

/// Who writes, and how.
package struct LogStyle: Sendable {
    package var service: String
    package var instance: String
    package var format: LogFormat
    package init(service: String, instance: String, format: LogFormat) {
        self.service = service
        self.instance = instance
        self.format = format
    }
}

/// The log handler of every program.
package struct ServiceLogHandler: LogHandler {
    private let style: LogStyle
    private let write: @Sendable (String) -> Void
    private let clock: @Sendable () -> Int64
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level

    /// - Parameters:
    ///   - write: takes a whole line with its newline; standard error unless told otherwise.
    ///   - clock: microseconds since 1970.
    package init(
        style: LogStyle, level: Logger.Level, clock: @escaping @Sendable () -> Int64 = UTCTime.now,
        write: @escaping @Sendable (String) -> Void = writeToStandardError
    ) {
        self.style = style
        self.write = write
        self.clock = clock
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provider = metadataProvider { all.merge(provider.get()) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = .string(String(describing: error)) }
        let fields = all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        let time = UTCTime.text(microseconds: clock())
        let message = event.message.description
        write(
            style.format == .json
                ? json(time, event.level, message, fields) : human(time, event.level, message, fields))
    }

    private func human(
        _ time: String, _ level: Logger.Level, _ message: String, _ fields: [(String, String)]
    ) -> String {
        let name = level.rawValue
        var line = time + " " + name + String(repeating: " ", count: max(1, 9 - name.count))
        line += style.instance + ": " + message.oneLine
        for (key, value) in fields {
            let plain = !value.isEmpty && !value.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
            line += " " + key + "=" + (plain ? value : JSONText.quoted(value))
        }
        return line + "\n"
    }

    private func json(
        _ time: String, _ level: Logger.Level, _ message: String, _ fields: [(String, String)]
    ) -> String {
        let metadata = fields.map { JSONText.quoted($0) + ":" + JSONText.quoted($1) }.joined(separator: ",")
        return
            "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\","
            + "\"service\":\(JSONText.quoted(style.service)),"
            + "\"instance\":\(JSONText.quoted(style.instance)),\"message\":\(JSONText.quoted(message)),"
            + "\"metadata\":{\(metadata)}}\n"
    }
}

extension Logger {
    /// The logger of a program, writing lines at and above the level.
    package static func service(_ style: LogStyle, level: LogLevel) -> Logger {
        Logger(label: style.service) { _ in
            ServiceLogHandler(style: style, level: Logger.Level(rawValue: level.rawValue) ?? .info)
        }
    }
}

extension String {
    /// A message on one line, whatever was put into it.
    fileprivate var oneLine: String {
        contains { $0.isNewline } ? split(whereSeparator: \.isNewline).joined(separator: " ") : self
    }
}

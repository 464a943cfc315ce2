// The text of `--help`: every setting with its default, its environment variable and what it is for.

/// Lays out help texts.
package enum SettingsHelp {
    /// Widest line.
    private static let width = 100

    /// One entry a setting: the flag line, then what it is for.
    package static func text(_ settings: [SettingDeclaration], tables: [SettingTable] = []) -> String {
        var lines: [String] = []
        for setting in settings {
            let value = setting.form == .flag ? "" : " \(setting.placeholder)"
            let repeated = setting.form == .many ? " (repeatable)" : ""
            lines.append("  \(setting.flag)\(value)\(repeated)")
            var notes = "env \(setting.variable)"
            if setting.isSecret { notes += " or \(setting.variable)_FILE" }
            if !setting.isSecret, !setting.standardText.isEmpty,
                setting.form != .flag || setting.standardText != "no"
            {
                notes = "default \(setting.standardText); " + notes
            }
            lines += wrapped(setting.help + " [\(notes)]", indent: 8)
        }
        for table in tables {
            lines.append("  in the file: \(table.name): NAME:")
            let columns = table.columns.map(\.name).joined(separator: ", ")
            lines += wrapped("\(table.help) [\(columns)]", indent: 8)
        }
        return lines.joined(separator: "\n")
    }

    /// The text in lines of at most 100 columns.
    package static func wrapped(_ text: String, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > width, line.count > indent {
                lines.append(line)
                line = margin
            }
            line += line.count > indent ? " \(word)" : String(word)
        }
        if line.count > indent { lines.append(line) }
        return lines
    }
}

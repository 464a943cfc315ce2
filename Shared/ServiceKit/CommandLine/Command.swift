// The commands of `trading-robot`: a tree of names, each leaf with settings, operands and a body. Settings
// are read and refused exactly as those of the services.

/// An argument that is not a flag.
package struct Operand: Sendable {
    package var name: String
    package var help: String
    package var isRequired: Bool
    package var isRepeated: Bool
    package init(_ name: String, required: Bool = true, repeated: Bool = false, help: String) {
        self.name = name
        self.help = help
        isRequired = required
        isRepeated = repeated
    }

    var usage: String {
        let text = name + (isRepeated ? "…" : "")
        return isRequired ? text : "[\(text)]"
    }
}

/// What a command's body works with.
package struct CommandContext: Sendable {
    package let settings: Settings
    /// Stops at Ctrl-C and SIGTERM. A body that registers nothing is ended at once.
    package let stop: StopSignal
    package var operands: [String] { settings.operands }
}

/// One command, or a group of them.
package struct Command: Sendable {
    package var name: String
    package var summary: String
    var settings: [SettingDeclaration] = []
    var tables: [SettingTable] = []
    var operands: [Operand] = []
    var children: [Command] = []
    var run: (@Sendable (CommandContext) async throws -> ExitCode)?

    /// A command that does something; with children one that does something else when a child is named.
    package init(
        _ name: String, _ summary: String, settings: [SettingDeclaration] = [], tables: [SettingTable] = [],
        operands: [Operand] = [], children: [Command] = [],
        run: @escaping @Sendable (CommandContext) async throws -> ExitCode
    ) {
        precondition(operands.isEmpty || children.isEmpty, "a word is an operand or the name of a child")
        self.children = children
        self.name = name
        self.summary = summary
        self.settings = settings
        self.tables = tables
        self.operands = operands
        self.run = run
    }

    /// A group: `dead-letters list|show|…`.
    package init(_ name: String, _ summary: String, _ children: [Command]) {
        self.name = name
        self.summary = summary
        self.children = children
    }
}

/// What a command line asks for.
enum CommandChoice {
    case help(String)
    case run(Command, path: String, Settings)
}

extension Command {
    /// Finds the command that the arguments name and reads its settings.
    ///
    /// - Throws: `WrongUse` with the nearest command or flag.
    func choose(
        _ arguments: ArraySlice<String>, path: String, environment: [String: String]
    ) throws(WrongUse) -> CommandChoice {
        if run != nil, !children.contains(where: { $0.name == arguments.first }) {
            return try read(arguments, path, environment)
        }
        guard let word = arguments.first, word != "--help", word != "-h", word != "help" else {
            if arguments.isEmpty, !path.contains(" ") { return .help(help(path)) }
            if arguments.isEmpty {
                throw WrongUse("\(path) needs one of \(children.map(\.name).listed("or")).")
            }
            return .help(help(path))
        }
        guard let child = children.first(where: { $0.name == word }) else {
            let nearest = nearestName(to: word, in: children.map(\.name)) ?? ""
            throw WrongUse("There is no command \(path) \(word). Did you mean \(path) \(nearest)?")
        }
        return try child.choose(arguments.dropFirst(), path: "\(path) \(word)", environment: environment)
    }

    private func read(
        _ arguments: ArraySlice<String>, _ path: String, _ environment: [String: String]
    ) throws(WrongUse) -> CommandChoice {
        let reader = SettingsReader(settings, tables: tables)
        switch try reader.read(arguments: Array(arguments), environment: environment) {
        case .help: return .help(help(path))
        case .settings(let settings):
            let required = operands.filter(\.isRequired)
            if settings.operands.count < required.count {
                throw WrongUse("\(path) needs \(required.map(\.name).listed("and")).")
            }
            if settings.operands.count > operands.count, operands.last?.isRepeated != true {
                throw WrongUse("\(path) does not expect \"\(settings.operands[operands.count])\".")
            }
            return .run(self, path: path, settings)
        }
    }

    /// The text of `--help`.
    func help(_ path: String) -> String {
        var lines = SettingsHelp.wrapped(summary, indent: 0) + [""]
        guard run != nil else {
            lines += ["Usage: \(path) COMMAND", "", "Commands:"]
            let width = (children.map(\.name.count).max() ?? 0) + 4
            for child in children {
                let text = SettingsHelp.wrapped(child.summary, indent: width)
                let name = "  " + child.name
                lines.append(name + (text.first ?? "").dropFirst(name.count))
                lines += text.dropFirst()
            }
            return (lines + ["", "`\(path) COMMAND --help` says more of each."]).joined(separator: "\n")
                + "\n"
        }
        let usage = operands.map { " " + $0.usage }.joined()
        lines.append("Usage: \(path)\(usage)\(settings.isEmpty ? "" : " [settings]")")
        for operand in operands {
            lines += ["  \(operand.name)"] + SettingsHelp.wrapped(operand.help, indent: 8)
        }
        if !settings.isEmpty { lines += ["", "Settings:", SettingsHelp.text(settings, tables: tables)] }
        for child in children {
            lines += SettingsHelp.wrapped("`\(path) \(child.name)`: \(child.summary)", indent: 0)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

// Takes a command line apart. Knows which flags need a value, so `--speed -1` and `--fresh PATH` are read
// as they are meant.

/// The flags and operands of one command line.
struct FlagScan {
    struct Value: Equatable {
        var texts: [String]
    }

    /// Most arguments that are taken; more is a mistake of a script.
    static let maximumArguments = 10_000

    private let declared: [String: SettingDeclaration]
    private(set) var values: [String: Value] = [:]
    private(set) var operands: [String] = []
    private(set) var mistakes: [String] = []
    private(set) var wantsHelp = false

    init(declared: [SettingDeclaration]) {
        self.declared = Dictionary(uniqueKeysWithValues: declared.map { ($0.name, $0) })
    }

    mutating func scan(_ arguments: [String]) {
        guard arguments.count <= Self.maximumArguments else {
            mistakes.append("More than \(Self.maximumArguments) arguments were given.")
            return
        }
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                return
            } else if argument == "-h" || argument == "--help" {
                wantsHelp = true
            } else if argument.hasPrefix("--") {
                take(argument.dropFirst(2), &rest)
            } else if argument.hasPrefix("-"), argument.count > 1 {
                mistakes.append(
                    "There is no flag \(argument). Flags are written with two dashes; see --help.")
            } else {
                operands.append(argument)
            }
        }
    }

    private mutating func take(_ flag: Substring, _ rest: inout ArraySlice<String>) {
        let name = String(flag.prefix { $0 != "=" })
        let inlined: String? = name.count < flag.count ? String(flag.dropFirst(name.count + 1)) : nil
        if name.hasPrefix("no-"), inlined == nil, let setting = declared[String(name.dropFirst(3))],
            setting.form == .flag
        {
            store("no", setting)
            return
        }
        guard let setting = declared[name] else {
            let nearest = nearestName(to: name, in: declared.keys.sorted()).map { " Did you mean --\($0)?" }
            mistakes.append("There is no flag --\(name).\(nearest ?? "")")
            // What follows is most likely the unknown flag's value, not an operand.
            if inlined == nil, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        if let inlined {
            store(inlined, setting)
        } else if setting.form == .flag {
            store("yes", setting)
        } else if let next = rest.first, !next.hasPrefix("--") {
            rest.removeFirst()
            store(next, setting)
        } else {
            mistakes.append("\(setting.flag) needs a value: \(setting.flag) \(setting.placeholder)")
        }
    }

    private mutating func store(_ text: String, _ setting: SettingDeclaration) {
        if setting.form != .many, values[setting.name] != nil {
            mistakes.append("\(setting.flag) was given twice.")
        }
        values[setting.name, default: Value(texts: [])].texts.append(text)
    }
}

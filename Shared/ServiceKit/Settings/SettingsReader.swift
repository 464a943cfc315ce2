// Reads the declared settings from flags, environment and file, in this precedence, and reports every
// mistake of one call together: unknown names with the nearest known one, values with where they came from.
//
// swift-configuration's command-line provider is not used: it splits every value at commas, and strategies
// are written `ID=PLUGIN:SYMBOL:key=value,key=value`.

import Configuration

/// What reading the command line came to.
package enum SettingsOutcome: Sendable {
    case settings(Settings)
    /// `--help` was asked for.
    case help
}

/// Reads settings for one program or command.
package struct SettingsReader: Sendable {
    let declared: [SettingDeclaration]
    let tables: [SettingTable]
    /// Tables and settings that a file may hold for other programs: known, but not read here.
    let tolerated: Set<String>

    /// - Parameters:
    ///   - declared: every setting of this program; a name twice is a programmer's error.
    ///   - tolerated: names that one shared file may hold for the other programs of the stack.
    package init(
        _ declared: [SettingDeclaration], tables: [SettingTable] = [], tolerated: [String] = []
    ) {
        precondition(Set(declared.map(\.name)).count == declared.count, "a setting is declared once")
        self.declared = declared
        self.tables = tables
        self.tolerated = Set(tolerated)
    }

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - environment: name to value; names that are not ours are ignored.
    /// - Throws: `WrongUse` with a sentence for each mistake.
    package func read(
        arguments: [String], environment: [String: String]
    ) throws(WrongUse) -> SettingsOutcome {
        var flags = FlagScan(declared: declared)
        flags.scan(arguments)
        if flags.wantsHelp { return .help }
        var mistakes = flags.mistakes
        var given = Given()
        given.flags = flags.values
        given.environment = EnvironmentVariablesProvider(environmentVariables: environment)
        if let path = configurationPath(flags.values, environment) {
            do throws(WrongUse) {
                let file = try ConfigurationFile(path: path)
                mistakes += given.take(file, reader: self)
            } catch {
                mistakes += error.sentences
            }
        }
        var settings = Settings()
        settings.operands = flags.operands
        settings.tables = given.rows
        for declaration in declared {
            mistakes += given.resolve(declaration, into: &settings)
        }
        guard mistakes.isEmpty else { throw WrongUse(mistakes) }
        return .settings(settings)
    }

    private func configurationPath(
        _ flags: [String: FlagScan.Value], _ environment: [String: String]
    ) -> String? {
        guard let setting = declared.first(where: { $0.name == CommonSettings.configuration.name }) else {
            return nil
        }
        let path = flags[setting.name]?.texts.last ?? environment[setting.variable] ?? ""
        return path.isEmpty ? nil : path
    }
}

/// The texts that were given, by source.
private struct Given {
    var flags: [String: FlagScan.Value] = [:]
    var environment = EnvironmentVariablesProvider(environmentVariables: [:])
    var file: [String: ConfigurationFile.Entry] = [:]
    var filePath = ""
    var rows: [String: [SettingRow]] = [:]

    /// The value of one setting, from the first source that has it.
    func resolve(_ setting: SettingDeclaration, into settings: inout Settings) -> [String] {
        settings.values[setting.name] = setting.standard
        guard let (origin, given) = found(setting) else { return [] }
        settings.origins[setting.name] = origin
        guard let texts = given else {
            return [
                "\(setting.name) stands in a file that cannot be read (\(origin)): check path and rights."
            ]
        }
        do throws(RefusedValue) {
            settings.values[setting.name] = try setting.read(setting.split(texts))
            return []
        } catch {
            return [refusal(setting, texts, origin, error)]
        }
    }

    /// Where a setting comes from and its texts; nil texts for a file that cannot be read.
    private func found(_ setting: SettingDeclaration) -> (SettingOrigin, [String]?)? {
        if let flag = flags[setting.name] { return (.flag(setting.flag), flag.texts) }
        if let text = variable(setting.variable) {
            let texts = setting.form == .many ? text.split(separator: ";").map(String.init) : [text]
            return (.environment(setting.variable), texts)
        }
        if setting.isSecret, let path = variable(setting.variable + "_FILE") {
            return (.environment(setting.variable + "_FILE"), textOfFile(path).map { [$0] })
        }
        for name in setting.fileNames {
            if let entry = file[name], !entry.texts.isEmpty || entry.isList {
                return (.file(filePath, line: entry.line), entry.texts)
            }
        }
        return nil
    }

    /// A variable of the environment. An empty one is not given: `NAME=` in a list of settings.
    private func variable(_ name: String) -> String? {
        guard let text = try? environment.environmentValue(forName: name), !text.isEmpty else { return nil }
        return text
    }

    /// Files the keys of a file; returns a sentence for each that nobody knows.
    mutating func take(_ configuration: ConfigurationFile, reader: SettingsReader) -> [String] {
        filePath = configuration.path
        var mistakes: [String] = []
        var rowValues: [String: [String: [String: any Sendable]]] = [:]
        var places: [String: [String: [String: SettingOrigin]]] = [:]
        let known = reader.declared.flatMap(\.fileNames)
        let lists = Set(reader.declared.filter { $0.form == .many }.flatMap(\.fileNames))
        for entry in configuration.entries {
            let place = "\(configuration.path), line \(entry.line)"
            if let (table, row, column) = reader.tableCell(entry.path) {
                mistakes += take(
                    entry, table: table, row: row, column: column, place: place, into: &rowValues)
                places[table.name, default: [:]][row, default: [:]][entry.path.last ?? ""] = .file(
                    filePath, line: entry.line)
            } else if known.contains(entry.name) {
                if let first = file.updateValue(entry, forKey: entry.name) {
                    mistakes.append("\(place): \(entry.path.dotted) stands in line \(first.line) already.")
                } else if entry.isList, !lists.contains(entry.name) {
                    mistakes.append("\(place): \(entry.path.dotted) holds one value, not a list.")
                }
            } else if !reader.tolerated.contains(entry.name),
                !reader.tolerated.contains(entry.path.first ?? "")
            {
                let nearest = nearestName(to: entry.name, in: known).map { " Did you mean \($0)?" } ?? ""
                mistakes.append("\(place): there is no setting \(entry.path.dotted).\(nearest)")
            }
        }
        for (table, byRow) in rowValues {
            rows[table] = byRow.map { row, values in
                SettingRow(name: row, values: values, places: places[table]?[row] ?? [:])
            }.sorted { $0.name < $1.name }
        }
        return mistakes
    }

    private func take(
        _ entry: ConfigurationFile.Entry, table: SettingTable, row: String, column: String, place: String,
        into rows: inout [String: [String: [String: any Sendable]]]
    ) -> [String] {
        if let mapping = table.mapping, entry.path.count == table.path.count + 3,
            entry.path[table.path.count + 1] == mapping
        {
            let pair = "\(entry.path.last ?? "")=\(entry.texts.joined(separator: ","))"
            let before = rows[table.name]?[row]?[mapping] as? [String] ?? []
            rows[table.name, default: [:]][row, default: [:]][mapping] = before + [pair]
            return []
        }
        guard let setting = table.columns.first(where: { $0.name == column }) else {
            let nearest = nearestName(to: column, in: table.columns.map(\.name)) ?? ""
            return ["\(place): \(table.name) has no \(column). Did you mean \(nearest)?"]
        }
        let texts = setting.split(entry.texts)
        do throws(RefusedValue) {
            rows[table.name, default: [:]][row, default: [:]][column] = try setting.read(texts)
            return []
        } catch {
            return [refusal(setting, entry.texts, .file(filePath, line: entry.line), error)]
        }
    }

    private func refusal(
        _ setting: SettingDeclaration, _ texts: [String], _ origin: SettingOrigin, _ error: RefusedValue
    ) -> String {
        let shown = setting.isSecret ? "(secret)" : "\"\(texts.joined(separator: ", "))\""
        return "\(setting.name) is \(shown) (\(origin)); allowed is \(error.allowed)."
    }
}

extension SettingDeclaration {
    /// The texts of a repeated setting, split where one text may hold several.
    fileprivate func split(_ texts: [String]) -> [String] {
        guard let separator else { return texts }
        return texts.flatMap { $0.split(separator: separator).map(String.init) }
    }
}

extension SettingsReader {
    /// The table, row and column of a path such as `instruments`, `IBM`, `price-increment`.
    fileprivate func tableCell(_ path: [String]) -> (SettingTable, row: String, column: String)? {
        for table in tables where path.count > table.path.count + 1 && path.starts(with: table.path) {
            let rest = path.dropFirst(table.path.count)
            return (table, rest.first ?? "", rest.dropFirst().joined(separator: "-"))
        }
        return nil
    }
}

extension [String] {
    fileprivate var dotted: String { joined(separator: ".") }
}

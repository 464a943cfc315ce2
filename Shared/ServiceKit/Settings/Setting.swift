// A setting has one name in three forms: `--market-data-endpoint`, `MARKET_DATA_ENDPOINT`, and
// `market-data: endpoint:` in the file of `--config`. A program declares its settings once and reads typed
// values; whatever it has not declared does not exist, and giving it is an error.

/// The declaration of one setting, and the key with which its value is read.
package struct Setting<Value: SettingValue>: Sendable {
    package let declaration: SettingDeclaration

    /// - Parameters:
    ///   - name: words in lower case joined by dashes, without the two in front.
    ///   - placeholder: what stands for the value in `--help`; the type's own if nil.
    ///   - separator: splits one text of a repeated setting: `--symbols A,B`.
    ///   - section: in the file the name may also stand under this key.
    ///   - secret: the value is never shown; `NAME_FILE` in the environment may name a file that holds it.
    ///   - allowed: refuses a value of the right type; throws what is allowed instead.
    package init(
        _ name: String, default standard: Value, placeholder: String? = nil, separator: Character? = nil,
        section: String? = nil, secret: Bool = false, help: String,
        allowed: @escaping @Sendable (Value) throws(RefusedValue) -> Void = { _ in }
    ) {
        declaration = SettingDeclaration(
            name: name, form: Value.form, placeholder: placeholder ?? Value.placeholder,
            separator: separator, section: section, isSecret: secret, help: help, standard: standard,
            standardText: standard.settingText,
            read: { (texts) throws(RefusedValue) in
                let value = try Value.read(texts)
                try allowed(value)
                return value
            })
    }

    package var name: String { declaration.name }
}

extension Setting where Value == Int {
    /// A check for settings with bounds.
    package static func within(_ range: ClosedRange<Int>) -> @Sendable (Int) throws(RefusedValue) -> Void {
        { value throws(RefusedValue) in
            guard range.contains(value) else {
                throw RefusedValue("a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        }
    }
}

/// A setting without its type: what the reader and `--help` need.
package struct SettingDeclaration: Sendable {
    package let name: String
    let form: SettingForm
    let placeholder: String
    let separator: Character?
    let section: String?
    let isSecret: Bool
    let help: String
    let standard: any Sendable
    let standardText: String
    let read: @Sendable ([String]) throws(RefusedValue) -> any Sendable

    var flag: String { "--\(name)" }
    /// The name of the environment variable.
    package var variable: String { name.uppercased().replacing("-", with: "_") }
    /// The joined paths under which it may stand in a file.
    var fileNames: [String] { section.map { [name, "\($0)-\(name)"] } ?? [name] }
}

/// Rows of settings by name, in a file only: `instruments: IBM: price-increment: 0.01`.
package struct SettingTable: Sendable {
    let path: [String]
    let columns: [SettingDeclaration]
    /// The name of a list column that may also hold keys of its own: `parameters: fast: 10` is `fast=10`.
    let mapping: String?
    let help: String

    /// - Parameters:
    ///   - path: the keys above the rows: `["simulation", "strategies"]`.
    ///   - columns: what a row may hold.
    ///   - mapping: a list column that may be written as keys with values.
    package init(_ path: [String], columns: [SettingDeclaration], mapping: String? = nil, help: String) {
        self.path = path
        self.columns = columns
        self.mapping = mapping
        self.help = help
    }

    var name: String { path.joined(separator: ".") }
}

/// One row of a table.
package struct SettingRow: Sendable {
    /// The row's key: a symbol, a strategy's id.
    package let name: String
    let values: [String: any Sendable]
    /// File and line of each key below the row, by its name.
    package let places: [String: SettingOrigin]

    /// The value of a column, nil where the row says nothing.
    package subscript<Value>(setting: Setting<Value>) -> Value? {
        values[setting.name].map { $0 as! Value }
    }
}

/// Where a value came from.
package enum SettingOrigin: Equatable, Sendable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(String, line: Int)
    case standard

    package var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment variable \(name)"
        case .file(let path, let line): "\(path), line \(line)"
        case .standard: "default"
        }
    }
}

/// The settings of one run, read and checked.
package struct Settings: Sendable {
    var values: [String: any Sendable] = [:]
    var origins: [String: SettingOrigin] = [:]
    var tables: [String: [SettingRow]] = [:]
    /// The arguments that are not flags, in their order.
    package internal(set) var operands: [String] = []

    /// The value. A setting that was not declared for this program is a programmer's error.
    package subscript<Value>(setting: Setting<Value>) -> Value {
        guard let value = values[setting.name] as? Value else {
            preconditionFailure("a setting is declared before it is read: \(setting.name)")
        }
        return value
    }

    /// Sets a value that nobody gave: a default that depends on other settings.
    package mutating func set<Value>(_ setting: Setting<Value>, _ value: Value) {
        values[setting.name] = value
    }

    /// Where the value came from.
    package func origin<Value>(of setting: Setting<Value>) -> SettingOrigin {
        origins[setting.name] ?? .standard
    }

    /// Whether somebody set it, as opposed to its default.
    package func isGiven<Value>(_ setting: Setting<Value>) -> Bool { origin(of: setting) != .standard }

    /// The rows of a table, sorted by name.
    package subscript(table: SettingTable) -> [SettingRow] { tables[table.name] ?? [] }
}

// What a setting can hold, and how its text becomes a value. Every kind reads the same text wherever it
// stands (flag, environment, file), so a value means the same in all three.

/// A text that is not a value of the setting. Holds what would be, as the end of a sentence.
package struct RefusedValue: Error, Equatable {
    /// What is allowed: "a whole number from 1 to 8".
    package var allowed: String
    package init(_ allowed: String) { self.allowed = allowed }
}

/// How a setting is given.
package enum SettingForm: Sendable {
    /// `--name` alone means yes; `--no-name` means no.
    case flag
    /// `--name VALUE`, once.
    case one
    /// `--name VALUE`, any number of times.
    case many
}

/// The type of a setting's value.
package protocol SettingValue: Sendable {
    static var form: SettingForm { get }
    /// What stands for the value in `--help`: `N`, `PATH`.
    static var placeholder: String { get }
    /// The value of one text, or of all texts of a repeated setting.
    static func read(_ texts: [String]) throws(RefusedValue) -> Self
    /// The value as a user would write it; empty when there is none.
    var settingText: String { get }
}

/// A value that is written as one text.
package protocol ScalarSettingValue: SettingValue {
    static func read(_ text: String) throws(RefusedValue) -> Self
}

extension ScalarSettingValue {
    package static var form: SettingForm { .one }
    package static func read(_ texts: [String]) throws(RefusedValue) -> Self {
        try read(texts.last ?? "")
    }
}

extension String: ScalarSettingValue {
    package static var placeholder: String { "TEXT" }
    package static func read(_ text: String) throws(RefusedValue) -> String { text }
    package var settingText: String { self }
}

extension Int: ScalarSettingValue {
    package static var placeholder: String { "N" }
    package static func read(_ text: String) throws(RefusedValue) -> Int {
        guard let number = Int(text) else { throw RefusedValue("a whole number") }
        return number
    }
    package var settingText: String { String(self) }
}

extension Double: ScalarSettingValue {
    package static var placeholder: String { "NUMBER" }
    package static func read(_ text: String) throws(RefusedValue) -> Double {
        guard let number = Double(text), number.isFinite else { throw RefusedValue("a number") }
        return number
    }
    package var settingText: String { String(self) }
}

extension Bool: ScalarSettingValue {
    package static var form: SettingForm { .flag }
    package static var placeholder: String { "yes|no" }
    package static func read(_ text: String) throws(RefusedValue) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw RefusedValue("yes or no")
        }
    }
    package var settingText: String { self ? "yes" : "no" }
}

extension Duration: ScalarSettingValue {
    package static var placeholder: String { "DURATION" }
    /// `250us`, `10ms`, `2s`, `5m`, `3h`, `7d`; whole numbers, never negative.
    package static func read(_ text: String) throws(RefusedValue) -> Duration {
        let refusal = RefusedValue("a whole number with its unit: 250us, 10ms, 2s, 5m, 3h or 7d")
        let unit = text.drop { $0.isNumber }
        guard let number = Int64(text.prefix(text.count - unit.count)) else { throw refusal }
        switch unit {
        case "us": return .microseconds(number)
        case "ms": return .milliseconds(number)
        case "s": return .seconds(number)
        case "m" where number < 1_000_000: return .seconds(number * 60)
        case "h" where number < 1_000_000: return .seconds(number * 3_600)
        case "d" where number < 100_000: return .seconds(number * 86_400)
        default: throw refusal
        }
    }
    package var settingText: String {
        let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
        if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
        return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
    }
}

extension ScalarSettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    package static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }
    package static func read(_ text: String) throws(RefusedValue) -> Self {
        guard let value = Self(rawValue: text) else {
            throw RefusedValue(allCases.map(\.rawValue).listed("or"))
        }
        return value
    }
    package var settingText: String { rawValue }
}

extension Optional: SettingValue where Wrapped: ScalarSettingValue {
    package static var form: SettingForm { Wrapped.form }
    package static var placeholder: String { Wrapped.placeholder }
    /// An empty text is the absent value.
    package static func read(_ texts: [String]) throws(RefusedValue) -> Wrapped? {
        guard let text = texts.last, !text.isEmpty else { return nil }
        return try Wrapped.read(text)
    }
    package var settingText: String { self?.settingText ?? "" }
}

extension Array: SettingValue where Element: ScalarSettingValue {
    package static var form: SettingForm { .many }
    package static var placeholder: String { Element.placeholder }
    package static func read(_ texts: [String]) throws(RefusedValue) -> [Element] {
        var values: [Element] = []
        for text in texts { values.append(try Element.read(text)) }
        return values
    }
    package var settingText: String { map(\.settingText).joined(separator: ", ") }
}

extension Sequence<String> {
    /// `a, b or c`.
    package func listed(_ word: String) -> String {
        let all = Array(self)
        guard let last = all.last, all.count > 1 else { return all.first ?? "" }
        return all.dropLast().joined(separator: ", ") + " \(word) " + last
    }
}

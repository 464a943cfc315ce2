// What a plugin declares that may be configured, read from the JSON Schema in its metadata.

import Contracts

/// A configured value.
package enum ParameterValue: Equatable, Sendable {
    case integer(Int64)
    /// In units of 1e-8.
    case decimal(Int64)
    case flag(Bool)
    case text(String)

    /// The value as a user writes it.
    package var text: String {
        switch self {
        case .integer(let value): String(value)
        case .decimal(let units): canonicalDecimal(units)
        case .flag(let value): value ? "true" : "false"
        case .text(let value): value
        }
    }
}

/// One parameter that a plugin declares.
package struct ParameterDeclaration: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case integer(ClosedRange<Int64>)
        /// In units of 1e-8.
        case decimal(ClosedRange<Int64>)
        case flag
        /// Any text of at most `maximumTextLength` bytes.
        case text
        case choice([String])
    }

    /// Bytes of a text value, at most.
    package static let maximumTextLength = 1_024

    package var name: String
    package var kind: Kind
    package var defaultValue: ParameterValue
    package var description: String

    /// What is allowed, to stand after "use".
    package var allowed: String {
        switch kind {
        case .integer(let bounds):
            "a whole number\(limits(bounds, "\(bounds.lowerBound)", "\(bounds.upperBound)"))"
        case .decimal(let bounds):
            "a decimal with at most 8 places"
                + limits(bounds, canonicalDecimal(bounds.lowerBound), canonicalDecimal(bounds.upperBound))
        case .flag: "true or false"
        case .text: "text of at most \(Self.maximumTextLength) bytes"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        }
    }

    private func limits(_ bounds: ClosedRange<Int64>, _ lower: String, _ upper: String) -> String {
        switch (bounds.lowerBound == .min, bounds.upperBound == .max) {
        case (true, true): ""
        case (false, true): " of at least \(lower)"
        case (true, false): " of at most \(upper)"
        case (false, false): " from \(lower) to \(upper)"
        }
    }

    /// The value that a text stands for; nil when it is not allowed.
    package func value(of text: String) -> ParameterValue? {
        switch kind {
        case .integer(let bounds):
            guard let value = readJSON(text, { reader throws(JSONError) in try reader.integer() }),
                bounds.contains(value)
            else { return nil }
            return .integer(value)
        case .decimal(let bounds):
            guard let units = readJSON(text, { reader throws(JSONError) in try reader.amount() }),
                bounds.contains(units)
            else { return nil }
            return .decimal(units)
        case .flag:
            return text == "true" ? .flag(true) : text == "false" ? .flag(false) : nil
        case .text:
            return text.utf8.count <= Self.maximumTextLength && !text.utf8.contains(0) ? .text(text) : nil
        case .choice(let words):
            return words.contains(text) ? .text(text) : nil
        }
    }
}

/// One JSON value that is the whole text; nil when it is not one.
func readJSON<Value>(
    _ text: String, _ read: (inout JSONReader) throws(JSONError) -> Value
) -> Value? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { raw in
        do throws(JSONError) {
            var reader = try JSONReader(raw)
            let value = try read(&reader)
            try reader.finish()
            return value
        } catch {
            return nil
        }
    }
}

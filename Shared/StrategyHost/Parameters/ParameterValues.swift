// The values of all parameters of one strategy, checked against what its plugin declares.

import Contracts

/// A value for each declared parameter, in the order of the declarations.
package struct ParameterValues: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        package var name: String
        package var value: ParameterValue
    }

    package private(set) var entries: [Entry]

    /// No parameters.
    package init() { entries = [] }

    /// The defaults, changed by texts of the form `key=value`.
    ///
    /// - Throws: `InvalidParameters` with everything that is wrong, in the order of the texts.
    package init(_ texts: [String], for declarations: [ParameterDeclaration]) throws(InvalidParameters) {
        entries = declarations.map { Entry(name: $0.name, value: $0.defaultValue) }
        var problems: [InvalidParameters.Problem] = []
        var seen: [String] = []
        for text in texts {
            let name = String(text.prefix { $0 != "=" })
            guard name.utf8.count < text.utf8.count else {
                problems.append(
                    .init(name: name, value: "", sentence: "\"\(text)\" is not of the form key=value"))
                continue
            }
            let value = String(text.dropFirst(name.count + 1))
            if let problem = set(name, value, declarations, seen) { problems.append(problem) }
            seen.append(name)
        }
        guard problems.isEmpty else { throw InvalidParameters(problems: problems) }
    }

    /// The value of a parameter; nil when none of that name is declared.
    package subscript(name: String) -> ParameterValue? {
        entries.first { $0.name == name }?.value
    }

    /// Sets one value; returns what is wrong with it.
    private mutating func set(
        _ name: String, _ value: String, _ declarations: [ParameterDeclaration], _ seen: [String]
    ) -> InvalidParameters.Problem? {
        guard let index = declarations.firstIndex(where: { $0.name == name }) else {
            let known = declarations.map(\.name).joined(separator: ", ")
            let hint = known.isEmpty ? "this plugin has no parameters" : "the parameters are \(known)"
            return .init(name: name, value: value, sentence: "\(name)=\(value): unknown parameter, \(hint)")
        }
        guard !seen.contains(name) else {
            return .init(name: name, value: value, sentence: "\(name)=\(value): \(name) is given twice")
        }
        guard let parsed = declarations[index].value(of: value) else {
            let allowed = declarations[index].allowed
            return .init(name: name, value: value, sentence: "\(name)=\(value): use \(allowed)")
        }
        entries[index].value = parsed
        return nil
    }

    /// `"fast":10,…` as an object under `parameters`.
    func write(into writer: inout JSONWriter) {
        writer.beginObject("parameters")
        for entry in entries {
            writer.key(entry.name)
            switch entry.value {
            case .integer(let value): writer.value(value)
            case .decimal(let units): writer.value(Price(units: units))
            case .flag(let value): writer.value(value)
            case .text(let value): writer.value(value)
            }
        }
        writer.endObject()
    }
}

/// Everything that is wrong with a strategy's parameters.
package struct InvalidParameters: Error, Equatable, Sendable, CustomStringConvertible {
    package struct Problem: Equatable, Sendable {
        package var name: String
        package var value: String
        /// The name, the value and what is allowed.
        package var sentence: String
    }

    package var problems: [Problem]
    /// All sentences, separated by semicolons.
    package var description: String { problems.map(\.sentence).joined(separator: "; ") }
}

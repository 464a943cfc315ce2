// From a JSON Schema object to declarations. The keywords of a property may come in any order, so their
// values are kept as text until the type is known.

import Contracts

enum ParameterSchema {
    /// Parameters one plugin may declare, at most.
    static let maximumParameters = 256

    static func read(_ schema: String) throws(MetadataError) -> [ParameterDeclaration] {
        guard !schema.isEmpty else { return [] }
        var declarations: [ParameterDeclaration] = []
        for (name, text) in try members(of: schema, called: "parameters") where name == "properties" {
            for (name, property) in try members(of: text, called: "properties") {
                declarations.append(try declaration(name, try members(of: property, called: name)))
            }
        }
        guard declarations.count <= maximumParameters else {
            throw MetadataError("it declares more than \(maximumParameters) parameters")
        }
        return declarations
    }

    /// The members of a JSON object, in their order, values as text.
    private static func members(
        of object: String, called name: String
    ) throws(MetadataError) -> [(name: String, text: String)] {
        let found = readJSON(object) { reader throws(JSONError) in
            var members: [(name: String, text: String)] = []
            var scope = try reader.openObject()
            while let key = try reader.nextKey(in: &scope) {
                let name = key.string
                members.append((name, String(decoding: try reader.raw(), as: UTF8.self)))
            }
            return members
        }
        guard let found else { throw MetadataError("\(name) is not an object with each key once") }
        return found
    }

    private static func declaration(
        _ name: String, _ keywords: [(name: String, text: String)]
    ) throws(MetadataError) -> ParameterDeclaration {
        guard NameRule.identifier.accepts(name.utf8) else {
            throw MetadataError("parameter \"\(name)\" is not named with 1 to 40 of A-Z a-z 0-9 . _ -")
        }
        func keyword(_ wanted: String) -> String? { keywords.first { $0.name == wanted }?.text }
        func text(_ wanted: String) -> String? { keyword(wanted).flatMap(string) }

        let kind: ParameterDeclaration.Kind
        switch text("type") {
        case "integer": kind = .integer(try bounds(name, keyword("minimum"), keyword("maximum"), integer))
        case "number": kind = .decimal(try bounds(name, keyword("minimum"), keyword("maximum"), amount))
        case "boolean": kind = .flag
        case "string":
            if let list = keyword("enum") {
                guard let words = strings(list), !words.isEmpty else {
                    throw MetadataError("the enum of parameter \(name) is not a list of texts")
                }
                kind = .choice(words)
            } else {
                kind = .text
            }
        default:
            throw MetadataError("the type of parameter \(name) is not integer, number, boolean or string")
        }
        var declaration = ParameterDeclaration(
            name: name, kind: kind, defaultValue: .flag(false), description: text("description") ?? "")
        guard let json = keyword("default") else { throw MetadataError("parameter \(name) has no default") }
        let isText = text("type") == "string"
        guard let value = (isText ? string(json) : json).flatMap(declaration.value(of:)) else {
            throw MetadataError("the default \(json) of parameter \(name) is not \(declaration.allowed)")
        }
        declaration.defaultValue = value
        return declaration
    }

    private static func bounds(
        _ name: String, _ minimum: String?, _ maximum: String?, _ read: (String) -> Int64?
    ) throws(MetadataError) -> ClosedRange<Int64> {
        guard let lower = minimum.map(read) ?? .min, let upper = maximum.map(read) ?? .max, lower <= upper
        else {
            throw MetadataError("the bounds of parameter \(name) are not two numbers of its type in order")
        }
        return lower...upper
    }

    private static func integer(_ json: String) -> Int64? {
        readJSON(json) { reader throws(JSONError) in try reader.integer() }
    }

    private static func amount(_ json: String) -> Int64? {
        readJSON(json) { reader throws(JSONError) in try reader.amount() }
    }

    private static func string(_ json: String) -> String? {
        readJSON(json) { reader throws(JSONError) in try reader.string().string }
    }

    private static func strings(_ json: String) -> [String]? {
        readJSON(json) { reader throws(JSONError) in
            var words: [String] = []
            var scope = try reader.openArray()
            while try reader.nextElement(in: &scope) { words.append(try reader.string().string) }
            return words
        }
    }
}

// The file of `--config`: YAML in block style, one key a line, or JSON. swift-configuration reads the values
// of YAML; the scan here adds what it does not keep: every key with its line, so that an unknown key is found
// and a wrong value is named by its place. Not read: flow mappings ({…}), anchors, several documents.

import Configuration

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A configuration file as keys with values.
struct ConfigurationFile {
    /// One key that holds a value.
    struct Entry: Equatable {
        var path: [String]
        var line: Int
        /// The value; several for a list; none where the key stands without one.
        var texts: [String] = []
        var isList = false
        var name: String { path.joined(separator: "-") }
    }

    /// Largest file that is read.
    static let maximumBytes = 1 << 20

    let path: String
    let entries: [Entry]

    /// - Throws: `WrongUse` with one sentence that names the file, the line where known, and what is wrong.
    init(path: String) throws(WrongUse) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw WrongUse(
                "The configuration file \(path) cannot be read. Check the path given with --config.")
        }
        guard data.count <= Self.maximumBytes else {
            throw WrongUse("The configuration file \(path) is larger than \(Self.maximumBytes) bytes.")
        }
        let text = String(decoding: data, as: UTF8.self)
        if Self.isJSON(text) {
            try self.init(path: path, json: text)
        } else {
            try self.init(path: path, text: text)
        }
    }

    init(path: String, entries: [Entry]) {
        self.path = path
        self.entries = entries
    }

    init(path: String, text: String) throws(WrongUse) {
        self.path = path
        var scan = BlockScan()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { scan.take(line) }
        if let line = scan.flowMapping {
            throw WrongUse(
                "\(path), line \(line): write each key on a line of its own; {…} is not read here.")
        }
        let keys = scan.finished()
        guard !keys.isEmpty else {
            entries = []
            return
        }
        do {
            let snapshot = try YAMLSnapshot(
                data: Data(text.utf8).bytes, providerName: path, parsingOptions: .default)
            entries = try keys.map { try Self.filled($0, from: snapshot) }
        } catch {
            let reason = String(describing: error).split(separator: "\n").joined(separator: " ")
            throw WrongUse("The configuration file \(path) is not valid YAML: \(reason)")
        }
    }

    private static func filled(_ key: Entry, from snapshot: YAMLSnapshot) throws -> Entry {
        var entry = key
        let type: ConfigType = key.isList ? .stringArray : .string
        let found = try snapshot.value(forKey: AbsoluteConfigKey(key.path), type: type).value
        switch found?.content {
        case .string(let text): entry.texts = text.isEmpty ? [] : [text]
        case .stringArray(let texts): entry.texts = texts
        default: throw WrongUse("line \(key.line) cannot be read as a key with a value")
        }
        return entry
    }
}

/// Finds the keys of block-style YAML by their indentation.
private struct BlockScan {
    private var open: [(indent: Int, key: String)] = []
    private var entries: [ConfigurationFile.Entry] = []
    /// The last key if it had no value on its line: a section, a list or a key without a value follows.
    private var pending: (indent: Int, entry: ConfigurationFile.Entry)?
    /// Lines deeper than this belong to a block text (`|` or `>`).
    private var blockText: Int?
    private var line = 0
    private(set) var flowMapping: Int?

    mutating func take(_ text: Substring) {
        line += 1
        let indent = text.prefix { $0 == " " }.count
        let content = text.dropFirst(indent)
        guard let first = content.first, first != "#", first != "\r" else { return }
        if let limit = blockText {
            if indent > limit { return }
            blockText = nil
        }
        if content == "---" || content == "..." { return }
        if first == "-" {
            guard var waiting = pending, indent >= waiting.indent else { return }
            waiting.entry.isList = true
            pending = waiting
            return
        }
        if first == "{" { flowMapping = flowMapping ?? line }
        guard let (key, value) = Self.split(content) else { return }
        close(before: indent)
        open.append((indent, key))
        let entry = ConfigurationFile.Entry(path: open.map(\.key), line: line)
        if value.isEmpty {
            pending = (indent, entry)
        } else {
            take(value: value, of: entry, at: indent)
        }
    }

    private mutating func take(value: Substring, of entry: ConfigurationFile.Entry, at indent: Int) {
        var entry = entry
        switch value.first {
        case "{": flowMapping = flowMapping ?? line
        case "|", ">": blockText = indent
        case "[": entry.isList = true
        default: break
        }
        entries.append(entry)
    }

    /// Ends the keys that a key at this indentation is not inside of.
    private mutating func close(before indent: Int) {
        if let waiting = pending, indent <= waiting.indent || waiting.entry.isList {
            entries.append(waiting.entry)
        }
        pending = nil
        while let last = open.last, last.indent >= indent { open.removeLast() }
    }

    mutating func finished() -> [ConfigurationFile.Entry] {
        close(before: 0)
        return entries
    }

    /// `key: value` without comment; nil for a line that holds no key.
    private static func split(_ content: Substring) -> (String, Substring)? {
        let key: Substring
        var rest: Substring
        if let quote = content.first, quote == "\"" || quote == "'" {
            let inside = content.dropFirst()
            guard let end = inside.firstIndex(of: quote) else { return nil }
            key = inside[..<end]
            rest = inside[inside.index(after: end)...]
        } else {
            guard let end = content.firstIndex(of: ":") else { return nil }
            key = content[..<end]
            rest = content[end...]
        }
        guard rest.first == ":" else { return nil }
        rest = rest.dropFirst()
        guard rest.isEmpty || rest.first == " " || rest.first == "\r" else { return nil }
        let value = rest.drop { $0 == " " || $0 == "\r" }
        return (String(key), value.first == "#" ? "" : value)
    }
}

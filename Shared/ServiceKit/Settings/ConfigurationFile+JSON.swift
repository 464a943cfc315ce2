// The file of `--config` as JSON: the same keys as in YAML, nested or joined by dashes. Read with the
// platform's own reader, so duplicate keys, NaN and trailing text are refused with their place.

import Contracts

extension ConfigurationFile {
    /// Whether a text is JSON rather than YAML in block style.
    static func isJSON(_ text: String) -> Bool {
        text.utf8.first { !($0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d) } == UInt8(ascii: "{")
    }

    /// - Throws: `WrongUse` with the file, the line, and what is wrong.
    init(path: String, json text: String) throws(WrongUse) {
        let bytes = Array(text.utf8)
        let outcome = bytes.withUnsafeBytes { raw -> Result<[Entry], JSONError> in
            do throws(JSONError) {
                var reader = try JSONReader(raw)
                var entries: [Entry] = []
                try Self.readObject(&reader, [], raw, &entries)
                try reader.finish()
                return .success(entries)
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let found): self.init(path: path, entries: found)
        case .failure(let error):
            let line = Self.line(of: error.offset, in: bytes)
            throw WrongUse("\(path), line \(line): it is not valid JSON for settings: \(error)")
        }
    }

    private static func readObject(
        _ reader: inout JSONReader, _ path: [String], _ bytes: UnsafeRawBufferPointer,
        _ entries: inout [Entry]
    ) throws(JSONError) {
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope) {
            let here = path + [key.string]
            var entry = Entry(path: here, line: line(of: reader.offset, in: bytes))
            switch reader.nextByte {
            case UInt8(ascii: "{"):
                try readObject(&reader, here, bytes, &entries)
                continue
            case UInt8(ascii: "["):
                entry.isList = true
                var list = try reader.openArray()
                while try reader.nextElement(in: &list) { entry.texts.append(try scalar(&reader)) }
            default:
                let text = try scalar(&reader)
                entry.texts = text.isEmpty ? [] : [text]
            }
            entries.append(entry)
        }
    }

    /// A text, number or truth value as a person would write it; null is an empty one.
    private static func scalar(_ reader: inout JSONReader) throws(JSONError) -> String {
        switch reader.nextByte {
        case UInt8(ascii: "\""): try reader.string().string
        case UInt8(ascii: "n"): try reader.takesNull() ? "" : ""
        case UInt8(ascii: "t"), UInt8(ascii: "f"): try reader.bool() ? "true" : "false"
        default: String(decoding: try reader.number(), as: UTF8.self)
        }
    }

    private static func line(of offset: Int, in bytes: some Sequence<UInt8>) -> Int {
        1 + bytes.prefix(offset).count { $0 == 0x0a }
    }
}

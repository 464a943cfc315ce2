// A whole database as lines of text, and a database made of such lines: the same from SQLite and PostgreSQL,
// so that a backup of one can be restored into the other.
//
// Guarantees: what is written down is one moment of the database, beside any number of writers. What is read
// is loaded whole or not at all, into a new database only, under the format it was written in; then it is
// brought forward like any older database.

import Contracts

/// One column of a table that is written down.
struct BackupColumn: Equatable {
    enum Kind: String { case integer, text, real, blob }

    var name: String
    var kind: Kind

    /// From a database's own word for the type.
    init?(_ name: String, type: String) {
        self.name = name
        switch type.lowercased() {
        case "integer", "bigint": kind = .integer
        case "text": kind = .text
        case "real", "double precision": kind = .real
        case "blob", "bytea": kind = .blob
        default: return nil
        }
    }
}

/// A table as a heading says it: `trades id:integer source:text`.
struct BackupTable: Equatable {
    var name: String
    var columns: [BackupColumn] = []

    var heading: String {
        ([name] + columns.map { "\($0.name):\($0.kind.rawValue)" }).joined(separator: " ")
    }

    init(name: String) { self.name = name }

    /// Whether a word may stand in a statement as it is.
    private static func isName(_ word: String) -> Bool {
        !word.isEmpty
            && word.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    /// - Throws: `StoreError`, `damaged`, for a text that is no heading.
    init(heading: String) throws(StoreError) {
        let words = heading.split(separator: " ").map(String.init)
        guard let first = words.first, Self.isName(first), words.count > 1 else {
            throw StoreError(.damaged, "\"\(heading)\" names no table of a backup")
        }
        name = first
        for word in words.dropFirst() {
            let parts = word.split(separator: ":")
            guard parts.count == 2, Self.isName(String(parts[0])),
                let column = BackupColumn(String(parts[0]), type: String(parts[1]))
            else { throw StoreError(.damaged, "\"\(word)\" is no column of a backup") }
            columns.append(column)
        }
    }
}

/// Rows as text: columns between tabs, `\N` for NULL, blobs in hex, and in texts `\t`, `\n`, `\r` and `\\`.
enum BackupRow {
    private static let tab = UInt8(ascii: "\t")
    private static let backslash = UInt8(ascii: "\\")
    private static let null = Array("\\N".utf8)
    private static let digits = Array("0123456789abcdef".utf8)
    private static let escapes: [(byte: UInt8, letter: UInt8)] = [
        (tab, UInt8(ascii: "t")), (0x0a, UInt8(ascii: "n")), (0x0d, UInt8(ascii: "r")),
        (backslash, backslash),
    ]

    /// Appends the row that the statement stands on, without a line feed.
    static func append(_ row: any PreparedStatement, _ columns: [BackupColumn], to line: inout [UInt8]) {
        for (index, column) in columns.enumerated() {
            if index > 0 { line.append(tab) }
            let place = Int32(index)
            guard !row.isNull(place) else {
                line += null
                continue
            }
            switch column.kind {
            case .integer: line += Array("\(row.int64(place))".utf8)
            // The shortest text that reads as the same number.
            case .real: line += Array("\(row.double(place))".utf8)
            case .text:
                for byte in row.bytes(place) {
                    if let escape = escapes.first(where: { $0.byte == byte }) {
                        line += [backslash, escape.letter]
                    } else {
                        line.append(byte)
                    }
                }
            case .blob:
                for byte in row.bytes(place) { line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
            }
        }
    }

    /// Binds the columns of a line.
    ///
    /// - Throws: `StoreError`, `damaged`, with the column that cannot be read.
    static func bind(
        _ line: UnsafeRawBufferPointer, _ table: BackupTable, to statement: any PreparedStatement
    ) throws(StoreError) {
        let fields = line.split(separator: tab, omittingEmptySubsequences: false)
        guard fields.count == table.columns.count else {
            throw StoreError(
                .damaged, "a row of \(table.name) has \(fields.count) columns, not \(table.columns.count)")
        }
        for (index, (field, column)) in zip(fields, table.columns).enumerated() {
            let place = Int32(index) + 1
            if field.elementsEqual(null) {
                statement.bindNull(at: place)
                continue
            }
            let refusal = StoreError(.damaged, "\(table.name).\(column.name) of a row cannot be read")
            switch column.kind {
            case .integer:
                guard let value = Int64(String(decoding: field, as: UTF8.self)) else { throw refusal }
                statement.bind(value, at: place)
            case .real:
                guard let value = Double(String(decoding: field, as: UTF8.self)) else { throw refusal }
                statement.bind(value, at: place)
            case .text:
                guard let bytes = unescaped(field) else { throw refusal }
                bytes.withUnsafeBytes { statement.bindCopy(of: $0, at: place, asText: true) }
            case .blob:
                guard let bytes = fromHex(field) else { throw refusal }
                statement.bind(bytes, at: place)
            }
        }
    }

    private static func unescaped(_ field: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var rest = field[...]
        while let byte = rest.popFirst() {
            guard byte == backslash else {
                bytes.append(byte)
                continue
            }
            guard let letter = rest.popFirst(), let escape = escapes.first(where: { $0.letter == letter })
            else { return nil }
            bytes.append(escape.byte)
        }
        return bytes
    }

    private static func fromHex(_ field: some Collection<UInt8>) -> [UInt8]? {
        guard field.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = field[...]
        while let high = rest.popFirst(), let low = rest.popFirst() {
            guard let first = digits.firstIndex(of: high), let second = digits.firstIndex(of: low) else {
                return nil
            }
            bytes.append(UInt8(first << 4 | second))
        }
        return bytes
    }
}

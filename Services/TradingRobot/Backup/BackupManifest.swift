// What a backup says of itself: the last file of the archive. Without it, or with a file that differs from
// what it says, a backup is not restored.

import Contracts
import ServiceKit

/// One file of a backup.
struct BackedUpFile: Equatable {
    var name: String
    var bytes: Int
    var sha256: String
}

struct BackupManifest {
    static let name = "manifest.json"
    /// Of the archive; a newer one is refused.
    static let format = 1
    static let orders = "orders"
    static let marketData = "market-data"
    static let database = "database"
    static let snapshots = "snapshots"

    var programVersion: String
    /// When it was begun, for people.
    var made: String
    var databaseFormat: Int64
    var files: [BackedUpFile]

    var text: String {
        let list = files.map { file in
            JSONValue.object([
                .init("name", .string(file.name)), .init("bytes", JSONValue(file.bytes)),
                .init("sha256", .string(file.sha256)),
            ])
        }
        return JSONValue.object([
            .init("format", JSONValue(Self.format)), .init("program_version", .string(programVersion)),
            .init("made", .string(made)), .init("database_format", JSONValue(databaseFormat)),
            .init("files", .array(list)),
        ]).text + "\n"
    }

    init(programVersion: String, made: String, databaseFormat: Int64, files: [BackedUpFile]) {
        self.programVersion = programVersion
        self.made = made
        self.databaseFormat = databaseFormat
        self.files = files
    }

    init(_ bytes: [UInt8]) throws {
        let json = try JSONValue(parsing: bytes)
        let format = try json.unsigned("format")
        guard format <= Self.format else {
            throw Failure(
                "newer_backup",
                "the backup has format \(format), made by a newer program; this one knows \(Self.format)")
        }
        programVersion = try json.string("program_version")
        made = try json.string("made")
        databaseFormat = Int64(clamping: try json.unsigned("database_format"))
        files = try (json["files"]?.asArray ?? []).map { file in
            BackedUpFile(
                name: try file.string("name"), bytes: Int(clamping: try file.unsigned("bytes")),
                sha256: try file.string("sha256"))
        }
    }

    /// Whether a backup may hold a file of this name: nothing else is ever written.
    static func isAllowed(_ file: String) -> Bool {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return false }
        let isNumber = { (text: Substring, digits: Int) in
            text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        switch parts[0] {
        case database: return parts[1].hasSuffix(".rows") && isNumber(parts[1].dropLast(5), 6)
        case orders: return parts[1].hasSuffix(".journal") && isNumber(parts[1].dropLast(8), 20)
        case snapshots: return parts[1].hasSuffix(".snapshot") && isNumber(parts[1].dropLast(9), 20)
        case marketData:
            return parts[1] == "source.json"
                || (parts[1].hasSuffix(".journal") && isNumber(parts[1].dropLast(8), 20))
        default: return false
        }
    }
}

// `trading-robot restore`: journals and database from an archive of `backup`, into places that hold none.
//
// Guarantees: nothing that is there is ever overwritten. Everything is unpacked beside its place and held
// against the manifest and the checksums of the journals first; the journals come to their place inside the
// transaction that loads the database, so that in the end there is all of it or nothing.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

let restoreCommand = Command(
    "restore", "Makes journals and database of an archive of `backup`, where there are none yet.",
    settings: [CommonSettings.dataDirectory.declaration, StackSettings.database.declaration],
    operands: [Operand("FILE", required: false, help: "The archive; without it standard input.")]
) { context in
    let folder = context.settings[CommonSettings.dataDirectory]
    let path = context.operands.first ?? "-"
    guard path != "-" || isatty(STDIN_FILENO) == 0 else {
        throw WrongUse("Where is the backup? Give its FILE, or `< FILE` behind the command.")
    }
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw Failure("backup_read", "\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    var unpacked = try UnpackedBackup(into: folder)
    defer { unpacked.remove() }
    try unpacked.read(TarReader(descriptor, path: path == "-" ? "standard input" : path))
    let manifest = try unpacked.check()
    let backup = RestoredDatabase(
        format: manifest.databaseFormat, fences: try unpacked.fences(), programVersion: platformVersion)
    var rows = 0
    do {
        try restoreDatabase(StackSettings.databaseLocation(context.settings), backup) { insert in
            try unpacked.forEachRow { heading, row in
                rows += 1
                try insert(heading, row)
            }
        } before: {
            try unpacked.moveIntoPlace()
        }
    } catch {
        unpacked.moveBack()
        throw error
    }
    writeToStandardError(
        "Restored from \(manifest.made): \(rows) rows of the database, \(unpacked.records) journalled"
            + " records. Start the stack; `trading-robot verify` then proves the ledger.\n")
    return .done
}

/// An archive on its way into a data folder.
private struct UnpackedBackup {
    private static let journals = [BackupManifest.orders, BackupManifest.marketData]
    /// Where something is unpacked.
    private static let places = journals + [BackupManifest.snapshots]

    private let folder: String
    private var files: [BackedUpFile] = []
    private var manifest: BackupManifest?
    private var moved: [(from: String, to: String)] = []
    /// In both journals together.
    private(set) var records: UInt64 = 0

    /// - Throws: `Failure` when there is a journal already.
    init(into folder: String) throws {
        self.folder = folder
        for name in Self.journals {
            let journal = "\(folder)/\(name)"
            guard !OpenedSource.isJournal(journal) else {
                throw Failure(
                    "not_empty",
                    "\(journal) holds a journal already: a backup is restored where there is none. Choose "
                        + "another --data-dir, or move the folder aside")
            }
        }
        for name in Self.places {
            try? FileManager.default.removeItem(atPath: aside(name))
            do {
                try FileManager.default.createDirectory(
                    atPath: aside(name), withIntermediateDirectories: true)
            } catch {
                throw Failure("data_folder", "\(aside(name)) cannot be made: \(error.localizedDescription)")
            }
        }
    }

    /// Beside the journal's place and in the same file system, so that moving is renaming.
    private func aside(_ journal: String) -> String { "\(folder)/\(journal)/restoring" }

    /// The rows lie beside the orders.
    private func place(_ name: String) -> String {
        let parts = name.split(separator: "/")
        let journal = parts[0] == BackupManifest.database ? BackupManifest.orders : String(parts[0])
        return "\(aside(journal))/\(parts[1])"
    }

    mutating func read(_ archive: TarReader) throws {
        while let entry = try archive.next() {
            guard manifest == nil else {
                throw Failure("not_a_backup", "\(entry.name) stands behind the manifest")
            }
            if entry.name == BackupManifest.name {
                var bytes: [UInt8] = []
                try archive.content(of: entry) { bytes += $0 }
                manifest = try BackupManifest(bytes)
                continue
            }
            guard BackupManifest.isAllowed(entry.name) else {
                throw Failure("not_a_backup", "\(entry.name) is no file of a backup")
            }
            let path = place(entry.name)
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let file = FileHandle(forWritingAtPath: path)
            else { throw Failure("data_folder", "\(path) cannot be written") }
            defer { try? file.close() }
            var hash = RunningSHA256()
            try archive.content(of: entry) { piece in
                piece.withUnsafeBytes { hash.update($0) }
                try file.write(contentsOf: Data(piece))
            }
            try file.synchronize()
            files.append(BackedUpFile(name: entry.name, bytes: entry.bytes, sha256: hash.hex))
        }
    }

    /// Holds what was read against the manifest and against the checksums of the journals.
    mutating func check() throws -> BackupManifest {
        guard let manifest else { throw Failure("backup_cut", "the backup is not whole: it has no manifest") }
        for expected in manifest.files where !files.contains(expected) {
            throw Failure("backup_damaged", "\(expected.name) of the backup is not what was backed up")
        }
        guard files.count == manifest.files.count else {
            throw Failure("backup_damaged", "the backup holds a file that its manifest does not name")
        }
        for journal in Self.journals where OpenedSource.isJournal(aside(journal)) {
            let report = try checkJournal(aside(journal))
            if let damage = report.damages.first { throw damage }
            records += report.records
        }
        return manifest
    }

    /// The highest fence of each strategy in the orders.
    func fences() throws -> [String: UInt64] {
        var fences: [String: UInt64] = [:]
        guard OpenedSource.isJournal(aside(BackupManifest.orders)) else { return fences }
        let reader = try JournalReader(directory: aside(BackupManifest.orders))
        guard reader.lastSeq > 0 else { return fences }
        try reader.read(from: reader.firstSeq, through: reader.lastSeq) { _, json in
            guard try EventHead.read(json).type.equals("fence") else { return true }
            let record = try JSONValue(parsing: json)
            let strategy = try record.string("strategy_id")
            fences[strategy] = max(fences[strategy] ?? 0, try record.unsigned("fence"))
            return true
        }
        return fences
    }

    func forEachRow(_ body: (_ heading: String, _ row: UnsafeRawBufferPointer) throws -> Void) throws {
        for file in files where file.name.hasPrefix(BackupManifest.database + "/") {
            var heading = ""
            let content = try Data(contentsOf: URL(fileURLWithPath: place(file.name)))
            for line in content.split(separator: 0x0a) where line.count > 2 {
                let rest = line.dropFirst(2)
                if line.first == UInt8(ascii: "=") {
                    heading = String(decoding: rest, as: UTF8.self)
                } else {
                    try rest.withUnsafeBytes { try body(heading, $0) }
                }
            }
        }
    }

    mutating func moveIntoPlace() throws {
        for file in files where !file.name.hasPrefix(BackupManifest.database + "/") {
            let (from, target) = (place(file.name), "\(folder)/\(file.name)")
            guard rename(from, target) == 0 else {
                let why = String(cString: strerror(errno))
                throw Failure("data_folder", "\(target) cannot be made: \(why)")
            }
            moved.append((from, target))
        }
    }

    /// As if nothing had been moved.
    func moveBack() {
        for (from, target) in moved { rename(target, from) }
    }

    func remove() {
        for journal in Self.places { try? FileManager.default.removeItem(atPath: aside(journal)) }
    }
}

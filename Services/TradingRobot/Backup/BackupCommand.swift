// `trading-robot backup`: journals and database in one archive, beside services that go on working.
//
// Guarantees: what is restored from it is a state that the platform can go on from. The order of copying
// makes it so: the database first, then snapshots, orders and market data. What the database has booked
// stands in the orders that are copied later, and what orders were made of in the market data that are copied
// last; what is ahead is booked and traded again, the same way, after a restore. A journal is copied up to
// its last whole record, and a snapshot belongs to a record before it: a pruned journal can only be gone on
// with from one of them.
//
// Logs and rejected messages are left out: they decide nothing.

import Foundation
import Messaging
import Persistence
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let output = Setting<String>(
    "output", default: "-", placeholder: "FILE", help: "The archive to write; - is standard output.")

/// Bytes of rows in one file of the archive.
private let partBytes = 16 << 20

let backupCommand = Command(
    "backup", "Writes journals and database into one archive, while the stack works.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, output.declaration,
    ]
) { context in
    let settings = context.settings
    let folder = settings[CommonSettings.dataDirectory]
    let path = settings[output]
    guard path != "-" || isatty(STDOUT_FILENO) == 0 else {
        throw WrongUse("The archive is no text for a terminal: give --output FILE, or `> FILE` behind it.")
    }
    let store = try openStore(
        StackSettings.databaseLocation(settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    let part = path + ".part"
    let descriptor = path == "-" ? STDOUT_FILENO : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
        throw Failure("backup_write", "\(part) cannot be written: \(String(cString: strerror(errno)))")
    }
    do {
        let archive = TarWriter(descriptor, path: path)
        let summary = try write(archive, folder: folder, store: store)
        if path != "-" {
            guard fsync(descriptor) == 0, close(descriptor) == 0, rename(part, path) == 0 else {
                throw Failure(
                    "backup_write", "\(path) cannot be written: \(String(cString: strerror(errno)))")
            }
        }
        writeToStandardError(summary)
    } catch {
        if path != "-" { unlink(part) }
        throw error
    }
    return .done
}

/// Returns what was written, as a sentence.
private func write(_ archive: TarWriter, folder: String, store: any Store) throws -> String {
    let made = UTCTime.text(microseconds: UTCTime.now())
    let (format, rows) = try writeRows(archive, store)
    try writeSnapshots(archive, folder)
    let orders = try writeJournal(archive, folder, BackupManifest.orders)
    let market = try writeJournal(archive, folder, BackupManifest.marketData)
    let source = "\(folder)/\(BackupManifest.marketData)/source.json"
    if let content = FileManager.default.contents(atPath: source) {
        try archive.add("\(BackupManifest.marketData)/source.json", Array(content))
    }
    let manifest = BackupManifest(
        programVersion: platformVersion, made: made, databaseFormat: format, files: archive.files)
    try archive.add(BackupManifest.name, Array(manifest.text.utf8))
    try archive.end()
    let bytes = archive.files.reduce(0) { $0 + $1.bytes }
    return "Backed up: \(rows) rows of the database, \(orders) records of orders, \(market) market events; "
        + "\(bytes) bytes.\n"
}

private func writeRows(
    _ archive: TarWriter, _ store: any Store
) throws -> (format: Int64, rows: UInt64) {
    var part: [UInt8] = []
    var last = ""
    var parts: [String] = []
    var rows: UInt64 = 0
    func flush() throws {
        guard !part.isEmpty else { return }
        let digits = String(parts.count + 1)
        parts.append(String(repeating: "0", count: 6 - digits.count) + digits)
        try archive.add("\(BackupManifest.database)/\(parts[parts.count - 1]).rows", part)
        part.removeAll(keepingCapacity: true)
    }
    let format = try store.forEachRow { heading, row in
        if part.count > partBytes { try flush() }
        // Each part can be read by itself.
        if part.isEmpty || heading != last { part += Array("= \(heading)\n".utf8) }
        last = heading
        part += Array("  ".utf8) + row + [0x0a]
        rows += 1
    }
    try flush()
    return (format, rows)
}

/// Copies what stands; a file that is replaced by a newer one meanwhile is left out.
private func writeSnapshots(_ archive: TarWriter, _ folder: String) throws {
    let snapshots = SnapshotFolder(path: "\(folder)/\(BackupManifest.snapshots)")
    for file in try snapshots.list() {
        guard let content = FileManager.default.contents(atPath: file.path) else { continue }
        let name = (file.path as NSString).lastPathComponent
        try archive.add("\(BackupManifest.snapshots)/\(name)", Array(content))
    }
}

/// Returns how many whole records the journal held.
private func writeJournal(_ archive: TarWriter, _ folder: String, _ name: String) throws -> UInt64 {
    let journal = "\(folder)/\(name)"
    guard OpenedSource.isJournal(journal) else { return 0 }
    // Damage is not handed on as if it were a backup.
    let report = try checkJournal(journal)
    if let damage = report.damages.first { throw damage }
    let names = try FileManager.default.contentsOfDirectory(atPath: journal).sorted()
    for file in names where BackupManifest.isAllowed("\(name)/\(file)") && file.hasSuffix(".journal") {
        guard let handle = FileHandle(forReadingAtPath: "\(journal)/\(file)") else {
            throw Failure("backup_read", "\(journal)/\(file) cannot be read")
        }
        defer { try? handle.close() }
        let bytes = try wholeLines(handle)
        try handle.seek(toOffset: 0)
        if bytes > 0 { try archive.add("\(name)/\(file)", file: handle, bytes: bytes) }
    }
    return report.records
}

/// Bytes up to the last line feed: behind it is a line being written, or zeros that wait for one.
private func wholeLines(_ file: FileHandle) throws -> Int {
    var end = try file.seekToEnd()
    while end > 0 {
        let start = end > 1 << 16 ? end - 1 << 16 : 0
        try file.seek(toOffset: start)
        let piece = try file.read(upToCount: Int(end - start)) ?? Data()
        if let last = piece.lastIndex(of: 0x0a) { return Int(start) + (last - piece.startIndex) + 1 }
        end = start
    }
    return 0
}

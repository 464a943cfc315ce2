import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("Opening a store") struct OpeningTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    private func refusal(_ options: StoreOptions = StoreOptions()) -> StoreError? {
        storeError { _ = try folder.open(options) }
    }

    @Test(
        "a location is a path or a sqlite URL",
        arguments: [
            ("data/trading.db", "data/trading.db"), ("sqlite:///var/t.db", "/var/t.db"),
            ("sqlite:data/t.db", "data/t.db"), ("sqlite://t.db", "t.db"), ("", nil), ("sqlite://", nil),
            ("mysql://host/db", nil),
        ] as [(String, String?)])
    func locations(location: String, path: String?) {
        if let path {
            #expect((try? sqlitePath(of: location)) == path)
        } else {
            #expect(storeError { _ = try openStore(location) }?.code == .unsupported)
        }
    }

    @Test("a folder that is missing or no folder is said so") func notWritable() {
        for path in ["/dev/null/trading.db", folder.path + "/none/trading.db", folder.path] {
            let error = storeError { _ = try openStore(path) }
            #expect(error?.code == .notWritable && error?.isTransient == false)
            #expect(error?.sentence.contains(path) == true)
        }
    }

    @Test(
        "a folder without the right to write is said so",
        .enabled(if: geteuid() != 0, "root may write anywhere"))
    func readOnlyFolder() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        defer {
            try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        }
        #expect(refusal()?.code == .notWritable)
    }

    @Test(
        "a file without the right to write is said so",
        .enabled(if: geteuid() != 0, "root may write anywhere"))
    func readOnlyFile() throws {
        try folder.open().close()
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder.database)
        let error = storeError {
            _ = try folder.open().book(batch(1, [trade("a", 1)]))
        }
        #expect(error?.code == .notWritable)
    }

    @Test("a file that is no database is refused and left as it is") func garbage() throws {
        let garbage = Data("this is not a database, it is a note to myself\n".utf8) + Data(count: 4096)
        try garbage.write(to: URL(fileURLWithPath: folder.database))
        #expect(refusal()?.code == .notADatabase)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.database)) == garbage)
    }

    @Test("a database of another program is refused and left as it is") func foreign() throws {
        let store = try folder.open()
        try store.execute("PRAGMA application_id = 0; PRAGMA journal_mode = DELETE")
        try store.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        #expect(refusal()?.code == .notADatabase)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.database)) == before)
    }

    @Test("a damaged file is named as such, not as an empty ledger") func damaged() throws {
        let store = try folder.open()
        try store.book(batch(1, (1...400).map { trade("a", $0) }))
        try store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.database))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: Int(size) - 4096))
        try file.close()
        let error = storeError { _ = try folder.open().ledger() }
        #expect(error?.code == .damaged && error?.sentence.contains(folder.database) == true)
    }

    @Test("a reader without a database says so and makes none") func missing() {
        #expect(refusal(StoreOptions(access: .readOnly))?.code == .missing)
        #expect(!FileManager.default.fileExists(atPath: folder.database))
    }

    @Test("a reader opens a database that nobody else has open, and cannot change it") func lonelyReader()
        throws
    {
        let store = try folder.open()
        try store.book(batch(1, [trade("a", 1)]))
        try store.close()
        let reader = try folder.open(StoreOptions(access: .readOnly))
        #expect(try reader.trades(strategy: "a", after: 0, limit: 9) == [trade("a", 1)])
        #expect(storeError { try reader.book(batch(2, [trade("a", 2)])) }?.code == .notWritable)
    }

    @Test("programs that open and close a new database at the same time all succeed") func concurrentOpening()
        throws
    {
        let folder = self.folder.database
        let lock = NSLock()
        nonisolated(unsafe) var failures: [String] = []  // guarded by `lock`
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            do {
                // Closing too: the last one to close moves the log and holds everybody off for a moment.
                for _ in 0..<10 {
                    let store = try openStore(folder)
                    _ = try store.upsert(
                        StrategyRow(
                            id: "a", plugin: "p", symbols: ["IBM"], parameters: "{}", simulation: "{}"))
                    try store.close()
                }
            } catch { lock.withLock { failures.append("\(error)") } }
        }
        #expect(failures == [])
        #expect(try self.folder.open().integer("SELECT count(*) FROM schema_versions") == Migrations.latest)
    }

    @Test("power durability syncs each transaction") func durability() throws {
        #expect(try folder.open().integer("PRAGMA synchronous") == 1)
        let careful = try folder.open(StoreOptions(durability: .power))
        #expect(try careful.integer("PRAGMA synchronous") == 2)
    }

    @Test("a full disk is a transient error after which the same batch is booked") func diskFull() throws {
        let store = try folder.open()
        let pages = try store.integer("PRAGMA page_count")
        try store.execute("PRAGMA max_page_count = \(pages + 2)")
        let trades = (1...500).map { trade("a", $0) }
        let error = storeError { try store.book(batch(1, trades)) }
        #expect(error?.code == .full && error?.isTransient == true)
        #expect(try store.ledger().isEmpty)
        #expect(try store.checkpoint(source: "simulator") == nil)
        try store.execute("PRAGMA max_page_count = 1000000")
        #expect(try store.book(batch(1, trades)).booked == 500)
    }

    @Test("a locked database is a transient error, and the same call succeeds later") func locked() throws {
        let store = try folder.open(StoreOptions(busyTimeout: .zero))
        try whileLocked {
            let error = storeError { try store.book(batch(1, [trade("a", 1)])) }
            #expect(error?.code == .busy && error?.isTransient == true)
            let lines = try store.ledger()
            #expect(lines.isEmpty)
        }
        #expect(try store.book(batch(1, [trade("a", 1)])).booked == 1)
    }

    @Test("a short lock is waited for") func shortLock() throws {
        let store = try folder.open()
        try whileLocked { unlock in
            unlock()
            let result = try store.book(batch(1, [trade("a", 1)]))
            #expect(result.booked == 1)
        }
    }

    /// Runs `body` while another connection holds the write lock.
    private func whileLocked(_ body: () throws -> Void) throws { try whileLocked { _ in try body() } }

    /// As above; the body may let the lock go early.
    private func whileLocked(_ body: (_ unlock: () -> Void) throws -> Void) throws {
        let locker = try folder.open()
        let held = DispatchSemaphore(value: 0)
        let free = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            try? locker.transaction { _ in
                held.signal()
                free.wait()
            }
            done.signal()
        }
        held.wait()
        defer {
            free.signal()
            done.wait()
        }
        try body { free.signal() }
    }
}

@Suite("Migrations", .onEveryStore) struct MigrationTests {
    let folder: Folder
    private let second = Migrations.Migration(
        version: Migrations.latest + 1, script: "ALTER TABLE trades ADD COLUMN note BLOB")

    init() throws { folder = try Folder() }

    private func migrate(_ store: DatabaseStore, with migration: Migrations.Migration) throws {
        try store.access {
            try Migrations.run(on: $0, programVersion: "9.9", migrations: Migrations.all + [migration])
        }
    }

    @Test("versions count 1, 2, 3") func versions() {
        #expect(Migrations.all.map(\.version) == (1...Int64(Migrations.all.count)).map { $0 })
    }

    @Test("a database goes forward with its rows") func forward() throws {
        let store = try folder.open()
        try store.book(batch(1, [trade("a", 1)]))
        let before = try store.ledger()
        try migrate(store, with: second)
        try migrate(store, with: second)
        #expect(try store.integer("SELECT count(*) FROM schema_versions") == second.version)
        #expect(try store.integer("SELECT count(*) FROM trades WHERE note IS NULL") == 1)
        #expect(try store.ledger() == before)
    }

    @Test("an older program meeting a newer database says so and stops") func newer() throws {
        let store = try folder.open()
        try migrate(store, with: second)
        try store.close()
        for access in [StoreOptions.Access.readWrite, .readOnly] {
            let error = storeError { _ = try folder.open(StoreOptions(access: access)) }
            #expect(error?.code == .newerVersion)
            #expect(error?.sentence.contains("format \(second.version), made by a newer program") == true)
        }
    }

    @Test("a reader does not change an older database") func olderForReading() throws {
        let store = try folder.open()
        let error = storeError { try store.access { try Migrations.check($0, latest: second.version) } }
        #expect(error?.code == .olderVersion)
    }

    @Test("a migration that fails leaves the version before it") func failing() throws {
        let store = try folder.open()
        let broken = Migrations.Migration(
            version: second.version,
            script: "CREATE TABLE extra (id INTEGER); ALTER TABLE none ADD COLUMN x INTEGER")
        #expect(storeError { try migrate(store, with: broken) }?.code == .failed)
        #expect(try store.integer("SELECT max(version) FROM schema_versions") == Migrations.latest)
        #expect(storeError { try store.execute("SELECT count(*) FROM extra") }?.code == .failed)
        #expect(try store.book(batch(1, [trade("a", 1)])).booked == 1)
    }
}

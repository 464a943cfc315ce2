// A store in one SQLite file with a write-ahead log: readers never wait for the writer, nor it for them.

import Contracts
import Foundation
import GRDB
import GRDBSQLite

/// `@unchecked Sendable`: `connection` and everything it holds is touched inside `queue` only, one call at
/// a time.
final class SQLiteDriver: StoreDriver, @unchecked Sendable {
    /// Pages of the log after which they are moved into the database: 16 MiB. Larger means fewer moves of the
    /// same page and a longer pause for each.
    static let logPages = 4096
    /// Memory for pages, in KiB: keeps the inner pages of the indexes of some ten million trades.
    static let cacheKiB = 65_536

    /// STRICT tables, RETURNING.
    private static let oldestLibrary: Int32 = 3_037_000

    let dialect = Dialect.sqlite
    let path: String
    private let queue: DatabaseQueue
    private var connection: SQLiteConnection?

    init(path: String, options: StoreOptions) throws {
        self.path = path
        guard sqlite3_libversion_number() >= Self.oldestLibrary else {
            let version = String(cString: sqlite3_libversion())
            throw StoreError(.unsupported, "SQLite \(version) is too old: install SQLite 3.37 or newer")
        }
        if options.access == .readOnly, !FileManager.default.fileExists(atPath: path) {
            throw StoreError(
                .missing, "there is no database \(path): start `trading-robot up` or name its data folder")
        }
        (queue, connection) = try Self.open(path: path, options: options)
    }

    private static func open(
        path: String, options: StoreOptions
    ) throws -> (DatabaseQueue, SQLiteConnection) {
        var configuration = Configuration()
        configuration.readonly = options.access == .readOnly
        configuration.busyMode = .timeout(options.busyTimeout / .seconds(1))
        configuration.label = "store"
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let connection = try queue.inDatabase { database in
                let connection = try SQLiteConnection(
                    database, path: path, givesWay: options.givesWay)
                try prepare(connection, options: options)
                // Confined to the queue from here on.
                nonisolated(unsafe) let confined = connection
                return confined
            }
            return (queue, connection)
        } catch {
            throw StoreError.translated(error, path: path)
        }
    }

    private static func prepare(_ connection: SQLiteConnection, options: StoreOptions) throws {
        try connection.execute("PRAGMA cache_size = -\(cacheKiB)")
        guard options.access == .readWrite else { return }
        // Before anything is written: a file that is not ours stays as it is.
        _ = try Migrations.version(of: connection, latest: Migrations.latest)
        try connection.execute(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = \(options.durability == .power ? "FULL" : "NORMAL");
            PRAGMA wal_autocheckpoint = \(logPages);
            """)
    }

    func withConnection<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value {
        try queue.inDatabase { _ in
            guard let connection else { throw StoreError(.closed, "the database \(path) is closed") }
            return try body(connection)
        }
    }

    func close() throws {
        queue.inDatabase { _ in
            // Statements first: SQLite does not close while one is there.
            connection = nil
        }
        do { try queue.close() } catch { throw StoreError.translated(error, path: path) }
    }

    deinit {
        queue.inDatabase { _ in
            connection = nil
        }
    }
}

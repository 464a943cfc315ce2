// A connection to a SQLite file with its words for failures. Confined to the queue of its driver.

import GRDB
import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

final class SQLiteConnection: StoreConnection {
    let dialect = Dialect.sqlite
    let database: Database
    let path: String
    private let givesWay: Bool
    /// When the processor was last given up, in nanoseconds.
    private var gaveWayAt: Int64 = 0
    private let handle: OpaquePointer
    var statements: [String: any PreparedStatement] = [:]
    var booking: BookingStatements?

    init(_ database: Database, path: String, givesWay: Bool) throws {
        guard let handle = database.sqliteConnection else {
            throw StoreError(.closed, "the database \(path) is closed")
        }
        self.database = database
        self.path = path
        self.givesWay = givesWay
        self.handle = handle
    }

    /// Called before each statement that writes: lets others have the processor when it was held for 30 µs
    /// (see `StoreOptions.givesWay`). A booking of many rows takes a processor for milliseconds, and a
    /// scheduler may leave a thread that became ready meanwhile behind it, though another one is idle.
    func giveWay() {
        guard givesWay else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        guard now - gaveWayAt >= 30_000 else { return }
        gaveWayAt = now
        sched_yield()
    }

    func makeStatement(_ sql: String) throws -> any PreparedStatement {
        try SQLiteStatement(sql, on: self)
    }

    /// Every statement of SQLite hands out its rows one by one; prepared once, like the others.
    func makeStreamingStatement(_ sql: String) throws -> any PreparedStatement { try statement(sql) }

    /// Runs a script of statements that return nothing of interest.
    func execute(_ script: String) throws {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        if code != SQLITE_OK { throw lastError(code) }
    }

    /// Rows that the last insert, update or delete changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    // MARK: Transactions

    func begin() throws { try statement("BEGIN IMMEDIATE").run() }

    func beginReading() throws { try statement("BEGIN").run() }

    func commit() throws { try statement("COMMIT").run() }

    func rollback() {
        // SQLite has undone some failures itself.
        if sqlite3_get_autocommit(handle) == 0 { try? statement("ROLLBACK").run() }
    }

    /// Row by row is as fast as SQLite goes.
    func insertInBulk(_ trades: TradeRows, _ chains: inout ChainHeads) throws -> [Int]? { nil }
    func writeInBulk(_ orders: OrderChanges, source: String) throws -> Bool { false }

    // MARK: Failures

    /// The failure that SQLite has just reported.
    func lastError(_ code: Int32) -> StoreError {
        StoreError(sqlite: code, message: String(cString: sqlite3_errmsg(handle)), path: path)
    }

    /// Ours for one of GRDB's.
    func error(for error: any Error) -> any Error { StoreError.translated(error, path: path) }
}

extension StoreError {
    /// Ours for one of GRDB's; anything else as it is.
    static func translated(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        return StoreError(
            sqlite: error.extendedResultCode.rawValue, message: error.message ?? "no reason given", path: path
        )
    }

    /// The sentence for one of SQLite's result codes.
    init(sqlite code: Int32, message: String, path: String) {
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.busy, "the database \(path) is locked by another process; try again")
        case SQLITE_FULL:
            self.init(.full, "no room left for the database \(path): free some disk space")
        case SQLITE_IOERR:
            self.init(.io, "reading or writing the database \(path) failed (\(message)): check the disk")
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            // Readers too: they share their place in the log through a file beside the database.
            self.init(
                .notWritable,
                "the database \(path) cannot be opened (\(message)): check that its folder exists and that"
                    + " the folder and its files are writable")
        case SQLITE_NOTADB:
            self.init(.notADatabase, "\(path) is not a database: move it aside or choose another data folder")
        case SQLITE_CORRUPT:
            self.init(
                .damaged,
                "the database \(path) is damaged (\(message)): restore it, or move it aside and rebuild it")
        default:
            self.init(.failed, "the database \(path) failed: \(message) (code \(code))")
        }
    }
}

// One prepared statement, bound and read through SQLite's C functions.
//
// Why not GRDB's arguments and rows: they box each value, which costs more than the insert itself. Confined
// to the queue of its database, like everything in this folder.

import Contracts
import GRDB
import GRDBSQLite

final class SQLiteStatement: PreparedStatement {
    private let statement: Statement
    /// Valid as long as `statement` lives.
    private let handle: OpaquePointer
    private unowned let connection: SQLiteConnection
    private let isWriting: Bool

    init(_ sql: String, on connection: SQLiteConnection) throws {
        do {
            statement = try connection.database.makeStatement(sql: sql)
        } catch {
            throw connection.error(for: error)
        }
        handle = statement.sqliteStatement
        self.connection = connection
        isWriting = sqlite3_stmt_readonly(handle) == 0
    }

    // MARK: Parameters

    @inline(__always)
    func bind(_ value: Int64, at index: Int32) {
        check(sqlite3_bind_int64(handle, index, value))
    }

    func bindNull(at index: Int32) { check(sqlite3_bind_null(handle, index)) }

    func bind(_ value: Double?, at index: Int32) {
        if let value { check(sqlite3_bind_double(handle, index, value)) } else { bindNull(at: index) }
    }

    /// Not copied: the bytes must stay where they are until the statement is reset or bound anew.
    @inline(__always)
    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32) {
        check(sqlite3_bind_text(handle, index, bytes.baseAddress, Int32(bytes.count), nil))
    }

    func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool) {
        // SQLITE_TRANSIENT, a macro that Swift does not import: SQLite compares the pointer, never calls it.
        let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        // Without an address SQLite would bind NULL.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            check(
                asText
                    ? sqlite3_bind_text(handle, index, "", 0, copy) : sqlite3_bind_zeroblob(handle, index, 0))
            return
        }
        let count = Int32(bytes.count)
        if asText {
            let text = start.assumingMemoryBound(to: CChar.self)
            check(sqlite3_bind_text(handle, index, text, count, copy))
        } else {
            check(sqlite3_bind_blob(handle, index, start, count, copy))
        }
    }

    @inline(__always)
    private func check(_ code: Int32) {
        precondition(code == SQLITE_OK, "a parameter of a prepared statement can be bound")
    }

    // MARK: Running

    /// Runs to the next row; false at the end, with the statement ready to run again.
    @inline(__always)
    func step() throws -> Bool {
        if isWriting { connection.giveWay() }
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        // Before the reset: it repeats the error of the step, and the text is the connection's latest.
        let failure = code == SQLITE_DONE ? nil : connection.lastError(code)
        sqlite3_reset(handle)
        if let failure { throw failure }
        return false
    }

    /// Leaves off in the middle of the rows.
    func reset() { sqlite3_reset(handle) }

    // MARK: Columns

    @inline(__always)
    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a text or blob, valid until the next step or reset.
    @inline(__always)
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        // The pointer first, then the length: the order that SQLite asks for.
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}

// One prepared statement, bound and read through SQLite's C functions.
//
// Why not GRDB's arguments and rows: they box each value, which costs more than the insert itself. Confined
// to the queue of its store, like everything in this folder. Parameters count from 1, columns from 0, as in
// SQLite.

import Contracts
import GRDB
import GRDBSQLite

final class PreparedStatement {
    private let statement: Statement
    /// Valid as long as `statement` lives.
    private let handle: OpaquePointer
    private unowned let connection: StoreConnection

    init(_ sql: String, on connection: StoreConnection) throws {
        do {
            statement = try connection.database.makeStatement(sql: sql)
        } catch {
            throw connection.error(for: error)
        }
        handle = statement.sqliteStatement
        self.connection = connection
    }

    // MARK: Parameters

    @inline(__always)
    func bind(_ value: Int64, at index: Int32) {
        check(sqlite3_bind_int64(handle, index, value))
    }

    /// A number that counts up from 1 and stays far below 2⁶³.
    func bind(_ value: UInt64, at index: Int32) { bind(Int64(clamping: value), at: index) }

    func bind(_ value: Int64?, at index: Int32) {
        if let value { bind(value, at: index) } else { check(sqlite3_bind_null(handle, index)) }
    }

    func bind(_ value: Double?, at index: Int32) {
        if let value {
            check(sqlite3_bind_double(handle, index, value))
        } else {
            check(sqlite3_bind_null(handle, index))
        }
    }

    /// Copied by SQLite, so the caller's text may go away.
    func bind(_ text: String, at index: Int32) {
        var text = text
        text.withUTF8 { bindCopy(of: UnsafeRawBufferPointer($0), at: index, asText: true) }
    }

    func bind(_ text: String?, at index: Int32) {
        if let text { bind(text, at: index) } else { check(sqlite3_bind_null(handle, index)) }
    }

    func bind(_ blob: [UInt8], at index: Int32) {
        blob.withUnsafeBytes { bindCopy(of: $0, at: index, asText: false) }
    }

    /// Not copied: the bytes must stay where they are until the statement is reset or bound anew.
    @inline(__always)
    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32) {
        check(sqlite3_bind_text(handle, index, bytes.baseAddress, Int32(bytes.count), nil))
    }

    private func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool) {
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
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        // Before the reset: it repeats the error of the step, and the text is the connection's latest.
        let failure = code == SQLITE_DONE ? nil : connection.lastError(code)
        sqlite3_reset(handle)
        if let failure { throw failure }
        return false
    }

    /// Runs a statement that returns no rows.
    @inline(__always)
    func run() throws {
        while try step() {}
    }

    /// Leaves off in the middle of the rows.
    func reset() { sqlite3_reset(handle) }

    /// Each row, then ready to run again, whatever happens.
    func forEachRow(_ body: (PreparedStatement) throws -> Void) throws {
        do {
            while try step() { try body(self) }
        } catch {
            reset()
            throw error
        }
    }

    /// The first row, if there is one.
    func firstRow<Value>(_ read: (PreparedStatement) throws -> Value) throws -> Value? {
        guard try step() else { return nil }
        defer { reset() }
        return try read(self)
    }

    // MARK: Columns

    @inline(__always)
    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// A counter; a negative value, which we never store, reads as 0.
    @inline(__always)
    func counter(_ column: Int32) -> UInt64 { UInt64(clamping: int64(column)) }

    func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func optionalDouble(_ column: Int32) -> Double? {
        isNull(column) ? nil : sqlite3_column_double(handle, column)
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a text or blob, valid until the next step or reset.
    @inline(__always)
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        // The pointer first, then the length: the order that SQLite asks for.
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    @inline(__always)
    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}

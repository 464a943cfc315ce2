// One prepared statement of a PostgreSQL connection.
//
// Numbers and text are sent as text, so that the server decides their types; results come in binary, so that
// nothing is parsed. A text holds no zero byte there: one is sent as U+FFFD.

import CPostgreSQL

final class PostgreSQLStatement: PreparedStatement {
    private unowned let connection: PostgreSQLConnection
    private let name: String
    private let isStreaming: Bool
    /// What is bound, with a zero byte behind it; nil is NULL.
    private var values: [[UInt8]?]
    private var isBinary: [Int32]
    /// The rows that are being read; nil between runs.
    private var rows: OpaquePointer?
    private var row: Int32 = -1
    private var rowCount: Int32 = 0

    init(_ sql: String, name: String, isStreaming: Bool, on connection: PostgreSQLConnection) throws {
        let (text, count) = connection.dialect.parameters(sql)
        self.connection = connection
        self.name = name
        self.isStreaming = isStreaming
        values = Array(repeating: nil, count: count)
        isBinary = Array(repeating: 0, count: count)
        try connection.done(PQprepare(connection.handle, name, text, Int32(count), nil))
    }

    deinit { PQclear(rows) }

    // MARK: Parameters

    func bind(_ value: Int64, at index: Int32) { set(Array("\(value)".utf8), at: index) }

    func bindNull(at index: Int32) { values[Int(index) - 1] = nil }

    /// The shortest text that reads as the same number.
    func bind(_ value: Double?, at index: Int32) {
        if let value { set(Array("\(value)".utf8), at: index) } else { bindNull(at: index) }
    }

    func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool) {
        guard asText, bytes.contains(0) else { return set(Array(bytes), at: index, isBinary: !asText) }
        set(bytes.flatMap { $0 == 0 ? [0xef, 0xbf, 0xbd] : [$0] }, at: index)
    }

    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32) {
        bindCopy(of: UnsafeRawBufferPointer(bytes), at: index, asText: true)
    }

    private func set(_ bytes: [UInt8], at index: Int32, isBinary: Bool = false) {
        values[Int(index) - 1] = bytes + [0]
        self.isBinary[Int(index) - 1] = isBinary ? 1 : 0
    }

    // MARK: Running

    func step() throws -> Bool {
        if rows == nil { try start() }
        row += 1
        if isStreaming, row >= rowCount, row > 0 { try nextRow() }
        if row < rowCount { return true }
        reset()
        return false
    }

    private func start() throws {
        row = -1
        guard isStreaming else {
            let result = withParameters {
                PQexecPrepared(connection.handle, name, Int32(values.count), $0, $1, isBinary, 1)
            }
            return try take(result)
        }
        let isSent = withParameters {
            PQsendQueryPrepared(connection.handle, name, Int32(values.count), $0, $1, isBinary, 1)
        }
        guard isSent == 1 else { throw connection.failure(of: nil) }
        PQsetSingleRowMode(connection.handle)
        try nextRow()
        row = -1
    }

    /// The next row of a stream, or its end.
    private func nextRow() throws {
        row = 0
        try take(PQgetResult(connection.handle))
        // The end is a result without rows; libpq wants to be asked until there is none.
        if rowCount == 0 { drain() }
    }

    private func take(_ result: OpaquePointer?) throws {
        PQclear(rows)
        rows = nil
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE:
            rows = result
            rowCount = PQntuples(result)
            connection.changes = Int(String(cString: PQcmdTuples(result))) ?? 0
        default:
            let failure = connection.failure(of: result)
            PQclear(result)
            if isStreaming { drain() }
            throw failure
        }
    }

    private func drain() {
        while let rest = PQgetResult(connection.handle) { PQclear(rest) }
    }

    func reset() {
        // Left off in the middle of a stream: the rest would have to be read, or the connection closed.
        if isStreaming, rows != nil, rowCount > 0 { connection.isSpent = true }
        PQclear(rows)
        rows = nil
        row = -1
        rowCount = 0
    }

    /// The addresses and lengths of what is bound, valid during the call.
    private func withParameters<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?) -> Value
    ) -> Value {
        var all: [UInt8] = []
        all.reserveCapacity(values.reduce(0) { $0 + ($1?.count ?? 0) })
        for case let value? in values { all += value }
        return all.withUnsafeBytes { bytes in
            var place = 0
            var addresses: [UnsafePointer<CChar>?] = []
            var lengths: [Int32] = []
            for value in values {
                let start = bytes.baseAddress.map { ($0 + place).assumingMemoryBound(to: CChar.self) }
                addresses.append(value == nil ? nil : start)
                lengths.append(Int32((value?.count ?? 1) - 1))
                place += value?.count ?? 0
            }
            return body(addresses, lengths)
        }
    }

    // MARK: Columns

    /// An integer of any width, as the server sends it: most significant byte first.
    func int64(_ column: Int32) -> Int64 {
        let bytes = bytes(column)
        guard let first = bytes.first else { return 0 }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    func double(_ column: Int32) -> Double { Double(bitPattern: UInt64(bitPattern: int64(column))) }

    func isNull(_ column: Int32) -> Bool { PQgetisnull(rows, row, column) == 1 }

    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(rows, row, column), count: Int(PQgetlength(rows, row, column)))
    }
}

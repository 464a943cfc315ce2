// A connection to PostgreSQL with its words for failures. Used by one call at a time.

import CPostgreSQL
import Foundation

final class PostgreSQLConnection: StoreConnection {
    /// The oldest server whose statements are tested.
    private static let oldestServer: Int32 = 150_000
    /// Seconds within which a server must answer a new connection.
    private static let connectSeconds = 10
    /// A transaction that its program has forgotten (it was stopped, or its machine is gone) holds the lock
    /// for this long at most.
    private static let idleTransactionSeconds = 60

    let dialect = Dialect.postgresql
    let path: String
    /// Valid until `finish`.
    let handle: OpaquePointer
    var statements: [String: any PreparedStatement] = [:]
    var booking: BookingStatements?
    var changes = 0
    private var statementsMade = 0
    /// Rows were left unread: what comes next on the connection is not an answer to what is asked next.
    var isSpent = false

    init(_ url: String, path: String, options: StoreOptions) throws {
        self.path = path
        // A lost machine is noticed within half a minute. What the URL says comes later and wins.
        let parameters: [(String, String)] = [
            ("application_name", "TradingRobotPlug"), ("client_encoding", "UTF8"),
            ("connect_timeout", "\(Self.connectSeconds)"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
            ("dbname", url),
        ]
        handle = try Self.connect(parameters, path: path)
        do {
            try prepare(options)
        } catch {
            finish()
            throw error
        }
    }

    private static func connect(_ parameters: [(String, String)], path: String) throws -> OpaquePointer {
        let keywords = parameters.map { UnsafePointer(strdup($0.0)) } + [nil]
        let values = parameters.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keywords + values { free(UnsafeMutableRawPointer(mutating: text)) } }
        guard let handle = PQconnectdbParams(keywords, values, 1) else {
            throw StoreError(.unreachable, "no memory for a connection to \(path)")
        }
        // Notices would go to standard error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        guard PQstatus(handle) == CONNECTION_OK else {
            let reason = String(cString: PQerrorMessage(handle)).trimmed
            PQfinish(handle)
            throw StoreError(
                .unreachable,
                "cannot connect to \(path) (\(reason)): check that the server runs and that DATABASE_URL is"
                    + " right")
        }
        return handle
    }

    private func prepare(_ options: StoreOptions) throws {
        let version = PQserverVersion(handle)
        guard version >= Self.oldestServer else {
            throw StoreError(
                .unsupported, "\(path) is PostgreSQL \(version / 10_000): version 15 or newer is needed")
        }
        let wait = max(1, Int(options.busyTimeout / .milliseconds(1)))
        // A commit that is answered before it is on disk would be lost with the server.
        try execute(
            """
            SET client_min_messages = warning;
            SET lock_timeout = \(wait);
            SET idle_in_transaction_session_timeout = '\(Self.idleTransactionSeconds)s';
            SELECT set_config('synchronous_commit', 'on', false)
                WHERE current_setting('synchronous_commit') = 'off';
            """)
        if options.access == .readOnly { try execute("SET default_transaction_read_only = on") }
    }

    func finish() {
        statements = [:]
        booking = nil
        PQfinish(handle)
    }

    /// Whether the next call may use it. Asks nothing of the server: one that has ended the connection has
    /// said so, and it can be read.
    var isUsable: Bool {
        guard !isSpent, PQstatus(handle) == CONNECTION_OK, PQtransactionStatus(handle) == PQTRANS_IDLE else {
            return false
        }
        var readable = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, 0) == 0
    }

    // MARK: Statements

    func makeStatement(_ sql: String) throws -> any PreparedStatement { try prepared(sql, false) }

    func makeStreamingStatement(_ sql: String) throws -> any PreparedStatement {
        let key = "streaming " + sql
        if let known = statements[key] { return known }
        let new = try prepared(sql, true)
        statements[key] = new
        return new
    }

    private func prepared(_ sql: String, _ isStreaming: Bool) throws -> any PreparedStatement {
        statementsMade += 1
        return try PostgreSQLStatement(sql, name: "s\(statementsMade)", isStreaming: isStreaming, on: self)
    }

    func execute(_ script: String) throws { try done(PQexec(handle, script)) }

    /// Takes note of a result and gives it back to libpq.
    func done(_ result: OpaquePointer?) throws {
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN:
            changes = Int(String(cString: PQcmdTuples(result))) ?? 0
        default: throw failure(of: result)
        }
    }

    // MARK: Transactions

    func begin() throws {
        // One lock for the whole schema: SQLite's rule that one writes at a time, held on the server.
        try execute(
            "BEGIN; SELECT pg_advisory_xact_lock(\(Migrations.applicationID), hashtext(current_schema()))")
    }

    func beginReading() throws { try execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") }

    func commit() throws { try execute("COMMIT") }

    func rollback() {
        if PQstatus(handle) == CONNECTION_OK, !isSpent { try? execute("ROLLBACK") }
    }

    // MARK: Failures

    /// What the server, or libpq itself, has said about this result.
    func failure(of result: OpaquePointer?) -> StoreError {
        let state = result.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "C"))) }
        let message =
            result.flatMap { PQresultErrorField($0, Int32(UInt8(ascii: "M"))) } ?? PQerrorMessage(handle)
        return StoreError(
            sqlState: state.map { String(cString: $0) } ?? "",
            message: message.map { String(cString: $0).trimmed } ?? "no reason given", path: path,
            isLost: PQstatus(handle) != CONNECTION_OK)
    }
}

extension StoreError {
    /// The sentence for one of PostgreSQL's states.
    init(sqlState state: String, message: String, path: String, isLost: Bool) {
        switch state {
        case _ where isLost || state.hasPrefix("08") || state.hasPrefix("57P"):
            self.init(.unreachable, "the connection to \(path) was lost (\(message)); try again")
        case "40001", "40P01", "55P03", "57014":
            self.init(.busy, "\(path) is locked by another process (\(message)); try again")
        case "53100":
            self.init(.full, "no room left for \(path): free some disk space on its server")
        case _ where state.hasPrefix("53"):
            self.init(.busy, "\(path) has no room for this now (\(message)); try again")
        case _ where state.hasPrefix("58"):
            self.init(.io, "reading or writing \(path) failed (\(message)): check its server's disk")
        case "25006", "42501":
            self.init(.notWritable, "\(path) cannot be changed (\(message)): check the rights of its user")
        case _ where state.hasPrefix("XX"):
            self.init(.damaged, "\(path) is damaged (\(message)): restore it from a backup")
        default:
            self.init(.failed, "\(path) failed: \(message) (state \(state))")
        }
    }
}

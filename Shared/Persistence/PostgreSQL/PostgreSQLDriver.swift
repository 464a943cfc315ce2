// A store in a PostgreSQL database: a small pool of connections, made when they are needed and again when
// they were lost.
//
// Guarantees: a call has a connection to itself; writers take one lock of the database, so that they come
// one after the other, as in SQLite, and between processes too. Readers wait for nobody. A commit that was
// answered survives the end of any process, the server's too.

import CPostgreSQL
import Foundation

/// `@unchecked Sendable`: the pool is touched under `condition` only, a connection by the call that took it.
final class PostgreSQLDriver: StoreDriver, @unchecked Sendable {
    /// Connections at once; one call more waits.
    static let maximumConnections = 4

    let dialect = Dialect.postgresql
    let path: String
    private let url: String
    private let options: StoreOptions
    private let condition = NSCondition()
    private var idle: [PostgreSQLConnection] = []
    /// Those in use and idle.
    private var connections = 0
    private var isClosed = false

    init(_ url: String, options: StoreOptions) throws {
        self.url = url
        self.options = options
        path = try Self.name(of: url)
    }

    deinit { for connection in idle { connection.finish() } }

    func withConnection<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value {
        let connection = try take()
        defer { giveBack(connection) }
        return try body(connection)
    }

    func close() throws {
        condition.withLock {
            isClosed = true
            while idle.count < connections { condition.wait() }
            for connection in idle { connection.finish() }
            idle = []
            connections = 0
            condition.broadcast()
        }
    }

    private func take() throws -> PostgreSQLConnection {
        let known: PostgreSQLConnection? = try condition.withLock {
            while !isClosed, idle.isEmpty, connections >= Self.maximumConnections { condition.wait() }
            guard !isClosed else { throw StoreError(.closed, "\(path) is closed") }
            while let last = idle.popLast() {
                if last.isUsable { return last }
                last.finish()
                connections -= 1
            }
            connections += 1
            return nil
        }
        if let known { return known }
        do {
            return try PostgreSQLConnection(url, path: path, options: options)
        } catch {
            forget()
            throw error
        }
    }

    private func giveBack(_ connection: PostgreSQLConnection) {
        guard connection.isUsable else {
            connection.finish()
            forget()
            return
        }
        condition.withLock {
            idle.append(connection)
            condition.broadcast()
        }
    }

    private func forget() {
        condition.withLock {
            connections -= 1
            condition.broadcast()
        }
    }

    /// The database in words, without the password: "the PostgreSQL database trading on db.example:5432".
    static func name(of url: String) throws -> String {
        var message: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(url, &message) else {
            // Not shown: libpq's words repeat the location, and that may hold a password.
            PQfreemem(message)
            throw StoreError(
                .unsupported,
                "the database location is not a PostgreSQL URL: use"
                    + " postgresql://USER:PASSWORD@HOST:PORT/NAME")
        }
        defer { PQconninfoFree(parsed) }
        var values: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let host = values["host"] ?? values["hostaddr"] ?? "this machine"
        let port = values["port"].map { ":\($0)" } ?? ""
        return "the PostgreSQL database \(values["dbname"] ?? values["user"] ?? "") on \(host)\(port)"
    }
}

extension String {
    /// libpq's messages end in a line feed and may have several lines.
    var trimmed: String {
        trimmingCharacters(in: .whitespacesAndNewlines).replacingOccurrences(of: "\n", with: "; ")
    }
}

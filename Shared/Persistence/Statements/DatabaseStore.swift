// The store over a database: one body of statements for SQLite and PostgreSQL. What differs between them is
// in `Dialect` and in the two drivers.

import Contracts
import Synchronization

/// Connections to one database.
protocol StoreDriver: Sendable {
    var dialect: Dialect { get }
    /// The database in words for a sentence.
    var path: String { get }
    /// Runs `body` with a connection that nobody else uses meanwhile; waits for one.
    ///
    /// - Throws: `StoreError`, `closed` after `close`; or what the body throws.
    func withConnection<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value
    /// Waits for calls under way.
    func close() throws
}

final class DatabaseStore: Store, Sendable {
    private let driver: any StoreDriver
    /// Trades of a booking whose commit was sent and never answered.
    let unanswered = Mutex<Set<String>>([])

    var path: String { driver.path }
    var dialect: Dialect { driver.dialect }

    /// Brings the database to this version, or checks it when it is opened for reading.
    init(_ driver: any StoreDriver, options: StoreOptions) throws {
        self.driver = driver
        try driver.withConnection { connection in
            switch options.access {
            case .readOnly: try Migrations.check(connection)
            case .readWrite: try Migrations.run(on: connection, programVersion: options.programVersion)
            }
        }
    }

    /// Runs with a connection to itself.
    func access<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value {
        try driver.withConnection(body)
    }

    /// Runs inside a transaction that holds the write lock.
    func transaction<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value {
        try access { connection in try connection.transaction { try body(connection) } }
    }

    /// Runs with a connection to itself, all of it in one moment of the database.
    func snapshot<Value>(_ body: (any StoreConnection) throws -> Value) throws -> Value {
        try access { connection in try connection.snapshot { try body(connection) } }
    }

    func close() throws { try driver.close() }
}

// Writing the database down, and making one of what was written. See `BackupStore.swift`.

import Contracts

/// A store that can be written down.
package protocol BackupStore: Sendable {
    /// Every row of every table, of one moment. The bytes are valid during the call only.
    ///
    /// - Parameter body: gets the heading of the row's table and the row, as text without a line feed.
    /// - Returns: the format of the database, which `restoreDatabase` wants to know.
    func forEachRow(_ body: (_ heading: String, _ row: UnsafeRawBufferPointer) throws -> Void) throws -> Int64
}

extension DatabaseStore {
    package func forEachRow(
        _ body: (_ heading: String, _ row: UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64 {
        try access { connection in
            try connection.snapshot {
                var line: [UInt8] = []
                for table in try Self.tables(connection) {
                    let names = table.columns.map(\.name).joined(separator: ", ")
                    let heading = table.heading
                    let select = try connection.makeStreamingStatement("SELECT \(names) FROM \(table.name)")
                    try select.forEachRow { row in
                        line.removeAll(keepingCapacity: true)
                        BackupRow.append(row, table.columns, to: &line)
                        try line.withUnsafeBytes { try body(heading, $0) }
                    }
                }
                return try Migrations.version(of: connection, latest: Migrations.latest)
            }
        }
    }

    private static func tables(_ connection: any StoreConnection) throws -> [BackupTable] {
        var tables: [BackupTable] = []
        try connection.makeStatement(connection.dialect.columns).forEachRow { row in
            let (name, column, type) = (row.text(0), row.text(1), row.text(2))
            guard let column = BackupColumn(column, type: type) else {
                throw StoreError(.unsupported, "\(name).\(column) is of type \(type), which no backup holds")
            }
            if tables.last?.name != name { tables.append(BackupTable(name: name)) }
            tables[tables.count - 1].columns.append(column)
        }
        return tables
    }
}

/// What is known of a backup beside its rows.
package struct RestoredDatabase: Sendable {
    /// What `forEachRow` returned.
    package var format: Int64
    /// The highest fence of each strategy that the simulator's journal knows. The journal is written down
    /// after the database, so a runner may have taken a strategy over in between.
    package var fences: [String: UInt64]
    package var programVersion: String

    package init(format: Int64, fences: [String: UInt64], programVersion: String) {
        self.format = format
        self.fences = fences
        self.programVersion = programVersion
    }
}

/// Makes a new database of the rows of another one, in one transaction. Leases are not taken over: their
/// runners are gone.
///
/// - Parameters:
///   - rows: gives every row to its argument.
///   - before: what else has to succeed, in the end and before the commit.
/// - Throws: `StoreError` when the database is not new, or a row cannot be read; nothing is changed then.
package func restoreDatabase(
    _ location: String, _ backup: RestoredDatabase,
    rows: ((_ heading: String, _ row: UnsafeRawBufferPointer) throws -> Void) throws -> Void,
    before: () throws -> Void
) throws {
    let driver = try openDriver(location, options: StoreOptions(programVersion: backup.programVersion))
    defer { try? driver.close() }
    try driver.withConnection { connection in
        guard backup.format <= Migrations.latest else {
            throw StoreError(
                .newerVersion,
                "the backup has format \(backup.format) of a newer program; this one knows formats up to"
                    + " \(Migrations.latest): use the newer program")
        }
        try connection.transaction {
            guard try Migrations.version(of: connection, latest: Migrations.latest) == 0 else {
                throw StoreError(
                    .failed,
                    "there is something in \(connection.path) already; a backup is restored into a new"
                        + " database only")
            }
            let older = Migrations.all.filter { $0.version <= backup.format }
            try Migrations.apply(older, after: 0, on: connection, programVersion: backup.programVersion)
            var loading = Loading(connection)
            try rows { heading, row in try loading.insert(heading, row) }
            try loading.finish(backup)
            try Migrations.apply(
                Migrations.all, after: backup.format, on: connection, programVersion: backup.programVersion)
            try before()
        }
    }
}

/// Rows on their way into tables that are empty.
private struct Loading {
    private let connection: any StoreConnection
    private var inserts: [String: (table: BackupTable, statement: any PreparedStatement)] = [:]

    init(_ connection: any StoreConnection) { self.connection = connection }

    mutating func insert(_ heading: String, _ row: UnsafeRawBufferPointer) throws {
        if inserts[heading] == nil {
            let table = try BackupTable(heading: heading)
            let names = table.columns.map(\.name).joined(separator: ", ")
            let places = table.columns.map { _ in "?" }.joined(separator: ", ")
            inserts[heading] = (
                table, try connection.makeStatement("INSERT INTO \(table.name) (\(names)) VALUES (\(places))")
            )
        }
        guard let (table, statement) = inserts[heading] else { return }
        try BackupRow.bind(row, table, to: statement)
        try statement.run()
    }

    /// What follows from the rows.
    func finish(_ backup: RestoredDatabase) throws {
        for (table, _) in inserts.values {
            guard let first = table.columns.first, first.name == "id", first.kind == .integer,
                let script = connection.dialect.continueNumbers(of: table.name)
            else { continue }
            try connection.execute(script)
        }
        try connection.execute("UPDATE strategies SET owner = NULL, lease_expires_us = NULL")
        if backup.format >= 5 { try connection.execute("DELETE FROM runners") }
        let raise = try connection.makeStatement(
            "UPDATE strategies SET fence = ?1 WHERE id = ?2 AND fence < ?1")
        for (strategy, fence) in backup.fences.sorted(by: { $0.key < $1.key }) {
            raise.bind(fence, at: 1)
            raise.bind(strategy, at: 2)
            try raise.run()
        }
    }
}

// The tables, and how a database of an older program becomes one of this program.
//
// Migrations only go forward, are never edited once released, and each runs in one transaction together
// with the note that it ran. Two programs that start at once are safe: the second waits and finds nothing
// left to do.
//
// Amounts are whole units of 1e-8 (`_e8`), times whole microseconds (`_us`), so that the canonical ledger
// is made from the columns alone and a changed byte shows. Words are stored as on the wire. Types are
// INTEGER, TEXT, REAL and BLOB only, each with an equal in PostgreSQL (`Dialect.tables`); STRICT makes SQLite
// hold to them, and its default collation orders text by bytes.

enum Migrations {
    /// Marks the file as ours: "TRPl" in ASCII.
    static let applicationID: Int64 = 0x5452_506c

    struct Migration {
        let version: Int64
        let script: String
        /// What no script can do, after it and in the same transaction.
        var step: ((any StoreConnection) throws -> Void)?
    }

    static var latest: Int64 { all.last?.version ?? 0 }

    /// A new one comes at the end; its place is its version.
    static var all: [Migration] {
        var all: [Migration] = []
        for script in [
            first, equity, LedgerChain.tables, deadLetterWork, runners, ordersAndRuns, archive,
            bookedBatches, snapshots, operators,
        ] {
            var migration = Migration(version: Int64(all.count) + 1, script: script)
            if script == LedgerChain.tables { migration.step = LedgerChain.chainWhatIsThere }
            all.append(migration)
        }
        return all
    }

    private static let bookedBatches =
        "ALTER TABLE checkpoints ADD COLUMN batches INTEGER NOT NULL DEFAULT 0;"

    private static let first = """
        CREATE TABLE trades (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            seq INTEGER NOT NULL,
            trade_id TEXT NOT NULL UNIQUE,
            order_id TEXT NOT NULL,
            strategy_id TEXT NOT NULL,
            strategy_seq INTEGER NOT NULL,
            event_type TEXT NOT NULL,
            symbol TEXT NOT NULL,
            side TEXT NOT NULL,
            quantity_e8 INTEGER NOT NULL,
            price_e8 INTEGER NOT NULL,
            reference_price_e8 INTEGER NOT NULL,
            slippage_e8 INTEGER NOT NULL,
            fee_e8 INTEGER NOT NULL,
            liquidity TEXT NOT NULL,
            timestamp_us INTEGER NOT NULL,
            position_e8 INTEGER NOT NULL,
            average_price_e8 INTEGER NOT NULL,
            realized_pnl_e8 INTEGER NOT NULL,
            cash_e8 INTEGER NOT NULL,
            UNIQUE (strategy_id, strategy_seq)
        ) STRICT;
        CREATE INDEX trades_by_symbol ON trades (symbol, timestamp_us);
        CREATE INDEX trades_by_time ON trades (timestamp_us);

        CREATE TABLE checkpoints (
            source TEXT NOT NULL PRIMARY KEY,
            epoch TEXT NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE positions (
            strategy_id TEXT NOT NULL,
            symbol TEXT NOT NULL,
            position_e8 INTEGER NOT NULL,
            average_price_e8 INTEGER NOT NULL,
            realized_pnl_e8 INTEGER NOT NULL,
            fees_e8 INTEGER NOT NULL,
            trades INTEGER NOT NULL,
            strategy_seq INTEGER NOT NULL,
            timestamp_us INTEGER NOT NULL,
            PRIMARY KEY (strategy_id, symbol)
        ) STRICT;

        CREATE TABLE performance (
            strategy_id TEXT NOT NULL PRIMARY KEY,
            trades INTEGER NOT NULL,
            timestamp_us INTEGER NOT NULL,
            realized_pnl_e8 INTEGER NOT NULL,
            fees_e8 INTEGER NOT NULL,
            total_return REAL,
            win_rate REAL,
            maximum_drawdown REAL,
            state BLOB NOT NULL
        ) STRICT;

        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            reason TEXT NOT NULL,
            sentence TEXT NOT NULL,
            stage TEXT NOT NULL,
            byte_offset INTEGER,
            source TEXT NOT NULL,
            seq INTEGER NOT NULL,
            topic TEXT NOT NULL,
            original BLOB NOT NULL,
            sha256 BLOB NOT NULL,
            first_seen_us INTEGER NOT NULL,
            last_seen_us INTEGER NOT NULL,
            count INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            program_version TEXT NOT NULL,
            state TEXT NOT NULL,
            UNIQUE (source, topic, sha256)
        ) STRICT;

        CREATE TABLE strategies (
            id TEXT NOT NULL PRIMARY KEY,
            plugin TEXT NOT NULL,
            symbols TEXT NOT NULL,
            parameters TEXT NOT NULL,
            simulation TEXT NOT NULL,
            desired_state TEXT NOT NULL,
            owner TEXT,
            fence INTEGER NOT NULL,
            lease_expires_us INTEGER
        ) STRICT;
        """

    /// Brings the database to the latest version; does nothing when it is there.
    static func run(
        on connection: any StoreConnection, programVersion: String, migrations: [Migration] = all
    ) throws {
        let latest = migrations.last?.version ?? 0
        if try version(of: connection, latest: latest) == latest { return }
        try connection.transaction {
            // Asked again under the lock: another program may have been faster.
            let version = try version(of: connection, latest: latest)
            try apply(migrations, after: version, on: connection, programVersion: programVersion)
        }
    }

    /// Inside a transaction: those of `migrations` that come after a version; 0 stands for a new database.
    static func apply(
        _ migrations: [Migration], after version: Int64, on connection: any StoreConnection,
        programVersion: String
    ) throws {
        if version == 0 {
            try connection.makeTables(
                """
                \(connection.dialect.markAsOurs)
                CREATE TABLE schema_versions (
                    version INTEGER NOT NULL PRIMARY KEY,
                    applied_us INTEGER NOT NULL,
                    program_version TEXT NOT NULL
                ) STRICT;
                """)
        }
        for migration in migrations where migration.version > version {
            try connection.makeTables(migration.script)
            try migration.step?(connection)
            let note = try connection.statement(
                "INSERT INTO schema_versions VALUES (?, \(connection.dialect.now), ?)")
            note.bind(migration.version, at: 1)
            note.bind(programVersion, at: 2)
            try note.run()
        }
    }

    /// Refuses what this program cannot read, for an opener that changes nothing.
    static func check(_ connection: any StoreConnection, latest: Int64 = latest) throws {
        let version = try version(of: connection, latest: latest)
        if version == 0 {
            throw StoreError(
                .missing, "there is no database in \(connection.path) yet: start `trading-robot up`")
        }
        if version < latest {
            throw StoreError(
                .olderVersion,
                "the database \(connection.path) has the older format \(version), this program reads"
                    + " \(latest): start `trading-robot up` once with this version to bring it forward")
        }
    }

    /// Of the file: 0 when it is new. Throws when it is not ours or newer than `latest`.
    static func version(of connection: any StoreConnection, latest: Int64) throws -> Int64 {
        guard try connection.uncachedInteger(connection.dialect.isOurs) == 1 else {
            if try connection.uncachedInteger(connection.dialect.countTables) == 0 { return 0 }
            throw StoreError(
                .notADatabase,
                "\(connection.path) is a database of another program: choose another data folder or move"
                    + " it aside")
        }
        let version = try connection.uncachedInteger("SELECT coalesce(max(version), 0) FROM schema_versions")
        guard version <= latest else {
            throw StoreError(
                .newerVersion,
                "the database \(connection.path) has format \(version), made by a newer program; this one"
                    + " knows formats up to \(latest): use the newer program or another data folder")
        }
        return version
    }
}

extension StoreConnection {
    /// Runs a script of tables written in SQLite's types.
    fileprivate func makeTables(_ script: String) throws { try execute(dialect.tables(script)) }
}

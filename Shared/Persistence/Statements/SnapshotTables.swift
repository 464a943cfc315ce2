// Snapshots of strategies: the last two of each, for whoever runs it next.

extension Migrations {
    /// What the bytes hold is their reader's business; the limit is `SnapshotRow.maximumBytes`.
    static let snapshots = """
        CREATE TABLE strategy_snapshots (
            id INTEGER PRIMARY KEY,
            strategy_id TEXT NOT NULL,
            fence INTEGER NOT NULL,
            event INTEGER NOT NULL,
            report INTEGER NOT NULL,
            command INTEGER NOT NULL,
            made_us INTEGER NOT NULL,
            state BLOB NOT NULL CHECK (length(state) <= 5242880)
        ) STRICT;
        CREATE INDEX strategy_snapshots_by_strategy ON strategy_snapshots (strategy_id, id);
        """
}

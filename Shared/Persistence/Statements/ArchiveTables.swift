// Archived trades: blocks of a strategy's first trades, and a short hash of each trade id in them, so that an
// id of long ago is still known.

extension Migrations {
    static let archive = """
        CREATE TABLE archive_blocks (
            id INTEGER PRIMARY KEY,
            strategy_id TEXT NOT NULL,
            first_number INTEGER NOT NULL,
            last_number INTEGER NOT NULL,
            last_us INTEGER NOT NULL,
            content BLOB NOT NULL,
            UNIQUE (strategy_id, first_number)
        ) STRICT;
        CREATE TABLE archive_ids (
            id_hash INTEGER NOT NULL,
            block INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX archive_ids_by_hash ON archive_ids (id_hash, block);
        """
}

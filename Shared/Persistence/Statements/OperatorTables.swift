// Wishes of operators, and how a strategy is recovered.

extension Migrations {
    static let operators = """
        CREATE TABLE inputs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            input_id TEXT NOT NULL UNIQUE,
            strategy_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            version TEXT NOT NULL,
            reason TEXT NOT NULL,
            state TEXT NOT NULL,
            sentence TEXT NOT NULL,
            event INTEGER NOT NULL,
            wanted_us INTEGER NOT NULL,
            settled_us INTEGER
        ) STRICT;
        CREATE INDEX inputs_by_strategy ON inputs (strategy_id, id);
        ALTER TABLE strategies ADD COLUMN recovery TEXT NOT NULL DEFAULT 'replay';
        """
}

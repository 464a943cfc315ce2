// A migration: what operators do with dead letters, the strategies of other robots, and attempts.

extension Migrations {
    static let deadLetterWork = """
        ALTER TABLE dead_letters ADD COLUMN edited BLOB;
        ALTER TABLE dead_letters ADD COLUMN trade_id TEXT;
        ALTER TABLE dead_letters ADD COLUMN strategy_id TEXT;
        ALTER TABLE dead_letters ADD COLUMN strategy_seq INTEGER;
        UPDATE dead_letters SET reason = CASE reason
            WHEN 'trade_id_conflict' THEN 'conflicting_duplicate'
            WHEN 'strategy_seq_conflict' THEN 'sequence_conflict'
            WHEN 'out_of_range' THEN 'out_of_range' ELSE 'schema_violation' END;
        CREATE INDEX dead_letters_by_state ON dead_letters (state, reason, first_seen_us);
        CREATE INDEX dead_letters_by_strategy ON dead_letters (strategy_id, strategy_seq);

        CREATE TABLE dead_letter_history (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            letter INTEGER NOT NULL,
            at_us INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            why TEXT NOT NULL,
            content BLOB
        ) STRICT;
        CREATE INDEX dead_letter_history_by_letter ON dead_letter_history (letter, id);

        CREATE TABLE outside_strategies (
            strategy_id TEXT NOT NULL PRIMARY KEY,
            source TEXT NOT NULL,
            first_seen_us INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE attempts (
            sha256 BLOB NOT NULL PRIMARY KEY,
            begun INTEGER NOT NULL
        ) STRICT;
        """
}

// What runners need beside the lease: who is there, and how a strategy stands.

extension Migrations {
    static let runners = """
        CREATE TABLE runners (
            name TEXT NOT NULL PRIMARY KEY,
            expires_us INTEGER NOT NULL
        ) STRICT;
        ALTER TABLE strategies ADD COLUMN start_seq INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE strategies ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
        ALTER TABLE strategies ADD COLUMN reason TEXT NOT NULL DEFAULT '';
        ALTER TABLE strategies ADD COLUMN event INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE strategies ADD COLUMN lag INTEGER NOT NULL DEFAULT 0;
        """
}

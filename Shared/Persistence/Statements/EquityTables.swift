// Equity curves: every mark of an account, and the days that the metrics are made of.

extension Migrations {
    static let equity = """
        CREATE TABLE equity_marks (
            strategy_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            strategy_seq INTEGER NOT NULL,
            timestamp_us INTEGER NOT NULL,
            equity_e8 INTEGER NOT NULL,
            cash_e8 INTEGER NOT NULL,
            currency TEXT NOT NULL,
            periods_per_year INTEGER NOT NULL,
            positions TEXT NOT NULL,
            PRIMARY KEY (strategy_id, number)
        ) STRICT;

        CREATE TABLE performance_days (
            strategy_id TEXT NOT NULL,
            symbol TEXT NOT NULL,
            day INTEGER NOT NULL,
            equity_e8 INTEGER NOT NULL,
            figures BLOB NOT NULL,
            PRIMARY KEY (strategy_id, symbol, day)
        ) STRICT;
        """
}

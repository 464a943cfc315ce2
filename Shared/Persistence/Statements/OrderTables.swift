// Orders as they stand after their last report, and the runs of strategies: who ran one, with which
// parameters, from when to when.

extension Migrations {
    static let ordersAndRuns = """
        CREATE TABLE orders (
            order_id TEXT NOT NULL PRIMARY KEY,
            source TEXT NOT NULL,
            strategy_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            symbol TEXT NOT NULL,
            status TEXT NOT NULL,
            side TEXT NOT NULL,
            order_type TEXT NOT NULL,
            time_in_force TEXT NOT NULL,
            quantity_e8 INTEGER NOT NULL,
            price_e8 INTEGER,
            stop_price_e8 INTEGER,
            filled_e8 INTEGER NOT NULL,
            remaining_e8 INTEGER NOT NULL,
            report INTEGER NOT NULL,
            reason_code TEXT,
            reason TEXT,
            created_us INTEGER NOT NULL,
            updated_us INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX orders_by_strategy ON orders (strategy_id, number);

        CREATE TABLE strategy_runs (
            strategy_id TEXT NOT NULL,
            fence INTEGER NOT NULL,
            runner TEXT NOT NULL,
            plugin TEXT NOT NULL,
            symbols TEXT NOT NULL,
            parameters TEXT NOT NULL,
            simulation TEXT NOT NULL,
            started_us INTEGER NOT NULL,
            ended_us INTEGER,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            event INTEGER NOT NULL,
            PRIMARY KEY (strategy_id, fence)
        ) STRICT;
        """
}

// Marks and days. A mark is written once and never changed; a day is written over while it lasts.

import Contracts

extension DatabaseStore {
    func write(_ mark: EquityEvent, _ connection: any StoreConnection) throws {
        let write = try connection.statement(
            """
            INSERT INTO equity_marks (
                strategy_id, number, strategy_seq, timestamp_us, equity_e8, cash_e8, currency,
                periods_per_year, positions)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (strategy_id, number) DO NOTHING
            """)
        write.bind(mark.strategyID, at: 1)
        write.bind(mark.number, at: 2)
        write.bind(mark.strategySeq, at: 3)
        write.bind(mark.timestamp.microseconds, at: 4)
        write.bind(mark.equity.units, at: 5)
        write.bind(mark.cash.units, at: 6)
        write.bind(mark.currency, at: 7)
        write.bind(Int64(mark.periodsPerYear), at: 8)
        write.bind(mark.holdingsJSON, at: 9)
        try write.run()
    }

    func write(_ day: PerformanceDay, strategy: String, _ connection: any StoreConnection) throws {
        let write = try connection.statement(
            """
            INSERT INTO performance_days (strategy_id, symbol, day, equity_e8, figures)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (strategy_id, symbol, day) DO UPDATE SET
                equity_e8 = excluded.equity_e8, figures = excluded.figures
            """)
        write.bind(strategy, at: 1)
        write.bind(day.symbol, at: 2)
        write.bind(Int64(day.day), at: 3)
        write.bind(day.equity.units, at: 4)
        write.bind(day.figures, at: 5)
        try write.run()
    }

    package func forEachMark(strategy: String, _ body: (EquityEvent) throws -> Void) throws {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT number, strategy_seq, timestamp_us, equity_e8, cash_e8, currency, periods_per_year,
                    positions
                FROM equity_marks WHERE strategy_id = ? ORDER BY number
                """)
            select.bind(strategy, at: 1)
            try select.forEachRow { row in
                guard let holdings = EquityEvent.holdings(fromJSON: row.bytes(7)) else {
                    throw StoreError(
                        .damaged, "mark \(row.counter(0)) of \(strategy) in \(path) cannot be read")
                }
                try body(
                    EquityEvent(
                        strategyID: strategy, number: row.counter(0), strategySeq: row.counter(1),
                        timestamp: Timestamp(microseconds: row.int64(2)), equity: Money(units: row.int64(3)),
                        cash: Money(units: row.int64(4)), currency: row.text(5),
                        periodsPerYear: Int(row.int64(6)), holdings: holdings))
            }
        }
    }

    package func days(strategy: String) throws -> [PerformanceDay] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT symbol, day, equity_e8, figures FROM performance_days
                WHERE strategy_id = ? ORDER BY symbol, day
                """)
            select.bind(strategy, at: 1)
            var days: [PerformanceDay] = []
            try select.forEachRow { row in
                days.append(
                    PerformanceDay(
                        symbol: row.text(0), day: Int32(clamping: row.int64(1)),
                        equity: Money(units: row.int64(2)), figures: Array(row.bytes(3))))
            }
            return days
        }
    }

    package func replaceMetrics(_ row: PerformanceRow) throws {
        try transaction { connection in
            let remove = try connection.statement("DELETE FROM performance_days WHERE strategy_id = ?")
            remove.bind(row.strategyID, at: 1)
            try remove.run()
            try write(row, connection)
        }
    }
}

// Orders and runs. An order is one row, written over by each report that changed it; reports that come again
// or late change nothing, since they count up. Cost: one write a batch for each order touched.

import Contracts

/// The columns of an order.
enum OrderColumns {
    static let names = """
        order_id, source, strategy_id, number, symbol, status, side, order_type, time_in_force, quantity_e8, \
        price_e8, stop_price_e8, filled_e8, remaining_e8, report, reason_code, reason, created_us, updated_us
        """

    /// After `INSERT INTO orders (…)` and its rows.
    static let orUpdate = """
        ON CONFLICT (order_id) DO UPDATE SET
            status = excluded.status, quantity_e8 = excluded.quantity_e8, price_e8 = excluded.price_e8,
            stop_price_e8 = excluded.stop_price_e8, filled_e8 = excluded.filled_e8,
            remaining_e8 = excluded.remaining_e8, report = excluded.report,
            reason_code = excluded.reason_code, reason = excluded.reason, updated_us = excluded.updated_us
        WHERE excluded.report > orders.report AND excluded.strategy_id = orders.strategy_id
        """

    static func bind(_ change: OrderChanges.Change, _ source: String, to write: any ParameterList) {
        let order = change.event
        write.bind(order.orderID, at: 1)
        write.bind(source, at: 2)
        write.bind(order.strategyID, at: 3)
        write.bind(change.number, at: 4)
        write.bind(order.symbol, at: 5)
        write.bind(word: order.status.wireName, at: 6)
        write.bind(word: order.side.wireName, at: 7)
        write.bind(word: order.type.wireName, at: 8)
        write.bind(word: order.timeInForce.wireName, at: 9)
        write.bind(order.quantity.units, at: 10)
        write.bind(order.price?.units, at: 11)
        write.bind(order.stopPrice?.units, at: 12)
        write.bind(order.filled.units, at: 13)
        write.bind(order.remaining.units, at: 14)
        write.bind(order.report, at: 15)
        write.bind(order.reason?.code, at: 16)
        write.bind(order.reason?.sentence, at: 17)
        write.bind(change.first.microseconds, at: 18)
        write.bind(order.timestamp.microseconds, at: 19)
    }

    static func read(_ row: any PreparedStatement, path: String) throws -> OrderRow {
        let id = row.text(0)
        func word<Word: WireNamed>(_ column: Int32, _ name: String) throws -> Word {
            guard let word = Word(wireName: row.bytes(column)) else {
                throw StoreError(
                    .damaged, "order \(id) in \(path) holds \"\(row.text(column))\" as \(name)")
            }
            return word
        }
        let reason = row.optionalText(15).map { Reason(code: $0, sentence: row.text(16)) }
        let report = Report(
            number: row.counter(14), status: try word(5, "status"), command: 0, order: row.counter(3),
            symbol: .none, side: try word(6, "side"), type: try word(7, "order_type"),
            timeInForce: try word(8, "time_in_force"), quantity: Quantity(units: row.int64(9)),
            price: Price(units: row.int64(10)), stopPrice: Price(units: row.int64(11)),
            filled: Quantity(units: row.int64(12)), remaining: Quantity(units: row.int64(13)), after: 0,
            timestamp: Timestamp(microseconds: row.int64(18)), reason: reason)
        return OrderRow(
            created: Timestamp(microseconds: row.int64(17)),
            event: OrderEvent(report, strategy: row.text(2), fence: 0, symbol: row.text(4)),
            source: row.text(1), number: row.counter(3))
    }
}

extension DatabaseStore {
    func write(_ orders: OrderChanges, source: String, _ connection: any StoreConnection) throws {
        guard !orders.isEmpty, try !connection.writeInBulk(orders, source: source) else { return }
        let places = Array(repeating: "?", count: 19).joined(separator: ", ")
        let write = try connection.statement(
            "INSERT INTO orders (\(OrderColumns.names)) VALUES (\(places)) \(OrderColumns.orUpdate)")
        for change in orders.changes {
            OrderColumns.bind(change, source, to: write)
            try write.run()
        }
    }

    package func orders(strategy: String, after: UInt64, limit: Int) throws -> [OrderRow] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT \(OrderColumns.names) FROM orders
                WHERE strategy_id = ? AND number > ? ORDER BY number LIMIT ?
                """)
            select.bind(strategy, at: 1)
            select.bind(after, at: 2)
            select.bind(Int64(limit), at: 3)
            var rows: [OrderRow] = []
            try select.forEachRow { rows.append(try OrderColumns.read($0, path: path)) }
            return rows
        }
    }

    package func orderedStrategies() throws -> [String] {
        try access { connection in
            var ids: [String] = []
            try connection.statement("SELECT DISTINCT strategy_id FROM orders ORDER BY strategy_id")
                .forEachRow { ids.append($0.text(0)) }
            return ids
        }
    }

    // MARK: Runs

    /// The claims of this transaction begin runs; what ran before them under the same strategy was lost.
    func beginRuns(_ records: [StrategyRecord], runner: String, _ connection: any StoreConnection) throws {
        let end = try connection.statement(
            """
            UPDATE strategy_runs SET ended_us = \(now),
                outcome = CASE outcome WHEN 'running' THEN 'lost' ELSE outcome END
            WHERE strategy_id = ? AND ended_us IS NULL
            """)
        let begin = try connection.statement(
            """
            INSERT INTO strategy_runs (
                strategy_id, fence, runner, plugin, symbols, parameters, simulation, started_us, outcome,
                reason, event)
            SELECT id, fence, ?, plugin, symbols, parameters, simulation, \(now), 'running', '', event
            FROM strategies WHERE id = ?
            ON CONFLICT DO NOTHING
            """)
        for record in records {
            end.bind(record.strategy.id, at: 1)
            try end.run()
            begin.bind(runner, at: 1)
            begin.bind(record.strategy.id, at: 2)
            try begin.run()
        }
    }

    /// The runner gives these back.
    func endRuns(_ claims: [Claim], runner: String, _ connection: any StoreConnection) throws {
        let end = try connection.statement(
            """
            UPDATE strategy_runs SET ended_us = \(now),
                outcome = CASE outcome WHEN 'running' THEN 'released' ELSE outcome END
            WHERE strategy_id = ? AND fence = ? AND runner = ? AND ended_us IS NULL
            """)
        for claim in claims {
            end.bind(claim.strategyID, at: 1)
            end.bind(claim.fence, at: 2)
            end.bind(runner, at: 3)
            try end.run()
        }
    }

    /// How a run stands; one that has ended is left as it is.
    func note(
        _ standing: StrategyStanding, of claim: Claim, runner: String, _ connection: any StoreConnection
    ) throws {
        let update = try connection.statement(
            """
            UPDATE strategy_runs SET outcome = ?, reason = ?, event = ?
            WHERE strategy_id = ? AND fence = ? AND runner = ? AND ended_us IS NULL
            """)
        let outcome: StrategyRun.Outcome =
            switch standing.state {
            case .done: .done
            case .failed: .failed
            default: .running
            }
        update.bind(outcome.rawValue, at: 1)
        update.bind(standing.reason, at: 2)
        update.bind(standing.event, at: 3)
        update.bind(claim.strategyID, at: 4)
        update.bind(claim.fence, at: 5)
        update.bind(runner, at: 6)
        try update.run()
    }

    package func runs(strategy: String?) throws -> [StrategyRun] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT strategy_id, fence, runner, plugin, symbols, parameters, simulation, started_us,
                    ended_us, outcome, reason, event
                FROM strategy_runs \(strategy == nil ? "" : "WHERE strategy_id = ?")
                ORDER BY strategy_id, fence
                """)
            if let strategy { select.bind(strategy, at: 1) }
            var runs: [StrategyRun] = []
            try select.forEachRow { row in
                runs.append(
                    StrategyRun(
                        strategyID: row.text(0), fence: row.counter(1), runner: row.text(2),
                        plugin: row.text(3), symbols: row.text(4).split(separator: "+").map(String.init),
                        parameters: row.text(5), simulation: row.text(6),
                        started: Timestamp(microseconds: row.int64(7)),
                        ended: row.optionalInt64(8).map { Timestamp(microseconds: $0) },
                        outcome: StrategyRun.Outcome(rawValue: row.text(9)) ?? .failed,
                        reason: row.text(10), event: row.counter(11)))
            }
            return runs
        }
    }
}

// Reading the ledger and what follows from it. Each call sees one moment of the database.

import Contracts

extension DatabaseStore {
    package func trades(strategy: String, after: UInt64, limit: Int) throws -> [TradeEvent] {
        try snapshot { connection in
            var trades = try archived(strategy, after: after, limit: limit, connection)
            let select = try connection.statement(
                """
                SELECT \(TradeColumns.names) FROM trades
                WHERE strategy_id = ? AND strategy_seq > ? ORDER BY strategy_seq LIMIT ?
                """)
            select.bind(strategy, at: 1)
            select.bind(after, at: 2)
            select.bind(Int64(limit - trades.count), at: 3)
            var trade = TradeColumns.blank
            try select.forEachRow { row in
                try TradeColumns.read(row, into: &trade, path: path)
                trades.append(trade)
            }
            return trades
        }
    }

    /// The first archived trades above `after`, in their order.
    private func archived(
        _ strategy: String, after: UInt64, limit: Int, _ connection: any StoreConnection
    ) throws -> [TradeEvent] {
        guard try Int64(clamping: after) < archivedThrough(strategy, connection) else { return [] }
        var trades: [TradeEvent] = []
        try forEachArchivedInOrder(of: strategy, from: Int64(clamping: after) + 1, connection) { trade in
            if trade.strategySeq > after, trades.count < limit { trades.append(trade) }
            return trades.count < limit
        }
        return trades
    }

    package func trade(id: String) throws -> TradeEvent? {
        // No moment is needed: a trade goes into the archive and never comes back.
        try access { connection in
            let select = try connection.statement(
                "SELECT \(TradeColumns.names) FROM trades WHERE trade_id = ?")
            select.bind(id, at: 1)
            var trade = TradeColumns.blank
            let found = try select.firstRow { row in
                try TradeColumns.read(row, into: &trade, path: path)
                return trade
            }
            return try found ?? archivedTrade(id: id, connection)
        }
    }

    package func outsideStrategies() throws -> [OutsideStrategy] {
        try access { connection in
            let select = try connection.statement(
                "SELECT strategy_id, source, first_seen_us FROM outside_strategies ORDER BY strategy_id")
            var rows: [OutsideStrategy] = []
            try select.forEachRow {
                rows.append(
                    OutsideStrategy(
                        id: $0.text(0), source: $0.text(1), firstSeen: Timestamp(microseconds: $0.int64(2))))
            }
            return rows
        }
    }

    package func strategySources() throws -> [String: String] {
        try snapshot { connection in
            var sources: [String: String] = [:]
            let first = try connection.statement(
                "SELECT source FROM trades WHERE strategy_id = ? ORDER BY strategy_seq LIMIT 1")
            for strategy in try heads(connection).map(\.0) {
                try forEachArchivedBlock(of: strategy, connection) { block in
                    sources[strategy] = block.first?.source
                    return false
                }
                guard sources[strategy] == nil else { continue }
                first.bind(strategy, at: 1)
                sources[strategy] = try first.firstRow { $0.text(0) }
            }
            return sources
        }
    }

    package func forEachTrade(strategy: String?, _ body: (TradeEvent) throws -> Void) throws {
        try snapshot { connection in
            guard try hasArchive(connection) else {
                return try forEachUnarchived(strategy, connection, body)
            }
            // One after the other: a connection that streams rows answers nothing else meanwhile.
            for one in try strategy.map({ [$0] }) ?? heads(connection).map(\.0) {
                try forEachArchivedInOrder(of: one, connection) { trade in
                    try body(trade)
                    return true
                }
                try forEachUnarchived(one, connection, body)
            }
        }
    }

    private func forEachUnarchived(
        _ strategy: String?, _ connection: any StoreConnection, _ body: (TradeEvent) throws -> Void
    ) throws {
        let condition = strategy == nil ? "" : "WHERE strategy_id = ?"
        let select = try connection.makeStreamingStatement(
            "SELECT \(TradeColumns.names) FROM trades \(condition) ORDER BY strategy_id, strategy_seq")
        if let strategy { select.bind(strategy, at: 1) }
        var trade = TradeColumns.blank
        try select.forEachRow { row in
            try TradeColumns.read(row, into: &trade, path: path)
            try body(trade)
        }
    }

    package func positions() throws -> [PositionRow] {
        try access { connection in
            let select = try connection.statement(
                "SELECT \(PositionChanges.columns) FROM positions ORDER BY strategy_id, symbol")
            var rows: [PositionRow] = []
            try select.forEachRow { rows.append(PositionChanges.read($0)) }
            return rows
        }
    }

    package func metrics(strategy: String) throws -> PerformanceRow? {
        try access { connection in
            let select = try connection.statement(Self.selectMetrics + " WHERE strategy_id = ?")
            select.bind(strategy, at: 1)
            return try select.firstRow(Self.readMetrics)
        }
    }

    package func metrics() throws -> [PerformanceRow] {
        try access { connection in
            let select = try connection.statement(Self.selectMetrics + " ORDER BY strategy_id")
            var rows: [PerformanceRow] = []
            try select.forEachRow { rows.append(Self.readMetrics($0)) }
            return rows
        }
    }

    static let selectMetrics = """
        SELECT strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, total_return, win_rate,
            maximum_drawdown, state, seal FROM performance
        """

    static func readMetrics(_ row: any PreparedStatement) -> PerformanceRow {
        PerformanceRow(
            strategyID: row.text(0), trades: row.counter(1), timestamp: Timestamp(microseconds: row.int64(2)),
            realizedPnl: Money(units: row.int64(3)), fees: Money(units: row.int64(4)),
            totalReturn: row.optionalDouble(5), winRate: row.optionalDouble(6),
            maximumDrawdown: row.optionalDouble(7), state: Array(row.bytes(8)))
    }
}

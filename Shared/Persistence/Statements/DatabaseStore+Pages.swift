// Pages of trades, newest first. A page goes on behind the last row of the one before it, so it costs the
// same wherever it lies, and trades booked meanwhile do not shift it.

import Contracts

extension DatabaseStore {
    package func trades(_ query: TradeQuery, after cursor: TradeCursor?, limit: Int) throws -> TradePage {
        precondition(limit > 0, "a page has room for a trade")
        var conditions: [String] = []
        var values: [(any PreparedStatement, Int32) -> Void] = []
        func add<Value>(
            _ condition: String, _ value: Value?,
            _ bind: @escaping (any PreparedStatement, Value, Int32) -> Void
        ) {
            guard let value else { return }
            conditions.append(condition)
            values.append { statement, index in bind(statement, value, index) }
        }
        add("strategy_id = ?", query.strategy) { $0.bind($1, at: $2) }
        add("symbol = ?", query.symbol) { $0.bind($1, at: $2) }
        add("timestamp_us >= ?", query.from) { $0.bind($1.microseconds, at: $2) }
        add("timestamp_us < ?", query.before) { $0.bind($1.microseconds, at: $2) }
        add("timestamp_us <= ?", cursor) { $0.bind($1.timestamp.microseconds, at: $2) }
        add("(timestamp_us < ? OR id < ?)", cursor) {
            $0.bind($1.timestamp.microseconds, at: $2)
            $0.bind($1.id, at: $2 + 1)
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try access { connection in
            let select = try connection.statement(
                """
                SELECT \(TradeColumns.names), id FROM trades \(condition)
                ORDER BY timestamp_us DESC, id DESC LIMIT ?
                """)
            for (index, bind) in values.enumerated() { bind(select, Int32(index) + 1) }
            select.bind(Int64(limit) + 1, at: Int32(values.count) + (cursor == nil ? 1 : 2))
            var page = TradePage(trades: [])
            var last: Int64 = 0
            var trade = TradeColumns.blank
            try select.forEachRow { row in
                if page.trades.count == limit, let end = page.trades.last {
                    page.next = TradeCursor(timestamp: end.timestamp, id: last)
                    return
                }
                try TradeColumns.read(row, into: &trade, path: path)
                page.trades.append(trade)
                last = row.int64(18)
            }
            return page
        }
    }
}

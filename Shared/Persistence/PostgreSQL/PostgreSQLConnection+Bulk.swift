// Many trades at once through COPY, the fastest way in that PostgreSQL has.
//
// COPY knows no "unless it is there": it inserts all rows or none. So it is tried first, since a duplicate is
// rare; when one is there, the server names which trades may be, and those alone go row by row.

import Contracts
import CPostgreSQL

/// Trades that a source sent, to be inserted in their order.
struct TradeRows {
    var source: String
    var trades: [SourcedTrade]
}

extension PostgreSQLConnection {
    /// Fewer go row by row: that many round trips cost no more.
    private static let smallestBulk = 3
    private static let uniqueViolation = "23505"

    func insertInBulk(_ rows: TradeRows, _ chains: inout ChainHeads) throws -> [Int]? {
        guard rows.trades.count >= Self.smallestBulk else { return nil }
        let beyond = rows.trades.indices.filter {
            rows.trades[$0].event.strategySeq > UInt64(Int64.max)
        }
        try execute("SAVEPOINT bulk")
        let before = chains
        if try copy(rows, without: beyond, &chains) { return beyond }
        chains = before
        try execute("ROLLBACK TO SAVEPOINT bulk")
        let doubtful = try doubtful(rows)
        guard try copy(rows, without: doubtful, &chains) else {
            throw StoreError(.busy, "\(path) took other trades with the same ids meanwhile; try again")
        }
        return doubtful
    }

    /// False when one of them is there already; then the transaction must go back to where it was.
    private func copy(_ rows: TradeRows, without left: [Int], _ chains: inout ChainHeads) throws -> Bool {
        let copied = CopiedRows(columns: 22, capacity: rows.trades.count * 320)
        let rowText = RowText()
        var next = left[...]
        for (index, trade) in rows.trades.enumerated() {
            if next.first == index {
                next.removeFirst()
                continue
            }
            let link = chains.link(rows.source, trade)
            chains.accept(link, of: trade.event.strategyID)
            copied.bind(rows.source, at: 1)
            copied.bind(trade.seq, at: 2)
            TradeColumns.bind(trade.event, to: copied, rowText: rowText)
            copied.bind(link.number, at: 21)
            link.hash.withBytes { copied.bindCopy(of: $0, at: 22, asText: false) }
        }
        guard next.isEmpty, left.count < rows.trades.count else { return true }
        return try send(copied, "COPY trades (\(TradeColumns.written)) FROM STDIN (FORMAT binary)")
    }

    /// False when a row is there already; then the transaction must go back to where it was.
    private func send(_ rows: CopiedRows, _ copy: String) throws -> Bool {
        try done(PQexec(handle, copy))
        let isSent = rows.withCharacters { PQputCopyData(handle, $0.baseAddress, Int32($0.count)) }
        guard isSent == 1, PQputCopyEnd(handle, nil) == 1 else { throw failure(of: nil) }
        let result = PQgetResult(handle)
        defer {
            PQclear(result)
            while let rest = PQgetResult(handle) { PQclear(rest) }
        }
        if PQresultStatus(result) == PGRES_COMMAND_OK { return true }
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        if state == Self.uniqueViolation { return false }
        throw failure(of: result)
    }

    /// By way of a table of the connection's own, which is empty again after the transaction: COPY cannot
    /// write over rows, and a round trip for each order would cost more than the trades.
    func writeInBulk(_ orders: OrderChanges, source: String) throws -> Bool {
        guard orders.changes.count >= Self.smallestBulk else { return false }
        let copied = CopiedRows(columns: 19, capacity: orders.changes.count * 320)
        for change in orders.changes { OrderColumns.bind(change, source, to: copied) }
        let isCopied = try send(
            copied,
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS orders_given (LIKE orders) ON COMMIT DELETE ROWS;
            COPY orders_given (\(OrderColumns.names)) FROM STDIN (FORMAT binary)
            """)
        precondition(isCopied, "the table has no unique column")
        try statement(
            "INSERT INTO orders (\(OrderColumns.names)) SELECT \(OrderColumns.names) FROM orders_given "
                + OrderColumns.orUpdate
        ).run()
        return true
    }

    /// The positions of trades that share an id or a number with one in the ledger or before it.
    private func doubtful(_ rows: TradeRows) throws -> [Int] {
        let query = try statement(
            """
            WITH given AS (
                SELECT trade_id COLLATE "C" AS trade_id, strategy_id COLLATE "C" AS strategy_id,
                    strategy_seq, place
                FROM unnest(CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS BIGINT[]))
                    WITH ORDINALITY AS t (trade_id, strategy_id, strategy_seq, place))
            SELECT place FROM given JOIN trades USING (trade_id)
            UNION SELECT place FROM given JOIN trades USING (strategy_id, strategy_seq)
            """)
        query.bind(Self.array(rows.trades.map(\.event.tradeID)), at: 1)
        query.bind(Self.array(rows.trades.map(\.event.strategyID)), at: 2)
        query.bind(
            "{" + rows.trades.map { "\(Int64(clamping: $0.event.strategySeq))" }.joined(separator: ",") + "}",
            at: 3)
        var found: Set<Int> = []
        try query.forEachRow { found.insert(Int($0.int64(0)) - 1) }
        var ids: Set<String> = []
        var numbers: Set<String> = []
        for (index, trade) in rows.trades.enumerated() {
            let isNew = ids.insert(trade.event.tradeID).inserted
            let hasNewNumber = numbers.insert("\(trade.event.strategySeq) \(trade.event.strategyID)").inserted
            if !isNew || !hasNewNumber || trade.event.strategySeq > UInt64(Int64.max) { found.insert(index) }
        }
        return found.sorted()
    }

    /// A list of texts as PostgreSQL reads it.
    private static func array(_ texts: [String]) -> String {
        "{" + texts.map(quoted).joined(separator: ",") + "}"
    }

    /// A text as an element of a list.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

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
        var bytes = CopyBytes(capacity: rows.trades.count * 320)
        var next = left[...]
        for index in rows.trades.indices {
            if next.first == index {
                next.removeFirst()
                continue
            }
            let link = chains.link(rows.source, rows.trades[index])
            chains.accept(link, of: rows.trades[index].event.strategyID)
            bytes.append(rows, index, link)
        }
        guard next.isEmpty, left.count < rows.trades.count else { return true }
        bytes.end()
        try done(
            PQexec(handle, "COPY trades (\(TradeColumns.written)) FROM STDIN (FORMAT binary)"))
        let isSent = bytes.withCharacters { PQputCopyData(handle, $0.baseAddress, Int32($0.count)) }
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

    /// One statement for all of them: a round trip each would cost more than the trades.
    func writeInBulk(_ orders: OrderChanges, source: String) throws -> Bool {
        guard orders.changes.count >= Self.smallestBulk else { return false }
        let types = [
            "TEXT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "BIGINT", "BIGINT",
            "BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "TEXT", "BIGINT", "BIGINT",
        ]
        let arrays = types.map { "CAST(? AS \($0)[])" }.joined(separator: ", ")
        let write = try statement(
            "INSERT INTO orders (\(OrderColumns.names)) SELECT * FROM unnest(\(arrays)) "
                + OrderColumns.orUpdate)
        let gathered = GatheredColumns(types.count)
        for change in orders.changes { OrderColumns.bind(change, source, to: gathered) }
        for (index, column) in gathered.columns.enumerated() {
            write.bind("{" + column.joined(separator: ",") + "}", at: Int32(index) + 1)
        }
        try write.run()
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
    fileprivate static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// The values of many rows: one list a column, each value as the text of an element.
private final class GatheredColumns: ParameterList {
    private(set) var columns: [[String]]

    init(_ count: Int) { columns = Array(repeating: [], count: count) }

    func bind(_ value: Int64, at index: Int32) { columns[Int(index) - 1].append("\(value)") }
    func bindNull(at index: Int32) { columns[Int(index) - 1].append("NULL") }
    func bind(_ value: Double?, at index: Int32) {
        columns[Int(index) - 1].append(value.map { "\($0)" } ?? "NULL")
    }
    func bindCopy(of bytes: UnsafeRawBufferPointer, at index: Int32, asText: Bool) {
        precondition(asText, "bytes that are no text are bound one by one")
        let text = String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{fffd}")
        columns[Int(index) - 1].append(PostgreSQLConnection.quoted(text))
    }
    func bindStableText(_ bytes: UnsafeBufferPointer<CChar>, at index: Int32) {
        bindCopy(of: UnsafeRawBufferPointer(bytes), at: index, asText: true)
    }
}

/// Rows in COPY's binary format.
private struct CopyBytes {
    /// Columns of a row: those of `TradeColumns.written`.
    private static let columns: Int16 = 22
    private var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
        bytes += Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
        // No flags, no extension of the header.
        integer(Int32(0))
        integer(Int32(0))
    }

    mutating func append(_ rows: TradeRows, _ index: Int, _ link: ChainLink) {
        integer(Self.columns)
        text(rows.source)
        number(Int64(clamping: rows.trades[index].seq))
        append(rows.trades[index].event)
        number(link.number)
        integer(Int32(ChainHash.count))
        link.hash.withBytes { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ trade: TradeEvent) {
        text(trade.tradeID)
        text(trade.orderID)
        text(trade.strategyID)
        number(Int64(clamping: trade.strategySeq))
        word(trade.effect.wireName)
        text(trade.symbol)
        word(trade.side.wireName)
        number(trade.quantity.units)
        number(trade.price.units)
        number(trade.referencePrice.units)
        number(trade.slippage.units)
        number(trade.fee.units)
        word(trade.liquidity.wireName)
        number(trade.timestamp.microseconds)
        number(trade.position.units)
        number(trade.averagePrice.units)
        number(trade.realizedPnl.units)
        number(trade.cash.units)
    }

    mutating func end() { integer(Int16(-1)) }

    private mutating func text(_ text: String) {
        let utf8 = text.utf8
        integer(Int32(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    private mutating func word(_ word: StaticString) {
        integer(Int32(word.utf8CodeUnitCount))
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func number(_ value: Int64) {
        integer(Int32(8))
        integer(value)
    }

    private mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    func withCharacters<Value>(_ body: (UnsafeBufferPointer<CChar>) -> Value) -> Value {
        bytes.withUnsafeBytes { body($0.bindMemory(to: CChar.self)) }
    }
}

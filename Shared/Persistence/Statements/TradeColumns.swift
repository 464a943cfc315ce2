// The columns of a trade: bound from an event and read back, byte for byte.

import Contracts

enum TradeColumns {
    /// In the order of the canonical ledger; `bind` and `read` count along.
    static let names = """
        trade_id, order_id, strategy_id, strategy_seq, event_type, symbol, side, quantity_e8, price_e8, \
        reference_price_e8, slippage_e8, fee_e8, liquidity, timestamp_us, position_e8, average_price_e8, \
        realized_pnl_e8, cash_e8
        """

    /// Where it came from, the columns, its link in the chain: all that is written of a trade.
    static let written = "source, seq, \(names), chain_number, chain"

    /// A trade that is there already changes nothing.
    static let insert = """
        INSERT INTO trades (\(written))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """

    /// Binds the columns as parameters 3 to 20. The texts stay in `rowText` until the next row.
    @inline(__always)
    static func bind(_ trade: TradeEvent, to insert: any ParameterList, rowText: RowText) {
        rowText.clear()
        rowText.bind(trade.tradeID, to: insert, at: 3)
        rowText.bind(trade.orderID, to: insert, at: 4)
        rowText.bind(trade.strategyID, to: insert, at: 5)
        insert.bind(Int64(bitPattern: trade.strategySeq), at: 6)
        insert.bind(word: trade.effect.wireName, at: 7)
        rowText.bind(trade.symbol, to: insert, at: 8)
        insert.bind(word: trade.side.wireName, at: 9)
        insert.bind(trade.quantity.units, at: 10)
        insert.bind(trade.price.units, at: 11)
        insert.bind(trade.referencePrice.units, at: 12)
        insert.bind(trade.slippage.units, at: 13)
        insert.bind(trade.fee.units, at: 14)
        insert.bind(word: trade.liquidity.wireName, at: 15)
        insert.bind(trade.timestamp.microseconds, at: 16)
        insert.bind(trade.position.units, at: 17)
        insert.bind(trade.averagePrice.units, at: 18)
        insert.bind(trade.realizedPnl.units, at: 19)
        insert.bind(trade.cash.units, at: 20)
    }

    /// Reads a row that was selected as `names` into `trade`, replacing every field.
    ///
    /// - Throws: `StoreError.Code.damaged` when a column holds a word that was never written.
    static func read(_ row: any PreparedStatement, into trade: inout TradeEvent, path: String) throws {
        // The ids first: a row with a false word can be named.
        trade.tradeID = row.text(0)
        trade.orderID = row.text(1)
        trade.strategyID = row.text(2)
        trade.strategySeq = UInt64(bitPattern: row.int64(3))
        trade.effect = try word(row, 4, "event_type", of: trade, path)
        trade.symbol = row.text(5)
        trade.side = try word(row, 6, "side", of: trade, path)
        trade.quantity.units = row.int64(7)
        trade.price.units = row.int64(8)
        trade.referencePrice.units = row.int64(9)
        trade.slippage.units = row.int64(10)
        trade.fee.units = row.int64(11)
        trade.liquidity = try word(row, 12, "liquidity", of: trade, path)
        trade.timestamp.microseconds = row.int64(13)
        trade.position.units = row.int64(14)
        trade.averagePrice.units = row.int64(15)
        trade.realizedPnl.units = row.int64(16)
        trade.cash.units = row.int64(17)
    }

    private static func word<Word: WireNamed>(
        _ row: any PreparedStatement, _ column: Int32, _ name: String, of trade: TradeEvent, _ path: String
    ) throws -> Word {
        guard let word = Word(wireName: row.bytes(column)) else {
            throw StoreError(
                .damaged,
                "the row of trade \(trade.tradeID) in \(path) holds \"\(row.text(column))\" as \(name):"
                    + " the row was changed or the database is damaged")
        }
        return word
    }

    /// The fields in which two trades differ, for a person: `price 181.82, not 181.83`.
    static func differences(stored: TradeEvent, given: TradeEvent) -> String {
        let fields: [(String, (TradeEvent) -> String)] = [
            ("trade_id", \.tradeID), ("order_id", \.orderID), ("strategy_id", \.strategyID),
            ("strategy_seq", { "\($0.strategySeq)" }), ("event_type", { "\($0.effect.wireName)" }),
            ("symbol", \.symbol), ("side", { "\($0.side.wireName)" }),
            ("quantity", \.quantity.description), ("price", \.price.description),
            ("reference_price", \.referencePrice.description), ("slippage", \.slippage.description),
            ("fee", \.fee.description), ("liquidity", { "\($0.liquidity.wireName)" }),
            ("timestamp", \.timestamp.description), ("position", \.position.description),
            ("average_price", \.averagePrice.description), ("realized_pnl", \.realizedPnl.description),
            ("cash", \.cash.description),
        ]
        return fields.filter { $0.1(stored) != $0.1(given) }
            .map { "\($0.0) \($0.1(stored)), not \($0.1(given))" }.joined(separator: "; ")
    }

    /// A trade to read rows into: there is no empty one.
    static let blank = TradeEvent(
        Execution(
            strategySeq: 0, order: 0, fill: 0, effect: .open, side: .buy, liquidity: .taker, symbol: .none,
            quantity: .zero, price: .zero, referencePrice: .zero, slippage: .zero, fee: .zero,
            timestamp: Timestamp(microseconds: 0), position: .zero, averagePrice: .zero, realizedPnl: .zero,
            cash: .zero), strategy: "", symbol: "")
}

/// The texts of one row side by side in memory that does not move, so SQLite need not copy them.
final class RowText {
    /// Two derived ids, an identifier and a symbol at their longest, with room to spare.
    private static let capacity = 512
    private let storage = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    private var used = 0

    deinit { storage.deallocate() }

    /// Forgets the texts of the row before: it has been written.
    @inline(__always)
    func clear() { used = 0 }

    @inline(__always)
    func bind(_ text: String, to statement: any ParameterList, at index: Int32) {
        let bound =
            text.utf8.withContiguousStorageIfAvailable { bytes in
                guard let start = bytes.baseAddress, used + bytes.count <= Self.capacity else { return false }
                let place = storage + used
                // The place has room for all of the bytes, and nothing else points there.
                UnsafeMutableRawPointer(place).copyMemory(from: start, byteCount: bytes.count)
                used += bytes.count
                statement.bindStableText(UnsafeBufferPointer(start: place, count: bytes.count), at: index)
                return true
            } ?? false
        if !bound { statement.bind(text, at: index) }
    }
}

// What a batch does to positions, gathered first so that each position is read and written once a batch.

import Contracts

struct PositionChanges {
    private struct Key: Hashable {
        var strategyID: String
        var symbol: String
    }

    /// In the order in which they were first touched.
    private(set) var rows: [PositionRow] = []
    private var places: [Key: Int] = [:]
    private var latest = -1

    /// Counts a booked trade.
    mutating func add(_ trade: TradeEvent) {
        if latest < 0 || rows[latest].symbol != trade.symbol || rows[latest].strategyID != trade.strategyID {
            latest = place(of: trade)
        }
        rows[latest].fees.addClamped(trade.fee)
        rows[latest].realizedPnl.addClamped(trade.realizedPnl)
        rows[latest].trades += 1
        // A trade that was missing and comes late changes the sums, not where the position stands.
        guard trade.strategySeq >= rows[latest].strategySeq else { return }
        rows[latest].position = trade.position
        rows[latest].averagePrice = trade.averagePrice
        rows[latest].strategySeq = trade.strategySeq
        rows[latest].timestamp = trade.timestamp
    }

    private mutating func place(of trade: TradeEvent) -> Int {
        let key = Key(strategyID: trade.strategyID, symbol: trade.symbol)
        if let known = places[key] { return known }
        rows.append(
            PositionRow(
                strategyID: trade.strategyID, symbol: trade.symbol, position: .zero, averagePrice: .zero,
                realizedPnl: .zero, fees: .zero, trades: 0, strategySeq: 0, timestamp: trade.timestamp))
        places[key] = rows.count - 1
        return rows.count - 1
    }

    /// Adds them to what is stored.
    func write(_ connection: any StoreConnection) throws {
        guard !rows.isEmpty else { return }
        let read = try connection.statement(
            "SELECT \(Self.columns) FROM positions WHERE strategy_id = ? AND symbol = ?")
        let write = try connection.statement(Self.upsert)
        for var row in rows {
            read.bind(row.strategyID, at: 1)
            read.bind(row.symbol, at: 2)
            if let stored = try read.firstRow(Self.read) { row.add(to: stored) }
            Self.bind(row, to: write)
            try write.run()
        }
    }

    static let columns = """
        strategy_id, symbol, position_e8, average_price_e8, realized_pnl_e8, fees_e8, trades, strategy_seq, \
        timestamp_us
        """

    private static let upsert = """
        INSERT INTO positions (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (strategy_id, symbol) DO UPDATE SET
            position_e8 = excluded.position_e8, average_price_e8 = excluded.average_price_e8,
            realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = excluded.fees_e8, trades = excluded.trades,
            strategy_seq = excluded.strategy_seq, timestamp_us = excluded.timestamp_us
        """

    /// A row selected as `columns`.
    static func read(_ row: any PreparedStatement) -> PositionRow {
        PositionRow(
            strategyID: row.text(0), symbol: row.text(1), position: Quantity(units: row.int64(2)),
            averagePrice: Price(units: row.int64(3)), realizedPnl: Money(units: row.int64(4)),
            fees: Money(units: row.int64(5)), trades: row.counter(6), strategySeq: row.counter(7),
            timestamp: Timestamp(microseconds: row.int64(8)))
    }

    private static func bind(_ row: PositionRow, to write: any PreparedStatement) {
        write.bind(row.strategyID, at: 1)
        write.bind(row.symbol, at: 2)
        write.bind(row.position.units, at: 3)
        write.bind(row.averagePrice.units, at: 4)
        write.bind(row.realizedPnl.units, at: 5)
        write.bind(row.fees.units, at: 6)
        write.bind(row.trades, at: 7)
        write.bind(row.strategySeq, at: 8)
        write.bind(row.timestamp.microseconds, at: 9)
    }
}

extension PositionRow {
    /// Puts what is stored underneath these changes.
    fileprivate mutating func add(to stored: PositionRow) {
        fees.addClamped(stored.fees)
        realizedPnl.addClamped(stored.realizedPnl)
        trades += stored.trades
        guard stored.strategySeq > strategySeq else { return }
        position = stored.position
        averagePrice = stored.averagePrice
        strategySeq = stored.strategySeq
        timestamp = stored.timestamp
    }
}

extension Money {
    /// Stays at the end of the range instead of leaving it: a sum for showing must not stop the booking.
    fileprivate mutating func addClamped(_ other: Money) {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        units = overflow ? (other.units < 0 ? -Int64.max : Int64.max) : sum
    }
}

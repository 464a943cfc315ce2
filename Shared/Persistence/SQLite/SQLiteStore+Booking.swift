// Booking: each trade exactly once, with all that follows from it, in one transaction.
//
// The uniqueness of a trade id, and of a number within a strategy, is held by the database, so neither a
// second writer nor a replay can break it. Cost: one insert a trade, and once a batch one read and one
// write for each position touched and for the checkpoint.

import Contracts
import GRDB

/// The statements of booking, kept apart so that none is looked up by its text for each row.
final class BookingStatements {
    let insert: PreparedStatement
    let byID: PreparedStatement
    let bySeq: PreparedStatement
    let rowText = RowText()
    var stored = TradeColumns.blank

    init(_ connection: StoreConnection) throws {
        insert = try PreparedStatement(TradeColumns.insert, on: connection)
        byID = try PreparedStatement(
            "SELECT \(TradeColumns.names) FROM trades WHERE trade_id = ?", on: connection)
        bySeq = try PreparedStatement(
            "SELECT \(TradeColumns.names) FROM trades WHERE strategy_id = ? AND strategy_seq = ?",
            on: connection)
    }
}

extension SQLiteStore {
    package func checkpoint(source: String) throws -> Checkpoint? {
        try access { connection in try self.checkpoint(source, connection) }
    }

    @discardableResult
    package func book(
        _ batch: TradeBatch, followUp: (BookingResult) throws -> BookingFollowUp
    ) throws -> BookingResult {
        try transaction { connection in
            let stored = try checkpoint(batch.checkpoint.source, connection)
            try check(batch.checkpoint, follows: stored)
            var positions = PositionChanges()
            let result = try insert(batch, into: &positions, connection)
            try positions.write(connection)
            let more = try followUp(result)
            for row in more.performance { try write(row, connection) }
            for letter in batch.deadLetters + more.deadLetters {
                // Handled before: the row may be missing, but its count is right.
                let again = letter.seq != 0 && letter.seq <= stored?.seq ?? 0
                try keep(letter, counting: !again, connection)
            }
            try write(batch.checkpoint, over: stored, connection)
            return result
        }
    }

    private func insert(
        _ batch: TradeBatch, into positions: inout PositionChanges, _ connection: StoreConnection
    ) throws -> BookingResult {
        let statements = try booking ?? BookingStatements(connection)
        booking = statements
        var result = BookingResult()
        result.outcomes.reserveCapacity(batch.trades.count)
        statements.insert.bind(batch.checkpoint.source, at: 1)
        for index in batch.trades.indices {
            let seq = batch.trades[index].seq
            guard batch.trades[index].event.strategySeq <= UInt64(Int64.max) else {
                result.add(conflict: .range, at: index, "strategy_seq is beyond \(Int64.max)")
                continue
            }
            statements.insert.bind(seq, at: 2)
            TradeColumns.bind(batch.trades[index].event, to: statements.insert, rowText: statements.rowText)
            try statements.insert.run()
            if connection.changes == 1 {
                positions.add(batch.trades[index].event)
                result.outcomes.append(.booked)
                result.booked += 1
            } else {
                try compare(batch.trades[index].event, at: index, with: statements, &result)
            }
        }
        return result
    }

    /// What stands in the way of a trade that was not inserted.
    private func compare(
        _ trade: TradeEvent, at index: Int, with statements: BookingStatements, _ result: inout BookingResult
    ) throws {
        statements.byID.bind(trade.tradeID, at: 1)
        if try readStored(statements.byID, statements) {
            if statements.stored == trade {
                result.outcomes.append(.duplicate)
                result.duplicates += 1
            } else {
                let what = TradeColumns.differences(stored: statements.stored, given: trade)
                result.add(
                    conflict: .tradeID, at: index, "trade \(trade.tradeID) is in the ledger with \(what)")
            }
            return
        }
        statements.bySeq.bind(trade.strategyID, at: 1)
        statements.bySeq.bind(trade.strategySeq, at: 2)
        let sameSeq = try readStored(statements.bySeq, statements)
        precondition(sameSeq, "a trade is refused for its id or its number")
        result.add(
            conflict: .strategySeq, at: index,
            "trade \(trade.tradeID) has number \(trade.strategySeq) of strategy \(trade.strategyID),"
                + " which is trade \(statements.stored.tradeID) in the ledger")
    }

    /// Reads the trade that a bound query finds into `statements.stored`; false when there is none.
    private func readStored(_ query: PreparedStatement, _ statements: BookingStatements) throws -> Bool {
        let found: Void? = try query.firstRow {
            try TradeColumns.read($0, into: &statements.stored, path: path)
        }
        return found != nil
    }

    // MARK: The checkpoint

    private func checkpoint(_ source: String, _ connection: StoreConnection) throws -> Checkpoint? {
        let read = try connection.statement("SELECT epoch, seq FROM checkpoints WHERE source = ?")
        read.bind(source, at: 1)
        return try read.firstRow { Checkpoint(source: source, epoch: $0.text(0), seq: $0.counter(1)) }
    }

    private func check(_ new: Checkpoint, follows stored: Checkpoint?) throws {
        guard let stored, stored.epoch != new.epoch else { return }
        throw StoreError(
            .epochChanged,
            "source \(new.source) was booked up to \(stored.seq) of epoch \(stored.epoch) and now sends epoch"
                + " \(new.epoch): its journal is another one; use that journal, or another source name or"
                + " data folder"
        )
    }

    private func write(_ new: Checkpoint, over stored: Checkpoint?, _ connection: StoreConnection) throws {
        if let stored, stored.seq >= new.seq { return }
        let write = try connection.statement(
            """
            INSERT INTO checkpoints (source, epoch, seq) VALUES (?, ?, ?)
            ON CONFLICT (source) DO UPDATE SET seq = excluded.seq
            """)
        write.bind(new.source, at: 1)
        write.bind(new.epoch, at: 2)
        write.bind(new.seq, at: 3)
        try write.run()
    }

    // MARK: Metrics

    private func write(_ row: PerformanceRow, _ connection: StoreConnection) throws {
        let write = try connection.statement(
            """
            INSERT INTO performance (
                strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, total_return, win_rate,
                maximum_drawdown, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (strategy_id) DO UPDATE SET
                trades = excluded.trades, timestamp_us = excluded.timestamp_us,
                realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = excluded.fees_e8,
                total_return = excluded.total_return, win_rate = excluded.win_rate,
                maximum_drawdown = excluded.maximum_drawdown, state = excluded.state
            """)
        write.bind(row.strategyID, at: 1)
        write.bind(row.trades, at: 2)
        write.bind(row.timestamp.microseconds, at: 3)
        write.bind(row.realizedPnl.units, at: 4)
        write.bind(row.fees.units, at: 5)
        write.bind(row.totalReturn, at: 6)
        write.bind(row.winRate, at: 7)
        write.bind(row.maximumDrawdown, at: 8)
        write.bind(row.state, at: 9)
        try write.run()
    }
}

extension BookingResult {
    fileprivate mutating func add(conflict kind: BookingConflict.Kind, at index: Int, _ sentence: String) {
        outcomes.append(.conflict)
        conflicts.append(BookingConflict(index: index, kind: kind, sentence: sentence))
    }
}

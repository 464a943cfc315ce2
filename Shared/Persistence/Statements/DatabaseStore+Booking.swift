// Booking: each trade exactly once, with all that follows from it, in one transaction.
//
// The uniqueness of a trade id, and of a number within a strategy, is held by the database, so neither a
// second writer nor a replay can break it. Cost: one insert a trade, and once a batch one read and one
// write for each position touched and for the checkpoint.

import CCrashPoint
import Contracts

/// The statements of booking, kept apart so that none is looked up by its text for each row.
final class BookingStatements {
    let insert: any PreparedStatement
    let byID: any PreparedStatement
    let bySeq: any PreparedStatement
    let rowText = RowText()
    var stored = TradeColumns.blank

    init(_ connection: any StoreConnection) throws {
        insert = try connection.makeStatement(TradeColumns.insert)
        byID = try connection.makeStatement(
            "SELECT \(TradeColumns.names) FROM trades WHERE trade_id = ?")
        bySeq = try connection.makeStatement(
            "SELECT \(TradeColumns.names) FROM trades WHERE strategy_id = ? AND strategy_seq = ?")
    }
}

extension DatabaseStore {
    package func checkpoint(source: String) throws -> Checkpoint? {
        try access { connection in try self.checkpoint(source, connection) }
    }

    @discardableResult
    package func book(
        _ batch: TradeBatch, followUp: (BookingResult) throws -> BookingFollowUp
    ) throws -> BookingResult {
        var isComplete = false
        var ids: Set<String> = []
        do {
            let result = try transaction { connection in
                ids = []
                let result = try book(batch, connection, followUp)
                for (trade, outcome) in zip(batch.trades, result.outcomes) where outcome == .booked {
                    ids.insert(trade.event.tradeID)
                }
                isComplete = true
                return result
            }
            unanswered.withLock { $0 = [] }
            if !batch.trades.isEmpty { crash_point(CRASH_POINT_BOOKED) }
            return result
        } catch {
            // The commit was sent: it may have been done. The caller will send the same trades again, and for
            // its metrics they are new.
            if isComplete { unanswered.withLock { $0.formUnion(ids) } }
            throw error
        }
    }

    private func book(
        _ batch: TradeBatch, _ connection: any StoreConnection,
        _ followUp: (BookingResult) throws -> BookingFollowUp
    ) throws -> BookingResult {
        let stored = try checkpoint(batch.checkpoint.source, connection)
        try check(batch.checkpoint, follows: stored)
        let batches = stored?.batches ?? 0
        guard batches >= batch.follows else {
            throw StoreError.rewound(batch.checkpoint.source, booked: batch.follows, stored: batches)
        }
        var positions = PositionChanges()
        var result = try insert(batch, into: &positions, connection)
        try positions.write(connection)
        for mark in batch.marks { try write(mark, connection) }
        try write(batch.orders, source: batch.checkpoint.source, connection)
        let more = try followUp(result)
        for row in more.performance { try write(row, connection) }
        for letter in batch.deadLetters + more.deadLetters {
            // Handled before: the row may be missing, but its count is right.
            let again = letter.seq != 0 && letter.seq <= stored?.seq ?? 0
            if let kept = try keep(letter, counting: !again, connection) { result.kept.append(kept) }
        }
        for resolution in more.resolutions { try write(resolution, connection) }
        for strategy in more.outsideStrategies { try write(strategy, connection) }
        if let attempt = batch.attempt { try endAttempt(attempt, connection) }
        if !batch.trades.isEmpty { crash_point(CRASH_POINT_INSERTED) }
        try write(batch.checkpoint, over: stored, connection)
        result.batches = batches + 1
        return result
    }

    /// Archived trades that come again are set apart, the others are inserted.
    private func insert(
        _ batch: TradeBatch, into positions: inout PositionChanges, _ connection: any StoreConnection
    ) throws -> BookingResult {
        guard try hasArchive(connection) else {
            return try insertUnarchived(batch, into: &positions, connection)
        }
        var archived = BookingResult()
        var (places, fresh) = ([Int](), batch)
        fresh.trades = []
        let hashes = try archivedHashes(
            batch.trades.map { ArchiveBlock.idHash($0.event.tradeID) }, connection)
        var through: [String: Int64] = [:]
        for (index, trade) in batch.trades.enumerated() {
            let strategy = trade.event.strategyID
            if through[strategy] == nil { through[strategy] = try archivedThrough(strategy, connection) }
            let isDoubtful =
                hashes.contains(ArchiveBlock.idHash(trade.event.tradeID))
                || Int64(clamping: trade.event.strategySeq) <= through[strategy] ?? 0
            if isDoubtful, try !compareArchived(trade.event, at: index, &archived, connection) { continue }
            places.append(index)
            fresh.trades.append(trade)
        }
        var result = try insertUnarchived(fresh, into: &positions, connection)
        guard places.count < batch.trades.count else { return result }
        // The outcomes in the order of the whole batch.
        var (others, inserted) = (archived.outcomes[...], zip(places, result.outcomes).makeIterator())
        var next = inserted.next()
        result.outcomes = batch.trades.indices.map { index in
            guard let (place, outcome) = next, place == index else { return others.removeFirst() }
            next = inserted.next()
            return outcome
        }
        for index in result.conflicts.indices {
            result.conflicts[index].index = places[result.conflicts[index].index]
        }
        result.conflicts = (result.conflicts + archived.conflicts).sorted { $0.index < $1.index }
        result.duplicates += archived.duplicates
        return result
    }

    /// Whether the archive has neither this trade nor its id; if not, the outcome is noted.
    private func compareArchived(
        _ trade: TradeEvent, at index: Int, _ result: inout BookingResult, _ connection: any StoreConnection
    ) throws -> Bool {
        if let known = try archivedTrade(id: trade.tradeID, connection) {
            if known == trade {
                result.outcomes.append(.duplicate)
                result.duplicates += 1
            } else {
                let what = TradeColumns.differences(stored: known, given: trade)
                result.add(
                    conflict: .tradeID, at: index, "trade \(trade.tradeID) is in the ledger with \(what)")
            }
            return false
        }
        guard let known = try archivedTrade(of: trade.strategyID, seq: trade.strategySeq, connection) else {
            return true
        }
        result.add(conflict: .strategySeq, at: index, Self.taken(trade, by: known.tradeID))
        return false
    }

    private static func taken(_ trade: TradeEvent, by other: String) -> String {
        "trade \(trade.tradeID) has number \(trade.strategySeq) of strategy \(trade.strategyID),"
            + " which is trade \(other) in the ledger"
    }

    private func insertUnarchived(
        _ batch: TradeBatch, into positions: inout PositionChanges, _ connection: any StoreConnection
    ) throws -> BookingResult {
        let statements = try connection.booking ?? BookingStatements(connection)
        connection.booking = statements
        var result = BookingResult()
        result.outcomes.reserveCapacity(batch.trades.count)
        let rows = TradeRows(source: batch.checkpoint.source, trades: batch.trades)
        // Row by row: all of them, or those that may be in the ledger already.
        var chains = ChainHeads()
        for trade in batch.trades { try chains.load(trade.event.strategyID, connection) }
        var rest = try connection.insertInBulk(rows, &chains)?[...] ?? ArraySlice(batch.trades.indices)
        statements.insert.bind(batch.checkpoint.source, at: 1)
        for index in batch.trades.indices {
            let isInserted = rest.first != index
            if !isInserted { rest.removeFirst() }
            if try isInserted
                || insert(batch.trades[index], at: index, rows, statements, connection, &chains, &result)
            {
                positions.add(batch.trades[index].event)
                result.outcomes.append(.booked)
                result.booked += 1
            }
        }
        try chains.write(connection)
        return result
    }

    /// Inserts one trade; false with its outcome noted when something stands in the way.
    private func insert(
        _ trade: SourcedTrade, at index: Int, _ rows: TradeRows, _ statements: BookingStatements,
        _ connection: any StoreConnection, _ chains: inout ChainHeads, _ result: inout BookingResult
    ) throws -> Bool {
        guard trade.event.strategySeq <= UInt64(Int64.max) else {
            result.add(conflict: .range, at: index, "strategy_seq is beyond \(Int64.max)")
            return false
        }
        statements.insert.bind(trade.seq, at: 2)
        TradeColumns.bind(trade.event, to: statements.insert, rowText: statements.rowText)
        let link = chains.link(rows.source, trade)
        statements.insert.bind(link.number, at: 21)
        link.hash.withBytes { statements.insert.bindCopy(of: $0, at: 22, asText: false) }
        try statements.insert.run()
        if connection.changes == 1 {
            chains.accept(link, of: trade.event.strategyID)
            return true
        }
        try compare(trade.event, at: index, with: statements, &result)
        return false
    }

    /// What stands in the way of a trade that was not inserted.
    private func compare(
        _ trade: TradeEvent, at index: Int, with statements: BookingStatements, _ result: inout BookingResult
    ) throws {
        statements.byID.bind(trade.tradeID, at: 1)
        if try readStored(statements.byID, statements) {
            if statements.stored == trade {
                let isOurs = unanswered.withLock { $0.contains(trade.tradeID) }
                result.outcomes.append(isOurs ? .booked : .duplicate)
                if isOurs { result.booked += 1 } else { result.duplicates += 1 }
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
            conflict: .strategySeq, at: index, Self.taken(trade, by: statements.stored.tradeID))
    }

    /// Reads the trade that a bound query finds into `statements.stored`; false when there is none.
    private func readStored(_ query: any PreparedStatement, _ statements: BookingStatements) throws -> Bool {
        let found: Void? = try query.firstRow {
            try TradeColumns.read($0, into: &statements.stored, path: path)
        }
        return found != nil
    }

    // MARK: The checkpoint

    private func checkpoint(_ source: String, _ connection: any StoreConnection) throws -> Checkpoint? {
        let read = try connection.statement(
            "SELECT epoch, seq, seal, batches FROM checkpoints WHERE source = ?")
        read.bind(source, at: 1)
        return try read.firstRow { row in
            let checkpoint = Checkpoint(
                source: source, epoch: row.text(0), seq: row.counter(1), batches: row.counter(3))
            guard row.bytes(2).elementsEqual(checkpoint.seal) else {
                throw StoreError(
                    .damaged,
                    "the checkpoint of source \(source) in \(path) was changed: it does not match its seal."
                        + " Restore the database, or move it aside and book the journal again")
            }
            return checkpoint
        }
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

    private func write(_ new: Checkpoint, over stored: Checkpoint?, _ connection: any StoreConnection) throws
    {
        var new = new
        new.seq = max(new.seq, stored?.seq ?? 0)
        new.batches = (stored?.batches ?? 0) + 1
        let write = try connection.statement(
            """
            INSERT INTO checkpoints (source, epoch, seq, seal, batches) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (source) DO UPDATE SET
                seq = excluded.seq, seal = excluded.seal, batches = excluded.batches
            """)
        write.bind(new.source, at: 1)
        write.bind(new.epoch, at: 2)
        write.bind(new.seq, at: 3)
        write.bind(new.seal, at: 4)
        write.bind(new.batches, at: 5)
        try write.run()
    }

    // MARK: Metrics

    func write(_ row: PerformanceRow, _ connection: any StoreConnection) throws {
        let write = try connection.statement(
            """
            INSERT INTO performance (
                strategy_id, trades, timestamp_us, realized_pnl_e8, fees_e8, total_return, win_rate,
                maximum_drawdown, state, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (strategy_id) DO UPDATE SET
                trades = excluded.trades, timestamp_us = excluded.timestamp_us,
                realized_pnl_e8 = excluded.realized_pnl_e8, fees_e8 = excluded.fees_e8,
                total_return = excluded.total_return, win_rate = excluded.win_rate,
                maximum_drawdown = excluded.maximum_drawdown, state = excluded.state,
                seal = excluded.seal
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
        write.bind(row.seal, at: 10)
        try write.run()
        for day in row.changedDays { try self.write(day, strategy: row.strategyID, connection) }
    }
}

extension BookingResult {
    fileprivate mutating func add(conflict kind: BookingConflict.Kind, at index: Int, _ sentence: String) {
        outcomes.append(.conflict)
        conflicts.append(BookingConflict(index: index, kind: kind, sentence: sentence))
    }
}

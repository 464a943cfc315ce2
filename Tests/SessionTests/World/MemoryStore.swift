// The database of a simulated tracker: what `DatabaseStore` does with a batch, in memory. A call is all or
// nothing, also when the process is killed in the middle of it; which of its rules is broken, the world says.
// `MemoryStoreTests` holds it against SQLite.

import Contracts

@testable import Persistence

final class MemoryStore: @unchecked Sendable {
    // @unchecked: a world runs on one thread.

    /// The process was killed in the middle of a call.
    struct Killed: Error {}

    /// What a transaction changes.
    struct Tables: Equatable {
        /// In the order of booking.
        var trades: [TradeEvent] = []
        var marks: [EquityEvent] = []
        var checkpoint: Checkpoint?
        var performance: [String: PerformanceRow] = [:]
        var days: [DayKey: PerformanceDay] = [:]
        var deadLetters: [DeadLetter] = []
    }

    struct DayKey: Hashable, Comparable {
        var strategy: String
        var symbol: String
        var day: Int32

        static func < (left: DayKey, right: DayKey) -> Bool {
            (left.strategy, left.symbol, left.day) < (right.strategy, right.symbol, right.day)
        }
    }

    /// Nil outside of a world.
    private weak var world: World?
    private(set) var tables = Tables()
    /// What the database was some time ago.
    private var backup = Tables()

    init(_ world: World? = nil) { self.world = world }

    private func strikes(_ weight: Double) -> Bool { world?.strikes(weight) ?? false }
    private func isBroken(_ rule: BrokenRule) -> Bool { world?.isBroken(rule) ?? false }

    private func die(_ share: Double) throws {
        guard strikes(share) else { return }
        throw Killed()
    }

    /// The database is restored from its last backup.
    func restoreBackup() { tables = backup }

    /// What is counted anew after a booking belongs to the same back-up. One that was made between the two,
    /// and restored under a tracker that books nothing more, shows the metrics of before until the tracker
    /// starts again: known, and not looked for here.
    func recount(_ row: PerformanceRow) {
        let isBackedUp = backup.checkpoint == tables.checkpoint
        replace(row)
        if isBackedUp { backup = tables }
    }

    // MARK: booking

    func book(
        _ batch: TradeBatch, followUp: (BookingResult) throws -> BookingFollowUp
    ) throws -> BookingResult {
        if strikes(1) { throw StoreError(.busy, "the database is locked") }
        if let stored = tables.checkpoint, stored.epoch != batch.checkpoint.epoch {
            throw StoreError(.epochChanged, "source \(batch.checkpoint.source) sends another epoch")
        }
        if tables.checkpoint?.batches ?? 0 < batch.follows, !isBroken(.rewoundUnnoticed) {
            throw StoreError(.rewound, "the database was restored from an older state")
        }
        if isBroken(.checkpointFirst) {
            write(batch.checkpoint, into: &tables)
            try die(4)
        }
        var next = tables
        var result = try insert(batch, into: &next)
        result.batches = (tables.checkpoint?.batches ?? 0) + 1
        try apply(try followUp(result), batch, to: &next)
        try die(1)
        if isBroken(.checkpointLast) {
            tables = next
            try die(4)
        }
        write(batch.checkpoint, into: &next)
        tables = next
        if world?.random.chance(0.1) ?? false { backup = tables }
        try die(1)
        return result
    }

    private func insert(_ batch: TradeBatch, into next: inout Tables) throws -> BookingResult {
        var result = BookingResult()
        for (index, sourced) in batch.trades.enumerated() {
            let trade = sourced.event
            let known = next.trades.first {
                $0.tradeID == trade.tradeID
                    || ($0.strategyID == trade.strategyID && $0.strategySeq == trade.strategySeq)
            }
            if let known, !isBroken(.noDuplicateCheck) {
                if known == trade {
                    result.outcomes.append(.duplicate)
                    result.duplicates += 1
                } else {
                    result.outcomes.append(.conflict)
                    result.conflicts.append(
                        BookingConflict(
                            index: index, kind: known.tradeID == trade.tradeID ? .tradeID : .strategySeq,
                            sentence: "trade \(trade.tradeID) contradicts the ledger"))
                }
                continue
            }
            next.trades.append(trade)
            result.outcomes.append(.booked)
            result.booked += 1
        }
        return result
    }

    private func apply(_ follow: BookingFollowUp, _ batch: TradeBatch, to next: inout Tables) throws {
        for mark in batch.marks
        where !next.marks.contains(where: { $0.strategyID == mark.strategyID && $0.number == mark.number }) {
            next.marks.append(mark)
        }
        for row in follow.performance {
            var stored = row
            stored.changedDays = []
            next.performance[row.strategyID] = stored
            for day in row.changedDays {
                next.days[DayKey(strategy: row.strategyID, symbol: day.symbol, day: day.day)] = day
            }
        }
        next.deadLetters += batch.deadLetters + follow.deadLetters
    }

    private func write(_ checkpoint: Checkpoint, into next: inout Tables) {
        var checkpoint = checkpoint
        checkpoint.seq = max(checkpoint.seq, next.checkpoint?.seq ?? 0)
        checkpoint.batches = (next.checkpoint?.batches ?? 0) + 1
        next.checkpoint = checkpoint
    }

    /// Replaces the metrics of a strategy.
    func replace(_ row: PerformanceRow) {
        tables.days = tables.days.filter { $0.key.strategy != row.strategyID }
        tables.performance[row.strategyID] = row
        tables.performance[row.strategyID]?.changedDays = []
        for day in row.changedDays {
            tables.days[DayKey(strategy: row.strategyID, symbol: day.symbol, day: day.day)] = day
        }
    }
}

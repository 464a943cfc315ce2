// The tracker without its sockets: what arrives becomes batches, batches are booked, metrics follow.
//
// Guarantees: a trade, what follows from it and the checkpoint are one transaction. Trouble that passes (a
// locked database, a full disk) keeps the batch and is tried again; nothing is dropped, and no message
// becomes a dead letter for it. A message that can never be booked becomes a dead letter in the same
// transaction, and the stream goes on.

import Contracts
import Messaging
import Persistence
import ServiceKit
import TradingCore

final class TrackerCore {
    /// Trades waiting to be booked; beyond it the feed pauses.
    static let maximumWaiting = 65_536
    /// Trades of one transaction.
    static let batchTrades = 2_048

    private let store: any Store
    private let clock: () -> Timestamp
    private var ledgers: [String: StrategyLedger] = [:]
    private var trades: [SourcedTrade] = []
    private var letters: [DeadLetter] = []
    private var source = ""
    private var epoch = ""
    /// Everything up to here has arrived, and what of it is booked.
    private(set) var complete: UInt64 = 0
    private(set) var booked: UInt64 = 0
    private(set) var counts = TrackerCounts()
    /// Strategies whose metrics changed since the last `takeChanged`.
    private var changed: Set<String> = []
    private var newLetters: [DeadLetter] = []

    /// Reads the ledger once: metrics go on where they were.
    init(store: any Store, source: String, clock: @escaping () -> Timestamp) throws {
        self.store = store
        self.clock = clock
        self.source = source
        if let checkpoint = try store.checkpoint(source: source) {
            epoch = checkpoint.epoch
            complete = checkpoint.seq
            booked = checkpoint.seq
        }
        try store.forEachTrade(strategy: nil) { trade in
            self.count(trade, in: &self.ledgers)
        }
    }

    /// The epoch followed so far; nil before the first booking.
    var followedEpoch: String? { epoch.isEmpty ? nil : epoch }
    var mustPause: Bool { trades.count >= Self.maximumWaiting }
    var isIdle: Bool { trades.isEmpty && letters.isEmpty && booked >= complete }
    var hasWork: Bool { !trades.isEmpty || !letters.isEmpty }

    // MARK: arriving

    func arrived(_ trade: TradeEvent, seq: UInt64) { trades.append(SourcedTrade(seq: seq, event: trade)) }

    func arrivedComplete(_ seq: UInt64, epoch: String) {
        complete = max(complete, seq)
        self.epoch = epoch
    }

    /// A message that cannot be read, now and in the journal.
    func arrivedUnreadable(_ message: RejectedMessage) {
        letters.append(
            DeadLetter(
                reason: "unreadable", sentence: message.reason, stage: "decode", source: source,
                seq: message.seq ?? 0, topic: String(decoding: message.topic, as: UTF8.self),
                original: Array(message.json), seen: clock(), programVersion: platformVersion))
    }

    // MARK: booking

    /// Books what has arrived, at most `batchTrades` a transaction.
    ///
    /// - Throws: `StoreError`; with `isTransient` call again later, nothing is lost.
    func book() throws {
        while hasWork || booked < complete {
            let count = min(trades.count, Self.batchTrades)
            let slice = Array(trades.prefix(count))
            // After a repair trades of different topics may arrive out of order: nothing that waits may lie
            // behind.
            let waiting = trades.dropFirst(count).lazy.map(\.seq).min()
            let last = min(complete, waiting.map { $0 - 1 } ?? complete)
            try book(slice, letters, through: last)
            trades.removeFirst(count)
            letters.removeAll()
        }
    }

    private func book(_ slice: [SourcedTrade], _ dead: [DeadLetter], through last: UInt64) throws {
        var next: [String: StrategyLedger] = [:]
        let batch = TradeBatch(
            checkpoint: Checkpoint(source: source, epoch: epoch, seq: last), trades: slice, deadLetters: dead)
        let result = try store.book(batch) { result in
            try self.followUp(slice, result, &next)
        }
        ledgers.merge(next) { $1 }
        changed.formUnion(next.keys)
        booked = last
        counts.booked += Int64(result.booked)
        counts.duplicates += Int64(result.duplicates)
        counts.deadLetters += Int64(dead.count + result.conflicts.count)
        newLetters += dead
    }

    private func followUp(
        _ slice: [SourcedTrade], _ result: BookingResult, _ next: inout [String: StrategyLedger]
    ) throws -> BookingFollowUp {
        next = [:]
        var follow = BookingFollowUp()
        for (index, outcome) in result.outcomes.enumerated() where outcome == .booked {
            let trade = slice[index].event
            if next[trade.strategyID] == nil { next[trade.strategyID] = ledgers[trade.strategyID] }
            count(trade, in: &next)
        }
        for conflict in result.conflicts {
            let item = slice[conflict.index]
            var json = JSONWriter()
            item.event.writeCanonical(into: &json)
            follow.deadLetters.append(
                DeadLetter(
                    reason: conflict.kind.rawValue, sentence: conflict.sentence, stage: "book",
                    source: source,
                    seq: item.seq, topic: "trade/\(item.event.strategyID)/\(item.event.symbol)/",
                    original: json.withBytes { Array($0) }, seen: clock(), programVersion: platformVersion))
        }
        follow.performance = next.keys.sorted().compactMap { strategy in next[strategy]?.row(strategy) }
        return follow
    }

    /// Counts a booked trade. Metrics that would leave the range of amounts stay where they are.
    private func count(_ trade: TradeEvent, in ledgers: inout [String: StrategyLedger]) {
        do throws(AmountOutOfRange) {
            var ledger: StrategyLedger
            if let known = ledgers[trade.strategyID] {
                ledger = known
            } else {
                ledger = try StrategyLedger(first: trade)
            }
            try ledger.record(trade)
            ledgers[trade.strategyID] = ledger
        } catch {
            counts.uncounted += 1
        }
    }

    // MARK: notices

    /// Metrics that changed since the last call, by strategy.
    func takeChanged() -> [PerformanceEvent] {
        defer { changed = [] }
        return changed.sorted().compactMap { strategy in ledgers[strategy]?.event(strategy) }
    }

    /// Dead letters kept since the last call.
    func takeNewLetters() -> [DeadLetter] {
        defer { newLetters = [] }
        return newLetters
    }
}

struct TrackerCounts {
    var booked: Int64 = 0
    var duplicates: Int64 = 0
    var deadLetters: Int64 = 0
    /// Booked trades whose amounts were too large for the metrics.
    var uncounted: Int64 = 0
}

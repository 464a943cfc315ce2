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
    private var marks: [(seq: UInt64, event: EquityEvent)] = []
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

    /// Metrics go on from what is stored of them; the ledger is read only where that cannot be.
    init(store: any Store, source: String, clock: @escaping () -> Timestamp) throws {
        self.store = store
        self.clock = clock
        self.source = source
        if let checkpoint = try store.checkpoint(source: source) {
            epoch = checkpoint.epoch
            complete = checkpoint.seq
            booked = checkpoint.seq
        }
        for row in try store.metrics() {
            ledgers[row.strategyID] = StrategyLedger(try storedPerformance(row.strategyID, in: store))
        }
    }

    /// The epoch followed so far; nil before the first booking.
    var followedEpoch: String? { epoch.isEmpty ? nil : epoch }
    var mustPause: Bool { trades.count >= Self.maximumWaiting }
    var isIdle: Bool { !hasWork && booked >= complete && !ledgers.values.contains(where: \.needsRecount) }
    var hasWork: Bool { !trades.isEmpty || !marks.isEmpty || !letters.isEmpty }

    // MARK: arriving

    func arrived(_ trade: TradeEvent, seq: UInt64) { trades.append(SourcedTrade(seq: seq, event: trade)) }

    func arrived(_ mark: EquityEvent, seq: UInt64) { marks.append((seq, mark)) }

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
            // After a repair events of different topics may arrive out of order: nothing that waits may lie
            // behind.
            let waiting = trades.dropFirst(count).lazy.map(\.seq).min()
            let dueMarks = marks.filter { $0.seq < waiting ?? .max }
            let last = min(complete, waiting.map { $0 - 1 } ?? complete)
            try book(slice, dueMarks, letters, through: last)
            trades.removeFirst(count)
            marks.removeAll { $0.seq < waiting ?? .max }
            letters.removeAll()
        }
        try recount()
    }

    private func book(
        _ slice: [SourcedTrade], _ marks: [(seq: UInt64, event: EquityEvent)], _ dead: [DeadLetter],
        through last: UInt64
    ) throws {
        var next: [String: StrategyLedger] = [:]
        let batch = TradeBatch(
            checkpoint: Checkpoint(source: source, epoch: epoch, seq: last), trades: slice,
            marks: marks.map(\.event), deadLetters: dead)
        let result = try store.book(batch) { result in
            try self.followUp(slice, marks, result, &next)
        }
        ledgers.merge(next) { $1 }
        changed.formUnion(next.keys)
        booked = last
        counts.booked += Int64(result.booked)
        counts.duplicates += Int64(result.duplicates)
        counts.deadLetters += Int64(dead.count + result.conflicts.count)
        newLetters += dead
    }

    /// Counts anew what came out of order, now that the store holds it.
    private func recount() throws {
        for strategy in ledgers.keys.sorted() where ledgers[strategy]?.needsRecount == true {
            ledgers[strategy] = try StrategyLedger.recounted(strategy, in: store)
            changed.insert(strategy)
        }
    }

    private func followUp(
        _ slice: [SourcedTrade], _ marks: [(seq: UInt64, event: EquityEvent)], _ result: BookingResult,
        _ next: inout [String: StrategyLedger]
    ) throws -> BookingFollowUp {
        next = [:]
        var follow = BookingFollowUp()
        let booked = slice.indices.filter { result.outcomes[$0] == .booked }.sorted {
            slice[$0].seq < slice[$1].seq
        }
        var dueMarks = marks.sorted { $0.seq < $1.seq }[...]
        for index in booked {
            while let mark = dueMarks.first, mark.seq < slice[index].seq {
                change(mark.event.strategyID, in: &next) { $0.record(mark.event) }
                dueMarks.removeFirst()
            }
            change(slice[index].event.strategyID, in: &next) { $0.record(slice[index].event) }
        }
        for mark in dueMarks { change(mark.event.strategyID, in: &next) { $0.record(mark.event) } }
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
        follow.performance = next.keys.sorted().compactMap { next[$0]?.takeRow($0) }
        return follow
    }

    /// Changes the metrics of a strategy in what the transaction will make true.
    private func change(
        _ strategy: String, in next: inout [String: StrategyLedger], _ body: (inout StrategyLedger) -> Void
    ) {
        if next[strategy] == nil { next[strategy] = ledgers[strategy] ?? StrategyLedger() }
        body(&next[strategy]!)
    }

    // MARK: notices

    /// Metrics that changed since the last call, by strategy, then those of all strategies together.
    func takeChanged() -> [PerformanceEvent] {
        guard !changed.isEmpty else { return [] }
        defer { changed = [] }
        return changed.sorted().flatMap { strategy in ledgers[strategy]?.events(strategy) ?? [] }
            + StrategyLedger.portfolioEvents(ledgers.keys.sorted().compactMap { ledgers[$0] })
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
}

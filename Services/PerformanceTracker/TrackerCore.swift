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

    /// A trade, and its message in `originals`.
    private struct Arrival {
        var trade: SourcedTrade
        var original: Range<Int>
    }

    let store: any Store
    let clock: () -> Timestamp
    let source: String
    let desk: IngestDesk
    let crashGuard: CrashGuard
    var ledgers: [String: StrategyLedger] = [:]
    private var trades: [Arrival] = []
    /// The messages of `trades` side by side, for the few that become dead letters.
    private var originals: [UInt8] = []
    private var marks: [(seq: UInt64, event: EquityEvent)] = []
    private var letters: [DeadLetter] = []
    private(set) var epoch = ""
    /// Everything up to here has arrived, and what of it is booked.
    private(set) var complete: UInt64 = 0
    private(set) var booked: UInt64 = 0
    var counts = TrackerCounts()
    /// Strategies whose metrics changed since the last `takeChanged`.
    var changed: Set<String> = []
    /// Kept since the last `takeNewLetters`, by id: a storm of one is one notice.
    private var newLetters: [Int64: KeptDeadLetter] = [:]
    var answers: [IngestAnswer] = []
    /// Strategies of other robots that went on, and may have dead letters that waited for it.
    var advanced: Set<String> = []
    var letterBox = LetterBox()

    /// Metrics go on from what is stored of them; the ledger is read only where that cannot be.
    init(
        store: any Store, source: String, sources: Set<String> = [], clock: @escaping () -> Timestamp
    ) throws {
        self.store = store
        self.clock = clock
        self.source = source
        desk = try IngestDesk(store: store, sources: sources, simulator: source, clock: clock)
        crashGuard = CrashGuard(store: store)
        if let checkpoint = try store.checkpoint(source: source) {
            epoch = checkpoint.epoch
            complete = checkpoint.seq
            booked = checkpoint.seq
        }
        for row in try store.metrics() {
            ledgers[row.strategyID] = StrategyLedger(try storedPerformance(row.strategyID, in: store))
        }
        advanced = desk.strategiesWithWaiting
    }

    /// The epoch followed so far; nil before the first booking.
    var followedEpoch: String? { epoch.isEmpty ? nil : epoch }
    var mustPause: Bool { trades.count >= Self.maximumWaiting }
    var isIdle: Bool { !hasWork && booked >= complete && !ledgers.values.contains(where: \.needsRecount) }
    var hasWork: Bool { !trades.isEmpty || !marks.isEmpty || !letters.isEmpty }

    // MARK: arriving

    func arrived(_ trade: TradeEvent, seq: UInt64, json: UnsafeRawBufferPointer) {
        let start = originals.count
        originals.append(contentsOf: json)
        trades.append(
            Arrival(trade: SourcedTrade(seq: seq, event: trade), original: start..<originals.count))
    }

    func arrived(_ mark: EquityEvent, seq: UInt64) { marks.append((seq, mark)) }

    func arrivedComplete(_ seq: UInt64, epoch: String) {
        complete = max(complete, seq)
        self.epoch = epoch
    }

    /// A message that cannot be read, now and in the journal.
    func arrivedUnreadable(_ message: RejectedMessage, _ refusal: Refusal) {
        letters.append(
            letter(
                refusal, seq: message.seq ?? 0, topic: String(decoding: message.topic, as: UTF8.self),
                original: Array(message.json)))
    }

    private func letter(
        _ refusal: Refusal, seq: UInt64, topic: String, original: [UInt8], trade: TradeEvent? = nil
    ) -> DeadLetter {
        DeadLetter(
            reason: refusal.reason, sentence: refusal.sentence, stage: refusal.stage, offset: refusal.offset,
            source: source, seq: seq, topic: topic, original: original,
            trade: trade.map {
                TradeReference(
                    tradeID: $0.tradeID, strategyID: $0.strategyID, strategySeq: $0.strategySeq)
            }, seen: clock(), programVersion: platformVersion)
    }

    // MARK: booking

    /// Books what has arrived, at most `batchTrades` a transaction.
    ///
    /// - Throws: `StoreError`; with `isTransient` call again later, nothing is lost.
    func book() throws {
        // Trades are booked under the journal that they came of.
        while !epoch.isEmpty, hasWork || booked < complete {
            let count = min(trades.count, Self.batchTrades)
            let slice = Array(trades.prefix(count))
            // After a repair events of different topics may arrive out of order: nothing that waits may lie
            // behind.
            let waiting = trades.dropFirst(count).lazy.map(\.trade.seq).min()
            let last = min(complete, waiting.map { $0 - 1 } ?? complete)
            let dueMarks = marks.filter { $0.seq < waiting ?? .max }
            try bookOrRefuse(slice, dueMarks, letters, through: last)
            trades.removeFirst(count)
            marks.removeAll { $0.seq < waiting ?? .max }
            letters.removeAll()
        }
        if trades.isEmpty { originals.removeAll(keepingCapacity: true) }
        try recount()
    }

    /// What the database cannot take for what it is becomes a dead letter; the others of its batch are
    /// booked.
    private func bookOrRefuse(
        _ slice: [Arrival], _ marks: [(seq: UInt64, event: EquityEvent)], _ dead: [DeadLetter],
        through last: UInt64
    ) throws {
        do {
            try book(slice, marks, dead, through: last)
        } catch let error as StoreError where error.code == .failed && !slice.isEmpty {
            guard slice.count == 1 else {
                // The checkpoint moves with the last of them.
                for item in slice.dropLast() { try bookOrRefuse([item], [], [], through: booked) }
                return try bookOrRefuse([slice[slice.count - 1]], marks, dead, through: last)
            }
            let refusal = Refusal(reason: .handlerError, stage: .book, sentence: error.sentence)
            try book([], marks, dead + [letter(refusal, of: slice[0])], through: last)
        }
    }

    private func letter(_ refusal: Refusal, of item: Arrival) -> DeadLetter {
        let trade = item.trade.event
        return letter(
            refusal, seq: item.trade.seq, topic: "trade/\(trade.strategyID)/\(trade.symbol)/",
            original: Array(originals[item.original]), trade: trade)
    }

    private func book(
        _ slice: [Arrival], _ marks: [(seq: UInt64, event: EquityEvent)], _ dead: [DeadLetter],
        through last: UInt64
    ) throws {
        var next: [String: StrategyLedger] = [:]
        let batch = TradeBatch(
            checkpoint: Checkpoint(source: source, epoch: epoch, seq: last), trades: slice.map(\.trade),
            marks: marks.map(\.event), deadLetters: dead)
        let result = try store.book(batch) { result in
            var follow = self.followUp(batch.trades, marks, result, &next)
            for conflict in result.conflicts {
                let refusal = Refusal(
                    reason: conflict.kind.reason, stage: .book, sentence: conflict.sentence)
                follow.deadLetters.append(self.letter(refusal, of: slice[conflict.index]))
            }
            return follow
        }
        noteBooked(result, next)
        booked = last
    }

    /// The metrics after the trades that were booked and the marks between them, in the order of their
    /// source.
    private func followUp(
        _ slice: [SourcedTrade], _ marks: [(seq: UInt64, event: EquityEvent)], _ result: BookingResult,
        _ next: inout [String: StrategyLedger]
    ) -> BookingFollowUp {
        next = [:]
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
        return BookingFollowUp(performance: next.keys.sorted().compactMap { next[$0]?.takeRow($0) })
    }

    /// The metrics after the trades that were booked, in the order given.
    func followUp(
        _ slice: [SourcedTrade], _ result: BookingResult, _ next: inout [String: StrategyLedger]
    ) -> BookingFollowUp {
        next = [:]
        for (item, outcome) in zip(slice, result.outcomes) where outcome == .booked {
            change(item.event.strategyID, in: &next) { $0.record(item.event) }
        }
        return BookingFollowUp(performance: next.keys.sorted().compactMap { next[$0]?.takeRow($0) })
    }

    /// Changes the metrics of a strategy in what the transaction will make true.
    private func change(
        _ strategy: String, in next: inout [String: StrategyLedger], _ body: (inout StrategyLedger) -> Void
    ) {
        if next[strategy] == nil { next[strategy] = ledgers[strategy] ?? StrategyLedger() }
        body(&next[strategy]!)
    }

    /// The transaction is done: what it changed is so from now on.
    func noteBooked(_ result: BookingResult, _ next: [String: StrategyLedger]) {
        ledgers.merge(next) { $1 }
        changed.formUnion(next.keys)
        counts.booked += Int64(result.booked)
        counts.duplicates += Int64(result.duplicates)
        noteKept(result.kept)
    }

    func noteKept(_ kept: [KeptDeadLetter]) {
        counts.deadLetters += Int64(kept.count)
        for letter in kept { newLetters[letter.id] = letter }
        if !kept.isEmpty { letterBox.isChanged = true }
    }

    /// Counts anew what came out of order, now that the store holds it: a late trade changes history.
    func recount() throws {
        for strategy in ledgers.keys.sorted() where ledgers[strategy]?.needsRecount == true {
            ledgers[strategy] = try StrategyLedger.recounted(strategy, in: store)
            changed.insert(strategy)
        }
    }

    // MARK: notices

    /// Metrics that changed since the last call, by strategy, then those of all strategies together.
    func takeChanged() -> [PerformanceEvent] {
        guard !changed.isEmpty else { return [] }
        defer { changed = [] }
        return changed.sorted().flatMap { strategy in ledgers[strategy]?.events(strategy) ?? [] }
            + StrategyLedger.portfolioEvents(ledgers.keys.sorted().compactMap { ledgers[$0] })
    }

    /// Dead letters kept since the last call, each once, in the order of their ids.
    func takeNewLetters() -> [KeptDeadLetter] {
        defer { newLetters = [:] }
        return newLetters.keys.sorted().compactMap { newLetters[$0] }
    }
}

struct TrackerCounts {
    var booked: Int64 = 0
    var duplicates: Int64 = 0
    var deadLetters: Int64 = 0
}

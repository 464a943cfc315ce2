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
    let store: any Store
    let clock: () -> Timestamp
    /// One for each simulator that is followed; the first is that of `--simulator`.
    let streams: [SimulatorStream]
    let desk: IngestDesk
    let crashGuard: CrashGuard
    var ledgers: [String: StrategyLedger] = [:]
    /// The simulator or robot of each strategy: no other may book under its id.
    var owners: [String: String]
    /// Names under which trades are booked now.
    private let names: Set<String>
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
    ///
    /// - Parameter simulators: their instance names.
    init(
        store: any Store, simulators: [String], sources: Set<String> = [], clock: @escaping () -> Timestamp
    ) throws {
        precondition(!simulators.isEmpty, "a tracker follows a simulator")
        self.store = store
        self.clock = clock
        streams = try simulators.map {
            SimulatorStream(source: $0, checkpoint: try store.checkpoint(source: $0))
        }
        owners = try store.strategySources()
        names = sources.union(simulators)
        desk = try IngestDesk(store: store, sources: sources, simulators: Set(simulators), clock: clock)
        crashGuard = CrashGuard(store: store)
        for row in try store.metrics() {
            ledgers[row.strategyID] = StrategyLedger(
                try storedPerformance(row.strategyID, in: store), needsRecount: row.state.isEmpty)
        }
        // The first trade of a strategy came out of order, and nothing was counted yet.
        for strategy in owners.keys where ledgers[strategy] == nil {
            ledgers[strategy] = StrategyLedger(needsRecount: true)
        }
        // What was booked last may not have been published before the start.
        changed = Set(ledgers.keys)
        advanced = desk.strategiesWithWaiting
    }

    /// The simulator with this instance name.
    func stream(of source: String) -> SimulatorStream? { streams.first { $0.source == source } }

    var isIdle: Bool {
        streams.allSatisfy(\.isIdle) && !ledgers.values.contains(where: \.needsRecount)
    }
    var hasWork: Bool { streams.contains(where: \.hasWork) }
    var waitingEvents: Int { streams.reduce(0) { $0 + $1.waiting } }

    // MARK: arriving

    /// A message that cannot be read, now and in the journal.
    func arrivedUnreadable(_ message: RejectedMessage, _ refusal: Refusal, of stream: SimulatorStream) {
        // Of another version not even the numbers are read as they should be; they may be there all the same.
        let hint = (try? JSONValue(parsing: message.json))?["seq"].flatMap { UInt64($0.text) }
        stream.arrived(
            letter(
                refusal, stream.source, seq: message.seq ?? hint ?? 0,
                topic: String(decoding: message.topic, as: UTF8.self), original: Array(message.json)))
    }

    private func letter(
        _ refusal: Refusal, _ source: String, seq: UInt64, topic: String, original: [UInt8],
        trade: TradeEvent? = nil
    ) -> DeadLetter {
        DeadLetter(
            reason: refusal.reason, sentence: refusal.sentence, stage: refusal.stage, offset: refusal.offset,
            source: source, seq: seq, topic: topic, original: original,
            trade: trade.map {
                TradeReference(
                    tradeID: $0.tradeID, strategyID: $0.strategyID, strategySeq: $0.strategySeq)
            }, seen: clock(), programVersion: platformVersion)
    }

    private func letter(
        _ refusal: Refusal, of item: SimulatorStream.Arrival, _ stream: SimulatorStream
    ) -> DeadLetter {
        var trade: TradeEvent?
        if case .trade(let event) = item.event { trade = event }
        return letter(
            refusal, stream.source, seq: item.seq, topic: item.event.topic,
            original: stream.original(of: item), trade: trade)
    }

    // MARK: booking

    /// Books what has arrived, `SimulatorStream.batchEvents` a transaction.
    ///
    /// A simulator that goes on with another journal is not followed any further; of several the others are.
    /// - Throws: `StoreError`; with `isTransient` call again later, nothing is lost.
    func book() throws {
        for stream in streams {
            do {
                while stream.isReady {
                    let part = stream.nextPart()
                    try bookOrRefuse(part, of: stream)
                    stream.finish(part)
                }
            } catch let error as StoreError where error.code == .epochChanged && streams.count > 1 {
                stream.stop(error.sentence)
            }
        }
        try recount()
    }

    /// Call it now and then: a database that was restored from an older state while nothing was to be booked
    /// is noticed here.
    ///
    /// - Throws: `StoreError.Code.rewound`; the tracker must begin again from what the database holds.
    func confirmCheckpoint() throws {
        for stream in streams {
            let stored = try store.checkpoint(source: stream.source)?.batches ?? 0
            guard stored >= stream.batches else {
                throw StoreError.rewound(stream.source, booked: stream.batches, stored: stored)
            }
        }
    }

    /// What the database cannot take for what it is becomes a dead letter; the others of its batch are
    /// booked.
    private func bookOrRefuse(_ part: SimulatorStream.Part, of stream: SimulatorStream) throws {
        do {
            try book(part, of: stream)
        } catch let error as StoreError where error.code == .failed && !part.arrivals.isEmpty {
            let middle = part.arrivals.startIndex + part.arrivals.count / 2
            guard part.arrivals.count == 1 else {
                // The checkpoint moves with the second half.
                let before = SimulatorStream.Part(
                    arrivals: part.arrivals[..<middle], letters: [], last: stream.booked)
                try bookOrRefuse(before, of: stream)
                var after = part
                after.arrivals = part.arrivals[middle...]
                return try bookOrRefuse(after, of: stream)
            }
            let refusal = Refusal(reason: .handlerError, stage: .book, sentence: error.sentence)
            var without = part
            without.letters.append(letter(refusal, of: part.arrivals[middle], stream))
            without.arrivals = []
            try book(without, of: stream)
        }
    }

    private func book(_ part: SimulatorStream.Part, of stream: SimulatorStream) throws {
        var next: [String: StrategyLedger] = [:]
        var (own, letters) = ([SimulatorStream.Arrival](), part.letters)
        for item in part.arrivals {
            let strategy = item.event.strategyID
            // Of a simulator that was renamed the strategies are its own under the old name too.
            guard names.count > 1, let owner = owners[strategy], owner != stream.source,
                names.contains(owner)
            else {
                own.append(item)
                continue
            }
            let refusal = Refusal(
                reason: .businessRule, stage: .validate,
                sentence: "strategy \(strategy) is booked of source \(owner), not of \(stream.source)")
            letters.append(letter(refusal, of: item, stream))
        }
        let (batch, places) = self.batch(own, letters, of: stream, through: part.last)
        let result = try store.book(batch) { result in
            var follow = self.followUp(own, places, result, &next)
            for conflict in result.conflicts {
                let refusal = Refusal(
                    reason: conflict.kind.reason, stage: .book, sentence: conflict.sentence)
                follow.deadLetters.append(self.letter(refusal, of: own[places[conflict.index]], stream))
            }
            return follow
        }
        crashGuard.booked()
        noteBooked(result, next)
        for item in own where owners[item.event.strategyID] == nil {
            owners[item.event.strategyID] = stream.source
        }
        stream.noteBooked(through: part.last, batches: result.batches)
    }

    /// The events as the store takes them, and the place in `own` of each trade.
    private func batch(
        _ own: [SimulatorStream.Arrival], _ letters: [DeadLetter], of stream: SimulatorStream,
        through last: UInt64
    ) -> (TradeBatch, places: [Int]) {
        var places: [Int] = []
        var batch = TradeBatch(
            checkpoint: Checkpoint(source: stream.source, epoch: stream.epoch, seq: last),
            follows: stream.batches, trades: [], deadLetters: letters, attempt: crashGuard.current)
        for (place, item) in own.enumerated() {
            switch item.event {
            case .trade(let trade):
                places.append(place)
                batch.trades.append(SourcedTrade(seq: item.seq, event: trade))
            case .equity(let mark): batch.marks.append(mark)
            case .order(let order): batch.orders.add(order)
            }
        }
        return (batch, places)
    }

    /// The metrics after the trades that were booked and the marks between them, in the order of their
    /// source.
    private func followUp(
        _ own: [SimulatorStream.Arrival], _ places: [Int], _ result: BookingResult,
        _ next: inout [String: StrategyLedger]
    ) -> BookingFollowUp {
        next = [:]
        var counted = Set(zip(places, result.outcomes).lazy.filter { $1 == .booked }.map(\.0))
        for (place, item) in own.enumerated() {
            if case .equity = item.event { counted.insert(place) }
        }
        for place in counted.sorted(by: { own[$0].seq < own[$1].seq }) {
            switch own[place].event {
            case .trade(let trade): change(trade.strategyID, in: &next) { $0.record(trade) }
            case .equity(let mark): change(mark.strategyID, in: &next) { $0.record(mark) }
            case .order: break
            }
        }
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
    func change(
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

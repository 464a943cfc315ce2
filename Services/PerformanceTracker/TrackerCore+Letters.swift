// What the tracker does with messages besides the stream: trades of other robots, and dead letters that an
// operator gave back. Each is one transaction: the trade, what follows from it, and what became of the dead
// letter.
//
// A requeued message takes the same way as one that has just come, so it is booked, a duplicate, or refused
// again; doing it twice is doing it once.

import Contracts
import Messaging
import Persistence
import ServiceKit

/// How many dead letters there are, and whether that is too many.
struct LetterBox {
    /// Rows, and bytes of their messages, beyond which resolved ones are evicted, the oldest first. What is
    /// unresolved stays, with an alarm; only messages that are no trade of an allowed source are then counted
    /// together.
    var maximumRows = 100_000
    var maximumBytes = 1 << 30
    var figures = DeadLetterFigures()
    /// Something was kept or resolved since the figures were taken.
    var isChanged = true

    var isOverLimit: Bool { figures.rows > maximumRows || figures.bytes > maximumBytes }
}

extension TrackerCore {
    /// Requeued ones handled in one turn.
    private static let requeuedPerTurn = 64
    /// Resolved ones evicted in one transaction.
    private static let evictedPerTurn = 1_000

    // MARK: Ingest

    func arrived(_ message: IngestMessage) {
        let isPoison = crashGuard.isCareful && !crashGuard.begin(message.json)
        desk.arrived(message, isPoison: isPoison, mayFold: letterBox.isOverLimit)
    }

    /// Books what other robots sent; what is safe then has its answer in `answers`.
    ///
    /// - Throws: as `book`.
    func bookIngest() throws {
        if !desk.refused.isEmpty {
            noteKept(try store.keep(desk.refused.map(\.letter)))
            answers += desk.clearRefused()
        }
        for source in desk.waiting.keys.sorted() {
            try book(desk.waiting[source] ?? [], of: source, areWaiting: true)
        }
        if crashGuard.isCareful { crashGuard.end() }
    }

    /// The messages of one source. One that the database cannot take for what it is becomes a dead letter,
    /// the others are booked.
    ///
    /// - Parameter areWaiting: they are the first of those that wait at the desk.
    private func book(_ items: [IngestItem], of source: String, areWaiting: Bool) throws {
        do {
            try book(IngestPlan(items, source: source, desk: desk), items, areWaiting)
        } catch let error as StoreError where error.code == .failed {
            guard items.count == 1 else {
                let middle = items.count / 2
                try book(Array(items[..<middle]), of: source, areWaiting: areWaiting)
                return try book(Array(items[middle...]), of: source, areWaiting: areWaiting)
            }
            try bookAlone(items, of: source, areWaiting)
        }
    }

    /// Without those that waited for it: it may be one of them that cannot be booked.
    private func bookAlone(_ items: [IngestItem], of source: String, _ areWaiting: Bool) throws {
        do {
            let plan = try IngestPlan(items, source: source, desk: desk, withFollowers: false)
            try book(plan, items, areWaiting)
        } catch let error as StoreError where error.code == .failed {
            let refusal = Refusal(reason: .handlerError, stage: .book, sentence: error.sentence)
            try book(IngestPlan(refusing: items, refusal, source: source, desk: desk), items, areWaiting)
        }
    }

    private func book(_ plan: IngestPlan, _ items: [IngestItem], _ areWaiting: Bool) throws {
        if plan.hasChanges { try write(plan) }
        desk.commit(plan, waiting: areWaiting ? items.count : 0)
        answers += plan.answers
        advanced.formUnion(plan.books.keys)
        for strategy in plan.newStrategies { owners[strategy.id] = strategy.source }
    }

    private func write(_ plan: IngestPlan) throws {
        var next: [String: StrategyLedger] = [:]
        let batch = TradeBatch(
            checkpoint: Checkpoint(source: plan.source, epoch: Checkpoint.ingestEpoch, seq: 0),
            trades: plan.trades,
            deadLetters: plan.letters)
        let result = try store.book(batch) { result in
            guard result.conflicts.isEmpty else {
                // The look-ups of the plan said that nothing stands in the way.
                throw StoreError(
                    .failed,
                    "another program writes trades into this database: only one tracker may; stop the other")
            }
            var follow = self.followUp(batch.trades, result, &next)
            follow.resolutions = plan.resolutions
            follow.outsideStrategies = plan.newStrategies
            return follow
        }
        noteBooked(result, next)
    }

    /// Answers whose messages are safe.
    func takeAnswers() -> [IngestAnswer] {
        defer { answers = [] }
        return answers
    }

    /// Books dead letters whose predecessors are in the ledger now.
    ///
    /// - Returns: whether there may be more.
    func bookFollowers() throws -> Bool {
        for strategy in advanced.intersection(desk.strategiesWithWaiting).sorted() {
            for _ in 0..<Self.requeuedPerTurn {
                guard let number = desk.books[strategy]?.last,
                    let record = try store.waitingDeadLetter(strategy: strategy, strategySeq: number + 1)
                else {
                    advanced.remove(strategy)
                    break
                }
                try settle(record)
            }
        }
        advanced.formIntersection(desk.strategiesWithWaiting)
        return !advanced.isEmpty
    }

    // MARK: Requeued

    /// Tries again what operators gave back.
    ///
    /// - Returns: whether there may be more.
    func bookRequeued() throws -> Bool {
        let records = try store.requeuedDeadLetters(limit: Self.requeuedPerTurn)
        for record in records { try settle(record) }
        return records.count == Self.requeuedPerTurn
    }

    private func settle(_ record: DeadLetterRecord) throws {
        let payload = record.payload
        letterBox.isChanged = true
        guard crashGuard.begin(payload) else {
            return try store.resolve([resolution(record.id, CrashGuard.refusal)])
        }
        if let stream = stream(of: record.letter.source) {
            try settle(record, payload, of: stream)
        } else {
            try settleOutside(record, payload)
        }
        crashGuard.end()
    }

    private func settleOutside(_ record: DeadLetterRecord, _ payload: [UInt8]) throws {
        let trade: OutsideTrade
        do {
            trade = try desk.checked(payload)
        } catch {
            let refusal = payload.withUnsafeBytes { Refusal(error, in: $0) }
            return try store.resolve([resolution(record.id, refusal)])
        }
        let item = IngestItem(
            origin: .letter(record.id), topic: Array(record.letter.topic.utf8), json: payload, trade: trade,
            arrived: .now())
        try book([item], of: trade.source, areWaiting: false)
    }

    /// An event of a simulator. The checkpoint stays: it was passed when the message was refused.
    private func settle(_ record: DeadLetterRecord, _ payload: [UInt8], of stream: SimulatorStream) throws {
        let event: LedgerEvent
        do {
            event = try payload.withUnsafeBytes { bytes in try LedgerEvent.decodeCanonical(bytes) }
        } catch {
            let refusal = payload.withUnsafeBytes { Refusal(error, in: $0) }
            return try store.resolve([resolution(record.id, refusal)])
        }
        if let owner = owners[event.strategyID], owner != stream.source {
            let refusal = Refusal(
                reason: .businessRule, stage: .validate,
                sentence: "strategy \(event.strategyID) is booked of source \(owner), not of \(stream.source)"
            )
            return try store.resolve([resolution(record.id, refusal)])
        }
        let checkpoint =
            try store.checkpoint(source: stream.source)
            ?? Checkpoint(source: stream.source, epoch: stream.epoch, seq: 0)
        // Before anything was heard of the simulator its journal is not known: later.
        guard !checkpoint.epoch.isEmpty else { return }
        var batch = TradeBatch(checkpoint: checkpoint, trades: [])
        switch event {
        case .trade(let trade): batch.trades = [SourcedTrade(seq: record.letter.seq, event: trade)]
        case .equity(let mark): batch.marks = [mark]
        case .order(let order): batch.orders.add(order)
        }
        var next: [String: StrategyLedger] = [:]
        let result = try store.book(batch) { result in
            var follow = self.followUp(batch.trades, result, &next)
            if case .equity(let mark) = event {
                self.change(mark.strategyID, in: &next) { $0.record(mark) }
                follow.performance = next.keys.sorted().compactMap { next[$0]?.takeRow($0) }
            }
            follow.resolutions = [self.resolution(record.id, event, result)]
            return follow
        }
        noteBooked(result, next)
        try recount()
    }

    private func resolution(
        _ id: Int64, _ event: LedgerEvent, _ result: BookingResult
    ) -> DeadLetterResolution {
        if let conflict = result.conflicts.first {
            return resolution(
                id, Refusal(reason: conflict.kind.reason, stage: .book, sentence: conflict.sentence))
        }
        var sentence = "kept: \(event.topic)"
        if case .trade(let trade) = event {
            sentence = result.booked == 1 ? "booked as trade \(trade.tradeID)" : "it is in the ledger already"
        }
        return DeadLetterResolution(id: id, outcome: .booked, sentence: sentence, at: clock())
    }

    private func resolution(_ id: Int64, _ refusal: Refusal) -> DeadLetterResolution {
        DeadLetterResolution(
            id: id, outcome: .refused(refusal.reason, refusal.stage, offset: refusal.offset),
            sentence: refusal.sentence, at: clock())
    }

    // MARK: Figures and the limit

    /// Counts anew, and evicts resolved ones while there are too many.
    func refreshLetterBox() throws {
        guard letterBox.isChanged || letterBox.isOverLimit else { return }
        letterBox.figures = try store.deadLetterFigures()
        letterBox.isChanged = false
        guard letterBox.isOverLimit else { return }
        let beyond = max(1, letterBox.figures.rows - letterBox.maximumRows)
        if try store.evictResolvedDeadLetters(min(beyond, Self.evictedPerTurn)) > 0 {
            letterBox.figures = try store.deadLetterFigures()
        }
    }
}

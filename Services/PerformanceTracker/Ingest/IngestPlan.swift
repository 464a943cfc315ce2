// What becomes of some messages of one source, before anything is written: the trades to book, the dead
// letters to keep, the answers to give once both are safe.
//
// Nothing outside of the plan is changed, so a transaction that fails costs nothing but the plan.

import Contracts
import Persistence

struct IngestPlan {
    let source: String
    private let desk: IngestDesk
    private let withFollowers: Bool
    /// What is held once this is booked.
    private(set) var held: HeldTrades
    /// The strategies that it changes.
    private(set) var books: [String: OutsideBook] = [:]
    private(set) var trades: [SourcedTrade] = []
    private(set) var letters: [DeadLetter] = []
    private(set) var resolutions: [DeadLetterResolution] = []
    private(set) var answers: [IngestAnswer] = []
    private(set) var newStrategies: [OutsideStrategy] = []
    /// Strategies of which a dead letter waits for its predecessor.
    private(set) var withWaiting: Set<String> = []
    /// Places in `trades` by id.
    private var places: [String: Int] = [:]

    private enum Outcome {
        case booked(TradeEvent), duplicate, refused(Refusal)
    }

    /// - Parameter withFollowers: also what waited for these; else that goes on waiting.
    /// - Throws: `StoreError` of the look-ups; then nothing has happened.
    init(_ items: [IngestItem], source: String, desk: IngestDesk, withFollowers: Bool = true) throws {
        self.init(source: source, desk: desk, withFollowers: withFollowers)
        for item in items { try take(item) }
    }

    /// What cannot be booked for a reason that lies outside of it.
    init(refusing items: [IngestItem], _ refusal: Refusal, source: String, desk: IngestDesk) {
        self.init(source: source, desk: desk, withFollowers: false)
        for item in items { finish(item, .refused(refusal)) }
    }

    private init(source: String, desk: IngestDesk, withFollowers: Bool) {
        self.source = source
        self.desk = desk
        self.withFollowers = withFollowers
        held = desk.held
    }

    /// Whether there is anything to write; duplicates and early trades are not.
    var hasChanges: Bool { !trades.isEmpty || !letters.isEmpty || !resolutions.isEmpty }

    /// Takes a message, and those that waited for it.
    private mutating func take(_ item: IngestItem) throws {
        var queue = [item]
        while let item = queue.popLast() {
            let strategy = item.trade.ledgerStrategyID
            guard var book = try books[strategy] ?? desk.books[strategy] ?? newBook(item.trade) else {
                let problem = "strategy \(strategy) is the simulator's or another source's: rename yours"
                finish(item, .refused(rule(problem)))
                continue
            }
            guard book.source == item.trade.source else {
                finish(item, .refused(rule("strategy \(strategy) belongs to source \(book.source)")))
                continue
            }
            if item.trade.strategySeq <= book.last {
                finish(item, try compare(item.trade))
            } else if item.trade.strategySeq > book.last + 1 {
                wait(item, after: book.last)
            } else {
                let outcome = try self.book(item.trade, in: &book)
                finish(item, outcome)
                if case .booked = outcome {
                    books[strategy] = book
                    guard withFollowers else { continue }
                    queue += held.take(strategy: strategy, number: book.last + 1).reversed()
                }
            }
        }
    }

    private func rule(_ sentence: String) -> Refusal {
        Refusal(reason: .businessRule, stage: .validate, sentence: sentence)
    }

    /// Nil when the id is taken by somebody else.
    private func newBook(_ trade: OutsideTrade) throws -> OutsideBook? {
        let id = trade.ledgerStrategyID
        let isTaken =
            try desk.store.strategies().contains { $0.strategy.id == id }
            || !desk.store.trades(strategy: id, after: 0, limit: 1).isEmpty
        return isTaken ? nil : OutsideBook(id: id, source: trade.source)
    }

    private func known(_ id: String) throws -> TradeEvent? {
        if let place = places[id] { return trades[place].event }
        return try desk.store.trade(id: id)
    }

    private func book(_ trade: OutsideTrade, in book: inout OutsideBook) throws -> Outcome {
        let other = try known(trade.ledgerTradeID)
        do throws(Refusal) {
            var next = book
            let event = try next.book(trade)
            // The same one is there when a commit was made and its answer lost: it is booked, once.
            guard other == nil || other == event else { throw taken(trade, by: other ?? event) }
            book = next
            return .booked(event)
        } catch {
            return .refused(other.map { taken(trade, by: $0) } ?? error)
        }
    }

    private func taken(_ trade: OutsideTrade, by other: TradeEvent) -> Refusal {
        Refusal(
            reason: .conflictingDuplicate, stage: .book,
            sentence: "trade \(trade.ledgerTradeID) is in the ledger as number \(other.strategySeq) of"
                + " \(other.strategyID), not \(trade.strategySeq) of \(trade.ledgerStrategyID)")
    }

    /// A trade whose number is in the ledger.
    private func compare(_ trade: OutsideTrade) throws -> Outcome {
        let strategy = trade.ledgerStrategyID
        if let same = try known(trade.ledgerTradeID) {
            guard same.strategyID == strategy, same.strategySeq == trade.strategySeq else {
                return .refused(taken(trade, by: same))
            }
            let differences = trade.differences(from: same)
            if differences.isEmpty { return .duplicate }
            return .refused(
                Refusal(
                    reason: .conflictingDuplicate, stage: .book,
                    sentence: "trade \(same.tradeID) is in the ledger: \(differences.joined(separator: "; "))"
                ))
        }
        return .refused(
            Refusal(
                reason: .sequenceConflict, stage: .book,
                sentence: "number \(trade.strategySeq) of \(strategy) is another trade in the ledger, not"
                    + " \(trade.ledgerTradeID)"))
    }

    /// A trade whose predecessor is missing.
    private mutating func wait(_ item: IngestItem, after last: UInt64) {
        if case .peer = item.origin, !item.isOverdue, held.add(item, limit: IngestDesk.maximumHeld) { return }
        withWaiting.insert(item.trade.ledgerStrategyID)
        finish(
            item,
            .refused(
                Refusal(
                    reason: .sequenceConflict, stage: .order,
                    sentence: "trade \(item.trade.ledgerTradeID) is number \(item.trade.strategySeq) of"
                        + " \(item.trade.ledgerStrategyID), and number \(last + 1) is missing: it is"
                        + " booked by itself once that one is")))
    }

    private mutating func finish(_ item: IngestItem, _ outcome: Outcome) {
        if case .booked(let event) = outcome {
            places[event.tradeID] = trades.count
            trades.append(SourcedTrade(seq: item.trade.seq, event: event))
            if event.strategySeq == 1 {
                newStrategies.append(
                    OutsideStrategy(id: event.strategyID, source: source, firstSeen: desk.clock()))
            }
        }
        switch item.origin {
        case .peer(let peer):
            var answer = IngestAnswer(peer: peer, word: .booked, tradeID: item.trade.tradeID)
            switch outcome {
            case .booked: break
            case .duplicate: answer.word = .duplicate
            case .refused(let refusal):
                answer.word = .deadLetter
                answer.refusal = refusal
                letters.append(
                    desk.letter(
                        refusal, source: source, topic: item.topic, json: item.json, seq: item.trade.seq,
                        trade: item.trade.reference))
            }
            answers.append(answer)
        case .letter(let id): resolutions.append(resolution(id, outcome))
        }
    }

    private func resolution(_ id: Int64, _ outcome: Outcome) -> DeadLetterResolution {
        let at = desk.clock()
        switch outcome {
        case .booked(let event):
            return DeadLetterResolution(
                id: id, outcome: .booked, sentence: "booked as trade \(event.tradeID)", at: at)
        case .duplicate:
            return DeadLetterResolution(
                id: id, outcome: .booked, sentence: "it is in the ledger already", at: at)
        case .refused(let refusal):
            return DeadLetterResolution(
                id: id, outcome: .refused(refusal.reason, refusal.stage, offset: refusal.offset),
                sentence: refusal.sentence, at: at)
        }
    }
}

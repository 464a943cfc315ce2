// What the tracker does with trades of other robots, without its sockets: messages come in, one transaction a
// source books them, answers come out.
//
// Guarantees: an answer exists only once what it says is in the database. Trades of a strategy are booked
// in the order of their numbers; one that comes early waits in memory, unanswered, for the one before it,
// and becomes a dead letter when that does not come in time, from which it is booked by itself once the
// other is there. A transaction that fails changes nothing here: the same messages are tried again.
// Confined to the bus thread.

import Contracts
import Messaging
import Persistence
import ServiceKit

/// Where a message came from, and so what is told of its outcome.
enum IngestOrigin {
    case peer(IngestPeer)
    /// A dead letter that is tried again.
    case letter(Int64)
}

/// A message that was read.
struct IngestItem {
    var origin: IngestOrigin
    var topic: [UInt8]
    var json: [UInt8]
    var trade: OutsideTrade
    var arrived: MonotonicTime
    /// It has waited for its predecessor long enough.
    var isOverdue = false
}

/// What a sender is told.
struct IngestAnswer {
    enum Word: String { case booked, duplicate, deadLetter = "dead_letter" }
    var peer: IngestPeer
    var word: Word
    var tradeID: String?
    var refusal: Refusal?

    func write(into json: inout JSONWriter) {
        json.beginObject()
        json.field("type", word.rawValue)
        json.fieldOrNull("trade_id", tradeID)
        json.fieldOrNull("reason", refusal?.reason.rawValue)
        if let refusal { json.field("sentence", refusal.sentence) }
        json.endObject()
    }
}

final class IngestDesk {
    /// Messages waiting to be booked, and their bytes; beyond either the door is closed until some are.
    static let maximumWaiting = 8_192
    static let maximumWaitingBytes = 64 << 20
    /// Early trades that wait for their predecessors; beyond it further ones become dead letters at once.
    static let maximumHeld = 65_536
    /// Source of messages that do not say theirs.
    static let unknownSource = "ingest"
    /// How long an early trade waits.
    static let patience = Duration.seconds(2)

    let sources: Set<String>
    /// Whose names no outside message is filed under.
    let simulators: Set<String>
    let store: any Store
    let clock: () -> Timestamp
    var books: [String: OutsideBook] = [:]
    /// Early trades by strategy and number; each number may have come several times.
    private(set) var held = HeldTrades()
    /// Read and not yet booked, by source.
    private(set) var waiting: [String: [IngestItem]] = [:]
    /// Not readable or not allowed, and not yet kept.
    private(set) var refused: [(peer: IngestPeer, letter: DeadLetter, answer: IngestAnswer)] = []
    private(set) var waitingCount = 0
    private(set) var waitingBytes = 0
    /// Strategies of which dead letters wait for their predecessors.
    var strategiesWithWaiting: Set<String>

    init(
        store: any Store, sources: Set<String>, simulators: Set<String>, clock: @escaping () -> Timestamp
    ) throws {
        self.store = store
        self.sources = sources
        self.simulators = simulators
        self.clock = clock
        strategiesWithWaiting = Set(try store.strategiesWithWaitingDeadLetters())
        for strategy in try store.outsideStrategies() {
            var book = OutsideBook(id: strategy.id, source: strategy.source)
            try store.forEachTrade(strategy: strategy.id) { try book.restore($0) }
            books[strategy.id] = book
        }
    }

    var hasWork: Bool { waitingCount > 0 }
    var mustPause: Bool {
        waitingCount >= Self.maximumWaiting || waitingBytes >= Self.maximumWaitingBytes
    }

    // MARK: Arriving

    /// Takes a message; `poison` when the tracker has died on it before.
    func arrived(_ message: IngestMessage, isPoison: Bool, mayFold: Bool) {
        waitingCount += 1
        waitingBytes += message.json.count
        do {
            if isPoison { throw CrashGuard.refusal }
            let trade = try read(message)
            let item = IngestItem(
                origin: .peer(message.peer), topic: message.topic, json: message.json, trade: trade,
                arrived: .now())
            waiting[trade.source, default: []].append(item)
        } catch {
            let refusal = message.json.withUnsafeBytes { Refusal(error, in: $0) }
            let (source, id) = hints(message.json)
            var letter = letter(
                refusal, source: source, topic: message.topic, json: message.json, seq: 0)
            letter.mayFold = mayFold && !sources.contains(source)
            refused.append(
                (
                    message.peer, letter,
                    IngestAnswer(peer: message.peer, word: .deadLetter, tradeID: id, refusal: refusal)
                ))
        }
    }

    private func read(_ message: IngestMessage) throws -> OutsideTrade {
        if message.json.count > MessagingLimit.messageBytes {
            throw Refusal(
                reason: .oversize, stage: .receive,
                sentence: "\(message.json.count) bytes, and a message has at most"
                    + " \(MessagingLimit.messageBytes)")
        }
        if let problem = message.problem {
            throw Refusal(reason: .schemaViolation, stage: .receive, sentence: problem)
        }
        guard message.topic.starts(with: Array("trade/".utf8)) else {
            throw Refusal(
                reason: .schemaViolation, stage: .receive,
                sentence: "the topic is not trade/<strategy>/<symbol>/")
        }
        return try checked(message.json)
    }

    /// The trade of a message, if its source is allowed and its ids fit below the source's name.
    func checked(_ json: [UInt8]) throws -> OutsideTrade {
        let trade = try json.withUnsafeBytes { bytes in try OutsideTrade.decode(bytes) }
        guard sources.contains(trade.source) else {
            throw Refusal(
                reason: .unlistedSource, stage: .validate,
                sentence: "source \(trade.source) is not listed: allow it with --source \(trade.source)")
        }
        guard trade.strategySeq >= 1, trade.strategySeq < UInt64(Int64.max) else {
            throw Refusal(
                reason: .outOfRange, stage: .validate,
                sentence: "strategy_seq is \(trade.strategySeq): trades are numbered 1, 2, 3 …")
        }
        for (rule, name, value) in [
            (NameRule.identifier, "strategy_id", trade.ledgerStrategyID),
            (.derived, "trade_id", trade.ledgerTradeID), (.derived, "order_id", trade.ledgerOrderID),
        ] where !rule.accepts(value.utf8) {
            throw Refusal(
                reason: .schemaViolation, stage: .validate,
                sentence: "\(name) becomes \"\(value)\", longer than \(rule.maximumLength) characters")
        }
        return trade
    }

    /// Source and trade id of a message that was refused, where they can be read; `ingest` where not.
    private func hints(_ json: [UInt8]) -> (source: String, tradeID: String?) {
        guard json.count <= MessagingLimit.messageBytes, let tree = try? JSONValue(parsing: json) else {
            return (Self.unknownSource, nil)
        }
        let id = tree["trade_id"]?.asString.flatMap { NameRule.derived.accepts($0.utf8) ? $0 : nil }
        guard let source = tree["source"]?.asString, NameRule.identifier.accepts(source.utf8),
            !simulators.contains(source)
        else { return (Self.unknownSource, id) }
        return (source, id)
    }

    func letter(
        _ refusal: Refusal, source: String, topic: [UInt8], json: [UInt8], seq: UInt64,
        trade: TradeReference? = nil
    ) -> DeadLetter {
        DeadLetter(
            reason: refusal.reason, sentence: refusal.sentence, stage: refusal.stage, offset: refusal.offset,
            source: source, seq: seq, topic: String(decoding: topic.prefix(255), as: UTF8.self),
            original: json, trade: trade, seen: clock(), programVersion: platformVersion)
    }

    // MARK: Handing on

    /// Early trades whose wait is over join what is to be booked, there to be refused.
    func releaseOverdue(now: MonotonicTime = .now()) -> Bool {
        guard held.count > 0 else { return false }
        let overdue = held.takeOverdue(before: now, patience: Self.patience)
        for item in overdue {
            waitingCount += 1
            waitingBytes += item.json.count
            waiting[item.trade.source, default: []].append(item)
        }
        return !overdue.isEmpty
    }

    /// The refused ones were kept.
    func clearRefused() -> [IngestAnswer] {
        let answers = refused.map(\.answer)
        waitingCount -= refused.count
        waitingBytes -= refused.reduce(0) { $0 + $1.letter.original.count }
        refused = []
        return answers
    }

    /// The plan was booked: what is held and known is now this.
    ///
    /// - Parameter count: so many of those that wait, the first ones, were in it.
    func commit(_ plan: IngestPlan, waiting count: Int) {
        if count > 0, var rest = waiting[plan.source] {
            waitingCount -= count
            waitingBytes -= rest.prefix(count).reduce(0) { $0 + $1.json.count }
            rest.removeFirst(count)
            waiting[plan.source] = rest.isEmpty ? nil : rest
        }
        held = plan.held
        books.merge(plan.books) { $1 }
        for strategy in plan.withWaiting { strategiesWithWaiting.insert(strategy) }
    }
}

import Contracts
import Persistence
import Testing

@testable import performance_tracker

@Suite("Trades of other robots") struct IngestTests {
    let folder: Folder
    let desk: Desk

    init() throws {
        folder = try Folder()
        desk = try Desk(folder)
    }

    private func robotTrades(_ count: UInt64, seed: UInt64) -> [[UInt8]] {
        var (random, position) = (SeededNumbers(seed: seed), Int64(0))
        return (1...count).map { json(randomTrade($0, &position, &random)) }
    }

    /// The ledger of these messages sent in their order, once each.
    private func ledger(of messages: [[UInt8]]) throws -> [String] {
        let (folder, message) = (try Folder(), messages)
        let desk = try Desk(folder)
        for message in message { _ = try desk.send(message) }
        return try desk.ledger()
    }

    @Test("each is answered after it is booked, and creates its strategy") func answers() throws {
        #expect(try desk.send(json(outside(1)), json(outside(2, .sell))) == ["booked t1", "booked t2"])
        #expect(try desk.store.outsideStrategies().map(\.id) == ["bot.s"])
        #expect(
            try desk.store.trades(strategy: "bot.s", after: 0, limit: 9).map(\.tradeID) == [
                "bot.t1", "bot.t2",
            ])
        #expect(try desk.store.metrics(strategy: "bot.s")?.trades == 2)
        #expect(desk.core.takeChanged().contains { $0.strategyID == "bot.s" })
        // What was booked and not published before a crash is published after it.
        #expect(try Desk(folder).core.takeChanged().contains { $0.strategyID == "bot.s" })
    }

    @Test("two robots may use the same ids") func twoRobots() throws {
        #expect(
            try desk.send(json(outside(1)), json(outside(1), source: "second")) == ["booked t1", "booked t1"])
        #expect(try desk.store.outsideStrategies().map(\.id) == ["bot.s", "second.s"])
    }

    @Test("sent three times, in the same batch or later or after a restart, it is booked once") func thrice()
        throws
    {
        let messages = robotTrades(40, seed: 72)
        let tripled = messages.flatMap { [$0, $0, $0] }
        desk.send(tripled)
        let answers = try desk.book()
        #expect(answers.count { $0.hasPrefix("booked") } == 40)
        #expect(answers.count { $0.hasPrefix("duplicate") } == 80)
        let before = try desk.ledger()
        #expect(try before == ledger(of: messages))
        let again = try Desk(folder)
        again.send(tripled)
        #expect(try again.book().allSatisfy { $0.hasPrefix("duplicate") })
        #expect(try again.ledger() == before && again.letters().isEmpty)
    }

    @Test("reordered within 1,000, the ledger is the same") func reordered() throws {
        let messages = robotTrades(3_000, seed: 73)
        var random = SeededNumbers(seed: 74)
        let places = messages.indices.map { ($0 + Int.random(in: 0..<1_000, using: &random), $0) }
        let shuffled = places.sorted { $0 < $1 }.map { messages[$0.1] }
        var answers: [String] = []
        for start in stride(from: 0, to: shuffled.count, by: 250) {
            desk.send(Array(shuffled[start..<start + 250]))
            answers += try desk.book()
        }
        #expect(answers.count == 3_000 && answers.allSatisfy { $0.hasPrefix("booked") })
        #expect(try desk.ledger() == ledger(of: messages))
        #expect(desk.core.desk.held.count == 0 && !desk.core.desk.hasWork)
    }

    @Test("one whose predecessor does not come is a dead letter, and is booked by itself once it does")
    func missing() throws {
        #expect(try desk.send(json(outside(2, .sell)), json(outside(3))) == [])
        desk.loseOverdue()
        #expect(
            try desk.book() == ["dead_letter t2 sequence_conflict", "dead_letter t3 sequence_conflict"])
        #expect(try desk.letters().map(\.state) == [.open, .open])
        // The tracker may have been started anew meanwhile.
        let again = try Desk(folder)
        #expect(try again.send(json(outside(1))) == ["booked t1"])
        #expect(try again.letters().map(\.state) == [.booked, .booked])
        #expect(
            try again.ledger() == ledger(of: [json(outside(1)), json(outside(2, .sell)), json(outside(3))]))
        #expect(try again.store.history(ofDeadLetter: 1).map(\.by) == ["tracker"])
        #expect(try again.send(json(outside(3))) == ["duplicate t3"])
    }

    @Test("what is refused names its reason, and is kept with its bytes") func reasons() throws {
        _ = try desk.send(json(outside(1)))
        var other = outside(1)
        other.price = Price(whole: 11)
        var sameID = outside(2)
        sameID.tradeID = "t1"
        var sameNumber = outside(1)
        sameNumber.tradeID = "other"
        var close = outside(2, .sell)
        close.quantity = Quantity(whole: 101)
        let text = String(decoding: json(outside(2)), as: UTF8.self)
        let cases: [(String, [UInt8])] = [
            ("malformed_json", Array("{\"type\":".utf8)), ("malformed_json", []),
            ("schema_violation", Array(text.replacing("\"side\":\"buy\",", with: "").utf8)),
            ("schema_violation", Array(text.replacing("buy", with: "bought").utf8)),
            ("unsupported_version", Array(text.replacing("\"version\":1", with: "\"version\":2").utf8)),
            ("unlisted_source", json(outside(2), source: "stranger")),
            ("unlisted_source", json(outside(2), source: "simulator")),
            ("out_of_range", Array(text.replacing("\"price\":10", with: "\"price\":99999999999999").utf8)),
            ("out_of_range", Array(text.replacing("\"strategy_seq\":2", with: "\"strategy_seq\":0").utf8)),
            ("conflicting_duplicate", json(other)), ("conflicting_duplicate", json(sameID)),
            ("sequence_conflict", json(sameNumber)), ("business_rule", json(close)),
            ("oversize", Array(repeating: 0x20, count: (1 << 20) + 1)),
        ]
        let before = try desk.ledger()
        for (reason, message) in cases {
            let answer = try desk.send(message)
            #expect(answer.count == 1 && answer.first?.hasSuffix(reason) == true, "\(reason): \(answer)")
            let letter = try desk.letters().last
            #expect(letter?.letter.reason.rawValue == reason && letter?.letter.original == message)
        }
        #expect(try desk.ledger() == before)
        // The stream goes on at once.
        #expect(try desk.send(json(outside(2, .sell))) == ["booked t2"])
    }

    @Test("a storm of one bad message is one row with a count") func storm() throws {
        desk.send(Array(repeating: Array("nonsense".utf8), count: 5_000))
        #expect(try desk.book().count == 5_000)
        #expect(try desk.letters().map(\.count) == [5_000])
        #expect(desk.core.takeNewLetters().map(\.count) == [5_000])
    }

    @Test("a strategy of the simulator is not another robot's") func notYours() throws {
        var trade = try TradeEvent.decodeCanonical(of: ledger(of: [json(outside(1))])[0])
        trade.strategyID = "bot.mine"
        trade.tradeID = "bot.mine:1:1"
        try desk.store.book(
            TradeBatch(
                checkpoint: Checkpoint(source: "simulator", epoch: "e", seq: 1),
                trades: [SourcedTrade(seq: 1, event: trade)]))
        #expect(try desk.send(json(outside(1, strategy: "mine"))) == ["dead_letter t1 business_rule"])
    }

    @Test("a database that is locked keeps every message, and books it once it is free") func locked() throws
    {
        let slow = try Desk(folder, busyTimeout: .milliseconds(20))
        let other = try folder.open()
        slow.send([json(outside(1)), Array("nonsense".utf8), json(outside(2, .sell))])
        let blocking = TradeBatch(
            checkpoint: Checkpoint(source: "simulator", epoch: "e", seq: 1), trades: [])
        try other.book(blocking) { _ in
            for _ in 1...3 {
                let error = #expect(throws: StoreError.self) { try slow.book() }
                #expect(error?.isTransient == true)
            }
            #expect(slow.core.takeAnswers().isEmpty && slow.core.desk.hasWork)
            return BookingFollowUp()
        }
        #expect(
            try slow.book().sorted() == ["booked t1", "booked t2", "dead_letter - malformed_json"])
        #expect(try slow.ledger().count == 2 && slow.letters().map(\.count) == [1])
    }
}

extension TradeEvent {
    static func decodeCanonical(of line: String) throws -> TradeEvent {
        try Array(line.utf8).withUnsafeBytes { bytes in try decodeCanonical(bytes) }
    }
}

import Contracts
import Foundation
import GRDB
@testable import Messaging
import Persistence
import Testing

@testable import performance_tracker

@Suite("Dead letters given back") struct RequeueTests {
    let folder: Folder
    let desk: Desk

    init() throws {
        folder = try Folder()
        desk = try Desk(folder)
    }

    private func requeue(_ id: Int64, _ desk: Desk) throws {
        #expect(try desk.store.requeue(deadLetter: id, desk.change(.requeued)) == .done)
        _ = try desk.core.bookRequeued()
    }

    /// Trades of a strategy of the simulator, as it would publish them.
    private func simulated(_ count: Int) throws -> [TradeEvent] {
        let folder = try Folder()
        let source = try Desk(folder)
        var (random, position) = (SeededNumbers(seed: 81), Int64(0))
        source.send((1...UInt64(count)).map { json(randomTrade($0, &position, &random)) })
        try source.book()
        return try source.ledger().map { line in
            var trade = try TradeEvent.decodeCanonical(of: line)
            trade.strategyID = "sim"
            trade.tradeID = "sim:\(trade.strategySeq):1"
            trade.orderID = "sim:\(trade.strategySeq)"
            return trade
        }
    }

    private func message(_ trade: TradeEvent, seq: UInt64) throws -> [UInt8] {
        var writer = JSONWriter()
        trade.encode(
            header: try EnvelopeHeader(source: "simulator", epoch: "e1"),
            stamp: EventStamp(seq: seq, prev: seq - 1, publishedAt: Timestamp(seconds: 1)), into: &writer)
        return writer.withBytes { Array($0) }
    }

    private func arrive(_ trades: [TradeEvent], at core: TrackerCore, firstSeq: UInt64 = 1) throws {
        for (index, trade) in trades.enumerated() {
            let seq = firstSeq + UInt64(index)
            try message(trade, seq: seq).withUnsafeBytes {
                core.streams[0].arrived(.trade(trade), seq: seq, json: $0)
            }
        }
        core.streams[0].arrivedComplete(firstSeq + UInt64(trades.count) - 1, epoch: "e1")
    }

    @Test("edited and requeued it is booked, once, and its original stays") func edited() throws {
        var bad = outside(1)
        bad.tradeID = "t1"
        let broken = String(decoding: json(bad), as: UTF8.self).replacing("buy", with: "by")
        #expect(try desk.send(Array(broken.utf8)) == ["dead_letter t1 schema_violation"])
        try requeue(1, desk)
        #expect(try desk.store.deadLetter(id: 1)?.state == .open)
        #expect(try desk.store.edit(deadLetter: 1, desk.change(.edited, json(bad))) == .done)
        try requeue(1, desk)
        let record = try #require(try desk.store.deadLetter(id: 1))
        #expect(record.state == .booked && record.letter.original == Array(broken.utf8))
        #expect(try desk.ledger().count == 1)
        #expect(
            try desk.store.history(ofDeadLetter: 1).map(\.action)
                == [.requeued, .refused, .edited, .requeued, .booked])
        #expect(try desk.store.requeue(deadLetter: 1, desk.change(.requeued)) == .refused(.booked))
        _ = try desk.core.bookRequeued()
        #expect(try desk.ledger().count == 1)
    }

    @Test("a late trade of the simulator: positions and metrics are those of the whole ledger, and announced")
    func late() throws {
        let trades = try simulated(30)
        let whole = try Desk(try Folder())
        try arrive(trades, at: whole.core)
        try whole.core.book()

        // Number 12 cannot be read at first.
        for (index, trade) in trades.enumerated() where index != 11 {
            let bytes = try message(trade, seq: UInt64(index) + 1)
            bytes.withUnsafeBytes {
                desk.core.streams[0].arrived(.trade(trade), seq: UInt64(index) + 1, json: $0)
            }
        }
        let original = try message(trades[11], seq: 12)
        original.withUnsafeBytes { bytes in
            desk.core.arrivedUnreadable(
                RejectedMessage(
                    topic: UnsafeRawBufferPointer(start: nil, count: 0), json: bytes, size: bytes.count,
                    seq: 12,
                    reason: "unreadable", isSkipped: true),
                Refusal(reason: .schemaViolation, stage: .decode, sentence: "unreadable"),
                of: desk.core.streams[0])
        }
        desk.core.streams[0].arrivedComplete(30, epoch: "e1")
        try desk.core.book()
        #expect(desk.core.streams[0].booked == 30)
        #expect(try desk.ledger().count == 29)
        _ = desk.core.takeChanged()

        try requeue(1, desk)
        #expect(try desk.ledger() == whole.ledger())
        #expect(try desk.store.positions() == whole.store.positions())
        #expect(try desk.store.metrics() == whole.store.metrics())
        #expect(desk.core.takeChanged() == whole.core.takeChanged())
        #expect(try desk.store.checkpoint(source: "simulator")?.seq == 30)
    }

    @Test("the stream three times over, and out of order within 1,000, leaves the same ledger and metrics")
    func stream() throws {
        let trades = try simulated(2_500)
        let whole = try Desk(try Folder())
        try arrive(trades, at: whole.core)
        try whole.core.book()
        var random = SeededNumbers(seed: 82)
        let places = trades.indices.map { ($0 + Int.random(in: 0..<1_000, using: &random), $0) }
        desk.core.streams[0].arrivedComplete(0, epoch: "e1")
        for _ in 1...3 {
            for (_, index) in places.sorted(by: { $0 < $1 }) {
                let seq = UInt64(index) + 1
                try message(trades[index], seq: seq).withUnsafeBytes {
                    desk.core.streams[0].arrived(.trade(trades[index]), seq: seq, json: $0)
                }
                if index.isMultiple(of: 100) { try desk.core.book() }
            }
            desk.core.streams[0].arrivedComplete(2_500, epoch: "e1")
            try desk.core.book()
        }
        #expect(try desk.ledger() == whole.ledger())
        #expect(try desk.store.metrics() == whole.store.metrics() && desk.letters().isEmpty)
    }

    @Test("a journal of another epoch is refused, and the ledger stays as it is") func oldEpoch() throws {
        let trades = try simulated(50)
        try arrive(trades, at: desk.core)
        try desk.core.book()
        let before = try desk.ledger()
        let again = try Desk(folder)
        try arrive(trades, at: again.core)
        again.core.streams[0].arrivedComplete(60, epoch: "another")
        let error = #expect(throws: StoreError.self) { try again.core.book() }
        #expect(error?.code == .epochChanged && error?.isTransient == false)
        #expect(try again.ledger() == before)
    }

    @Test("a trade that contradicts the ledger is a dead letter with the bytes that came") func conflict()
        throws
    {
        let trades = try simulated(3)
        try arrive(trades, at: desk.core)
        try desk.core.book()
        var other = trades[1]
        other.price = Price(whole: 1)
        try arrive([other], at: desk.core, firstSeq: 4)
        try desk.core.book()
        let letter = try #require(try desk.letters().first)
        #expect(letter.letter.reason == .conflictingDuplicate && letter.letter.seq == 4)
        #expect(try letter.letter.original == message(other, seq: 4))
        try requeue(letter.id, desk)
        #expect(try desk.store.deadLetter(id: letter.id)?.state == .open)
        #expect(try desk.ledger().count == 3 && desk.core.streams[0].booked == 4)
    }

    @Test("a trade that the database cannot take is a dead letter; the others of its batch are booked")
    func handlerError() throws {
        let trades = try simulated(9)
        let queue = try DatabaseQueue(path: folder.database)
        try queue.write { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER broken BEFORE INSERT ON trades WHEN NEW.trade_id = 'sim:5:1'
                    BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END
                    """)
        }
        try arrive(trades, at: desk.core)
        try desk.core.book()
        #expect(try desk.letters().map(\.letter.reason) == [.handlerError])
        #expect(try desk.letters().first?.letter.trade?.tradeID == "sim:5:1")
        #expect(try desk.ledger().count == 8 && desk.core.streams[0].booked == 9)
        try queue.write { try $0.execute(sql: "DROP TRIGGER broken") }
        try requeue(1, desk)
        #expect(try desk.ledger().count == 9)
    }

    @Test("a message on which the tracker died three times is not read again until it is requeued")
    func crashLoop() throws {
        let message = json(outside(1))
        // Each of these trackers begins the message and is gone before its end.
        for _ in 1...CrashGuard.deaths { try Desk(folder).send([message]) }
        let survivor = try Desk(folder)
        #expect(try survivor.send(message) == ["dead_letter t1 crash_loop"])
        #expect(try survivor.send(json(outside(1), source: "second")) == ["booked t1"])
        try requeue(1, survivor)
        #expect(try survivor.store.deadLetter(id: 1)?.state == .booked)
    }

    @Test("a message that was handled is no suspect, however often the tracker starts") func noSuspect()
        throws
    {
        let message = json(outside(1))
        for round in 1...6 {
            #expect(try Desk(folder).send(message) == [round == 1 ? "booked t1" : "duplicate t1"])
        }
    }

    @Test("beyond the limit resolved ones go, trades stay, and strangers are counted together") func limit()
        throws
    {
        desk.core.letterBox.maximumRows = 20
        for number in 1...10 { _ = try desk.send(json(outside(UInt64(number)), source: "stranger\(number)")) }
        for id in 1...8 { _ = try desk.store.discard(deadLetter: Int64(id), desk.change(.discarded)) }
        // Trades of an allowed source, none of which can be booked.
        for number in 1...19 {
            var trade = outside(1, strategy: "s\(number)")
            trade.effect = .close
            let text = String(decoding: json(trade), as: UTF8.self).replacing(
                "\"symbol\"", with: "\"event_type\":\"close\",\"symbol\"")
            #expect(try desk.send(Array(text.utf8)) == ["dead_letter t1 business_rule"])
        }
        try desk.core.refreshLetterBox()
        #expect(desk.core.letterBox.figures.rows == 21 && desk.core.letterBox.isOverLimit)
        #expect(try desk.letters().allSatisfy { $0.state == .open })
        desk.send((1...5).map { Array("nonsense \($0)".utf8) })
        try desk.book()
        desk.send((6...9).map { Array("nonsense \($0)".utf8) })
        try desk.book()
        let letters = try desk.letters()
        #expect(letters.count { $0.letter.reason == .businessRule } == 19)
        #expect(letters.filter { $0.letter.reason == .malformedJSON }.map(\.count) == [9])
    }
}

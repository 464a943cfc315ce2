// Every reason for which a message becomes a dead letter, made by a message to a running tracker: what its
// sender is told, what is kept, what is published and counted, and that the stream goes on.

import Contracts
import Foundation
import GRDB
import Persistence
import Testing

@testable import performance_tracker

@Suite("Dead letters of a running tracker") struct LiveReasonTests {
    private func text(_ trade: OutsideTrade) -> String { String(decoding: json(trade), as: UTF8.self) }

    /// Messages to the ingest, each with the reason for which it is refused.
    private func refusals() -> [(reason: DeadLetterReason, message: [UInt8])] {
        var (other, sameNumber, close, future) = (outside(1), outside(1), outside(2, .sell), outside(9))
        other.price = Price(whole: 11)
        sameNumber.tradeID = "other"
        close.quantity = Quantity(whole: 101)
        future.tradeID = "t9"
        let next = text(outside(2))
        return [
            (.malformedJSON, Array("{\"type\":".utf8)),
            (.schemaViolation, Array(next.replacing("\"side\":\"buy\",", with: "").utf8)),
            (.unsupportedVersion, Array(next.replacing("\"version\":1", with: "\"version\":2").utf8)),
            (.unlistedSource, json(outside(2), source: "stranger")),
            (.outOfRange, Array(next.replacing("\"price\":10", with: "\"price\":99999999999999").utf8)),
            (.conflictingDuplicate, json(other)), (.sequenceConflict, json(sameNumber)),
            (.sequenceConflict, json(future)), (.businessRule, json(close)),
            (.oversize, Array(repeating: 0x20, count: (1 << 20) + 1)),
        ]
    }

    @Test("of another robot: answered, kept with its bytes, published, counted; the stream goes on")
    func ofRobots() async throws {
        let folder = try Folder()
        let tracker = try LiveTracker(folder)
        let robot = try Robot(tracker.ingest)
        robot.send([json(outside(1))])
        try await tracker.wait("the first answer") {
            robot.receive()
            return robot.answers.count == 1
        }
        let listener = try Listener(tracker.performance, "dead-letter/")
        // The subscription is there once the first notice has come.
        var probes = 0
        try await tracker.wait("a first notice") {
            robot.send([Array("probe \(probes)".utf8)])
            probes += 1
            listener.receive()
            return !listener.messages.isEmpty
        }
        let refusals = refusals()
        robot.send(refusals.map(\.message))
        robot.send(Array(repeating: Array("a storm of this".utf8), count: 3_000))
        robot.send([json(outside(2, .sell))])
        let sent = 1 + probes + refusals.count + 3_001
        try await tracker.wait("\(sent) answers") {
            robot.receive()
            return robot.answers.count == sent
        }
        #expect(robot.answers.contains(Answer(type: "booked", tradeID: "t2")))
        let desk = try Desk(folder)
        let letters = try desk.letters()
        for (reason, message) in refusals {
            let kept = letters.first { $0.letter.original == message }
            #expect(kept?.letter.reason == reason, "\(reason)")
            #expect(kept?.letter.programVersion.isEmpty == false && kept?.count == 1)
        }
        #expect(
            letters.filter { $0.letter.original.starts(with: Array("a storm".utf8)) }.map(\.count) == [3_000])
        let open = Dictionary(grouping: letters, by: \.letter.reason)
        try await tracker.wait("notices of all reasons, and their figures") {
            listener.receive()
            let topics = Set(listener.messages.map(\.topic))
            return open.keys.allSatisfy { topics.contains("dead-letter/\($0.rawValue)/") }
                && open.allSatisfy { reason, rows in
                    tracker.figure("dead_letters_open", "reason=\"\(reason.rawValue)\"") == Double(rows.count)
                }
        }
        #expect(tracker.figure("dead_letters_oldest_seconds") ?? -1 >= 0)
        let storm = listener.messages.filter { $0.json.contains("\"count\":3000") }
        #expect(storm.count == 1, "a storm's last notice says how many there were")
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0)
    }

    @Test("of a simulator: each is kept with its seq and its bytes, and what follows is booked")
    func ofSimulator() async throws {
        let folder = try Folder()
        let simulator = try await LiveSimulator.started(in: folder)
        let tracker = try LiveTracker(folder, simulator: simulator)
        let trades = try simulatedTrades("sim", 12, seed: 601)
        simulator.publish(trades[..<4].map { .trade($0) })
        let changes: [(DeadLetterReason, TradeEvent, @Sendable (String) -> String)] = [
            (
                .schemaViolation, trades[4],
                { $0.replacing("\"liquidity\":\"taker\"", with: "\"liquidity\":1") }
            ),
            (.unsupportedVersion, trades[4], { $0.replacing("\"version\":1", with: "\"version\":7") }),
            (.outOfRange, trades[4], { $0.replacing("\"fee\":1,", with: "\"fee\":99999999999999,") }),
            (.conflictingDuplicate, trades[1], { $0.replacing("\"fee\":1,", with: "\"fee\":2,") }),
            (
                .sequenceConflict, trades[2],
                { $0.replacing("\"trade_id\":\"sim:3:1\"", with: "\"trade_id\":\"sim:3:9\"") }
            ),
        ]
        for (_, trade, change) in changes { simulator.publish([trade], changing: change) }
        simulator.publish(trades[4...].map { .trade($0) })
        try await tracker.wait("the checkpoint") {
            tracker.figure("checkpoint_seq") == Double(12 + changes.count)
        }
        let desk = try Desk(folder)
        #expect(try desk.ledger().count == 12)
        let letters = try desk.letters()
        #expect(letters.map(\.letter.reason) == changes.map(\.0))
        #expect(letters.map(\.letter.seq) == (5...9).map { UInt64($0) })
        #expect(letters.allSatisfy { $0.letter.source == "simulator" && $0.letter.topic == "trade/sim/IBM/" })
        tracker.end(SIGTERM)
        try await simulator.stop()
    }

    @Test(
        "a message that the database cannot take is a handler error, also of a robot; the others are booked")
    func handlerError() async throws {
        let folder = try Folder()
        let simulator = try await LiveSimulator.started(in: folder)
        _ = try folder.open()
        let database = try DatabaseQueue(path: folder.database)
        try await database.write { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER broken BEFORE INSERT ON trades WHEN NEW.trade_id IN ('sim:3:1', 'bot.t2')
                    BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END
                    """)
        }
        let tracker = try LiveTracker(folder, simulator: simulator)
        let robot = try Robot(tracker.ingest)
        let trades = try simulatedTrades("sim", 5, seed: 602)
        simulator.publish(trades.map { .trade($0) })
        robot.send([json(outside(1)), json(outside(2)), json(outside(1), source: "second")])
        try await tracker.wait("answers and the checkpoint") {
            robot.receive()
            return robot.answers.count == 3 && tracker.figure("checkpoint_seq") == 5
        }
        #expect(robot.answers.map(\.type).sorted() == ["booked", "booked", "dead_letter"])
        let desk = try Desk(folder)
        let letters = try desk.letters()
        #expect(letters.map(\.letter.reason) == [.handlerError, .handlerError])
        #expect(Set(letters.compactMap(\.letter.trade?.tradeID)) == ["sim:3:1", "bot.t2"])
        #expect(try desk.ledger().count == 6)
        // Mended and given back, both are booked by the running tracker.
        try await database.write { try $0.execute(sql: "DROP TRIGGER broken") }
        for letter in letters {
            #expect(try desk.store.requeue(deadLetter: letter.id, desk.change(.requeued)) == .done)
        }
        try await tracker.wait("the requeued ones") { try desk.letters().allSatisfy { $0.state == .booked } }
        #expect(try desk.ledger().count == 8)
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
        try await simulator.stop()
    }

    @Test(
        "more than are kept: an alarm, nothing unresolved goes, and its end once they are resolved"
    )
    func cap() async throws {
        let folder = try Folder()
        let tracker = try LiveTracker(folder, flags: ["--dead-letter-rows", "3"])
        let robot = try Robot(tracker.ingest)
        // Trades of an allowed source; what they need is never there.
        robot.send((2...7).map { json(outside($0)) })
        try await tracker.wait("the alarm") {
            robot.receive()
            return robot.answers.count == 6 && tracker.figure("dead_letters_over_limit") == 1
        }
        #expect(tracker.served("/health")?.body.contains("deal with them by") == true)
        let desk = try Desk(folder)
        #expect(try desk.letters().count == 6)
        for letter in try desk.letters() {
            #expect(try desk.store.discard(deadLetter: letter.id, desk.change(.discarded)) == .done)
        }
        try await tracker.wait("room, and the end of the alarm") {
            try desk.letters().count == 3 && tracker.figure("dead_letters_over_limit") == 0
        }
        #expect(try desk.letters().map(\.id) == [4, 5, 6], "the oldest resolved ones go first")
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
    }

    @Test("a message on which the tracker died three times is set aside, and the others go on")
    func crashLoop() async throws {
        let folder = try Folder()
        _ = try folder.open()
        let database = try DatabaseQueue(path: folder.database)
        // One that hangs for ever once it is looked at, as a supervisor would end it.
        try await database.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE hang (x INTEGER);
                    CREATE TRIGGER hangs BEFORE INSERT ON trades WHEN NEW.trade_id = 'bot.t1'
                    BEGIN SELECT count(*) FROM hang a, hang b, hang c, hang d, hang e, hang f; END
                    """)
            for number in 0..<1_000 {
                try database.execute(sql: "INSERT INTO hang VALUES (?)", arguments: [number])
            }
        }
        let message = json(outside(1))
        for death in 1...CrashGuard.deaths {
            let tracker = try LiveTracker(folder)
            let robot = try Robot(tracker.ingest)
            robot.send([message])
            try await tracker.wait("attempt \(death)") {
                try await database.read { try Int.fetchOne($0, sql: "SELECT max(begun) FROM attempts") }
                    == death
            }
            tracker.end(SIGKILL)
        }
        let tracker = try LiveTracker(folder)
        let robot = try Robot(tracker.ingest)
        robot.send([message, json(outside(1), source: "second")])
        try await tracker.wait("both answers") {
            robot.receive()
            return robot.answers.count == 2
        }
        #expect(robot.answers.map(\.type).sorted() == ["booked", "dead_letter"])
        #expect(try Desk(folder).letters().map(\.letter.reason) == [.crashLoop])
        tracker.end(SIGTERM)
    }

    @Test("a tracker that dies right after each booking comes further each time, and blames no message")
    func diesBehindBookings() async throws {
        let folder = try Folder()
        let simulator = try await LiveSimulator.started(in: folder)
        let trades = try simulatedTrades("sim", 40, seed: 625)
        simulator.publish(trades.flatMap { [$0.report, .trade($0)] })
        for death in 1...(CrashGuard.deaths + 2) {
            let tracker = try LiveTracker(
                folder, simulator: simulator, wrapped: ["/usr/bin/env", "CRASH_POINT=booked:1"])
            try await tracker.wait("death \(death)") { tracker.process.poll() != nil }
            let booked = try folder.open().trades(strategy: "sim", after: 0, limit: 99)
            #expect(booked == Array(trades[..<death]))
        }
        let tracker = try LiveTracker(folder, simulator: simulator)
        try await tracker.wait("all is booked") { tracker.figure("checkpoint_seq") == 80 }
        tracker.end(SIGTERM)
        #expect(try folder.open().trades(strategy: "sim", after: 0, limit: 99) == trades)
        #expect(try Desk(folder).letters().isEmpty)
        try await simulator.stop()
    }

    @Test("a late trade: the running tracker books it, counts anew, and publishes the change") func late()
        async throws
    {
        let folder = try Folder()
        let simulator = try await LiveSimulator.started(in: folder)
        let tracker = try LiveTracker(folder, simulator: simulator)
        let trades = try simulatedTrades("sim", 30, seed: 603)
        simulator.publish(trades[..<11].map { .trade($0) })
        simulator.publish([trades[11]]) { $0.replacing("\"side\":", with: "\"sid\":") }
        simulator.publish(trades[12...].map { .trade($0) })
        let listener = try Listener(tracker.performance, "performance/sim/")
        try await tracker.wait("the checkpoint") { tracker.figure("checkpoint_seq") == 30 }
        let desk = try Desk(folder)
        let letter = try #require(try desk.letters().first)
        let whole = try Desk(try Folder())
        for (index, trade) in trades.enumerated() {
            whole.core.streams[0].arrived(
                .trade(trade), seq: UInt64(index) + 1, json: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        whole.core.streams[0].arrivedComplete(30, epoch: "e1")
        try whole.core.book()
        let text = String(decoding: letter.letter.original, as: UTF8.self).replacing(
            "\"sid\":", with: "\"side\":")
        let edit = desk.change(.edited, Array(text.utf8))
        #expect(try desk.store.edit(deadLetter: letter.id, edit) == .done)
        #expect(try desk.store.requeue(deadLetter: letter.id, desk.change(.requeued)) == .done)
        try await tracker.wait("thirty trades in the published metrics") {
            listener.receive()
            return listener.messages.contains {
                $0.json.contains("\"trades\":30") && $0.json.contains("\"all\"")
            }
        }
        #expect(try desk.ledger() == whole.ledger())
        #expect(try desk.store.positions() == whole.store.positions())
        #expect(try desk.store.metrics() == whole.store.metrics())
        let kept = try #require(try desk.store.deadLetter(id: letter.id))
        #expect(kept.state == .booked && kept.letter.original == letter.letter.original)
        tracker.end(SIGTERM)
        try await simulator.stop()
    }
}

// Several simulators as sources of one tracker, each with its own checkpoint and epoch.

import Contracts
import Foundation
import Persistence
import Testing

@testable import performance_tracker

@Suite("Several simulators") struct SourcesTests {
    @Test(
        "the text of a further simulator",
        arguments: [
            ("two=tcp://127.0.0.1:1+tcp://127.0.0.1:2", "two tcp://127.0.0.1:1 tcp://127.0.0.1:2"),
            ("t=ipc:///a+b/t+ipc:///a+b/r", "t ipc:///a+b/t ipc:///a+b/r"),
            ("tcp://127.0.0.1:1+tcp://127.0.0.1:2", nil), ("two=tcp://127.0.0.1:1", nil),
            ("a b=tcp://127.0.0.1:1+tcp://127.0.0.1:2", nil), ("two=127.0.0.1:1+tcp://127.0.0.1:2", nil),
        ] as [(String, String?)])
    func address(text: String, expected: String?) {
        let address = SimulatorAddress(text)
        #expect(address.map { "\($0.name) \($0.trades) \($0.replay)" } == expected)
    }

    @Test("two simulators beside a robot, the tracker killed between: each is booked from its own checkpoint")
    func both() async throws {
        let folder = try Folder()
        let first = try await LiveSimulator.started(in: folder)
        let second = try await LiveSimulator.started(in: folder, "sim-2")
        let trades = [try simulatedTrades("a", 900, seed: 611), try simulatedTrades("b", 700, seed: 612)]
        let reader = try Desk(folder)
        print("seed 613")
        var random = SeededNumbers(seed: 613)
        for start in stride(from: 0, to: 900, by: 300) {
            let tracker = try LiveTracker(folder, simulator: first, more: [second])
            let robot = try Robot(tracker.ingest)
            first.publish(trades[0][start..<start + 300].map { .trade($0) })
            second.publish(trades[1][min(700, start)..<min(700, start + 300)].map { .trade($0) })
            robot.send((1...UInt64(start / 300 + 1)).map { json(outside($0)) })
            let enough = Int.random(in: 1...(start + 300), using: &random)
            try await tracker.wait("\(enough) booked") {
                try reader.ledger().count >= min(enough, start + 250)
            }
            tracker.end(SIGKILL)
        }
        let tracker = try LiveTracker(folder, simulator: first, more: [second])
        let robot = try Robot(tracker.ingest)
        robot.send((1...3).map { json(outside($0)) })
        try await tracker.wait("both checkpoints") {
            robot.receive()
            return tracker.figure("checkpoint_seq") == 900 && robot.answers.count == 3
                && tracker.figure("checkpoint_seq_of", "simulator=\"sim-2\"") == 700
        }
        let desk = try Desk(folder)
        #expect(try desk.ledger().count == 1_603 && desk.letters().isEmpty)
        #expect(try desk.store.trades(strategy: "a", after: 0, limit: 1_000) == trades[0])
        #expect(try desk.store.trades(strategy: "b", after: 0, limit: 1_000) == trades[1])
        let (one, two) = (
            try desk.store.checkpoint(source: "simulator"), try desk.store.checkpoint(source: "sim-2")
        )
        #expect(one?.seq == 900 && two?.seq == 700 && one?.epoch != two?.epoch)
        #expect(try desk.store.strategySources() == ["a": "simulator", "b": "sim-2", "bot.s": "bot"])
        #expect(try desk.store.checkLedger(noted: nil).isWhole)
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
        try await first.stop()
        try await second.stop()
    }

    @Test("one that begins anew is not followed any further, and says why; the other goes on")
    func otherEpoch()
        async throws
    {
        let folder = try Folder()
        let first = try await LiveSimulator.started(in: folder)
        var second = try await LiveSimulator.started(in: folder, "sim-2")
        let trades = [try simulatedTrades("a", 40, seed: 614), try simulatedTrades("b", 20, seed: 615)]
        let tracker = try LiveTracker(folder, simulator: first, more: [second])
        first.publish(trades[0][..<20].map { .trade($0) })
        second.publish(trades[1].map { .trade($0) })
        try await tracker.wait("both are booked") {
            tracker.figure("checkpoint_seq") == 20
                && tracker.figure("checkpoint_seq_of", "simulator=\"sim-2\"") == 20
        }
        try await second.stop()
        try FileManager.default.removeItem(atPath: second.journal)
        second = try await LiveSimulator.started(in: folder, "sim-2")
        second.publish(trades[1].map { .trade($0) })
        try await tracker.wait("the tracker says that the second begins anew") {
            tracker.log.contains("simulator sim-2 is not followed any further")
        }
        first.publish(trades[0][20...].map { .trade($0) })
        try await tracker.wait("the first goes on") { tracker.figure("checkpoint_seq") == 40 }
        #expect(tracker.served("/health")?.body.contains("sim-2") == true)
        #expect(try Desk(folder).ledger().count == 60)
        tracker.end(SIGTERM)
        try await first.stop()
        try await second.stop()
    }

    @Test("a strategy belongs to the source that booked it first: another's trades are dead letters")
    func owner()
        throws
    {
        let folder = try Folder()
        let store = try folder.open()
        let core = try TrackerCore(
            store: store, simulators: ["simulator", "sim-2"], clock: { Timestamp(seconds: 1) })
        let trades = try simulatedTrades("a", 4, seed: 616)
        func arrive(_ trades: ArraySlice<TradeEvent>, _ stream: SimulatorStream) throws {
            for trade in trades {
                Array("{}".utf8).withUnsafeBytes {
                    stream.arrived(.trade(trade), seq: trade.strategySeq, json: $0)
                }
            }
            stream.arrivedComplete(trades.last?.strategySeq ?? 0, epoch: "e\(stream.source)")
            try core.book()
        }
        try arrive(trades[..<2], core.streams[0])
        try arrive(trades[2...], core.streams[1])
        try arrive(trades[2...], core.streams[0])
        let letters = try store.deadLetters(after: 0, limit: 9)
        #expect(letters.map(\.letter.reason) == [.businessRule] && letters.map(\.count) == [2])
        #expect(letters[0].letter.source == "sim-2")
        #expect(letters[0].letter.sentence.contains("strategy a is booked of source simulator, not of sim-2"))
        #expect(try store.trades(strategy: "a", after: 0, limit: 9) == trades)
        #expect(core.streams.map(\.booked) == [4, 4])
    }

    @Test("orders and marks are kept beside the trades, in the same transaction, and a bad one can be mended")
    func ordersAndMarks() throws {
        let desk = try Desk(try Folder())
        let trades = try simulatedTrades("a", 10, seed: 617)
        let stream = desk.core.streams[0]
        var seq: UInt64 = 0
        for trade in trades {
            for event in [trade.report, .trade(trade)] {
                seq += 1
                Array("{}".utf8).withUnsafeBytes { stream.arrived(event, seq: seq, json: $0) }
            }
        }
        stream.arrivedComplete(seq, epoch: "e1")
        try desk.core.book()
        let orders = try desk.store.orders(strategy: "a", after: 0, limit: 99)
        #expect(orders.map(\.event.orderID) == trades.map(\.orderID))
        #expect(orders.allSatisfy { $0.event.status == .filled })
        #expect(try desk.store.metrics(strategy: "a")?.trades == 10 && stream.booked == 20)
        // A mark and an order that could not be read are given back, with their text mended.
        let mark = EquityEvent(
            strategyID: "a", number: 1, strategySeq: 10, timestamp: trades[9].timestamp,
            equity: trades[9].cash, cash: trades[9].cash, currency: "USD", periodsPerYear: 252, holdings: [])
        var json = JSONWriter()
        mark.encode(
            header: try EnvelopeHeader(source: "simulator", epoch: "e1"),
            stamp: EventStamp(seq: 21, prev: 0, publishedAt: Timestamp(seconds: 1)), into: &json)
        let letter = DeadLetter(
            reason: .schemaViolation, sentence: "?", stage: .decode, source: "simulator", seq: 21,
            topic: "equity/a/", original: Array(json.string.utf8), seen: Timestamp(seconds: 2),
            programVersion: "0.1.0")
        let kept = try desk.store.record(letter)
        #expect(try desk.store.requeue(deadLetter: kept.id, desk.change(.requeued)) == .done)
        _ = try desk.core.bookRequeued()
        #expect(try desk.store.deadLetter(id: kept.id)?.state == .booked)
        var marks: [EquityEvent] = []
        try desk.store.forEachMark(strategy: "a") { marks.append($0) }
        #expect(marks == [mark])
    }
}

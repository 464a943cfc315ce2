// A strategy whose process answers later, with the plugin's part played by the test: what is asked when, and
// what is counted as handled.

import CStrategyABI
import Contracts
import Testing

@testable import StrategyHost

@Suite struct ProcessStrategyTests {
    private let buy = #"{"action":"submit","symbol":"A","side":"buy","quantity":1}"#

    private func seqs(_ question: JSONValue?) -> [UInt64] {
        question?["events"]?.asArray?.compactMap { $0["seq"]?.asUnsigned } ?? []
    }

    @Test("Events go in one message; what is behind the one acted on is held and sent again")
    func batch() throws {
        let peer = try PluginPeer(batch: 8)
        for seq in 1...5 { try peer.strategy.handle(quote(UInt64(seq), at: Int64(seq) * 10)) }
        #expect(peer.question() == nil, "nothing is sent before the session says so")
        try peer.strategy.sendHeld()
        #expect(peer.strategy.isPending)
        let first = peer.question()
        #expect(seqs(first) == [1, 2, 3, 4, 5])
        #expect(peer.strategy.lastEvent <= 1, "events that are not answered are not handled")
        peer.answer(first, handled: 3, actions: buy)
        try peer.take()
        #expect(peer.strategy.lastEvent == 3)
        #expect(peer.strategy.taken().map(\.afterEvent) == [3])
        #expect(peer.strategy.heldEvent == 4)
        #expect(!peer.strategy.takesMore, "while an order is open, events go one by one")
        try peer.strategy.sendHeld()
        #expect(seqs(peer.question()) == [4])
    }

    @Test("A plugin that takes one event at a time gets one at a time")
    func single() throws {
        let peer = try PluginPeer(batch: 1)
        try peer.strategy.handle(quote(1, at: 10))
        #expect(!peer.strategy.takesMore)
        try peer.strategy.sendHeld()
        peer.answer(peer.question())
        try peer.take()
        #expect(peer.strategy.lastEvent == 1)
        #expect(peer.strategy.heldEvent == nil)
    }

    @Test("Messages grow by doubling, and are as long as a slow plugin can answer in time")
    func pace() throws {
        // A deadline of a second: a tenth of it is the time for a message.
        let table: [(events: Int, microseconds: Int, next: Int)] = [
            (1, 100, 2), (2, 150, 4), (4, 300, 8), (8, 500, 16), (16, 900, 20), (20, 1_000, 20),
            (20, 400_000, 5), (5, 100_000, 5), (5, 600_000, 1), (1, 100, 1), (1, 100, 1), (1, 100, 1),
        ]
        var size = BatchSize()
        for (place, row) in table.enumerated() {
            size.answered(
                events: row.events, microseconds: row.microseconds, deadline: 1_000_000, largest: 20)
            #expect(size.next == row.next, "row \(place)")
        }
        for _ in 0..<40 { size.answered(events: 1, microseconds: 10, deadline: 1_000_000, largest: 20) }
        #expect(size.next == 20, "what was slow once is forgotten")
    }

    @Test("A timer is answered before the event at which it is due, and its commands carry that event")
    func timer() throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10))
        try peer.strategy.sendHeld()
        peer.answer(peer.question(), handled: 1, actions: #"{"action":"timer","delay_us":5}"#)
        try peer.take()
        try peer.strategy.handle(quote(2, at: 100))
        try peer.strategy.sendHeld()
        let question = peer.question()
        #expect(question?["type"]?.asString == "timer")
        #expect(question?["due"]?.asTimestamp == Timestamp(microseconds: 15))
        peer.answer(question, actions: buy)
        try peer.take()
        #expect(peer.strategy.taken().map(\.afterEvent) == [2])
        #expect(peer.strategy.isPending, "the event follows its timers, whatever they did")
        #expect(seqs(peer.question()) == [2])
    }

    @Test("An event without a price, and the end of the data, are handled without a question")
    func nothingToSay() throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10, nil, 12))
        try peer.strategy.handle(quote(2, at: 20, nil, 12))
        try peer.strategy.sendHeld()
        #expect(!peer.strategy.isPending)
        #expect(peer.strategy.lastEvent == 2)
    }

    @Test("A report is one question with its executions, and the account follows it")
    func report() throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10))
        try peer.strategy.sendHeld()
        peer.answer(peer.question(), handled: 1, actions: buy)
        try peer.take()
        try peer.strategy.handle(
            StrategyHostTests.report(1, .filled, order: 1, after: 1, at: 10, fill: 1, position: 1))
        let question = peer.question()
        #expect(question?["order"]?["status"]?.asString == "filled")
        #expect(question?["trades"]?.asArray?.first?["position_e8"]?.asInteger == 100_000_000)
        peer.answer(question)
        try peer.take()
        #expect(!peer.strategy.isBusy)
        #expect(peer.strategy.position(slot: 0) == Quantity(whole: 1))
    }

    @Test(
        "What is not of the protocol stops the strategy with a sentence",
        arguments: [
            ("hello again", "is not of the protocol"),
            (#"{"type":"done","id":99}"#, "message 99, which was not asked"),
            (#"{"type":"done","id":2,"handled":2}"#, "handled 2 of 1 events"),
            (#"{"type":"done","id":2,"handled":0}"#, "handled 0 of 1 events"),
            (#"{"type":"done","id":2,"actions":[{"action":"submit","symbol":"C","side":"buy"}]}"#, "symbol"),
            (
                #"{"type":"done","id":2,"actions":[{"action":"submit","symbol":"A","side":"buy"}]}"#,
                "quantity"
            ),
            (#"{"type":"done","id":2,"actions":[{"action":"cancel","order":1,"quantity":5}]}"#, "cancel"),
            (#"{"type":"done","id":2,"actions":[{"action":"submit","quantty":1}]}"#, "quantty"),
            (#"{"type":"done","id":2,"id":2}"#, "key"),
            (#"{"type":"failed","code":"failed","reason":"no more"}"#, "no more"),
            (#"{"type":"hello","protocol":1,"metadata":{}}"#, "hello twice"),
        ])
    func violation(line: String, sentence: String) throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10))
        try peer.strategy.sendHeld()
        peer.say(line)
        let failure = #expect(throws: StrategyFailure.self) { try peer.take() }
        #expect(failure?.sentence.contains(sentence) == true, "\(failure?.sentence ?? "")")
        #expect(peer.strategy.taken().isEmpty)
    }

    @Test("1,025 actions in one answer stop the strategy, and none of them is sent")
    func flood() throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10))
        try peer.strategy.sendHeld()
        peer.answer(peer.question(), actions: Array(repeating: buy, count: 1_025).joined(separator: ","))
        let failure = #expect(throws: StrategyFailure.self) {
            for _ in 0..<10 { try peer.take() }
        }
        #expect(failure?.sentence.contains("actions") == true)
        #expect(peer.strategy.taken().isEmpty)
    }

    @Test("The deadline counts the time that it is told, and an answer that is there counts")
    func deadline() throws {
        let peer = try PluginPeer(batch: 8)
        try peer.strategy.handle(quote(1, at: 10))
        peer.instance.look(milliseconds: 1_000_000)
        #expect(peer.instance.failure == nil, "nothing was asked")
        try peer.strategy.sendHeld()
        peer.instance.look(milliseconds: 10_000)
        #expect(peer.instance.failure == nil)
        let question = peer.question()
        peer.answer(question)
        peer.instance.look(milliseconds: 1)
        try peer.strategy.proceed()
        #expect(peer.strategy.lastEvent == 1)
        try peer.strategy.handle(quote(2, at: 20))
        try peer.strategy.sendHeld()
        peer.instance.look(milliseconds: 10_001)
        let failure = #expect(throws: StrategyFailure.self) { try peer.strategy.proceed() }
        #expect(failure?.sentence.contains("no answer within 10000 ms") == true)
    }

    @Test("Numbers of a plugin are taken by their digits, half to even at 1e-8")
    func numbers() {
        let table: [(String, Int64?)] = [
            ("1", 100_000_000), ("0.1", 10_000_000), ("1e-8", 1), ("5e-9", 0), ("15e-9", 2), ("25e-9", 2),
            ("-25e-9", -2), ("0.000000025000001", 3), ("181.82000000000002", 18_182_000_000),
            ("1E2", 10_000_000_000),
            ("0e999", 0), ("1e-999", 0), ("92233720368.54775807", .max), ("92233720368.54775808", nil),
            ("1e11", nil), ("-0", 0), ("0.3", 30_000_000), ("99999999999999999999999999999999999999", nil),
        ]
        for (text, units) in table {
            let found = Array(text.utf8).withUnsafeBytes { roundedAmount($0) }
            #expect(found == units, "\(text)")
        }
    }

    @Test("A strategy is begun again three times at one place, and anew when it got further")
    func restarts() {
        var policy = RestartPolicy()
        #expect([5, 5, 5, 5].map { policy.failed(at: $0) } == [1, 2, 4, nil])
        #expect(policy.failed(at: 4) == nil)
        #expect(policy.failed(at: 6) == 1)
    }
}

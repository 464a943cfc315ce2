// A strategy that is begun anew from its snapshot, again and again, decides as one that was never ended: in
// this process, in a process of its own, and in Python.

import CStrategyABI
import Contracts
import Foundation
import Testing

@testable import StrategyHost

@Suite(.serialized) struct SnapshotTests {
    private let workshop: PluginWorkshop
    init() throws { workshop = try PluginWorkshop() }

    private func load(_ path: String, _ isolation: PluginIsolation = .auto) throws -> any StrategyPlugin {
        var folders = PluginFolders([], ownFolder: nil)
        folders.isolation = isolation
        return try folders.load(path)
    }

    @Test(
        "Orders, timers, account and warm-up go on from a snapshot, in this process and in one of its own",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no plugin-host"),
        arguments: ["", #","warm_up":{"events":90}"#, #","warm_up":{"seconds":1}"#])
    func native(warmUp: String) throws {
        let field = warmUp.replacing("\"", with: "\\\"")
        let path = try workshop.compile(
            "everything",
            IsolatedLedgerTests.busy.replacing(#"\"1.0\""#, with: #"\"1.0\""# + field))
        let undisturbed = try story(try load(path, .none), [])
        #expect(undisturbed.count > 300)
        #expect(try story(try load(path, .none), [], restarts: 7) == undisturbed)
        #expect(try story(try load(path, .process), [], restarts: 149) == undisturbed)
    }

    /// Keeps a list, a dictionary with whole-number keys and a float; acts on timers, orders and trades.
    private static let python = """
        from tradingrobotplug import BaseStrategy, OrderRefused

        class Keeper(BaseStrategy):
            def __init__(self, config):
                super().__init__(config)
                self.seen, self.by_order, self.average = [], {}, 0.0
            def on_market_data(self, data):
                c = self.context
                self.seen.append(data["seq"])
                self.average += (data["price"] - self.average) / len(self.seen)
                if len(self.seen) % 11 == 0:
                    c.set_timer(0.002)
                if c.open_orders(data["symbol"]) < 3:
                    side = "buy" if data["price"] < self.average else "sell"
                    number = c.submit(data["symbol"], side, 5, "limit", price=round(self.average, 2))
                    self.by_order[number] = data["seq"]
                elif len(self.seen) % 5 == 0 and c.working_orders:
                    c.cancel(c.working_orders[0].order)
            def on_timer(self, timer):
                if self.context.position("A") > 0:
                    self.context.sell("A", self.context.position("A"))
            def on_order(self, update):
                if not update["is_working"]:
                    self.by_order.pop(update["order"], None)
        """

    private static let saved = """

            def snapshot(self):
                return {"seen": self.seen, "orders": self.by_order, "average": self.average}
            def restore(self, state):
                self.seen, self.by_order, self.average = state["seen"], state["orders"], state["average"]
                try:
                    self.context.buy("A", 1)
                except OrderRefused:
                    return
                raise AssertionError("an order was taken in restore")
        """

    @Test(
        "A Python strategy goes on from its snapshot; one that forgets a part decides differently",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no Python 3.9 or no plugin-host"))
    func python() throws {
        let path = workshop.folder + "/keeper.py"
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        try write(Self.python)
        let plain = try load(path)
        let undisturbed = try story(plain, [], events: 800)
        #expect(undisturbed.count > 200)
        try write(Self.python + Self.saved)
        #expect(try story(try load(path), [], events: 800, restarts: 199) == undisturbed)
        try write(
            Self.python + Self.saved.replacing(#", "average": self.average"#, with: #", "average": 0.0"#))
        #expect(try story(try load(path), [], events: 800, restarts: 199) != undisturbed)
    }

    @Test("A process without snapshots is not asked for one; one that has none now answers so")
    func none() throws {
        let peer = try PluginPeer(batch: 8)
        #expect(!peer.strategy.givesSnapshots)
        try peer.strategy.wantState()
        guard case .nothing? = peer.strategy.takeState() else {
            Issue.record("there is no snapshot")
            return
        }
        #expect(peer.question() == nil)
        let other = try PluginPeer(batch: 8, snapshots: true)
        try other.strategy.wantState()
        let question = other.question()
        #expect(question?["type"]?.asString == "snapshot")
        other.answer(question)
        try other.take()
        guard case .nothing? = other.strategy.takeState() else {
            Issue.record("there is no snapshot now")
            return
        }
        #expect(other.strategy.takeState() == nil, "an answer is told once")
    }

    @Test("A process is asked when nothing is held any more, and events wait for its answer")
    func place() throws {
        let peer = try PluginPeer(batch: 2, snapshots: true)
        for seq in 1...2 { try peer.strategy.handle(quote(UInt64(seq), at: Int64(seq) * 10)) }
        try peer.strategy.wantState()
        #expect(peer.question() == nil && !peer.strategy.takesMore)
        try peer.strategy.sendHeld()
        peer.answer(peer.question(), handled: 2)
        try peer.take()
        #expect(peer.strategy.isPending)
        let question = peer.question()
        #expect(question?["type"]?.asString == "snapshot")
        peer.say(#"{"type":"done","id":\#(question?["id"]?.asUnsigned ?? 0),"state":"AQID"}"#)
        try peer.take()
        guard case .taken(let snapshot)? = peer.strategy.takeState() else {
            Issue.record("there is a snapshot")
            return
        }
        #expect(snapshot.state == [1, 2, 3] && snapshot.host.event == 2)
        #expect(snapshot.host.symbols[0].hasPrice && !snapshot.host.symbols[1].hasPrice)
    }

    @Test(
        "A state in the wrong place, an order in it and a text that is no bytes stop the strategy",
        arguments: [
            (#""state":"AQ==""#, true), (#""state":"AQ""#, false), (#""state":"A===""#, false),
            (#""state":"AR==""#, false),
            (#""state":"AQ==","actions":[{"action":"timer","delay_us":1}]"#, false),
        ])
    func refused(fields: String, isTaken: Bool) throws {
        let peer = try PluginPeer(batch: 2, snapshots: true)
        try peer.strategy.wantState()
        peer.say(#"{"type":"done","id":\#(peer.question()?["id"]?.asUnsigned ?? 0),\#(fields)}"#)
        if isTaken {
            try peer.take()
            try peer.strategy.handle(quote(1, at: 10))
            try peer.strategy.sendHeld()
            peer.say(#"{"type":"done","id":\#(peer.question()?["id"]?.asUnsigned ?? 0),\#(fields)}"#)
        }
        #expect(throws: StrategyFailure.self) { try peer.take() }
    }

    @Test("Bytes become text and come back, and one text only stands for them")
    func text() {
        let table: [(bytes: [UInt8], text: String)] = [
            ([], ""), ([0], "AA=="), ([255, 254], "//4="), ([1, 2, 3], "AQID"),
            (Array("tradingrobot".utf8), "dHJhZGluZ3JvYm90"),
        ]
        for row in table {
            #expect(base64(row.bytes) == row.text)
            #expect(bytes(base64: row.text) == row.bytes)
        }
        let all = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        #expect(base64(all) == Data(all).base64EncodedString() && bytes(base64: base64(all)) == all)
        for wrong in ["A", "AA=", "A===", "AB==", "AAB=", "=AAA", "AA==AA==", "AA A", "AAAÄ"] {
            #expect(bytes(base64: wrong) == nil, "\(wrong)")
        }
    }
}

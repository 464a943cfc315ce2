import Testing

@testable import Messaging

@Suite struct FeedOrderTests {
    private func judge(_ order: inout FeedOrder, _ topic: String, _ seq: UInt64, _ prev: UInt64)
        -> FeedOrder.Verdict
    {
        let verdict = Array(topic.utf8).withUnsafeBytes { order.judge($0, seq: seq, prev: prev) }
        if verdict == .next { order.accept(seq, isReplayed: false) }
        return verdict
    }

    private func replay(_ order: inout FeedOrder, _ topic: String, _ seq: UInt64) -> FeedOrder.Verdict {
        let verdict = Array(topic.utf8).withUnsafeBytes { order.judgeReplayed($0, seq: seq) }
        if verdict == .next { order.accept(seq, isReplayed: true) }
        return verdict
    }

    private func named(_ topics: (String, UInt64)...) -> [(topic: [UInt8], seq: UInt64)] {
        topics.map { (Array($0.0.utf8), $0.1) }
    }

    @Test(
        arguments: [
            (1, FeedOrder.Verdict.duplicate), (7, .duplicate), (8, .next), (9, .gap), (100, .gap),
        ] as [(UInt64, FeedOrder.Verdict)])
    func `of the whole stream only the next seq is taken`(seq: UInt64, verdict: FeedOrder.Verdict) {
        var order = FeedOrder(isWhole: true, checkpoint: 7)
        #expect(judge(&order, "tick/IBM/", seq, 0) == verdict)
        #expect(order.complete == (verdict == .next ? 8 : 7))
    }

    @Test func `without a checkpoint the first message is the beginning`() {
        var order = FeedOrder(isWhole: true, checkpoint: nil)
        #expect(judge(&order, "tick/IBM/", 500, 3) == .next)
        #expect(judge(&order, "tick/IBM/", 502, 500) == .gap)
    }

    @Test func `with prefixes a gap is a prev that was neither seen nor lies within the checkpoint`() {
        var order = FeedOrder(isWhole: false, checkpoint: 10)
        #expect(judge(&order, "a/", 13, 9) == .next)
        #expect(judge(&order, "b/", 15, 10) == .next)
        #expect(judge(&order, "a/", 16, 13) == .next)
        #expect(judge(&order, "b/", 20, 17) == .gap)
        #expect(judge(&order, "a/", 16, 13) == .duplicate)
        #expect(order.complete == 10)
    }

    @Test func `what was handled beyond a loss that nobody noticed yet is no checkpoint`() {
        var order = FeedOrder(isWhole: false, checkpoint: 10)
        // 11 on b/ is lost; 12 on a/ follows.
        #expect(judge(&order, "a/", 12, 0) == .next)
        #expect(order.complete == 10)
        let verdict = order.judge(heartbeatLast: 12, since: 10, topics: named(("a/", 12), ("b/", 11)))
        #expect(verdict == .behind)
        #expect(replay(&order, "b/", 11) == .next)
        #expect(replay(&order, "a/", 12) == .duplicate)
        #expect(order.complete == 12)
    }

    @Test func `contiguous messages prove themselves`() {
        var order = FeedOrder(isWhole: false, checkpoint: 0)
        for seq in 1...5 as ClosedRange<UInt64> { #expect(judge(&order, "a/", seq, seq - 1) == .next) }
        #expect(order.complete == 5)
    }

    @Test(
        arguments: [
            // last, since, seq of a/, outcome, complete
            (20, 10, 12, FeedOrder.HeartbeatVerdict.complete, 20),
            (20, 9, 12, .complete, 20),
            (20, 10, 13, .behind, 10),
            (20, 11, 12, .behind, 10),
            (20, nil, 12, .behind, 10),
            (10, nil, 5, .complete, 10),
        ] as [(UInt64, UInt64?, UInt64, FeedOrder.HeartbeatVerdict, UInt64)])
    func `a heartbeat proves completeness only together with the one before it`(
        last: UInt64, since: UInt64?, seq: UInt64, outcome: FeedOrder.HeartbeatVerdict, complete: UInt64
    ) {
        var order = FeedOrder(isWhole: false, checkpoint: 10)
        #expect(judge(&order, "a/", 12, 10) == .next)
        #expect(order.judge(heartbeatLast: last, since: since, topics: named(("a/", seq))) == outcome)
        #expect(order.complete == complete)
    }

    @Test func `a replay is the journal, so that its holes are no gaps`() {
        var order = FeedOrder(isWhole: true, checkpoint: 0)
        #expect(replay(&order, "a/", 1) == .next)
        #expect(replay(&order, "a/", 3) == .next)
        #expect(replay(&order, "a/", 3) == .duplicate)
        order.cover(through: 9)
        #expect(judge(&order, "a/", 10, 3) == .next)
    }

    @Test(
        arguments: [
            ("tick/IBM/", [], true), ("session/x/", [], false), ("session/x/", [""], false),
            ("session/x/", ["s"], false),
            ("session/x/", ["session/"], true), ("session/x/", ["session/x/"], true),
            ("session/x/", ["session/y/"], false),
            ("tick/IBM/", ["tick/"], true), ("tick/IBM/", ["bar/"], false), ("tick/IBM/", [""], true),
            ("command/x/", ["tick/", "command/"], true),
        ] as [(String, [String], Bool)])
    func `an unpublished topic is replayed only by a prefix that names its root`(
        topic: String, prefixes: [String], isAsked: Bool
    ) {
        #expect(Publication.isAsked(Array(topic.utf8), by: prefixes.map { Array($0.utf8) }) == isAsked)
    }
}

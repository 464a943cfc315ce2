import Contracts
import Testing

@testable import Persistence

@Suite("Dead letters", .onEveryStore) struct DeadLetterTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    @Test("the same message again raises a count, another one is another row") func counts() throws {
        let first = try store.record(letter("{\u{0}x", seq: 4))
        #expect(first.count == 1 && first.state == .open && first.letter == letter("{\u{0}x", seq: 4))
        var later = letter("{\u{0}x", seq: 9)
        later.seen = Timestamp(seconds: 1_766_658_700)
        later.reason = .schemaViolation
        let second = try store.record(later)
        #expect(second.id == first.id && second.count == 2 && second.letter == later)
        #expect(second.firstSeen == first.firstSeen)
        try store.record(letter("{\u{0}x", topic: "trade/b/IBM/"))
        try store.record(letter("{\u{0}y"))
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.count) == [2, 1, 1])
        #expect(try store.deadLetters(after: first.id, limit: 1).count == 1)
    }

    @Test("the bytes and their SHA-256 are kept, those of no bytes too") func bytes() throws {
        let empty = try store.record(letter(""))
        #expect(empty.letter.original.isEmpty)
        #expect(empty.sha256.prefix(4) == [0xe3, 0xb0, 0xc4, 0x42])
        var raw = letter("")
        raw.original = (0...255).map { UInt8($0) }
        raw.offset = nil
        #expect(try store.record(raw).letter == raw)
    }

    @Test("a bad message moves with the checkpoint and is counted once") func withTheBatch() throws {
        let next = batch(1, [trade("a", 1)], letters: [letter("bad", seq: 1)])
        try store.book(next)
        try store.book(next)
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.count) == [1])
        try store.book(batch(2, [], letters: [letter("bad", seq: 2)]))
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.count) == [2])
    }

    @Test("a message with a number that lies in the past is kept all the same") func falseNumber() throws {
        try store.book(batch(1, (1...9).map { trade("a", $0) }))
        try store.book(batch(10, [], letters: [letter("bad", seq: 3)]))
        #expect(try store.deadLetters(after: 0, limit: 9).count == 1)
    }

    @Test("the conflict of a batch can be kept in its transaction") func conflict() throws {
        try store.book(batch(1, [trade("a", 1)]))
        try store.book(batch(2, [trade("a", 1, price: 5)])) { result in
            BookingFollowUp(
                deadLetters: result.conflicts.map {
                    var letter = letter("original", seq: 2)
                    letter.reason = $0.kind.reason
                    return letter
                })
        }
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.letter.reason) == [.conflictingDuplicate])
    }

    @Test("a requeued message that comes again is open again, a discarded or booked one stays so")
    func states() throws {
        for before in DeadLetterState.allCases {
            try store.record(letter("x"))
            try store.execute("UPDATE dead_letters SET state = '\(before.rawValue)'")
            #expect(try store.record(letter("x")).state == (before == .requeued ? .open : before))
        }
    }

    private func change(_ action: DeadLetterChange.Action, _ text: String? = nil) -> DeadLetterChange {
        DeadLetterChange(
            at: Timestamp(seconds: 1_766_658_800), by: "ann", action: action, why: "because",
            content: text.map { Array($0.utf8) })
    }

    @Test("every step is noted with who, what, why and when, and a step made twice is one") func steps()
        throws
    {
        let id = try store.record(letter("bad")).id
        #expect(try store.edit(deadLetter: id, change(.edited, "good")) == .done)
        #expect(try store.edit(deadLetter: id, change(.edited, "good")) == .unchanged)
        #expect(try store.requeue(deadLetter: id, change(.requeued)) == .done)
        #expect(try store.requeue(deadLetter: id, change(.requeued)) == .unchanged)
        #expect(try store.edit(deadLetter: id, change(.edited, "late")) == .refused(.requeued))
        let record = try #require(try store.deadLetter(id: id))
        #expect(record.letter.original == Array("bad".utf8) && record.payload == Array("good".utf8))
        #expect(record.state == .requeued && record.attempts == 1)
        try store.resolve([
            DeadLetterResolution(
                id: id, outcome: .booked, sentence: "booked", at: Timestamp(seconds: 1_766_658_900))
        ])
        #expect(try store.requeue(deadLetter: id, change(.requeued)) == .refused(.booked))
        #expect(try store.discard(deadLetter: id, change(.discarded)) == .refused(.booked))
        #expect(try store.history(ofDeadLetter: id).map(\.action) == [.edited, .requeued, .booked])
        #expect(try store.history(ofDeadLetter: id).first == change(.edited, "good"))
        #expect(try store.requeue(deadLetter: 99, change(.requeued)) == .missing)
    }

    @Test("a discarded one can be requeued, a refused one is open again with the new reason")
    func backAgain() throws {
        let id = try store.record(letter("bad")).id
        #expect(try store.discard(deadLetter: id, change(.discarded)) == .done)
        #expect(try store.discard(deadLetter: id, change(.discarded)) == .unchanged)
        #expect(try store.requeue(deadLetter: id, change(.requeued)) == .done)
        #expect(try store.requeuedDeadLetters(limit: 9).map(\.id) == [id])
        try store.resolve([
            DeadLetterResolution(
                id: id, outcome: .refused(.businessRule, .validate, offset: nil), sentence: "no",
                at: Timestamp(seconds: 1))
        ])
        let record = try #require(try store.deadLetter(id: id))
        #expect(record.state == .open && record.letter.reason == .businessRule)
        #expect(record.letter.stage == .validate && record.letter.sentence == "no")
    }

    @Test("filters and figures count what is there; only resolved ones are evicted") func figures() throws {
        for number in 1...9 {
            var one = letter("\(number)")
            one.reason = number <= 3 ? .businessRule : .malformedJSON
            one.source = number.isMultiple(of: 2) ? "even" : "odd"
            try store.record(one)
        }
        #expect(try store.deadLetters(DeadLetterFilter(reason: .businessRule), after: 0, limit: 9).count == 3)
        #expect(
            try store.deadLetters(
                DeadLetterFilter(state: .open, reason: .malformedJSON, source: "even"), after: 0, limit: 9
            ).map(\.id) == [4, 6, 8])
        for id in [1, 5, 6] { _ = try store.discard(deadLetter: Int64(id), change(.discarded)) }
        let figures = try store.deadLetterFigures()
        #expect(figures.unresolved == [.businessRule: 2, .malformedJSON: 4])
        #expect(figures.rows == 9 && figures.bytes == 9 && figures.oldest == letter("").seen)
        #expect(try store.evictResolvedDeadLetters(2) == 2)
        #expect(try store.evictResolvedDeadLetters(9) == 1)
        #expect(try store.deadLetters(after: 0, limit: 99).map(\.id) == [2, 3, 4, 7, 8, 9])
        #expect(try store.history(ofDeadLetter: 5).isEmpty)
    }

    @Test("a letter that may fold is counted in a row of its source and reason, others are not") func fold()
        throws
    {
        let first = try store.record(letter("a"))
        var folding = letter("b")
        folding.mayFold = true
        #expect(try store.keep([folding, letter("c")]).map(\.id) == [first.id, first.id + 1])
        folding.source = "another"
        #expect(try store.keep([folding]).map(\.count) == [1])
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.count) == [2, 1, 1])
    }

    @Test("an attempt that was begun and not ended is remembered") func attempts() throws {
        let (one, other) = (messageDigest([1]), messageDigest([2]))
        #expect(try store.beginAttempt(one, previous: nil) == 0)
        #expect(try store.beginAttempt(one, previous: nil) == 1)
        #expect(try store.beginAttempt(other, previous: one) == 0)
        #expect(try store.beginAttempt(one, previous: nil) == 0)
        try store.endAttempt(other)
        #expect(try store.beginAttempt(other, previous: nil) == 0)
        let checkpoint = Checkpoint(source: "simulator", epoch: "e1", seq: 1)
        try store.book(TradeBatch(checkpoint: checkpoint, trades: [], attempt: other))
        #expect(try store.beginAttempt(other, previous: nil) == 0, "it ended with the booking")
    }
}

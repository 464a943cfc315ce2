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
        later.reason = "missing_field"
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
                    letter.reason = $0.kind.rawValue
                    return letter
                })
        }
        #expect(try store.deadLetters(after: 0, limit: 9).map(\.letter.reason) == ["trade_id_conflict"])
    }

    @Test("a requeued message that fails again is open again, a discarded one stays so") func states() throws
    {
        for (before, after) in [("requeued", DeadLetterState.open), ("discarded", .discarded)] {
            try store.record(letter("x"))
            try store.execute("UPDATE dead_letters SET state = '\(before)'")
            #expect(try store.record(letter("x")).state == after)
        }
    }
}

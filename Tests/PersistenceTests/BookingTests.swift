import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("Booking", .onEveryStore) struct BookingTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    @Test("the same batch twice books each trade once") func sameBatchTwice() throws {
        let trades = (1...50).map { trade("a", $0) }
        let first = try store.book(batch(1, trades))
        #expect(first.booked == 50 && first.duplicates == 0)
        let positions = try store.positions()
        let second = try store.book(batch(1, trades))
        #expect(second.booked == 0 && second.duplicates == 50)
        #expect(second.outcomes == Array(repeating: .duplicate, count: 50))
        #expect(try store.trades(strategy: "a", after: 0, limit: 100) == trades)
        #expect(try store.positions() == positions)
    }

    @Test("what was booked is there after closing and opening again") func survivesReopening() throws {
        try store.book(batch(1, [trade("a", 1)])) { _ in
            BookingFollowUp(performance: [performance("a", trades: 1)])
        }
        try store.close()
        #expect(storeError { _ = try store.positions() }?.code == .closed)
        let again = try folder.open()
        #expect(try again.trades(strategy: "a", after: 0, limit: 9) == [trade("a", 1)])
        #expect(try again.checkpoint(source: "simulator")?.seq == 1)
        #expect(try again.metrics(strategy: "a") == performance("a", trades: 1))
        #expect(try again.metrics() == [performance("a", trades: 1)])
        #expect(try again.metrics(strategy: "b") == nil)
    }

    @Test("a batch that follows more than the database holds is refused: it was restored from an older state")
    func rewound() throws {
        var next = batch(3, [trade("a", 3)])
        next.follows = 2
        #expect(storeError { try store.book(next) }?.code == .rewound)
        #expect(try store.checkpoint(source: "simulator") == nil)
        // A batch may leave the checkpoint where it is: what is counted are the batches.
        for number: UInt64 in 1...2 {
            #expect(storeError { try store.book(next) }?.code == .rewound)
            #expect(try store.book(batch(1, [trade("a", number)])).batches == number)
        }
        #expect(try store.book(next).booked == 1)
        // More than the caller knows: another tracker was here.
        #expect(try store.book(next).duplicates == 1)
        #expect(try store.checkpoint(source: "simulator")?.batches == 4)
    }

    @Test("a trade id with other content is a conflict that names the difference") func idConflict() throws {
        try store.book(batch(1, [trade("a", 1)]))
        let other = trade("a", 1, price: 181_83000000)
        let result = try store.book(batch(2, [other, trade("a", 2)]))
        #expect(result.outcomes == [.conflict, .booked])
        let conflict = try #require(result.conflicts.first)
        #expect(conflict.kind == .tradeID && conflict.index == 0)
        #expect(
            conflict.sentence
                == "trade a:1:1 is in the ledger with price 181.82, not 181.83;"
                + " reference_price 181.8, not 181.81; average_price 181.82, not 181.83")
        #expect(try store.trades(strategy: "a", after: 0, limit: 9) == [trade("a", 1), trade("a", 2)])
    }

    @Test("another trade with a number of the strategy that is taken is a conflict") func seqConflict() throws
    {
        try store.book(batch(1, [trade("a", 1)]))
        var other = trade("a", 1)
        other.tradeID = "a:9:1"
        let result = try store.book(batch(2, [other]))
        #expect(result.conflicts.map(\.kind) == [.strategySeq])
        #expect(result.conflicts.first?.sentence.contains("which is trade a:1:1") == true)
        #expect(try store.checkpoint(source: "simulator")?.seq == 2)
    }

    @Test("a conflict inside one batch is seen") func conflictWithinBatch() throws {
        let result = try store.book(batch(1, [trade("a", 1), trade("a", 1), trade("a", 1, price: 1)]))
        #expect(result.outcomes == [.booked, .duplicate, .conflict])
    }

    @Test("a number that no database holds is a conflict, not an error") func outOfRange() throws {
        var far = trade("a", 1)
        far.strategySeq = UInt64(Int64.max) + 1
        let result = try store.book(batch(1, [far]))
        #expect(result.conflicts.map(\.kind) == [.range])
        #expect(try store.ledger().isEmpty)
    }

    @Test("ids at their longest and beyond are booked as they are") func longTexts() throws {
        for length in [15, 16, 40, 64, 600] {
            var long = trade("a", UInt64(length))
            long.tradeID = String(repeating: "t", count: length)
            long.orderID = String(repeating: "o", count: length)
            long.strategyID = String(repeating: "s", count: length)
            long.symbol = String(repeating: "Y", count: length)
            #expect(try store.book(batch(1, [long])).booked == 1)
            #expect(try store.trades(strategy: long.strategyID, after: 0, limit: 2) == [long])
            #expect(try store.book(batch(1, [long])).duplicates == 1)
        }
    }

    @Test("the smallest and largest amounts come back") func extremes() throws {
        var extreme = trade("a", 1)
        extreme.price.units = .max
        extreme.realizedPnl.units = -.max
        extreme.fee.units = .max
        var next = trade("a", 2)
        next.realizedPnl.units = -.max
        next.fee.units = .max
        try store.book(batch(1, [extreme, next]))
        #expect(try store.trades(strategy: "a", after: 0, limit: 1) == [extreme])
        let position = try #require(try store.positions().first)
        #expect(position.realizedPnl.units == -.max && position.fees.units == .max)
    }

    @Test("positions follow the highest number of a strategy and sum the rest") func positions() throws {
        try store.book(batch(1, [trade("a", 1), trade("b", 1, symbol: "SPY"), trade("a", 2), trade("a", 4)]))
        try store.book(batch(5, [trade("a", 3), trade("a", 5, symbol: "SPY")]))
        let rows = try store.positions()
        #expect(rows.map { "\($0.strategyID) \($0.symbol)" } == ["a IBM", "a SPY", "b SPY"])
        let ibm = rows[0]
        #expect(ibm.strategySeq == 4 && ibm.trades == 4 && ibm.position == .zero)
        #expect(ibm.realizedPnl.units == 2_000_007 + 4_000_007 && ibm.fees == Money(whole: 4))
        #expect(ibm.timestamp == trade("a", 4).timestamp)
        #expect(rows[1].position == Quantity(whole: 100))
    }

    @Test("another epoch of a known source is refused and changes nothing") func otherEpoch() throws {
        try store.book(batch(1, [trade("a", 1)]))
        var other = batch(2, [trade("a", 2)])
        other.checkpoint.epoch = "zzz"
        let error = storeError { try store.book(other) }
        #expect(error?.code == .epochChanged && error?.isTransient == false)
        #expect(try store.trades(strategy: "a", after: 0, limit: 9).count == 1)
    }

    @Test("a checkpoint never goes back") func checkpointIsMonotone() throws {
        try store.book(batch(1, (1...5).map { trade("a", $0) }))
        try store.book(batch(1, [trade("a", 1)]))
        #expect(try store.checkpoint(source: "simulator")?.seq == 5)
        #expect(try store.checkpoint(source: "other") == nil)
    }

    @Test("a failure anywhere in the transaction leaves the database as it was", arguments: 0..<4)
    func atomic(place: Int) throws {
        try store.book(batch(1, [trade("a", 1)])) { _ in
            BookingFollowUp(performance: [performance("a", trades: 1)])
        }
        let triggers = [
            "BEFORE INSERT ON trades WHEN NEW.strategy_seq = 7", "BEFORE UPDATE ON positions",
            "BEFORE UPDATE ON performance", "BEFORE UPDATE ON checkpoints",
        ]
        try store.inject(triggers[place])
        let next = batch(2, (2...9).map { trade("a", $0) }, letters: [letter("bad")])
        func book() throws {
            try store.book(next) { _ in BookingFollowUp(performance: [performance("a", trades: 9)]) }
        }
        #expect(storeError(book)?.sentence.contains("injected") == true)
        #expect(try store.trades(strategy: "a", after: 0, limit: 9) == [trade("a", 1)])
        #expect(try store.checkpoint(source: "simulator")?.seq == 1)
        #expect(try store.metrics(strategy: "a")?.trades == 1)
        #expect(try store.positions().first?.trades == 1)
        #expect(try store.deadLetters(after: 0, limit: 9).isEmpty)
        try store.removeInjected(triggers[place])
        try book()
        #expect(try store.trades(strategy: "a", after: 0, limit: 99).count == 9)
        #expect(try store.metrics(strategy: "a")?.trades == 9)
    }

    @Test(
        "crashes and overlapping batches give the ledger of a run without them",
        arguments: [1, 2, 3] as [UInt64])
    func crashes(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        var counts: [String: UInt64] = [:]
        let stream = (0..<400).map { _ in
            let strategy = ["a", "b", "c-1"].randomElement(using: &numbers) ?? "a"
            counts[strategy, default: 0] += 1
            return trade(
                strategy, counts[strategy] ?? 0, symbol: Bool.random(using: &numbers) ? "IBM" : "SPY")
        }
        var counted: [String: UInt64] = [:]
        while true {
            let done = Int(try store.checkpoint(source: "simulator")?.seq ?? 0)
            if done == stream.count { break }
            let start = max(0, done - Int.random(in: 0...20, using: &numbers))
            let end = min(stream.count, done + Int.random(in: 1...30, using: &numbers))
            let crash = Int.random(in: 0..<3, using: &numbers) == 0
            var trial = counted
            let part = Array(stream[start..<end])
            do {
                try store.book(batch(UInt64(start + 1), part)) { result in
                    for (one, outcome) in zip(part, result.outcomes) where outcome == .booked {
                        trial[one.strategyID, default: 0] += 1
                    }
                    if crash { throw Injected() }
                    return BookingFollowUp(
                        performance: trial.keys.sorted().map { performance($0, trades: trial[$0] ?? 0) })
                }
                counted = trial
            } catch is Injected {}
        }
        let plain = try Folder()
        let reference = try plain.open()
        try reference.book(batch(1, stream))
        #expect(try store.ledger() == reference.ledger(), "seed \(seed)")
        #expect(try store.positions() == reference.positions(), "seed \(seed)")
        #expect(counted == counts, "seed \(seed)")
        #expect(try store.metrics().map(\.trades) == counts.sorted { $0.key < $1.key }.map(\.value))
    }
}

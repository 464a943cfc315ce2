import Testing

@testable import Messaging

@Suite struct PacerTests {
    private static func at(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: seconds * 1_000_000_000)
    }

    @Test func `without a reader nothing holds the publisher back`() {
        #expect(Pacer().allowance(published: 1_000_000) == .max)
    }

    @Test(
        arguments: [
            // position, published, allowance
            (0, 0, 65_536),
            (0, 65_535, 1),
            (0, 65_536, 0),
            (10, 65_536, 10),
            (70_000, 70_000, 65_536),
            (0, 100_000, 0),
        ] as [(UInt64, UInt64, UInt64)])
    func `at most 65,536 events lie between the slowest reader and the publisher`(
        position: UInt64, published: UInt64, allowance: UInt64
    ) {
        var pacer = Pacer()
        pacer.report("fast", position: max(position, published), at: Self.at(0))
        pacer.report("slow", position: position, at: Self.at(0))
        #expect(pacer.allowance(published: published) == allowance)
    }

    @Test
    func `a reader stalled for ten seconds is left behind, counted once, and taken in again by progress`() {
        var pacer = Pacer()
        pacer.report("runner-1", position: 5, at: Self.at(0))
        for second in 1...9 {
            pacer.report("runner-1", position: 5, at: Self.at(Int64(second)))
            pacer.advance(published: 65_541, at: Self.at(Int64(second)))
            #expect(pacer.allowance(published: 65_541) == 0)
        }
        for second in 10...15 {
            pacer.report("runner-1", position: 5, at: Self.at(Int64(second)))
            pacer.advance(published: 65_541, at: Self.at(Int64(second)))
            #expect(pacer.allowance(published: 65_541) == .max)
        }
        #expect(pacer.leftBehind == 1)
        pacer.report("runner-1", position: 6, at: Self.at(16))
        #expect(pacer.allowance(published: 65_541) == 1)
    }

    @Test func `a reader that has handled everything is not stalled, however quiet the market`() {
        var pacer = Pacer()
        for second in 0...60 {
            pacer.report("runner-1", position: 7, at: Self.at(Int64(second)))
            pacer.advance(published: 7, at: Self.at(Int64(second)))
        }
        #expect(pacer.leftBehind == 0)
        #expect(pacer.allowance(published: 7) == 65_536)
    }

    @Test func `a reader that reports nothing at all is forgotten`() {
        var pacer = Pacer()
        pacer.report("runner-1", position: 7, at: Self.at(0))
        pacer.advance(published: 7, at: Self.at(9))
        #expect(pacer.positions.count == 1)
        pacer.advance(published: 7, at: Self.at(10))
        #expect(pacer.positions.isEmpty)
    }

    @Test func `a restarted reader begins anew, further back`() {
        var pacer = Pacer()
        pacer.report("runner-1", position: 100_000, at: Self.at(0))
        pacer.report("runner-1", position: 50_000, at: Self.at(1))
        #expect(pacer.slowest == 50_000)
        #expect(pacer.allowance(published: 100_000) == 15_536)
    }

    @Test func `readers beyond the limit are not waited for, and that is counted`() {
        var pacer = Pacer()
        for number in 0...MessagingLimit.pacedReaders {
            pacer.report("reader-\(number)", position: UInt64(1_000 - number), at: Self.at(0))
        }
        #expect(pacer.positions.count == MessagingLimit.pacedReaders)
        #expect(pacer.refused == 1)
    }
}

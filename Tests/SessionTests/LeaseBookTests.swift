// What a runner may believe of its leases, by its own clock.

import Testing

@testable import StrategyHost

@Suite struct LeaseBookTests {
    private func book(_ strategies: [String], at time: Int64 = 0) -> LeaseBook {
        var book = LeaseBook(term: 900)
        for strategy in strategies { book.claimed(strategy, fence: 1, asked: time) }
        return book
    }

    @Test(
        "strategies are spread so that all are held",
        arguments: [(0, 1, 0), (1, 4, 1), (30, 4, 8), (30, 1, 30), (8, 8, 1), (9, 8, 2), (5, 0, 5)])
    func share(strategies: Int, runners: Int, share: Int) {
        #expect(LeaseBook.fairShare(strategies: strategies, runners: runners) == share)
    }

    @Test func aLeaseEndsItsTermAfterItWasAskedFor() {
        var book = book(["b", "a"], at: 100)
        #expect(book.takeEnded(at: 999).isEmpty)
        let lost = book.renewed([("a", 1, true)], asked: 500)
        #expect(lost.isEmpty)
        #expect(book.takeEnded(at: 1_000) == ["b"])
        #expect(book.takeEnded(at: 1_399).isEmpty)
        #expect(book.takeEnded(at: 1_400) == ["a"])
        #expect(book.leases.isEmpty)
    }

    @Test func anAnswerThatComesLateNeverShortensALease() {
        var book = book(["a"], at: 100)
        _ = book.renewed([("a", 1, true)], asked: 600)
        _ = book.renewed([("a", 1, true)], asked: 300)
        #expect(book.takeEnded(at: 1_499).isEmpty)
    }

    @Test func whatTheDatabaseSaysIsLostIsLostAndAnotherFenceIsAnotherLease() {
        var book = book(["a", "b"])
        book.claimed("a", fence: 3, asked: 10)
        let lost = book.renewed([("a", 1, false), ("b", 1, false)], asked: 20)
        #expect(lost == ["b"])
        #expect(book.holds("a", fence: 3) && !book.holds("a", fence: 1))
    }

    @Test func renewalIsDueAtAThirdOfTheTerm() {
        var book = book([])
        #expect(book.isRenewalDue(at: 0))
        _ = book.renewed([], asked: 50)
        #expect(!book.isRenewalDue(at: 349) && book.isRenewalDue(at: 350))
    }

    @Test func theSurplusIsGivenBackWhenOthersJoin() {
        var book = book(["a", "b", "c", "d", "e"])
        #expect(book.takeSurplus(strategies: 5, runners: 1).isEmpty)
        #expect(book.takeSurplus(strategies: 5, runners: 2).map(\.strategy) == ["d", "e"])
        #expect(book.leases.map(\.strategy) == ["a", "b", "c"])
    }
}

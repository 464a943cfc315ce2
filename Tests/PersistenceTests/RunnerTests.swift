import Contracts
import Testing

@testable import Persistence

@Suite("Runners and how strategies stand", .onEveryStore) struct RunnerTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func add(_ id: String, _ state: DesiredState = .running) throws {
        _ = try store.upsert(
            StrategyRow(
                id: id, plugin: "quoter", symbols: ["IBM"], parameters: "{}", simulation: "{}",
                desiredState: state))
    }

    @Test("a runner is there for its term, and knows how many share the strategies") func share() throws {
        for id in ["a", "b", "c"] { try add(id) }
        try add("paused", .paused)
        try add("stopped", .stopped)
        #expect(
            try store.heartbeat(runner: "r1", term: .seconds(60))
                == RunnerShare(runners: 1, strategies: 4, free: 4, own: 0))
        _ = try store.claim(runner: "r1", limit: 3, term: .seconds(60))
        let other = try store.heartbeat(runner: "r2", term: .seconds(60))
        let end = try #require(other.nextEnd)
        #expect(end > .zero && end <= .seconds(60))
        #expect(other == RunnerShare(runners: 2, strategies: 4, free: 1, own: 0, nextEnd: end))
        let own = try store.share(runner: "r1")
        #expect(own.own == 3 && own.nextEnd == nil)
        _ = try store.setDesiredState(.paused, strategy: "b")
        #expect(try store.wishes(runner: "r1").map(\.desiredState) == [.running, .paused, .running])
        #expect(try store.wishes(runner: "r2").isEmpty)
        #expect(try store.heartbeat(runner: "r2", term: .zero).runners == 1)
        try store.retire(runner: "r1")
        #expect(try store.share(runner: "r1").runners == 0)
    }

    @Test("a strategy whose fence was refused is given back, and its next fence is above what was seen")
    func surrendered() throws {
        try add("a")
        let low = try store.claim(runner: "r1", limit: 1, term: .seconds(60))[0].claim
        try store.surrender(runner: "r1", Surrender(claim: low, seen: 40))
        let next = try store.claim(runner: "r2", limit: 1, term: .seconds(60))[0]
        #expect(next.fence == 41)
        // Another runner has it by now, or the fence was not so low: nothing is changed, nothing lowered.
        try store.surrender(runner: "r1", Surrender(claim: low, seen: 99))
        #expect(try store.strategies().first?.lease?.owner == "r2")
        try store.surrender(runner: "r2", Surrender(claim: next.claim, seen: 7))
        #expect(try store.claim(runner: "r1", limit: 1, term: .seconds(60))[0].fence == 42)
    }

    @Test("a lease that has run out counts as free") func expired() throws {
        try add("a")
        _ = try store.claim(runner: "r1", limit: 1, term: .zero)
        #expect(try store.share(runner: "r2").free == 1)
        #expect(try store.strategies().first?.isHeld == false)
    }

    @Test("what a runner notes counts only under its lease") func standings() throws {
        try add("a")
        let old = try store.claim(runner: "r1", limit: 1, term: .zero)[0].claim
        let standing = StrategyStanding(state: .failed, reason: "it \"fell\"", event: 7, lag: 3)
        try store.note(runner: "r1", [(old, standing)])
        #expect(try store.strategies().first?.standing == standing)
        let new = try store.claim(runner: "r2", limit: 1, term: .seconds(60))[0].claim
        try store.note(runner: "r1", [(old, StrategyStanding(state: .done))])
        #expect(try store.strategies().first?.standing == standing)
        try store.note(runner: "r2", [(new, StrategyStanding(state: .running, event: 9))])
        #expect(try store.strategies().first?.standing.event == 9)
        try store.release(runner: "r2", claims: [new])
        #expect(try store.strategies().first?.standing.state == .waiting)
    }

    @Test("the start of a strategy is kept") func start() throws {
        let row = StrategyRow(
            id: "a", plugin: "quoter", symbols: ["IBM"], parameters: "{}", simulation: "{}", start: 5_000)
        #expect(try store.upsert(row) == .added)
        #expect(try store.strategies().map(\.strategy) == [row])
        #expect(try store.claim(runner: "r1", limit: 1, term: .seconds(60)).map(\.strategy) == [row])
    }

    @Test("only a stopped strategy that nobody holds is removed") func removal() throws {
        try add("a")
        let claim = try store.claim(runner: "r1", limit: 1, term: .seconds(60))[0].claim
        #expect(try !store.remove(strategy: "a"))
        _ = try store.setDesiredState(.stopped, strategy: "a")
        #expect(try !store.remove(strategy: "a"))
        try store.release(runner: "r1", claims: [claim])
        #expect(try store.remove(strategy: "a"))
        #expect(try store.strategies().isEmpty)
    }

    @Test("a runner takes back its own before it takes others") func ownFirst() throws {
        for id in ["a", "b", "z"] { try add(id) }
        _ = try store.claim(runner: "r2", limit: 9, term: .seconds(60))
        try store.release(
            runner: "r2", claims: [Claim(strategyID: "a", fence: 1), Claim(strategyID: "b", fence: 1)])
        let again = try store.claim(runner: "r2", limit: 2, term: .seconds(60), takingBackOwn: true)
        #expect(again.map(\.strategy.id) == ["a", "z"])
    }
}

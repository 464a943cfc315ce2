import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("Strategies and leases", .onEveryStore) struct StrategyTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
    }

    private func row(_ id: String, state: DesiredState = .running) -> StrategyRow {
        StrategyRow(
            id: id, plugin: "sma-crossover", symbols: ["IBM", "SPY"], parameters: #"{"fast":10}"#,
            simulation: #"{"cash":100000}"#, desiredState: state)
    }

    @Test("a known strategy with the same terms is left alone") func unchanged() throws {
        #expect(try store.upsert(row("a")) == .added)
        #expect(try store.setDesiredState(.paused, strategy: "a"))
        #expect(try store.upsert(row("a")) == .unchanged)
        #expect(try store.strategies().map(\.strategy.desiredState) == [.paused])
        #expect(try store.setDesiredState(.running, strategy: "b") == false)
    }

    @Test(
        "other terms are refused and named",
        arguments: [
            (StrategyDifference.Term.plugin, "sma-crossover", "quoter"), (.symbols, "IBM+SPY", "SPY"),
            (.parameters, #"{"fast":10}"#, #"{"fast":11}"#),
            (.simulation, #"{"cash":100000}"#, #"{"cash":5}"#),
        ])
    func refused(term: StrategyDifference.Term, stored: String, given: String) throws {
        try _ = store.upsert(row("a"))
        var other = row("a")
        switch term {
        case .plugin: other.plugin = given
        case .symbols: other.symbols = [given]
        case .parameters: other.parameters = given
        case .simulation: other.simulation = given
        }
        let difference = StrategyDifference(term: term, stored: stored, given: given)
        #expect(try store.upsert(other) == .refused([difference]))
        #expect(try store.strategies().map(\.strategy) == [row("a")])
    }

    @Test("a claim takes free running strategies in byte order, up to the limit") func claims() throws {
        for id in ["b", "a", "B", "a-1"] { _ = try store.upsert(row(id)) }
        _ = try store.upsert(row("C", state: .stopped))
        let first = try store.claim(runner: "r1", limit: 3, term: nil)
        #expect(first.map(\.strategy.id) == ["B", "a", "a-1"] && first.allSatisfy { $0.fence == 1 })
        #expect(first.first?.strategy == row("B"))
        #expect(try store.claim(runner: "r2", limit: 9, term: nil).map(\.strategy.id) == ["b"])
        #expect(try store.claim(runner: "r2", limit: 9, term: nil).isEmpty)
        let held = try store.strategies().filter { $0.lease != nil }
        #expect(held.map(\.lease?.owner) == ["r1", "r1", "r1", "r2"])
        #expect(held.allSatisfy { $0.lease?.expires == nil })
    }

    @Test("a lease that has run out goes to another runner with a higher fence") func expired() throws {
        _ = try store.upsert(row("a"))
        let old = try store.claim(runner: "r1", limit: 1, term: .seconds(60))
        #expect(try store.claim(runner: "r2", limit: 1, term: .seconds(60)).isEmpty)
        #expect(
            try store.renew(runner: "r1", claims: old.map(\.claim), term: .zero) == [
                .held(.running)
            ])
        let new = try store.claim(runner: "r2", limit: 1, term: .seconds(60))
        #expect(new.map(\.fence) == [2])
        #expect(try store.renew(runner: "r1", claims: old.map(\.claim), term: .seconds(60)) == [.lost])
        try store.release(runner: "r1", claims: old.map(\.claim))
        #expect(try store.strategies().first?.lease?.owner == "r2")
    }

    @Test("renewing moves the end of the lease and tells the desired state") func renewal() throws {
        _ = try store.upsert(row("a"))
        let claims = try store.claim(runner: "r1", limit: 1, term: .seconds(10)).map(\.claim)
        let before = try #require(try store.strategies().first?.lease?.expires)
        let wall = Int64(Date().timeIntervalSince1970 * 1_000_000)
        #expect(abs(before.microseconds - wall - 10_000_000) < 5_000_000)
        _ = try store.setDesiredState(.paused, strategy: "a")
        let unknown = Claim(strategyID: "zz", fence: 1)
        #expect(
            try store.renew(runner: "r1", claims: [unknown] + claims, term: .seconds(3600)) == [
                .lost, .held(.paused),
            ])
        let after = try #require(try store.strategies().first?.lease?.expires)
        #expect(after.microseconds - before.microseconds > 3_000_000_000)
    }

    @Test("a strategy given back can be claimed again, and the fence grows with every claim") func fence()
        throws
    {
        _ = try store.upsert(row("a"))
        for fence in 1...5 as ClosedRange<UInt64> {
            let claimed = try store.claim(runner: "r\(fence % 2)", limit: 1, term: nil)
            #expect(claimed.map(\.fence) == [fence])
            try store.release(runner: "r\(fence % 2)", claims: claimed.map(\.claim))
        }
        #expect(try store.strategies().first?.fence == 5)
    }

    @Test("a runner that starts again takes back what its predecessor held") func takingBack() throws {
        for id in ["a", "b"] { _ = try store.upsert(row(id)) }
        _ = try store.claim(runner: "r1", limit: 1, term: nil)
        _ = try store.claim(runner: "r2", limit: 1, term: nil)
        let again = try store.claim(runner: "r1", limit: 9, term: nil, takingBackOwn: true)
        #expect(again.map(\.strategy.id) == ["a"] && again.map(\.fence) == [2])
    }

    @Test("runners that claim at the same time never get the same strategy") func concurrentClaims() throws {
        let count = 40
        for index in 0..<count { _ = try store.upsert(row("s\(index)")) }
        let lock = NSLock()
        nonisolated(unsafe) var claimed: [String] = []  // guarded by `lock`
        let stores = try (0..<4).map { _ in try folder.open() }
        DispatchQueue.concurrentPerform(iterations: stores.count) { runner in
            while let one = try? stores[runner].claim(runner: "r\(runner)", limit: 1, term: nil), !one.isEmpty
            {
                lock.withLock { claimed += one.map { "\($0.strategy.id) \($0.fence)" } }
            }
        }
        #expect(claimed.sorted() == (0..<count).map { "s\($0) 1" }.sorted())
    }
}

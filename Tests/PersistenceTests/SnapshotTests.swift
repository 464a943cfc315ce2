import Contracts
import Testing

@testable import Persistence

@Suite("Snapshots of strategies", .onEveryStore) struct SnapshotTests {
    let folder: Folder
    let store: DatabaseStore

    init() throws {
        folder = try Folder()
        store = try folder.open()
        for id in ["a", "b"] {
            _ = try store.upsert(
                StrategyRow(id: id, plugin: "quoter", symbols: ["IBM"], parameters: "{}", simulation: "{}"))
        }
    }

    private func row(_ id: String, _ event: UInt64) -> SnapshotRow {
        SnapshotRow(
            strategyID: id, event: event, report: event / 2, command: event / 3,
            state: [UInt8(event % 256), 0, 255])
    }

    @Test("the last two of each strategy are kept, the newest first") func kept() throws {
        let claims = try store.claim(runner: "r1", limit: 2, term: .seconds(60)).map(\.claim)
        for event in [10, 20, 30] as [UInt64] {
            for claim in claims {
                #expect(try store.keep(row(claim.strategyID, event), runner: "r1", fence: claim.fence))
            }
        }
        #expect(try store.snapshots(strategy: "a") == [row("a", 30), row("a", 20)])
        #expect(try store.snapshots(strategy: "b") == [row("b", 30), row("b", 20)])
        #expect(try store.snapshots(strategy: "c") == [])
    }

    @Test("a runner that has lost a strategy writes nothing, whatever it believes") func stale() throws {
        let old = try store.claim(runner: "r1", limit: 1, term: .zero)[0].claim
        #expect(try store.keep(row("a", 10), runner: "r1", fence: old.fence))
        let new = try store.claim(runner: "r2", limit: 1, term: .seconds(60))[0].claim
        #expect(try !store.keep(row("a", 20), runner: "r1", fence: old.fence))
        #expect(try !store.keep(row("a", 20), runner: "r1", fence: new.fence))
        #expect(try !store.keep(row("a", 20), runner: "r2", fence: old.fence))
        #expect(try store.snapshots(strategy: "a") == [row("a", 10)])
        #expect(try store.keep(row("a", 20), runner: "r2", fence: new.fence))
        #expect(try store.snapshots(strategy: "a").map(\.event) == [20, 10])
    }

    @Test("one that is too large is refused with a sentence") func large() throws {
        let claim = try store.claim(runner: "r1", limit: 1, term: nil)[0].claim
        var snapshot = row("a", 1)
        snapshot.state = Array(repeating: 1, count: SnapshotRow.maximumBytes)
        #expect(try store.keep(snapshot, runner: "r1", fence: claim.fence))
        snapshot.state.append(1)
        #expect(throws: StoreError.self) { try store.keep(snapshot, runner: "r1", fence: claim.fence) }
        #expect(try store.snapshots(strategy: "a").map(\.state.count) == [SnapshotRow.maximumBytes])
    }

    @Test("they go with their strategy") func removed() throws {
        let claim = try store.claim(runner: "r1", limit: 1, term: nil)[0].claim
        #expect(try store.keep(row("a", 1), runner: "r1", fence: claim.fence))
        try store.release(runner: "r1", claims: [claim])
        _ = try store.setDesiredState(.stopped, strategy: "a")
        #expect(try store.remove(strategy: "a"))
        #expect(try store.snapshots(strategy: "a") == [])
    }
}

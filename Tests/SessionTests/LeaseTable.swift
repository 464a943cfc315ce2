// The database's side of the leases in a simulated world: who owns a strategy until when, by the world's
// clock, and which runners are there. What `StrategyStore` does in one transaction a call.

import StrategyHost

/// A claim as the database gives it.
struct HeldName {
    var strategy: String
    var fence: UInt64
}

final class LeaseTable {
    static let term = 3_000

    private struct Row {
        var owner: Int?
        var expires = 0
        var fence: UInt64 = 0
    }

    private var rows: [Row] = Array(repeating: Row(), count: StrategyKind.allCases.count)
    private var present: [Int: Int] = [:]
    private(set) var runners = 0

    /// Extends what is still this runner's, and notes that it is there.
    func renew(
        _ leases: [HeldLease], runner: Int, now: Int
    ) -> [(strategy: String, fence: UInt64, isHeld: Bool)] {
        present[runner] = now + Self.term
        runners = present.values.count { $0 > now }
        return leases.map { lease in
            let index = index(lease.strategy)
            let isHeld = rows[index].owner == runner && rows[index].fence == lease.fence
            if isHeld { rows[index].expires = now + Self.term }
            return (lease.strategy, lease.fence, isHeld)
        }
    }

    func release(_ lease: HeldLease, runner: Int) {
        let index = index(lease.strategy)
        guard rows[index].owner == runner, rows[index].fence == lease.fence else { return }
        rows[index].owner = nil
    }

    /// How many more a runner that holds `held` may claim.
    func room(_ held: Int) -> Int {
        max(0, LeaseBook.fairShare(strategies: rows.count, runners: runners) - held)
    }

    func claim(_ limit: Int, runner: Int, _ world: World) -> [HeldName] {
        var given: [HeldName] = []
        for index in rows.indices where given.count < limit && world.random.chance(0.6) {
            guard rows[index].owner == nil || rows[index].expires <= world.now else { continue }
            rows[index] = Row(owner: runner, expires: world.now + Self.term, fence: rows[index].fence + 1)
            given.append(HeldName(strategy: StrategyKind.allCases[index].id, fence: rows[index].fence))
        }
        return given
    }

    private func index(_ strategy: String) -> Int {
        StrategyKind.allCases.firstIndex { $0.id == strategy }!
    }
}

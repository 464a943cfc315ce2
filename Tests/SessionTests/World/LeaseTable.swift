// The database's side of the leases in a simulated world: who owns a strategy until when, by the database's
// clock, and which runners are there. What `StrategyStore` does in one transaction a call. In some worlds its
// clock jumps, or it is restored from a backup that does not know of the last claims; it is away at times.

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

    private unowned let world: World
    private var rows: [Row] = Array(repeating: Row(), count: StrategyKind.allCases.count)
    private var present: [Int: Int] = [:]
    /// By how much its clock is wrong.
    private var skew = 0
    private var awayUntil = 0

    init(_ world: World) { self.world = world }

    private var now: Int { world.now + skew }
    var isAway: Bool { world.now < awayUntil }
    /// Runners that are there, by this clock.
    var runners: Int { present.values.count { $0 > now } }

    func tick() {
        if world.plan.clockJumps, world.strikes(0.5) {
            skew += world.random.pick([-5_000, -1_000, 1_000, 5_000, 60_000])
            world.count("clock jumps")
        }
        if world.plan.restores, world.strikes(0.3) {
            for index in rows.indices {
                rows[index].fence -= min(rows[index].fence, UInt64(world.random.below(4)))
                rows[index].owner = nil
            }
            present = [:]
            world.tracker.store.restoreBackup()
            world.count("database restored")
        }
        if world.strikes(0.3) {
            awayUntil = world.now + world.random.within(500...6_000)
            world.count("database away")
        }
    }

    /// Extends what is still this runner's, and notes that it is there.
    func renew(_ leases: [HeldName], runner: Int) -> [(strategy: String, fence: UInt64, isHeld: Bool)] {
        present[runner] = now + Self.term
        return leases.map { lease in
            let index = index(lease.strategy)
            let isHeld = rows[index].owner == runner && rows[index].fence == lease.fence
            if isHeld { rows[index].expires = now + Self.term }
            return (lease.strategy, lease.fence, isHeld)
        }
    }

    func release(_ lease: HeldName, runner: Int) {
        let index = index(lease.strategy)
        guard rows[index].owner == runner, rows[index].fence == lease.fence else { return }
        rows[index].owner = nil
    }

    func surrender(_ lease: HeldName, runner: Int, seen: UInt64) {
        let index = index(lease.strategy)
        guard rows[index].owner == runner, rows[index].fence == lease.fence else { return }
        rows[index].owner = nil
        rows[index].fence = max(rows[index].fence, seen)
    }

    /// Whether a runner holds a strategy by this fence.
    func holds(_ strategy: String, fence: UInt64, runner: Int) -> Bool {
        let row = rows[index(strategy)]
        return row.owner == runner && row.fence == fence
    }

    /// The runner is gone.
    func retire(_ runner: Int) { present[runner] = nil }

    /// How many more a runner that holds `held` may claim.
    func room(_ held: Int) -> Int {
        max(0, LeaseBook.fairShare(strategies: rows.count, runners: runners) - held)
    }

    func claim(_ limit: Int, runner: Int) -> [HeldName] {
        var given: [HeldName] = []
        for index in rows.indices where given.count < limit && world.random.chance(0.6) {
            guard rows[index].owner == nil || rows[index].expires <= now else { continue }
            rows[index] = Row(owner: runner, expires: now + Self.term, fence: rows[index].fence + 1)
            given.append(HeldName(strategy: StrategyKind.allCases[index].id, fence: rows[index].fence))
        }
        return given
    }

    private func index(_ strategy: String) -> Int {
        StrategyKind.allCases.firstIndex { $0.id == strategy }!
    }
}

// Snapshots of strategies: kept in the world's database by whoever holds the strategy, and where a claimed
// one begins.

import Contracts
import TradingCore

@testable import StrategyHost

extension RunnerProcess {
    /// As `RunnerLoop.start`: from the newest snapshot, else from the session's start.
    func begin(_ kind: StrategyKind, fence: UInt64, blind: Bool = false, fromStart: Bool = false) {
        let snapshot = blind || fromStart ? nil : snapshots[kind.id]?.first
        if snapshot != nil { world.count("strategies from a snapshot") }
        do {
            let own = kind.symbols.map { symbols.index(of: $0)! }
            let hosted = try snapshot.map { try HostedSnapshot(bytes: $0.state, symbols: own) }
            let made = try world.makeStrategy(kind, symbols: symbols, from: hosted)
            core.add(
                world.terms(kind), made.strategy, symbols: made.symbols, fence: fence, beginsBlind: blind,
                from: snapshot)
        } catch { world.wrong("\(error)") }
    }

    /// As `RunnerLoop.snapshotIsUnusable`: the plugin is loaded first, so the strategy is made a little
    /// later.
    func snapshotIsUnusable(_ id: String) {
        world.count("unusable snapshots")
        snapshots[id]?.removeFirst()
        let life = life
        world.plan(in: 0) { [unowned self] in
            guard self.life == life, let lease = self.leases.leases.first(where: { $0.strategy == id }),
                let kind = StrategyKind.allCases.first(where: { $0.id == id })
            else { return }
            self.begin(kind, fence: lease.fence)
        }
    }

    /// As `RunnerLoop.noteSnapshots`.
    func noteSnapshots() {
        for snapshot in core.takeSnapshots() where isStored(snapshot.strategyID) {
            unkept[snapshot.strategyID] = snapshot
            let known = snapshots[snapshot.strategyID] ?? []
            snapshots[snapshot.strategyID] = Array(([snapshot] + known).prefix(2))
        }
    }

    /// As `RunnerLoop.isStored`.
    private func isStored(_ id: String) -> Bool {
        let isResumed = StrategyKind.allCases.contains { $0.id == id && world.hasDice($0) }
        return !isResumed && world.operators.open(id, at: world.now).isEmpty
    }

    /// The snapshots that the database lacks, with the fences by which their strategies are held.
    func takeUnkept() -> [(fence: UInt64, snapshot: StrategySnapshot)] {
        leases.leases.compactMap { lease in
            unkept.removeValue(forKey: lease.strategy).map { (lease.fence, $0) }
        }
    }

    /// As `Store.keep`: only who holds the strategy may write.
    func keep(_ snapshot: StrategySnapshot, _ fence: UInt64) {
        let id = snapshot.strategyID
        guard world.leases.holds(id, fence: fence, runner: number) else { return }
        world.strategySnapshots[id] = Array(
            ([snapshot.bytes] + world.strategySnapshots[id, default: []]).prefix(2))
    }

    /// What a broken rule believes of an answer to a strategy that was made from a snapshot.
    func claimingAll(_ message: OrderEntryMessage) -> OrderEntryMessage {
        guard world.isBroken(.snapshotBeyond), case .attached(var answer) = message,
            let running = core.strategies.first(where: { $0.id == answer.strategy }),
            running.restoredKey != nil
        else { return message }
        answer.command = max(answer.command, running.session.progress.command)
        answer.report = max(answer.report, running.session.progress.report)
        return .attached(answer)
    }
}

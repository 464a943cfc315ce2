// Snapshots of strategies: kept in the database now and then, and where a claimed strategy begins.
//
// A snapshot that cannot be used (damaged, of another version of the plugin or of other market data, beyond
// what the simulator holds) is named and passed over: the one before it, or the session's start, does as
// well. What the strategy decides from there on is compared with the journal like after any rebuild.

import Contracts
import Logging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

extension RunnerLoop {
    /// Snapshots sent to the database with one request, so that no lease waits for them.
    private static let keptAtATime = 8

    /// Collects what the strategies have given.
    func noteSnapshots() {
        for snapshot in core.takeSnapshots() {
            let id = snapshot.strategyID
            guard isStored(id) else { continue }
            guard snapshot.state.count <= StrategySnapshot.maximumBytes else {
                context.log.warning(
                    "a snapshot is too large to be kept",
                    metadata: ["strategy": "\(id)", "bytes": "\(snapshot.state.count)"])
                continue
            }
            unkept[id] = snapshot
            snapshots[id] = Array(([snapshot] + (snapshots[id] ?? [])).prefix(SnapshotRow.kept))
        }
    }

    /// Whether snapshots of a strategy are kept: not of one that may begin afresh instead of deciding the
    /// same again, and not while an operator wants something of it. See `ServedSession.isUntouched`.
    private func isStored(_ id: String) -> Bool {
        guard let item = claimed[id], item.strategy.recovery != .resume else { return false }
        return !wanted.contains { $0.strategy == id }
    }

    /// Some of the snapshots that the database does not hold yet, in the order of the leases.
    func takeUnkept(_ leases: LeaseBook) -> [(row: SnapshotRow, fence: UInt64)] {
        guard !unkept.isEmpty else { return [] }
        var rows: [(row: SnapshotRow, fence: UInt64)] = []
        for lease in leases.leases where rows.count < Self.keptAtATime {
            guard let snapshot = unkept.removeValue(forKey: lease.strategy) else { continue }
            let place = snapshot.position
            let row = SnapshotRow(
                strategyID: snapshot.strategyID, event: place.event, report: place.report,
                command: place.command, state: snapshot.bytes)
            rows.append((row, lease.fence))
        }
        return rows
    }

    /// At a clean stop every strategy leaves a snapshot, so that the next runner goes on from here.
    func keepLastSnapshots(_ leases: LeaseBook, _ store: any Store, _ name: String) throws {
        core.snapshotAll()
        noteSnapshots()
        while true {
            let rows = takeUnkept(leases)
            if rows.isEmpty { return }
            for (row, fence) in rows { _ = try store.keep(row, runner: name, fence: fence) }
        }
    }

    /// The rows that can be read, the newest first.
    func readable(_ rows: [SnapshotRow]) -> [StrategySnapshot] {
        rows.compactMap { row in
            do throws(SnapshotFrame.Refusal) {
                return try StrategySnapshot(bytes: row.state)
            } catch {
                passOver(row.strategyID, row.event, "\(error)")
                return nil
            }
        }
    }

    /// Makes a strategy from its newest snapshot that it takes, else from the start.
    func make(
        _ terms: SessionTerms, plugin: any StrategyPlugin, symbols: [SymbolIndex], fromStart: Bool
    ) throws -> (HostedStrategy, StrategySnapshot?) {
        let id = terms.strategyID
        let onLog = logger(id)
        while !fromStart, let snapshot = snapshots[id]?.first {
            do {
                let strategy = try HostedStrategy.make(
                    terms, plugin: plugin, symbols: symbols, waits: false, restored: snapshot.state,
                    onLog: onLog)
                figures.restored.add()
                return (strategy, snapshot)
            } catch {
                passOver(id, snapshot.position.event, sentence(for: error))
                snapshots[id]?.removeFirst()
            }
        }
        let strategy = try HostedStrategy.make(
            terms, plugin: plugin, symbols: symbols, waits: false, onLog: onLog)
        return (strategy, nil)
    }

    /// The simulator does not know what the newest snapshot stands on: the strategy begins with the one
    /// before.
    func snapshotIsUnusable(_ id: String) {
        guard let item = claimed[id], let first = snapshots[id]?.first else { return }
        passOver(
            id, first.position.event,
            "is beyond its session, or belongs to another one, or an input needs what was before it")
        snapshots[id]?.removeFirst()
        start(item)
    }

    private func passOver(_ id: String, _ event: UInt64, _ why: String) {
        context.log.warning(
            "a snapshot is passed over",
            metadata: ["strategy": "\(id)", "event": "\(event)", "reason": "\(why)"])
    }
}

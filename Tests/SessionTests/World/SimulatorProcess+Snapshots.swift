// Snapshots of the simulator's sessions: files that are whole a while after they were taken, unless a crash
// comes before.

import StrategyHost

@testable import TradingCore

extension SimulatorProcess {
    /// As `readSnapshots`: the newest that is whole.
    func newestSnapshot() -> SimulatorSnapshot? {
        for (seq, bytes, isWhole) in world.snapshots.reversed() {
            do throws(SnapshotFrame.Refusal) {
                var snapshot = try SimulatorSnapshot(
                    bytes, symbols: &symbols, reportWindow: world.reportWindow)
                for index in snapshot.sessions.indices { spoil(&snapshot.sessions[index].served) }
                world.count("sessions from a snapshot")
                return snapshot
            } catch {
                if isWhole { world.wrong("the snapshot of record \(seq) \(error)") }
                world.count("snapshots passed over")
            }
        }
        return nil
    }

    /// What a broken rule leaves out of a snapshot.
    private func spoil(_ served: inout ServedSession) {
        if world.isBroken(.snapshotWithoutFence) { served.fence = 0 }
        if world.isBroken(.snapshotWithoutPause) { served.driver.book.suspension = [] }
        if world.isBroken(.snapshotWithoutInputs) { served.inputs = [] }
        if world.isBroken(.snapshotWithoutOrder) {
            guard let order = served.driver.book.orders.popLast() else { return }
            served.driver.book.markets[order.slot].workingOrders -= 1
        }
    }

    /// As `SnapshotWriter`: the file is there a while later, if the process lives until then; a crash leaves
    /// nothing, or a part of it.
    func takeSnapshot() {
        guard world.random.chance(world.plan.snapshots) else { return }
        let seq = UInt64(world.journal.records.count)
        guard seq > world.snapshots.last?.seq ?? 0,
            let bytes = core.snapshot(epoch: MemoryJournal.epoch, seq: seq)
        else { return }
        let life = life
        world.plan(in: world.delay(300)) { [unowned self] in
            if self.life == life {
                self.keep(seq, bytes, isWhole: true)
            } else if self.world.random.chance(0.5) {
                self.world.count("snapshots cut off")
                let part = bytes.prefix(self.world.random.below(bytes.count))
                self.keep(seq, Array(part), isWhole: false)
            } else {
                self.world.count("snapshots lost")
            }
        }
    }

    private func keep(_ seq: UInt64, _ bytes: [UInt8], isWhole: Bool) {
        world.snapshots.append((seq, bytes, isWhole))
        world.snapshots.sort { $0.seq < $1.seq }
        if world.snapshots.count > 3 { world.snapshots.removeFirst() }
    }
}

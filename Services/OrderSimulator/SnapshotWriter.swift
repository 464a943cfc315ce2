// When the simulator's sessions are stored, and the thread that writes the file: the bus never waits for it.
//
// Once something from outside has come to a session, the oldest snapshot stays: `verify` and pruning begin
// there, and it is one from before that, or none was ever pruned.

import Dispatch
import Logging
import Messaging
import StrategyHost

/// Confined to the bus thread.
///
/// @unchecked: the writing thread gets copies of what it needs, and hands itself back through the bus.
final class SnapshotWriter: @unchecked Sendable {
    private let bus: Bus
    private let folder: SnapshotFolder
    private let every: UInt64
    private let log: Logger
    private let queue = DispatchQueue(label: "snapshots")
    private var isWriting = false
    /// How far the furthest session had come at the last snapshot.
    private var taken: UInt64
    /// Snapshots written since the start, and the record that the last one belongs to.
    private(set) var written: Int64 = 0
    private(set) var lastSeq: UInt64

    /// - Parameters:
    ///   - every: market events between two snapshots; 0: none are taken.
    ///   - restored: the record that the snapshot belongs to from which the sessions were restored.
    init(
        bus: Bus, folder: SnapshotFolder, every: UInt64, core: SimulatorCore, restored: UInt64, log: Logger
    ) {
        self.bus = bus
        self.folder = folder
        self.every = every
        self.log = log
        lastSeq = restored
        taken = restored > 0 ? core.summary(beforeEvent: .max).furthest : 0
    }

    /// Takes a snapshot when one is due. Call it right after a flush that left nothing behind.
    ///
    /// - Parameter place: how far the furthest session has come.
    func turn(_ core: SimulatorCore, _ publisher: Publisher, at place: UInt64) {
        guard every > 0, !isWriting, place >= taken + every,
            let bytes = core.snapshot(epoch: publisher.header.epoch, seq: publisher.journalledSeq)
        else { return }
        taken = place
        isWriting = true
        let (folder, seq, keepsOldest) = (folder, publisher.journalledSeq, !core.isUntouched)
        queue.async { [self] in
            var problem: String?
            do throws(JournalError) {
                try folder.write(bytes, seq: seq, keepsOldest: keepsOldest)
            } catch { problem = "\(error)" }
            bus.post { [self, problem] in self.ended(seq, problem) }
        }
    }

    private func ended(_ seq: UInt64, _ problem: String?) {
        isWriting = false
        if let problem {
            log.warning("a snapshot could not be written: \(problem)")
        } else {
            written += 1
            lastSeq = seq
        }
    }

    /// Takes a last snapshot at an orderly end, so that the next start goes on from here.
    func finish(_ core: SimulatorCore, _ publisher: Publisher) {
        queue.sync {}
        guard every > 0, publisher.journalledSeq > lastSeq, publisher.journalledSeq + 1 == publisher.nextSeq,
            let bytes = core.snapshot(epoch: publisher.header.epoch, seq: publisher.journalledSeq)
        else { return }
        do throws(JournalError) {
            try folder.write(bytes, seq: publisher.journalledSeq, keepsOldest: !core.isUntouched)
        } catch {
            log.warning("a snapshot could not be written: \(error)")
        }
    }
}

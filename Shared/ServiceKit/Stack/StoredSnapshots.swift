// The snapshots of a data folder beside the journal that they belong to: which of them can be believed.

import Contracts
import Messaging
import StrategyHost
import TradingCore

/// A snapshot of the simulator's sessions, read from its file.
///
/// - Throws: `SnapshotFrame.Refusal` when it is damaged, of another format, or not of this journal; what
///   reading
///   the file throws.
package func readSnapshot(
    _ file: SnapshotFolder.File, in folder: SnapshotFolder, of journal: JournalReader,
    symbols: inout SymbolTable
) throws -> SimulatorSnapshot {
    let snapshot = try SimulatorSnapshot(try folder.read(file), symbols: &symbols)
    guard snapshot.epoch == journal.epoch else {
        throw SnapshotFrame.Refusal("belongs to journal \(snapshot.epoch), and this is \(journal.epoch)")
    }
    guard snapshot.seq == file.seq else {
        throw SnapshotFrame.Refusal("belongs to record \(snapshot.seq), not to that of its name")
    }
    guard snapshot.seq <= journal.lastSeq else {
        throw SnapshotFrame.Refusal(
            "belongs to record \(snapshot.seq), and the journal ends with \(journal.lastSeq)")
    }
    guard snapshot.seq + 1 >= journal.firstSeq else {
        throw SnapshotFrame.Refusal(
            "belongs to record \(snapshot.seq), and the journal begins with \(journal.firstSeq)")
    }
    return snapshot
}

/// The snapshots of the simulator's sessions that can be believed, the newest first, at most `limit`. The
/// others are named and passed over: the one before, or the whole journal, does as well.
///
/// - Parameter onRefused: told one sentence for each that is passed over.
package func readSnapshots(
    in folder: SnapshotFolder, of journal: JournalReader, symbols: inout SymbolTable, limit: Int = .max,
    onRefused: (String) -> Void
) throws -> [SimulatorSnapshot] {
    var found: [SimulatorSnapshot] = []
    for file in try folder.list() where found.count < limit {
        do {
            found.append(try readSnapshot(file, in: folder, of: journal, symbols: &symbols))
        } catch {
            onRefused("\(file.path) \(error)")
        }
    }
    return found
}

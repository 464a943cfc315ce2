// Sessions from the newest snapshot and what the simulator's own journal holds behind it: what was promised
// before a crash, to be made again and compared.

import Contracts
import Messaging
import ServiceKit
import StrategyHost

/// What was restored.
struct RestoredSessions {
    /// Last record of the journal that the snapshot held; 0 without one.
    var snapshot: UInt64 = 0
    /// Records read behind it.
    var records: UInt64 = 0
    /// The market data that the sessions were made of; nil without sessions.
    var marketDataEpoch: String?
}

/// Takes the newest good snapshot, and reads the journal from there, or from its beginning.
///
/// - Parameter onRefused: told one sentence for each snapshot that cannot be used.
/// - Throws: `JournalError` when the journal is damaged, `Failure` when a record cannot be understood or
///   older ones are needed.
func restoreSessions(
    folder: String, snapshots: SnapshotFolder, into core: SimulatorCore, symbols: inout SymbolTable,
    onRefused: (String) -> Void
) throws -> RestoredSessions {
    let reader = try JournalReader(directory: folder)
    var restored = RestoredSessions()
    var table = symbols
    let found = try readSnapshots(
        in: snapshots, of: reader, symbols: &table, limit: 1, onRefused: onRefused)
    try snapshots.remove(behind: reader.lastSeq)
    if let snapshot = found.first {
        core.restore(snapshot)
        restored.snapshot = snapshot.seq
    } else if reader.firstSeq > 1 {
        throw Failure(
            "history_gone",
            "\(folder) begins with record \(reader.firstSeq) and no snapshot in \(snapshots.path) can be "
                + "used: restore the older segments or a snapshot from a copy, or begin anew with "
                + "`trading-robot up --fresh`")
    }
    guard reader.lastSeq > restored.snapshot else { return finish(restored, core, &symbols, table) }
    try reader.read(from: restored.snapshot + 1, through: reader.lastSeq) { seq, json in
        restored.records += 1
        do {
            try core.restore(record: json, seq: seq, symbols: &table)
        } catch {
            throw Failure("journal_record", "\(folder): record \(seq) cannot be understood: \(error)")
        }
        return true
    }
    return finish(restored, core, &symbols, table)
}

private func finish(
    _ restored: RestoredSessions, _ core: SimulatorCore, _ symbols: inout SymbolTable, _ table: SymbolTable
) -> RestoredSessions {
    var restored = restored
    symbols = table
    restored.marketDataEpoch = core.restoredMarketDataEpoch
    if let epoch = restored.marketDataEpoch { core.marketDataKnown(epoch: epoch, symbols: &symbols) }
    return restored
}

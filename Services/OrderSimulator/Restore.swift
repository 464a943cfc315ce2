// Sessions from the simulator's own journal: what was promised before a crash, to be made again and compared.

import Contracts
import Messaging
import ServiceKit
import StrategyHost

/// What the journal held.
struct RestoredSessions {
    var records: UInt64 = 0
    /// The market data that the sessions were made of; nil without sessions.
    var marketDataEpoch: String?
}

/// Reads the whole journal once.
///
/// - Throws: `JournalError` when it is damaged, `Failure` when a record cannot be understood.
func restoreSessions(
    folder: String, into core: SimulatorCore, symbols: inout SymbolTable
) throws -> RestoredSessions {
    let reader = try JournalReader(directory: folder)
    var restored = RestoredSessions()
    var table = symbols
    guard reader.lastSeq > 0 else { return restored }
    try reader.read(from: reader.firstSeq, through: reader.lastSeq) { seq, json in
        restored.records += 1
        do {
            try core.restore(record: json, seq: seq, symbols: &table)
        } catch {
            throw Failure("journal_record", "\(folder): record \(seq) cannot be understood: \(error)")
        }
        return true
    }
    symbols = table
    restored.marketDataEpoch = core.restoredMarketDataEpoch
    if let epoch = restored.marketDataEpoch { core.marketDataKnown(epoch: epoch, symbols: &symbols) }
    return restored
}

// The archive of the ledger: what is asked of it and what it tells. Plain values, no database.

import Contracts

/// What archiving has done, or would do.
package struct ArchiveReport: Sendable, Equatable {
    package struct Strategy: Sendable, Equatable {
        package var strategyID: String
        package var trades: UInt64
        /// The strategy's trades from 1 to this number are in the archive.
        package var through: UInt64
        /// Why trades before the moment were left, in a sentence; nil when there are none.
        package var left: String?
    }

    /// Those of which something was archived or left, by id in byte order.
    package var strategies: [Strategy] = []

    package var trades: UInt64 { strategies.reduce(0) { $0 + $1.trades } }
}

/// Trades of long ago, packed: still part of the ledger, no longer in the table that is written to.
package protocol ArchiveStore: Sendable {
    /// Moves trades of before this moment into the archive: of each strategy the first ones, without a hole,
    /// as far as they lie behind the checkpoint of their source.
    ///
    /// The ledger, its check, what is made anew from it, and what is a duplicate are the same afterwards;
    /// pages of trades no longer show them. Some thousand trades a transaction, so that a running tracker
    /// waits for a moment at most.
    /// - Returns: what was done; with `isDryRun` what would be, and nothing is changed.
    func archiveTrades(before moment: Timestamp, isDryRun: Bool) throws -> ArchiveReport
}

// What a check of the ledger finds, and what it is asked: plain values, no database.

import Contracts

/// The last link of a strategy's chain: it stands for all of the strategy's rows.
package struct LedgerHead: Sendable, Equatable {
    package var strategyID: String
    /// Rows of the chain.
    package var trades: UInt64
    /// SHA-256 in hex.
    package var hash: String
}

/// Something in the database that is not as it was written.
package struct LedgerFault: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case altered, missing, extra
        /// A row that follows from the trades does not follow from them.
        case derived
        /// The database's own structure.
        case structure
    }

    package var kind: Kind
    /// Names the row: trade id and `strategy_seq`.
    package var sentence: String
}

/// What a check came to.
package struct LedgerReport: Sendable, Equatable {
    package var rows = 0
    /// The row that has the noted hash.
    package var notedTrade: String?
    package var heads: [LedgerHead] = []
    /// The first `maximumFaults` of them.
    package var faults: [LedgerFault] = []
    package var faultCount = 0

    /// More are counted, not kept.
    package static let maximumFaults = 100

    package var isWhole: Bool { faultCount == 0 }

    mutating func add(_ kind: LedgerFault.Kind, _ sentence: String) {
        faultCount += 1
        if faults.count < Self.maximumFaults { faults.append(LedgerFault(kind: kind, sentence: sentence)) }
    }
}

/// A trade's place in the order newest first, where the next page goes on.
package struct TradeCursor: Sendable, Equatable {
    package var timestamp: Timestamp
    package var id: Int64
}

/// Trades, newest first.
package struct TradePage: Sendable, Equatable {
    package var trades: [TradeEvent]
    /// Nil at the end.
    package var next: TradeCursor?
}

/// Which trades; nil is any.
package struct TradeQuery: Sendable {
    package var strategy: String?
    package var symbol: String?
    /// Market time, from this on.
    package var from: Timestamp?
    /// And before this.
    package var before: Timestamp?

    package init(
        strategy: String? = nil, symbol: String? = nil, from: Timestamp? = nil, before: Timestamp? = nil
    ) {
        self.strategy = strategy
        self.symbol = symbol
        self.from = from
        self.before = before
    }
}

/// The ledger's proof, and what can be made again from it.
package protocol LedgerCheckStore: Sendable {
    /// Checks every row against its chain, and what follows from the rows against them, in one moment of the
    /// database.
    ///
    /// A `noted` hash, in hex, must be that of a row: then every row up to it is the one of that time.
    ///
    /// Cost: every row is read and hashed once.
    func checkLedger(noted: String?) throws -> LedgerReport

    /// The heads, by strategy in byte order.
    func ledgerHeads() throws -> [LedgerHead]

    /// Makes the positions anew from the trades, in one transaction.
    ///
    /// Metrics are not made here: the tracker counts them from the trades at each start.
    /// - Returns: a sentence for each position that was different; with `isDryRun` nothing is changed.
    func rebuildPositions(isDryRun: Bool) throws -> [String]

    /// A page of trades, newest first by market time, then by order of booking.
    func trades(_ query: TradeQuery, after cursor: TradeCursor?, limit: Int) throws -> TradePage
}

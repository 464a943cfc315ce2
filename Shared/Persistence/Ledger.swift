// What goes into the ledger and what comes back: plain values, no database.

import Contracts

/// Every event of `source` up to `seq` is handled.
package struct Checkpoint: Sendable, Equatable {
    package var source: String
    package var epoch: String
    package var seq: UInt64
    /// Batches booked of the source, counted by the database. Trades may be booked beyond `seq`, so that two
    /// states with one `seq` need not hold the same trades: this tells them apart.
    package var batches: UInt64

    package init(source: String, epoch: String, seq: UInt64, batches: UInt64 = 0) {
        self.source = source
        self.epoch = epoch
        self.seq = seq
        self.batches = batches
    }
}

/// A trade with the number under which its source sent it.
package struct SourcedTrade: Sendable, Equatable {
    package var seq: UInt64
    package var event: TradeEvent

    package init(seq: UInt64, event: TradeEvent) {
        self.seq = seq
        self.event = event
    }
}

/// What one source sent, up to and including the new checkpoint: booked all together or not at all.
package struct TradeBatch: Sendable, Equatable {
    /// Where the source stands after this batch. A lower one than is stored leaves the stored one.
    package var checkpoint: Checkpoint
    /// Batches that the caller knows to be booked of the source. A database that holds fewer refuses this
    /// one: it was restored from an older state, and going on would leave a hole.
    package var follows: UInt64
    /// In the order of their `seq`.
    package var trades: [SourcedTrade]
    /// Marks of the same stretch; one that is known is left as it is.
    package var marks: [EquityEvent]
    /// Reports of the same stretch.
    package var orders = OrderChanges()
    /// Messages of the same stretch that are no trades.
    package var deadLetters: [DeadLetter]
    /// Digest of the message whose attempt ends with this batch; see `DeadLetterStore.beginAttempt`.
    package var attempt: [UInt8]?

    package init(
        checkpoint: Checkpoint, follows: UInt64 = 0, trades: [SourcedTrade], marks: [EquityEvent] = [],
        deadLetters: [DeadLetter] = [], attempt: [UInt8]? = nil
    ) {
        self.attempt = attempt
        self.checkpoint = checkpoint
        self.follows = follows
        self.trades = trades
        self.marks = marks
        self.deadLetters = deadLetters
    }
}

/// What became of a trade.
package enum BookingOutcome: UInt8, Sendable {
    case booked
    /// The same trade with the same content is in the ledger already.
    case duplicate
    /// The ledger holds something else in its place; see `BookingResult.conflicts`.
    case conflict
}

/// A trade that contradicts the ledger, which was left as it is.
package struct BookingConflict: Sendable, Equatable {
    package enum Kind: Sendable {
        /// The trade id is known with other content.
        case tradeID
        /// Another trade has this `strategy_seq` of the strategy.
        case strategySeq
        /// A number beyond the 2⁶³ − 1 that a database can hold.
        case range

        package var reason: DeadLetterReason {
            switch self {
            case .tradeID: .conflictingDuplicate
            case .strategySeq: .sequenceConflict
            case .range: .outOfRange
            }
        }
    }

    /// Position in `TradeBatch.trades`.
    package var index: Int
    package var kind: Kind
    /// What differs, for a person.
    package var sentence: String
}

/// What became of the trades of a batch.
package struct BookingResult: Sendable, Equatable {
    /// One for each trade, in their order.
    package var outcomes: [BookingOutcome] = []
    package var conflicts: [BookingConflict] = []
    package var booked = 0
    package var duplicates = 0
    /// Batches booked of the source, with this one; for `TradeBatch.follows` of the next.
    package var batches: UInt64 = 0
    /// The dead letters of the batch and of its follow-up. Empty while the follow-up runs.
    package var kept: [KeptDeadLetter] = []
}

/// What the caller adds to the transaction once the outcomes are known.
package struct BookingFollowUp: Sendable {
    /// Replaces the metrics of these strategies.
    package var performance: [PerformanceRow]
    /// For conflicts, and booked trades that the metrics could not count.
    package var deadLetters: [DeadLetter]
    /// What became of requeued messages.
    package var resolutions: [DeadLetterResolution] = []
    /// Strategies of other robots whose first trade is in this batch.
    package var outsideStrategies: [OutsideStrategy] = []

    package init(performance: [PerformanceRow] = [], deadLetters: [DeadLetter] = []) {
        self.performance = performance
        self.deadLetters = deadLetters
    }
}

/// A position as the latest trade of a strategy in a symbol left it.
package struct PositionRow: Sendable, Equatable {
    package var strategyID: String
    package var symbol: String
    /// Signed: negative is short.
    package var position: Quantity
    package var averagePrice: Price
    /// Sum over its trades, before fees. Stays at ±92 billion once it would leave that range.
    package var realizedPnl: Money
    /// Sum over its trades, with the same limit.
    package var fees: Money
    package var trades: UInt64
    /// `strategy_seq` and time of the trade that left it so.
    package var strategySeq: UInt64
    package var timestamp: Timestamp
}

/// The metrics of a strategy: the main ones as columns for queries, all of them as the caller's own bytes.
package struct PerformanceRow: Sendable, Equatable {
    package var strategyID: String
    package var trades: UInt64
    /// Time of the last trade counted.
    package var timestamp: Timestamp
    package var realizedPnl: Money
    package var fees: Money
    /// Fractions: 0.05 is 5 %. Nil while they mean nothing yet.
    package var totalReturn: Double?
    package var winRate: Double?
    package var maximumDrawdown: Double?
    /// What the caller needs to go on counting, beside the days; the store does not look inside.
    package var state: [UInt8]
    /// The days that changed: written over those that are stored. Not read back with the row, see `days`.
    package var changedDays: [PerformanceDay] = []

    package init(
        strategyID: String, trades: UInt64, timestamp: Timestamp, realizedPnl: Money, fees: Money,
        totalReturn: Double?, winRate: Double?, maximumDrawdown: Double?, state: [UInt8]
    ) {
        self.strategyID = strategyID
        self.trades = trades
        self.timestamp = timestamp
        self.realizedPnl = realizedPnl
        self.fees = fees
        self.totalReturn = totalReturn
        self.winRate = winRate
        self.maximumDrawdown = maximumDrawdown
        self.state = state
    }
}

/// One UTC day of a strategy or of one symbol of it, as the metrics count it.
package struct PerformanceDay: Sendable, Equatable {
    /// Empty for the account.
    package var symbol: String
    /// Days since 1970-01-01.
    package var day: Int32
    /// At the last trade or mark of the day.
    package var equity: Money
    /// What was counted on it; the store does not look inside.
    package var figures: [UInt8]

    package init(symbol: String, day: Int32, equity: Money, figures: [UInt8]) {
        self.symbol = symbol
        self.day = day
        self.equity = equity
        self.figures = figures
    }
}

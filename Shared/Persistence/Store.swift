// The one store of the platform: what its callers see, with no word of the database behind it.
//
// Guarantees: every call is one transaction, all of it or nothing; a call that throws has changed nothing
// and may be made again. Ids order by their bytes. SQLite serves one machine, PostgreSQL many.

import Contracts

/// Everything that is kept in the database.
package typealias Store = LedgerStore & LedgerCheckStore & ArchiveStore & OrderStore & StrategyStore
    & OperatorStore & DeadLetterStore & BackupStore

/// The ledger: each trade exactly once, and what follows from it. One writer, the tracker.
///
/// Calls block for the time of a transaction, so make them on a thread of one's own. They come one after the
/// other within a store; other processes read and write the same database meanwhile.
package protocol LedgerStore: Sendable {
    /// How far this source is booked; nil for a source never seen.
    func checkpoint(source: String) throws -> Checkpoint?

    /// Books a batch in one transaction: trades, marks, orders, positions, dead letters, what `followUp`
    /// returns, the checkpoint.
    ///
    /// `followUp` runs inside the transaction once the outcome of each trade is known, so metrics are
    /// counted for booked trades only. It must not call this store. What it throws undoes the batch and is
    /// thrown on, so a caller changes its own state only after this has returned. Duplicates and conflicts
    /// are values in the result.
    /// - Throws: `StoreError`; with `isTransient` nothing is lost and the same call may be made again.
    @discardableResult
    func book(
        _ batch: TradeBatch, followUp: (BookingResult) throws -> BookingFollowUp
    ) throws -> BookingResult

    /// Trades of a strategy with a `strategy_seq` above `after`, in its order, at most `limit`.
    func trades(strategy: String, after: UInt64, limit: Int) throws -> [TradeEvent]

    /// The trade with this id; nil when there is none.
    func trade(id: String) throws -> TradeEvent?

    /// The strategies of other robots, by id in byte order.
    func outsideStrategies() throws -> [OutsideStrategy]

    /// Of which source each strategy's first trade came, by strategy id.
    func strategySources() throws -> [String: String]

    /// The ledger in its canonical order, `strategy_id` in byte order, then `strategy_seq`, from one
    /// snapshot.
    ///
    /// Cost: one row at a time, no copy of the whole. The body must not call this store.
    func forEachTrade(strategy: String?, _ body: (TradeEvent) throws -> Void) throws

    /// The marks of a strategy's account by number: its equity curve. The body must not call this store.
    func forEachMark(strategy: String, _ body: (EquityEvent) throws -> Void) throws

    /// The days of a strategy, by symbol in byte order (the account first), then day.
    func days(strategy: String) throws -> [PerformanceDay]

    /// Replaces the metrics of a strategy, all its days too: after counting anew.
    func replaceMetrics(_ row: PerformanceRow) throws

    /// Current positions, flat ones too, by strategy and symbol in byte order.
    func positions() throws -> [PositionRow]

    /// The metrics of a strategy; nil before its first.
    func metrics(strategy: String) throws -> PerformanceRow?

    /// The metrics of all strategies, by id in byte order: what the tracker starts again from.
    func metrics() throws -> [PerformanceRow]

    /// Closes the connection; later calls throw. Waits for a call under way.
    func close() throws
}

extension LedgerStore {
    /// Books a batch that nothing follows from.
    @discardableResult
    package func book(_ batch: TradeBatch) throws -> BookingResult {
        try book(batch) { _ in BookingFollowUp() }
    }

    /// The canonical ledger (DESIGN 5), one line a call with its newline, from one snapshot in ledger order.
    ///
    /// Every byte comes from the stored columns. The bytes are valid during the call only.
    package func forEachLedgerLine(
        strategy: String? = nil, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var writer = JSONWriter(capacity: 1024)
        try forEachTrade(strategy: strategy) { trade in
            writer.reset()
            trade.writeCanonical(into: &writer)
            writer.append(UInt8(ascii: "\n"))
            try writer.withBytes { bytes in try body(bytes) }
        }
    }
}

/// Strategies as rows, and the leases by which runners share them.
package protocol StrategyStore: Sendable {
    /// Adds a strategy. A known id with the same terms is left as it is, desired state and lease too; with
    /// other terms nothing is changed and the differences are returned.
    func upsert(_ strategy: StrategyRow) throws -> StrategyUpsert

    /// All strategies with their leases, by id in byte order.
    func strategies() throws -> [StrategyRecord]

    /// Takes up to `limit` strategies that should not be stopped and that nobody holds, by id in byte order.
    ///
    /// Each claim raises the fence by one. Atomic between processes: no strategy goes to two runners. A nil
    /// `term` never runs out. With `takingBackOwn` a strategy held under this runner's own name counts as
    /// free: for a runner that has just started under a stable name and knows that its predecessor is gone.
    func claim(
        runner: String, limit: Int, term: Duration?, takingBackOwn: Bool
    ) throws -> [ClaimedStrategy]

    /// Extends leases, by the database's clock. The answer has one element a claim, in the same order.
    func renew(runner: String, claims: [Claim], term: Duration?) throws -> [LeaseRenewal]

    /// Gives strategies back. Those lost meanwhile are left to their new owner.
    func release(runner: String, claims: [Claim]) throws

    /// Gives a strategy back whose fence the simulator has refused, and raises the fence to what it has seen,
    /// so that the next claim is above it. A strategy lost meanwhile is left to its new owner.
    func surrender(runner: String, _ surrender: Surrender) throws

    /// What should become of a strategy; false when there is none with this id.
    func setDesiredState(_ state: DesiredState, strategy: String) throws -> Bool

    /// Removes a stopped strategy that nobody holds; false when there is no such strategy in that state.
    func remove(strategy: String) throws -> Bool

    /// Says that a runner is there for `term`, and tells it what it should hold.
    func heartbeat(runner: String, term: Duration) throws -> RunnerShare

    /// As `heartbeat` tells, without writing anything.
    func share(runner: String) throws -> RunnerShare

    /// What operators want of the strategies that the runner holds.
    func wishes(runner: String) throws -> [StrategyWish]

    /// The runner is gone.
    func retire(runner: String) throws

    /// How strategies stand; nothing is noted for a claim that was lost.
    func note(runner: String, _ standings: [(claim: Claim, standing: StrategyStanding)]) throws

    /// Keeps a snapshot and forgets all but the last `SnapshotRow.kept` of the strategy; false, and nothing
    /// changed, when the runner no longer holds the strategy by this fence.
    func keep(_ snapshot: SnapshotRow, runner: String, fence: UInt64) throws -> Bool

    /// The snapshots of a strategy, the newest first.
    func snapshots(strategy: String) throws -> [SnapshotRow]
}

extension StrategyStore {
    /// As the full form, never taking back what is held under the runner's own name.
    package func claim(runner: String, limit: Int, term: Duration?) throws -> [ClaimedStrategy] {
        try claim(runner: runner, limit: limit, term: term, takingBackOwn: false)
    }
}

/// How a store is opened.
package struct StoreOptions: Sendable {
    package enum Access: Sendable {
        /// Makes the database when it is missing and brings an older one to this version.
        case readWrite
        /// Only looks; beside any number of writers.
        case readOnly
    }

    package enum Durability: Sendable {
        /// A booked batch survives `kill -9` of any process.
        case process
        /// It survives a power cut too: one sync to disk a transaction.
        case power
    }

    /// How long a call waits for another process's transaction before it throws `StoreError.Code.busy`.
    package static let defaultBusyTimeout = Duration.seconds(5)

    package var access = Access.readWrite
    package var durability = Durability.process
    package var busyTimeout = defaultBusyTimeout
    /// Noted with migrations.
    package var programVersion = ""
    /// Whether a thread that waits for this processor goes first before a statement that writes: for a
    /// writer that works while others are waited for. SQLite only, whose work is done by the calling thread.
    package var givesWay = false

    package init(
        access: Access = .readWrite, durability: Durability = .process,
        busyTimeout: Duration = defaultBusyTimeout, programVersion: String = ""
    ) {
        self.access = access
        self.durability = durability
        self.busyTimeout = busyTimeout
        self.programVersion = programVersion
    }
}

/// Opens the database at a path or `sqlite:` URL (`sqlite:///abs/path`, `sqlite:relative/path`), or the
/// PostgreSQL database of a `postgresql://` URL in the form of libpq.
///
/// - Throws: `StoreError`: folder not writable, not a database, damaged, made by a newer program, still
///   locked after the busy timeout, or a kind of database that this program does not know.
package func openStore(_ location: String, options: StoreOptions = StoreOptions()) throws -> any Store {
    let driver = try openDriver(location, options: options)
    do {
        return try DatabaseStore(driver, options: options)
    } catch {
        try? driver.close()
        throw error
    }
}

/// The database behind a location, not yet looked into.
func openDriver(_ location: String, options: StoreOptions) throws -> any StoreDriver {
    isPostgreSQL(location)
        ? try PostgreSQLDriver(location, options: options)
        : try SQLiteDriver(path: try sqlitePath(of: location), options: options)
}

func isPostgreSQL(_ location: String) -> Bool {
    location.hasPrefix("postgresql://") || location.hasPrefix("postgres://")
}

/// The file behind a location.
func sqlitePath(of location: String) throws(StoreError) -> String {
    guard !location.isEmpty else {
        throw StoreError(.unsupported, "the database location is empty: give a path or sqlite:///PATH")
    }
    let scheme = "sqlite:"
    if location.hasPrefix(scheme) {
        let rest = location.dropFirst(scheme.count)
        let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
        guard !path.isEmpty else {
            throw StoreError(.unsupported, "\(location) names no file: use sqlite:///PATH")
        }
        return String(path)
    }
    if let end = location.firstRange(of: "://") {
        let scheme = location[..<end.lowerBound]
        throw StoreError(
            .unsupported,
            "databases of kind \"\(scheme)\" are not supported: use a path, sqlite:///PATH or"
                + " postgresql://USER@HOST/NAME")
    }
    return location
}

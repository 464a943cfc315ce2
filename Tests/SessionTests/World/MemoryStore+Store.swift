// The rest of the store: reading, and what no tracker in a world asks for, which stops the test.

import Contracts
import Persistence

extension MemoryStore: LedgerStore {
    func checkpoint(source: String) throws -> Checkpoint? { tables.checkpoint }

    func trades(strategy: String, after: UInt64, limit: Int) throws -> [TradeEvent] {
        Array(ledger(strategy).filter { $0.strategySeq > after }.prefix(limit))
    }

    func trade(id: String) throws -> TradeEvent? { tables.trades.first { $0.tradeID == id } }

    func outsideStrategies() throws -> [OutsideStrategy] { [] }

    /// One simulator is followed, and nobody else books.
    func strategySources() throws -> [String: String] {
        Dictionary(tables.trades.map { ($0.strategyID, "simulator") }) { first, _ in first }
    }

    func forEachTrade(strategy: String?, _ body: (TradeEvent) throws -> Void) throws {
        let strategies = strategy.map { [$0] } ?? Set(tables.trades.map(\.strategyID)).sorted()
        for strategy in strategies { for trade in ledger(strategy) { try body(trade) } }
    }

    /// In the order of the ledger.
    func ledger(_ strategy: String) -> [TradeEvent] {
        tables.trades.filter { $0.strategyID == strategy }.sorted { $0.strategySeq < $1.strategySeq }
    }

    func forEachMark(strategy: String, _ body: (EquityEvent) throws -> Void) throws {
        for mark in tables.marks.filter({ $0.strategyID == strategy }).sorted(by: { $0.number < $1.number }) {
            try body(mark)
        }
    }

    func days(strategy: String) throws -> [PerformanceDay] {
        tables.days.keys.filter { $0.strategy == strategy }.sorted().compactMap { tables.days[$0] }
    }

    func replaceMetrics(_ row: PerformanceRow) throws { recount(row) }

    /// Not kept here.
    func positions() throws -> [PositionRow] { [] }

    func metrics(strategy: String) throws -> PerformanceRow? { tables.performance[strategy] }

    func metrics() throws -> [PerformanceRow] {
        tables.performance.keys.sorted().compactMap { tables.performance[$0] }
    }

    func close() throws {}
}

private func unasked(_ function: String = #function) -> Never {
    preconditionFailure("no tracker of a world asks for \(function)")
}

extension MemoryStore: LedgerCheckStore {
    func checkLedger(noted: String?) throws -> LedgerReport { unasked() }
    func ledgerHeads() throws -> [LedgerHead] { unasked() }
    func rebuildPositions(isDryRun: Bool) throws -> [String] { unasked() }
    func trades(_ query: TradeQuery, after cursor: TradeCursor?, limit: Int) throws -> TradePage { unasked() }
}

extension MemoryStore: ArchiveStore {
    func archiveTrades(before moment: Timestamp, isDryRun: Bool) throws -> ArchiveReport { unasked() }
}

extension MemoryStore: OrderStore {
    func orders(strategy: String, after: UInt64, limit: Int) throws -> [OrderRow] { unasked() }
    func orderedStrategies() throws -> [String] { unasked() }
    func runs(strategy: String?) throws -> [StrategyRun] { unasked() }
}

extension MemoryStore: BackupStore {
    func forEachRow(
        _ body: (_ heading: String, _ row: UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64 { unasked() }
}

/// The leases of a world are in its `LeaseTable`.
extension MemoryStore: StrategyStore {
    func upsert(_ strategy: StrategyRow) throws -> StrategyUpsert { unasked() }
    func strategies() throws -> [StrategyRecord] { unasked() }
    func claim(
        runner: String, limit: Int, term: Duration?, takingBackOwn: Bool
    ) throws -> [ClaimedStrategy] { unasked() }
    func renew(runner: String, claims: [Claim], term: Duration?) throws -> [LeaseRenewal] { unasked() }
    func release(runner: String, claims: [Claim]) throws { unasked() }
    func surrender(runner: String, _ surrender: Surrender) throws { unasked() }
    func setDesiredState(_ state: DesiredState, strategy: String) throws -> Bool { unasked() }
    func remove(strategy: String) throws -> Bool { unasked() }
    func heartbeat(runner: String, term: Duration) throws -> RunnerShare { unasked() }
    func share(runner: String) throws -> RunnerShare { unasked() }
    func wishes(runner: String) throws -> [StrategyWish] { unasked() }
    func retire(runner: String) throws { unasked() }
    func note(runner: String, _ standings: [(claim: Claim, standing: StrategyStanding)]) throws { unasked() }
    func keep(_ snapshot: SnapshotRow, runner: String, fence: UInt64) throws -> Bool { unasked() }
    func snapshots(strategy: String) throws -> [SnapshotRow] { unasked() }
}

/// The wishes of a world are in its `OperatorDesk`.
extension MemoryStore: OperatorStore {
    func want(_ input: OperatorInput) throws -> Bool { unasked() }
    func inputs(strategy: String?) throws -> [OperatorInput] { unasked() }
    func openInputs(runner: String) throws -> [OperatorInput] { unasked() }
    func settle(_ settlements: [InputSettlement]) throws { unasked() }
    func setRecovery(_ recovery: Recovery, strategy: String) throws -> Bool { unasked() }
}

extension MemoryStore: DeadLetterStore {
    func record(_ letter: DeadLetter) throws -> DeadLetterRecord { unasked() }
    func keep(_ letters: [DeadLetter]) throws -> [KeptDeadLetter] { unasked() }
    func deadLetters(after: Int64, limit: Int) throws -> [DeadLetterRecord] { unasked() }
    func deadLetters(_ filter: DeadLetterFilter, after: Int64, limit: Int) throws -> [DeadLetterRecord] {
        unasked()
    }
    func deadLetter(id: Int64) throws -> DeadLetterRecord? { unasked() }
    func history(ofDeadLetter id: Int64) throws -> [DeadLetterChange] { unasked() }
    func edit(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition { unasked() }
    func requeue(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition {
        unasked()
    }
    func discard(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition {
        unasked()
    }
    func requeuedDeadLetters(limit: Int) throws -> [DeadLetterRecord] { unasked() }
    func waitingDeadLetter(strategy: String, strategySeq: UInt64) throws -> DeadLetterRecord? { unasked() }
    func strategiesWithWaitingDeadLetters() throws -> [String] { [] }
    func resolve(_ resolutions: [DeadLetterResolution]) throws { unasked() }
    func deadLetterFigures() throws -> DeadLetterFigures { unasked() }
    func evictResolvedDeadLetters(_ count: Int) throws -> Int { unasked() }
    func beginAttempt(_ digest: [UInt8], previous: [UInt8]?) throws -> Int { unasked() }
    func endAttempt(_ digest: [UInt8]) throws { unasked() }
}

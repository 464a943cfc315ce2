// Strategies and their leases. Every decision is one statement under the write lock, so two runners never
// both win, and "now" is the database's, so their clocks need not agree.

import Contracts

extension DatabaseStore {
    package func upsert(_ strategy: StrategyRow) throws -> StrategyUpsert {
        try transaction { connection in
            let select = try connection.statement(
                "SELECT \(strategyColumns) FROM strategies WHERE id = ?")
            select.bind(strategy.id, at: 1)
            if let stored = try select.firstRow(readStrategy) {
                let differences = Self.differences(stored: stored.strategy, given: strategy)
                guard differences.isEmpty else { return .refused(differences) }
                if strategy.recovery == .resume { try setRecovery(.resume, of: strategy.id, connection) }
                return .unchanged
            }
            let insert = try connection.statement(
                """
                INSERT INTO strategies
                    (id, plugin, symbols, parameters, simulation, desired_state, fence, start_seq, recovery)
                VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
                """)
            insert.bind(strategy.id, at: 1)
            insert.bind(strategy.plugin, at: 2)
            insert.bind(Self.symbolsText(strategy.symbols), at: 3)
            insert.bind(strategy.parameters, at: 4)
            insert.bind(strategy.simulation, at: 5)
            insert.bind(strategy.desiredState.rawValue, at: 6)
            insert.bind(strategy.start, at: 7)
            insert.bind(strategy.recovery.rawValue, at: 8)
            try insert.run()
            return .added
        }
    }

    package func strategies() throws -> [StrategyRecord] {
        try access { connection in
            let select = try connection.statement(
                "SELECT \(strategyColumns) FROM strategies ORDER BY id")
            var records: [StrategyRecord] = []
            try select.forEachRow { records.append(try readStrategy($0)) }
            return records
        }
    }

    package func claim(
        runner: String, limit: Int, term: Duration?, takingBackOwn: Bool
    ) throws -> [ClaimedStrategy] {
        let claimed = try transaction { connection in
            // `now + NULL` is NULL: a lease without an end.
            let update = try connection.statement(
                """
                UPDATE strategies SET owner = ?1, fence = fence + 1, lease_expires_us = \(now) + ?2
                WHERE id IN (
                    SELECT id FROM strategies
                    WHERE desired_state <> 'stopped'
                        AND (owner IS NULL OR lease_expires_us <= \(now) OR (?3 = 1 AND owner = ?1))
                    ORDER BY CASE WHEN owner = ?1 THEN 0 ELSE 1 END, id LIMIT ?4)
                RETURNING \(strategyColumns)
                """)
            update.bind(runner, at: 1)
            update.bind(term.map(Self.microseconds), at: 2)
            update.bind(takingBackOwn ? Int64(1) : 0, at: 3)
            update.bind(Int64(limit), at: 4)
            var records: [StrategyRecord] = []
            try update.forEachRow { records.append(try readStrategy($0)) }
            try beginRuns(records, runner: runner, connection)
            return records
        }
        // Rows of an update come in no particular order.
        return claimed.sorted { $0.strategy.id.utf8.lexicographicallyPrecedes($1.strategy.id.utf8) }
            .map { ClaimedStrategy(strategy: $0.strategy, fence: $0.fence) }
    }

    package func renew(runner: String, claims: [Claim], term: Duration?) throws -> [LeaseRenewal] {
        try transaction { connection in
            let update = try connection.statement(
                """
                UPDATE strategies SET lease_expires_us = \(now) + ?1
                WHERE id = ?2 AND owner = ?3 AND fence = ?4 RETURNING desired_state
                """)
            var renewals: [LeaseRenewal] = []
            for claim in claims {
                update.bind(term.map(Self.microseconds), at: 1)
                update.bind(claim.strategyID, at: 2)
                update.bind(runner, at: 3)
                update.bind(claim.fence, at: 4)
                var renewal = LeaseRenewal.lost
                try update.forEachRow {
                    renewal = .held(try desiredState($0.text(0), of: claim.strategyID))
                }
                renewals.append(renewal)
            }
            return renewals
        }
    }

    package func release(runner: String, claims: [Claim]) throws {
        try transaction { connection in
            let update = try connection.statement(
                """
                UPDATE strategies SET owner = NULL, lease_expires_us = NULL,
                    state = CASE WHEN state IN ('done', 'failed', 'paused', 'halted', 'stopped')
                        THEN state ELSE 'waiting' END
                WHERE id = ? AND owner = ? AND fence = ?
                """)
            for claim in claims {
                update.bind(claim.strategyID, at: 1)
                update.bind(runner, at: 2)
                update.bind(claim.fence, at: 3)
                try update.run()
            }
            try endRuns(claims, runner: runner, connection)
        }
    }

    package func surrender(runner: String, _ surrender: Surrender) throws {
        try transaction { connection in
            let update = try connection.statement(
                """
                UPDATE strategies SET owner = NULL, lease_expires_us = NULL,
                    fence = CASE WHEN fence < ?4 THEN ?4 ELSE fence END
                WHERE id = ?1 AND owner = ?2 AND fence = ?3
                """)
            update.bind(surrender.claim.strategyID, at: 1)
            update.bind(runner, at: 2)
            update.bind(surrender.claim.fence, at: 3)
            update.bind(surrender.seen, at: 4)
            try update.run()
        }
    }

    package func setDesiredState(_ state: DesiredState, strategy: String) throws -> Bool {
        try transaction { connection in
            let update = try connection.statement("UPDATE strategies SET desired_state = ? WHERE id = ?")
            update.bind(state.rawValue, at: 1)
            update.bind(strategy, at: 2)
            try update.run()
            return connection.changes == 1
        }
    }

    var now: String { dialect.now }

    // MARK: Rows

    private var strategyColumns: String {
        """
        id, plugin, symbols, parameters, simulation, desired_state, owner, fence, lease_expires_us,
        start_seq, state, reason, event, lag,
        CAST(CASE WHEN owner IS NOT NULL AND (lease_expires_us IS NULL OR lease_expires_us > \(now))
            THEN 1 ELSE 0 END AS BIGINT), recovery
        """
    }

    private func readStrategy(_ row: any PreparedStatement) throws -> StrategyRecord {
        let id = row.text(0)
        let symbols = row.text(2).split(separator: "+").map(String.init)
        let strategy = StrategyRow(
            id: id, plugin: row.text(1), symbols: symbols, parameters: row.text(3), simulation: row.text(4),
            desiredState: try desiredState(row.text(5), of: id), start: row.counter(9),
            recovery: Recovery(rawValue: row.text(15)) ?? .replay)
        let expires = row.optionalInt64(8).map { Timestamp(microseconds: $0) }
        let lease = row.optionalText(6).map { Lease(owner: $0, expires: expires) }
        let standing = StrategyStanding(
            state: StrategyStanding.State(rawValue: row.text(10)) ?? .waiting, reason: row.text(11),
            event: row.counter(12), lag: row.counter(13))
        return StrategyRecord(
            strategy: strategy, fence: row.counter(7), lease: lease, isHeld: row.int64(14) != 0,
            standing: standing)
    }

    func desiredState(_ word: String, of strategy: String) throws -> DesiredState {
        guard let state = DesiredState(rawValue: word) else {
            throw StoreError(
                .damaged,
                "strategy \(strategy) in \(path) should be \"\(word)\": running, paused and stopped are known"
            )
        }
        return state
    }

    /// As on the command line, `IBM+SPY`: no symbol holds a plus sign.
    private static func symbolsText(_ symbols: [String]) -> String { symbols.joined(separator: "+") }

    private static func differences(stored: StrategyRow, given: StrategyRow) -> [StrategyDifference] {
        let terms: [(StrategyDifference.Term, (StrategyRow) -> String)] = [
            (.plugin, \.plugin), (.symbols, { symbolsText($0.symbols) }), (.parameters, \.parameters),
            (.simulation, \.simulation),
        ]
        return terms.filter { $0.1(stored) != $0.1(given) }
            .map { StrategyDifference(term: $0.0, stored: $0.1(stored), given: $0.1(given)) }
    }

    static func microseconds(_ term: Duration) -> Int64 {
        let (seconds, attoseconds) = term.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}

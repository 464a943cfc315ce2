// Who is there to run strategies, and how the strategies stand. Times are the database's.

extension DatabaseStore {
    package func heartbeat(runner: String, term: Duration) throws -> RunnerShare {
        try transaction { connection in
            let mark = try connection.statement(
                """
                INSERT INTO runners (name, expires_us) VALUES (?1, \(now) + ?2)
                ON CONFLICT (name) DO UPDATE SET expires_us = excluded.expires_us
                """)
            mark.bind(runner, at: 1)
            mark.bind(Self.microseconds(term), at: 2)
            try mark.run()
            try connection.statement("DELETE FROM runners WHERE expires_us <= \(now)").run()
            return try share(connection, runner)
        }
    }

    package func share(runner: String) throws -> RunnerShare { try access { try share($0, runner) } }

    private func share(_ connection: any StoreConnection, _ runner: String) throws -> RunnerShare {
        let select = try connection.statement(
            """
            SELECT (SELECT count(*) FROM runners WHERE expires_us > \(now)), count(*),
                coalesce(sum(CASE WHEN owner IS NULL OR lease_expires_us <= \(now) THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN owner = ?1 THEN 1 ELSE 0 END), 0),
                min(CASE WHEN owner <> ?1 AND lease_expires_us > \(now) THEN lease_expires_us END) - \(now)
            FROM strategies WHERE desired_state <> 'stopped'
            """)
        select.bind(runner, at: 1)
        let share = try select.firstRow {
            RunnerShare(
                runners: Int($0.int64(0)), strategies: Int($0.int64(1)), free: Int($0.int64(2)),
                own: Int($0.int64(3)), nextEnd: $0.optionalInt64(4).map { .microseconds($0) })
        }
        return share ?? RunnerShare(runners: 0, strategies: 0, free: 0, own: 0)
    }

    package func wishes(runner: String) throws -> [StrategyWish] {
        try access { connection in
            let select = try connection.statement(
                "SELECT id, fence, desired_state FROM strategies WHERE owner = ? ORDER BY id")
            select.bind(runner, at: 1)
            var wishes: [StrategyWish] = []
            try select.forEachRow { row in
                let claim = Claim(strategyID: row.text(0), fence: row.counter(1))
                wishes.append(
                    StrategyWish(
                        claim: claim, desiredState: try desiredState(row.text(2), of: claim.strategyID)))
            }
            return wishes
        }
    }

    package func retire(runner: String) throws {
        try transaction { connection in
            let delete = try connection.statement("DELETE FROM runners WHERE name = ?")
            delete.bind(runner, at: 1)
            try delete.run()
        }
    }

    package func note(
        runner: String, _ standings: [(claim: Claim, standing: StrategyStanding)]
    ) throws {
        try transaction { connection in
            let update = try connection.statement(
                """
                UPDATE strategies SET state = ?, reason = ?, event = ?, lag = ?
                WHERE id = ? AND owner = ? AND fence = ?
                """)
            for (claim, standing) in standings {
                update.bind(standing.state.rawValue, at: 1)
                update.bind(standing.reason, at: 2)
                update.bind(standing.event, at: 3)
                update.bind(standing.lag, at: 4)
                update.bind(claim.strategyID, at: 5)
                update.bind(runner, at: 6)
                update.bind(claim.fence, at: 7)
                try update.run()
                try note(standing, of: claim, runner: runner, connection)
            }
        }
    }

    package func remove(strategy: String) throws -> Bool {
        try transaction { connection in
            let delete = try connection.statement(
                """
                DELETE FROM strategies WHERE id = ? AND desired_state = 'stopped'
                    AND (owner IS NULL OR lease_expires_us <= \(now))
                """)
            delete.bind(strategy, at: 1)
            try delete.run()
            guard connection.changes == 1 else { return false }
            let snapshots = try connection.statement("DELETE FROM strategy_snapshots WHERE strategy_id = ?")
            snapshots.bind(strategy, at: 1)
            try snapshots.run()
            return true
        }
    }
}

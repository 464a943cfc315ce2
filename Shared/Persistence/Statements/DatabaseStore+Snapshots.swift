// Snapshots of strategies. Only who holds a strategy by the present fence may write one: what a runner that
// was asleep still wants to say is refused in the same transaction.

import CCrashPoint

extension DatabaseStore {
    package func keep(_ snapshot: SnapshotRow, runner: String, fence: UInt64) throws -> Bool {
        guard snapshot.state.count <= SnapshotRow.maximumBytes else {
            throw StoreError(
                .unsupported,
                "a snapshot of \(snapshot.strategyID) has \(snapshot.state.count) bytes; at most "
                    + "\(SnapshotRow.maximumBytes) are kept")
        }
        let isKept = try transaction { connection in
            // Takes the row's lock too, so that nobody claims the strategy meanwhile.
            let owned = try connection.statement(
                "UPDATE strategies SET fence = fence WHERE id = ? AND owner = ? AND fence = ?")
            owned.bind(snapshot.strategyID, at: 1)
            owned.bind(runner, at: 2)
            owned.bind(fence, at: 3)
            try owned.run()
            guard connection.changes == 1 else { return false }
            let insert = try connection.statement(
                """
                INSERT INTO strategy_snapshots (strategy_id, fence, event, report, command, made_us, state)
                VALUES (?, ?, ?, ?, ?, \(now), ?)
                """)
            insert.bind(snapshot.strategyID, at: 1)
            insert.bind(fence, at: 2)
            insert.bind(snapshot.event, at: 3)
            insert.bind(snapshot.report, at: 4)
            insert.bind(snapshot.command, at: 5)
            insert.bind(snapshot.state, at: 6)
            try insert.run()
            crash_point(CRASH_POINT_SNAPSHOT_BEGUN)
            let delete = try connection.statement(
                """
                DELETE FROM strategy_snapshots WHERE strategy_id = ?1 AND id NOT IN (
                    SELECT id FROM strategy_snapshots WHERE strategy_id = ?1 ORDER BY id DESC LIMIT ?2)
                """)
            delete.bind(snapshot.strategyID, at: 1)
            delete.bind(Int64(SnapshotRow.kept), at: 2)
            try delete.run()
            return true
        }
        if isKept { crash_point(CRASH_POINT_SNAPSHOT_FINISHED) }
        return isKept
    }

    package func snapshots(strategy: String) throws -> [SnapshotRow] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT event, report, command, state FROM strategy_snapshots
                WHERE strategy_id = ? ORDER BY id DESC
                """)
            select.bind(strategy, at: 1)
            var rows: [SnapshotRow] = []
            try select.forEachRow { row in
                rows.append(
                    SnapshotRow(
                        strategyID: strategy, event: row.counter(0), report: row.counter(1),
                        command: row.counter(2), state: Array(row.bytes(3))))
            }
            return rows
        }
    }
}

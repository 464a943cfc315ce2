// What operators and the tracker do with dead letters, each step with a line of history, and the figures.
//
// Guarantees: a step and its line are one transaction; a step that was made already changes nothing, so every
// command may be given again. What is unresolved is never removed.

import Contracts

extension DatabaseStore {
    package func history(ofDeadLetter id: Int64) throws -> [DeadLetterChange] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT at_us, actor, action, why, content FROM dead_letter_history
                WHERE letter = ? ORDER BY id
                """)
            select.bind(id, at: 1)
            var changes: [DeadLetterChange] = []
            try select.forEachRow { row in
                changes.append(
                    DeadLetterChange(
                        at: Timestamp(microseconds: row.int64(0)), by: row.text(1),
                        action: DeadLetterChange.Action(rawValue: row.text(2)) ?? .edited, why: row.text(3),
                        content: row.isNull(4) ? nil : Array(row.bytes(4))))
            }
            return changes
        }
    }

    package func edit(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition {
        try transaction { connection in
            guard let record = try deadLetter(id, connection) else { return .missing }
            guard record.state == .open || record.state == .discarded else { return .refused(record.state) }
            guard let text = change.content else {
                preconditionFailure("an edit carries the new text")
            }
            guard record.payload != text else { return .unchanged }
            let update = try connection.statement("UPDATE dead_letters SET edited = ? WHERE id = ?")
            update.bind(text, at: 1)
            update.bind(id, at: 2)
            try update.run()
            try note(change, of: id, connection)
            return .done
        }
    }

    package func requeue(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition {
        try transaction { connection in
            guard let record = try deadLetter(id, connection) else { return .missing }
            switch record.state {
            case .requeued: return .unchanged
            case .booked: return .refused(.booked)
            case .open, .discarded: break
            }
            // Whoever requeues a message on which the tracker died wants it tried again.
            try endAttempt(messageDigest(record.payload), connection)
            let update = try connection.statement(
                "UPDATE dead_letters SET state = 'requeued', attempts = attempts + 1 WHERE id = ?")
            update.bind(id, at: 1)
            try update.run()
            try note(change, of: id, connection)
            return .done
        }
    }

    package func discard(deadLetter id: Int64, _ change: DeadLetterChange) throws -> DeadLetterTransition {
        try transaction { connection in
            guard let record = try deadLetter(id, connection) else { return .missing }
            guard record.state != .discarded else { return .unchanged }
            guard record.state.isUnresolved else { return .refused(record.state) }
            let update = try connection.statement("UPDATE dead_letters SET state = 'discarded' WHERE id = ?")
            update.bind(id, at: 1)
            try update.run()
            try note(change, of: id, connection)
            return .done
        }
    }

    package func resolve(_ resolutions: [DeadLetterResolution]) throws {
        try transaction { connection in
            for resolution in resolutions { try write(resolution, connection) }
        }
    }

    /// Inside a transaction.
    func write(_ resolution: DeadLetterResolution, _ connection: any StoreConnection) throws {
        var action = DeadLetterChange.Action.booked
        switch resolution.outcome {
        case .booked:
            let update = try connection.statement("UPDATE dead_letters SET state = 'booked' WHERE id = ?")
            update.bind(resolution.id, at: 1)
            try update.run()
        case .refused(let reason, let stage, let offset):
            action = .refused
            // An operator who discards it meanwhile has the last word.
            let update = try connection.statement(
                """
                UPDATE dead_letters SET state = CASE state WHEN 'discarded' THEN state ELSE 'open' END,
                    reason = ?, stage = ?, byte_offset = ?, sentence = ? WHERE id = ?
                """)
            update.bind(reason.rawValue, at: 1)
            update.bind(stage.rawValue, at: 2)
            update.bind(offset.map(Int64.init), at: 3)
            update.bind(resolution.sentence, at: 4)
            update.bind(resolution.id, at: 5)
            try update.run()
        }
        try note(
            DeadLetterChange(at: resolution.at, by: "tracker", action: action, why: resolution.sentence),
            of: resolution.id, connection)
    }

    /// Inside a transaction.
    func write(_ strategy: OutsideStrategy, _ connection: any StoreConnection) throws {
        let insert = try connection.statement(
            """
            INSERT INTO outside_strategies (strategy_id, source, first_seen_us) VALUES (?, ?, ?)
            ON CONFLICT DO NOTHING
            """)
        insert.bind(strategy.id, at: 1)
        insert.bind(strategy.source, at: 2)
        insert.bind(strategy.firstSeen.microseconds, at: 3)
        try insert.run()
    }

    private func note(_ change: DeadLetterChange, of id: Int64, _ connection: any StoreConnection) throws {
        let insert = try connection.statement(
            "INSERT INTO dead_letter_history (letter, at_us, actor, action, why) VALUES (?, ?, ?, ?, ?)")
        let insertWithContent = try connection.statement(
            """
            INSERT INTO dead_letter_history (letter, at_us, actor, action, why, content)
            VALUES (?, ?, ?, ?, ?, ?)
            """)
        let statement = change.content == nil ? insert : insertWithContent
        statement.bind(id, at: 1)
        statement.bind(change.at.microseconds, at: 2)
        statement.bind(change.by, at: 3)
        statement.bind(change.action.rawValue, at: 4)
        statement.bind(change.why, at: 5)
        if let content = change.content { statement.bind(content, at: 6) }
        try statement.run()
    }

    // MARK: Figures and the limit

    package func deadLetterFigures() throws -> DeadLetterFigures {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT state, reason, count(*), min(first_seen_us),
                    CAST(coalesce(sum(length(original)), 0) AS BIGINT)
                FROM dead_letters GROUP BY state, reason
                """)
            var figures = DeadLetterFigures()
            try select.forEachRow { row in
                figures.rows += Int(row.int64(2))
                figures.bytes += Int(row.int64(4))
                let state = DeadLetterState(rawValue: row.text(0)) ?? .open
                guard state.isUnresolved else { return }
                let reason = DeadLetterReason(rawValue: row.text(1)) ?? .handlerError
                figures.unresolved[reason, default: 0] += Int(row.int64(2))
                let oldest = Timestamp(microseconds: row.int64(3))
                figures.oldest = min(figures.oldest ?? oldest, oldest)
            }
            return figures
        }
    }

    package func evictResolvedDeadLetters(_ count: Int) throws -> Int {
        try transaction { connection in
            let select = try connection.statement(
                """
                SELECT id FROM dead_letters WHERE state IN ('booked', 'discarded') ORDER BY id LIMIT ?
                """)
            select.bind(Int64(count), at: 1)
            var ids: [Int64] = []
            try select.forEachRow { ids.append($0.int64(0)) }
            for table in ["dead_letter_history WHERE letter", "dead_letters WHERE id"] {
                let remove = try connection.statement("DELETE FROM \(table) = ?")
                for id in ids {
                    remove.bind(id, at: 1)
                    try remove.run()
                }
            }
            return ids.count
        }
    }

    // MARK: Attempts

    package func beginAttempt(_ digest: [UInt8], previous: [UInt8]?) throws -> Int {
        try transaction { connection in
            if let previous, previous != digest { try endAttempt(previous, connection) }
            let begin = try connection.statement(
                """
                INSERT INTO attempts (sha256, begun) VALUES (?, 1)
                ON CONFLICT (sha256) DO UPDATE SET begun = attempts.begun + 1 RETURNING begun
                """)
            begin.bind(digest, at: 1)
            return Int(try begin.firstRow { $0.int64(0) } ?? 1) - 1
        }
    }

    package func endAttempt(_ digest: [UInt8]) throws {
        try transaction { connection in try endAttempt(digest, connection) }
    }

    func endAttempt(_ digest: [UInt8], _ connection: any StoreConnection) throws {
        let end = try connection.statement("DELETE FROM attempts WHERE sha256 = ?")
        end.bind(digest, at: 1)
        try end.run()
    }
}

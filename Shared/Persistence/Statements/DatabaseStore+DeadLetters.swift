// Dead letters: one row for each distinct message, with a count.

import Contracts

extension DatabaseStore {
    @discardableResult
    package func record(_ letter: DeadLetter) throws -> DeadLetterRecord {
        try transaction { connection in
            guard let kept = try keep(letter, counting: true, connection),
                let record = try deadLetter(kept.id, connection)
            else { preconditionFailure("a dead letter that was kept is there") }
            return record
        }
    }

    package func keep(_ letters: [DeadLetter]) throws -> [KeptDeadLetter] {
        try transaction { connection in
            try letters.compactMap { try keep($0, counting: true, connection) }
        }
    }

    package func deadLetters(after: Int64, limit: Int) throws -> [DeadLetterRecord] {
        try deadLetters(DeadLetterFilter(), after: after, limit: limit)
    }

    package func deadLetters(
        _ filter: DeadLetterFilter, after: Int64, limit: Int
    ) throws -> [DeadLetterRecord] {
        let conditions: [(String, String?)] = [
            ("state", filter.state?.rawValue), ("reason", filter.reason?.rawValue),
            ("source", filter.source), ("strategy_id", filter.strategy),
        ]
        let given = conditions.compactMap { name, value in value.map { (name, $0) } }
        let text = given.map { " AND \($0.0) = ?" }.joined()
        return try access { connection in
            let select = try connection.statement(
                "SELECT \(Self.letterColumns) FROM dead_letters WHERE id > ?\(text) ORDER BY id LIMIT ?")
            select.bind(after, at: 1)
            for (index, condition) in given.enumerated() { select.bind(condition.1, at: Int32(index) + 2) }
            select.bind(Int64(limit), at: Int32(given.count) + 2)
            return try Self.readLetters(select)
        }
    }

    package func deadLetter(id: Int64) throws -> DeadLetterRecord? {
        try access { connection in try deadLetter(id, connection) }
    }

    package func requeuedDeadLetters(limit: Int) throws -> [DeadLetterRecord] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT \(Self.letterColumns) FROM dead_letters WHERE state = 'requeued'
                ORDER BY coalesce(strategy_id, ''), coalesce(strategy_seq, 0), id LIMIT ?
                """)
            select.bind(Int64(limit), at: 1)
            return try Self.readLetters(select)
        }
    }

    package func waitingDeadLetter(strategy: String, strategySeq: UInt64) throws -> DeadLetterRecord? {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT \(Self.letterColumns) FROM dead_letters
                WHERE strategy_id = ? AND strategy_seq = ? AND state = 'open' AND stage = 'order'
                ORDER BY id LIMIT 1
                """)
            select.bind(strategy, at: 1)
            select.bind(strategySeq, at: 2)
            return try select.firstRow(Self.readLetter)
        }
    }

    package func strategiesWithWaitingDeadLetters() throws -> [String] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT DISTINCT strategy_id FROM dead_letters
                WHERE state = 'open' AND stage = 'order' AND strategy_id IS NOT NULL ORDER BY strategy_id
                """)
            var ids: [String] = []
            try select.forEachRow { ids.append($0.text(0)) }
            return ids
        }
    }

    func deadLetter(_ id: Int64, _ connection: any StoreConnection) throws -> DeadLetterRecord? {
        let select = try connection.statement(
            "SELECT \(Self.letterColumns) FROM dead_letters WHERE id = ?")
        select.bind(id, at: 1)
        return try select.firstRow(Self.readLetter)
    }

    /// Inside a transaction. Without `counting` a message that is there already is left as it is: nil.
    func keep(
        _ letter: DeadLetter, counting: Bool, _ connection: any StoreConnection
    ) throws -> KeptDeadLetter? {
        let digest = letter.fingerprint
        if letter.mayFold, let folded = try fold(letter, digest, connection) { return folded }
        let insert = try connection.statement(counting ? Self.countLetter : Self.insertLetter)
        insert.bind(letter.reason.rawValue, at: 1)
        insert.bind(letter.sentence, at: 2)
        insert.bind(letter.stage.rawValue, at: 3)
        insert.bind(letter.offset.map(Int64.init), at: 4)
        insert.bind(letter.source, at: 5)
        insert.bind(letter.seq, at: 6)
        insert.bind(letter.topic, at: 7)
        insert.bind(letter.original, at: 8)
        insert.bind(digest, at: 9)
        insert.bind(letter.seen.microseconds, at: 10)
        insert.bind(letter.seen.microseconds, at: 11)
        insert.bind(letter.programVersion, at: 12)
        insert.bind(letter.trade?.tradeID, at: 13)
        insert.bind(letter.trade?.strategyID, at: 14)
        insert.bind(letter.trade.map { Int64(clamping: $0.strategySeq) }, at: 15)
        return try insert.firstRow { Self.kept(letter, $0) }
    }

    /// Counts the message in the latest open row of its source and reason, unless it has a row of its own.
    private func fold(
        _ letter: DeadLetter, _ digest: [UInt8], _ connection: any StoreConnection
    ) throws -> KeptDeadLetter? {
        let own = try connection.statement(
            "SELECT id FROM dead_letters WHERE source = ? AND topic = ? AND sha256 = ?")
        own.bind(letter.source, at: 1)
        own.bind(letter.topic, at: 2)
        own.bind(digest, at: 3)
        if try own.firstRow({ $0.int64(0) }) != nil { return nil }
        let count = try connection.statement(
            """
            UPDATE dead_letters SET count = count + 1, last_seen_us = ? WHERE id = (
                SELECT max(id) FROM dead_letters WHERE source = ? AND reason = ? AND state = 'open')
            RETURNING id, count, first_seen_us
            """)
        count.bind(letter.seen.microseconds, at: 1)
        count.bind(letter.source, at: 2)
        count.bind(letter.reason.rawValue, at: 3)
        return try count.firstRow { Self.kept(letter, $0) }
    }

    private static func kept(_ letter: DeadLetter, _ row: any PreparedStatement) -> KeptDeadLetter {
        KeptDeadLetter(
            id: row.int64(0), count: row.counter(1), firstSeen: Timestamp(microseconds: row.int64(2)),
            letter: letter)
    }

    private static let insertColumns = """
        INSERT INTO dead_letters (
            reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us,
            last_seen_us, count, attempts, program_version, state, trade_id, strategy_id, strategy_seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?, 'open', ?, ?, ?)
        """

    private static let insertLetter = """
        \(insertColumns)
        ON CONFLICT DO NOTHING RETURNING id, count, first_seen_us
        """

    /// A booked one stays booked: what it says is in the ledger. A discarded one stays discarded.
    private static let countLetter = """
        \(insertColumns)
        ON CONFLICT (source, topic, sha256) DO UPDATE SET
            reason = excluded.reason, sentence = excluded.sentence, stage = excluded.stage,
            byte_offset = excluded.byte_offset, seq = excluded.seq, last_seen_us = excluded.last_seen_us,
            count = dead_letters.count + 1, program_version = excluded.program_version,
            state = CASE dead_letters.state WHEN 'requeued' THEN 'open' ELSE dead_letters.state END
        RETURNING id, count, first_seen_us
        """

    private static let letterColumns = """
        id, reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us, \
        last_seen_us, count, attempts, program_version, state, edited, trade_id, strategy_id, strategy_seq
        """

    private static func readLetters(_ select: any PreparedStatement) throws -> [DeadLetterRecord] {
        var records: [DeadLetterRecord] = []
        try select.forEachRow { records.append(readLetter($0)) }
        return records
    }

    private static func readLetter(_ row: any PreparedStatement) -> DeadLetterRecord {
        // Words that nobody of us wrote: shown as an error of ours and open, so that somebody looks at it.
        var letter = DeadLetter(
            reason: DeadLetterReason(rawValue: row.text(1)) ?? .handlerError, sentence: row.text(2),
            stage: DeadLetterStage(rawValue: row.text(3)) ?? .receive,
            offset: row.optionalInt64(4).map(Int.init), source: row.text(5), seq: row.counter(6),
            topic: row.text(7), original: Array(row.bytes(8)), seen: Timestamp(microseconds: row.int64(11)),
            programVersion: row.text(14))
        if let trade = row.optionalText(17), let strategy = row.optionalText(18) {
            letter.trade = TradeReference(
                tradeID: trade, strategyID: strategy, strategySeq: row.counter(19))
        }
        return DeadLetterRecord(
            id: row.int64(0), letter: letter, sha256: Array(row.bytes(9)),
            firstSeen: Timestamp(microseconds: row.int64(10)), count: row.counter(12),
            attempts: row.counter(13), state: DeadLetterState(rawValue: row.text(15)) ?? .open,
            edited: row.isNull(16) ? nil : Array(row.bytes(16)))
    }
}

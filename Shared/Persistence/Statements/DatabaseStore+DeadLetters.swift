// Dead letters: one row for each distinct message, with a count.

import Contracts

extension DatabaseStore {
    @discardableResult
    package func record(_ letter: DeadLetter) throws -> DeadLetterRecord {
        try transaction { connection in
            try keep(letter, counting: true, connection)
            let select = try connection.statement(
                "SELECT \(Self.letterColumns) FROM dead_letters WHERE source = ? AND topic = ? AND sha256 = ?"
            )
            select.bind(letter.source, at: 1)
            select.bind(letter.topic, at: 2)
            select.bind(letter.fingerprint, at: 3)
            guard let record = try select.firstRow(Self.readLetter) else {
                preconditionFailure("a dead letter that was kept is there")
            }
            return record
        }
    }

    package func deadLetters(after: Int64, limit: Int) throws -> [DeadLetterRecord] {
        try access { connection in
            let select = try connection.statement(
                "SELECT \(Self.letterColumns) FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?")
            select.bind(after, at: 1)
            select.bind(Int64(limit), at: 2)
            var records: [DeadLetterRecord] = []
            try select.forEachRow { records.append(Self.readLetter($0)) }
            return records
        }
    }

    /// Inside a transaction. Without `counting` a message that is there already is left as it is.
    func keep(_ letter: DeadLetter, counting: Bool, _ connection: any StoreConnection) throws {
        let insert = try connection.statement(counting ? Self.countLetter : Self.insertLetter)
        insert.bind(letter.reason, at: 1)
        insert.bind(letter.sentence, at: 2)
        insert.bind(letter.stage, at: 3)
        insert.bind(letter.offset.map(Int64.init), at: 4)
        insert.bind(letter.source, at: 5)
        insert.bind(letter.seq, at: 6)
        insert.bind(letter.topic, at: 7)
        insert.bind(letter.original, at: 8)
        insert.bind(letter.fingerprint, at: 9)
        insert.bind(letter.seen.microseconds, at: 10)
        insert.bind(letter.seen.microseconds, at: 11)
        insert.bind(letter.programVersion, at: 12)
        try insert.run()
    }

    private static let insertLetter = """
        INSERT INTO dead_letters (
            reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us,
            last_seen_us, count, attempts, program_version, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?, 'open')
        ON CONFLICT DO NOTHING
        """

    private static let countLetter = """
        INSERT INTO dead_letters (
            reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us,
            last_seen_us, count, attempts, program_version, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?, 'open')
        ON CONFLICT (source, topic, sha256) DO UPDATE SET
            reason = excluded.reason, sentence = excluded.sentence, stage = excluded.stage,
            byte_offset = excluded.byte_offset, seq = excluded.seq, last_seen_us = excluded.last_seen_us,
            count = dead_letters.count + 1, program_version = excluded.program_version,
            state = CASE dead_letters.state WHEN 'discarded' THEN 'discarded' ELSE 'open' END
        """

    private static let letterColumns = """
        id, reason, sentence, stage, byte_offset, source, seq, topic, original, sha256, first_seen_us, \
        last_seen_us, count, attempts, program_version, state
        """

    private static func readLetter(_ row: any PreparedStatement) -> DeadLetterRecord {
        let letter = DeadLetter(
            reason: row.text(1), sentence: row.text(2), stage: row.text(3),
            offset: row.optionalInt64(4).map(Int.init), source: row.text(5), seq: row.counter(6),
            topic: row.text(7), original: Array(row.bytes(8)), seen: Timestamp(microseconds: row.int64(11)),
            programVersion: row.text(14))
        // A word that nobody of us wrote: open, so that somebody looks at it.
        let state = DeadLetterState(rawValue: row.text(15)) ?? .open
        return DeadLetterRecord(
            id: row.int64(0), letter: letter, sha256: Array(row.bytes(9)),
            firstSeen: Timestamp(microseconds: row.int64(10)), count: row.counter(12),
            attempts: row.counter(13), state: state)
    }
}

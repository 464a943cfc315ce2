// What operators want of strategies. A wish and what should become of the strategy change in one transaction.

import Contracts

extension DatabaseStore {
    package func want(_ input: OperatorInput) throws -> Bool {
        try transaction { connection in
            let desired: DesiredState? =
                input.kind == .pause ? .paused : input.kind == .resume ? .running : nil
            let known = try connection.statement(
                "UPDATE strategies SET desired_state = coalesce(?1, desired_state) WHERE id = ?2")
            known.bind(desired?.rawValue, at: 1)
            known.bind(input.strategy, at: 2)
            try known.run()
            guard connection.changes == 1 else { return false }
            let insert = try connection.statement(
                """
                INSERT INTO inputs
                    (input_id, strategy_id, kind, version, reason, state, sentence, event, wanted_us)
                VALUES (?, ?, ?, ?, ?, 'pending', '', 0, \(now))
                """)
            insert.bind(input.id, at: 1)
            insert.bind(input.strategy, at: 2)
            insert.bind(input.kind.rawValue, at: 3)
            insert.bind(input.version.map(Self.text) ?? "", at: 4)
            insert.bind(input.reason, at: 5)
            try insert.run()
            return true
        }
    }

    package func inputs(strategy: String?) throws -> [OperatorInput] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT \(inputColumns) FROM inputs WHERE coalesce(?1, strategy_id) = strategy_id
                ORDER BY id
                """)
            select.bind(strategy, at: 1)
            return try readInputs(select)
        }
    }

    package func openInputs(runner: String) throws -> [OperatorInput] {
        try access { connection in
            let select = try connection.statement(
                """
                SELECT \(inputColumns) FROM inputs WHERE state = 'pending'
                    AND strategy_id IN (SELECT id FROM strategies WHERE owner = ?) ORDER BY id
                """)
            select.bind(runner, at: 1)
            return try readInputs(select)
        }
    }

    package func settle(_ settlements: [InputSettlement]) throws {
        try transaction { connection in
            let update = try connection.statement(
                """
                UPDATE inputs SET state = ?1, sentence = ?2, event = ?3, settled_us = \(now)
                WHERE input_id = ?4 AND (state = 'pending' OR ?1 = 'reverted')
                """)
            for settlement in settlements {
                update.bind(settlement.state.rawValue, at: 1)
                update.bind(settlement.sentence, at: 2)
                update.bind(settlement.event, at: 3)
                update.bind(settlement.id, at: 4)
                try update.run()
            }
        }
    }

    package func setRecovery(_ recovery: Recovery, strategy: String) throws -> Bool {
        try transaction { connection in
            try setRecovery(recovery, of: strategy, connection)
            return connection.changes == 1
        }
    }

    func setRecovery(
        _ recovery: Recovery, of strategy: String, _ connection: any StoreConnection
    ) throws {
        let update = try connection.statement("UPDATE strategies SET recovery = ? WHERE id = ?")
        update.bind(recovery.rawValue, at: 1)
        update.bind(strategy, at: 2)
        try update.run()
    }

    // MARK: Rows

    private var inputColumns: String {
        "input_id, strategy_id, kind, version, reason, state, sentence, event"
    }

    private func readInputs(_ select: any PreparedStatement) throws -> [OperatorInput] {
        var inputs: [OperatorInput] = []
        try select.forEachRow { row in
            let id = row.text(0)
            let version = row.text(3)
            guard let kind = OperatorInput.Kind(rawValue: row.text(2)),
                let state = OperatorInput.State(rawValue: row.text(5))
            else { throw StoreError(.damaged, "input \(id) in \(path) is of a kind that is not known") }
            inputs.append(
                OperatorInput(
                    id: id, strategy: row.text(1), kind: kind,
                    version: version.isEmpty
                        ? nil : try StrategyInput.Version(try JSONValue(parsing: version)),
                    reason: row.text(4), state: state, sentence: row.text(6), event: row.counter(7)))
        }
        return inputs
    }

    private static func text(_ version: StrategyInput.Version) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        version.writeFields(into: &writer)
        writer.endObject()
        return writer.string
    }
}

// The check of the ledger: every row is hashed again in the order of booking and held against its chain.
//
// A row is right if it follows from the row before it as that one is stored, or as it should have been: so
// one altered row is named once, and the rows behind it are not blamed.

import Contracts

/// What the rows of one strategy have come to.
private struct ChainCheck {
    /// As stored in the last row, and as it should have been.
    var stored = ChainLink()
    var computed = ChainLink()
    var lastTrade = "the beginning"
}

extension DatabaseStore {
    package func checkLedger(noted: String?) throws -> LedgerReport {
        try access { connection in
            try connection.snapshot {
                var report = LedgerReport()
                let noted = noted.map { $0.lowercased() }
                for sentence in try structureFaults(connection) { report.add(.structure, sentence) }
                var positions = PositionChanges()
                try checkRows(noted, &report, &positions, connection)
                if let noted, report.notedTrade == nil {
                    report.add(.missing, "no trade of the ledger has the noted hash \(noted)")
                }
                for sentence in try differences(from: positions, connection) {
                    report.add(.derived, sentence)
                }
                try checkSeals(&report, connection)
                return report
            }
        }
    }

    package func ledgerHeads() throws -> [LedgerHead] {
        try access { connection in
            try heads(connection).map {
                LedgerHead(strategyID: $0.0, trades: UInt64(clamping: $0.1.number), hash: $0.1.hash.hex)
            }
        }
    }

    package func rebuildPositions(isDryRun: Bool) throws -> [String] {
        func rebuild(_ connection: any StoreConnection) throws -> [String] {
            var positions = PositionChanges()
            let select = try connection.makeStreamingStatement(
                "SELECT \(TradeColumns.names) FROM trades ORDER BY id")
            var trade = TradeColumns.blank
            try select.forEachRow { row in
                try TradeColumns.read(row, into: &trade, path: path)
                positions.add(trade)
            }
            let found = try differences(from: positions, connection)
            if isDryRun || found.isEmpty { return found }
            try connection.execute("DELETE FROM positions")
            try positions.write(connection)
            return found
        }
        if isDryRun {
            return try access { connection in try connection.snapshot { try rebuild(connection) } }
        }
        return try transaction(rebuild)
    }

    // MARK: The chain

    private func checkRows(
        _ noted: String?, _ report: inout LedgerReport, _ positions: inout PositionChanges,
        _ connection: any StoreConnection
    ) throws {
        let heads = try heads(connection)
        var checks: [String: ChainCheck] = [:]
        var writer = ChainWriter()
        var trade = TradeColumns.blank
        let select = try connection.makeStreamingStatement(
            "SELECT \(TradeColumns.names), source, seq, chain_number, chain FROM trades ORDER BY id")
        try select.forEachRow { row in
            report.rows += 1
            var isNamed = false
            do {
                try TradeColumns.read(row, into: &trade, path: path)
            } catch let error as StoreError {
                report.add(.altered, error.sentence)
                isNamed = true
            }
            positions.add(trade)
            let name = "trade \(trade.tradeID) (strategy_seq \(trade.strategySeq))"
            var check = checks[trade.strategyID] ?? ChainCheck()
            defer { checks[trade.strategyID] = check }
            let sourced = SourcedTrade(seq: row.counter(19), event: trade)
            let source = row.text(18)
            guard let hash = ChainHash(row.bytes(21)), row.int64(20) > check.stored.number else {
                report.add(.extra, "\(name) is not a link of the chain of strategy \(trade.strategyID)")
                return
            }
            let link = ChainLink(number: row.int64(20), hash: hash)
            let missing = link.number - check.stored.number - 1
            if missing > 0 {
                report.add(
                    .missing,
                    "\(missing) trades of strategy \(trade.strategyID) are missing between \(check.lastTrade)"
                        + " and \(name)")
                check.computed = link
            } else {
                let expected = writer.link(after: check.stored, source: source, sourced)
                let other = writer.link(after: check.computed, source: source, sourced)
                if link != expected, link != other, !isNamed {
                    report.add(.altered, "\(name) is not as it was booked: it breaks the chain")
                }
                check.computed = expected
            }
            check.stored = link
            check.lastTrade = name
            if noted != nil, check.computed.hash.hex == noted { report.notedTrade = name }
        }
        compare(checks, with: heads, &report)
    }

    private func compare(
        _ checks: [String: ChainCheck], with heads: [(String, ChainLink)], _ report: inout LedgerReport
    ) {
        for (strategy, head) in heads {
            report.heads.append(
                LedgerHead(
                    strategyID: strategy, trades: UInt64(clamping: head.number), hash: head.hash.hex))
            let check = checks[strategy] ?? ChainCheck()
            let missing = head.number - check.stored.number
            if missing > 0 {
                report.add(
                    .missing, "\(missing) trades of strategy \(strategy) are missing after \(check.lastTrade)"
                )
            } else if head != check.stored, head != check.computed {
                report.add(
                    .altered, "the head of strategy \(strategy) does not stand for \(check.lastTrade)")
            }
        }
        let known = Set(heads.map(\.0))
        for strategy in checks.keys.sorted() where !known.contains(strategy) {
            report.add(.altered, "strategy \(strategy) has trades and no head")
        }
    }

    private func heads(_ connection: any StoreConnection) throws -> [(String, ChainLink)] {
        let select = try connection.statement(
            "SELECT strategy_id, number, chain FROM chain_heads ORDER BY strategy_id")
        var heads: [(String, ChainLink)] = []
        try select.forEachRow { row in
            heads.append(
                (row.text(0), ChainLink(number: row.int64(1), hash: ChainHash(row.bytes(2)) ?? .start)))
        }
        return heads
    }

    // MARK: What follows from the rows

    /// One sentence for each position that does not follow from the trades.
    private func differences(
        from computed: PositionChanges, _ connection: any StoreConnection
    ) throws -> [String] {
        var expected: [String: PositionRow] = [:]
        for row in computed.rows { expected["\(row.strategyID) in \(row.symbol)"] = row }
        var found: [String] = []
        let select = try connection.statement(
            "SELECT \(PositionChanges.columns) FROM positions ORDER BY strategy_id, symbol")
        try select.forEachRow { row in
            let stored = PositionChanges.read(row)
            let name = "\(stored.strategyID) in \(stored.symbol)"
            if expected.removeValue(forKey: name) != stored {
                found.append("the position of \(name) does not follow from its trades")
            }
        }
        return found + expected.keys.sorted().map { "the position of \($0) is missing" }
    }

    private func checkSeals(_ report: inout LedgerReport, _ connection: any StoreConnection) throws {
        let checkpoints = try connection.statement(
            "SELECT source, epoch, seq, seal FROM checkpoints ORDER BY source")
        try checkpoints.forEachRow { row in
            let checkpoint = Checkpoint(source: row.text(0), epoch: row.text(1), seq: row.counter(2))
            guard !row.bytes(3).elementsEqual(checkpoint.seal) else { return }
            report.add(.derived, "the checkpoint of source \(checkpoint.source) was changed")
        }
        let performance = try connection.statement(Self.selectMetrics + " ORDER BY strategy_id")
        try performance.forEachRow { row in
            let metrics = Self.readMetrics(row)
            guard !row.bytes(9).elementsEqual(metrics.seal) else { return }
            report.add(.derived, "the metrics of strategy \(metrics.strategyID) were changed")
        }
    }

    /// What the database says of its own pages and indexes; PostgreSQL checks its pages by itself.
    private func structureFaults(_ connection: any StoreConnection) throws -> [String] {
        guard dialect == .sqlite else { return [] }
        var found: [String] = []
        try connection.statement("PRAGMA integrity_check(10)").forEachRow { found.append($0.text(0)) }
        return found == ["ok"] ? [] : found.map { "\(path): \($0)" }
    }
}

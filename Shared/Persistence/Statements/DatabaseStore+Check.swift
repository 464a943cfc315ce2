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

/// The check under way. Rows of one strategy come in the order of its chain.
private struct LedgerCheck {
    let noted: String?
    var report = LedgerReport()
    var positions = PositionChanges()
    private(set) var checks: [String: ChainCheck] = [:]
    private var writer = ChainWriter()

    init(noted: String?) { self.noted = noted }

    /// - Parameter isNamed: something is wrong with the row that was told already.
    mutating func take(
        _ sourced: SourcedTrade, source: String, number: Int64, hash: ChainHash?, isNamed: Bool = false
    ) {
        let trade = sourced.event
        report.rows += 1
        positions.add(trade)
        let name = "trade \(trade.tradeID) (strategy_seq \(trade.strategySeq))"
        var check = checks[trade.strategyID] ?? ChainCheck()
        defer { checks[trade.strategyID] = check }
        guard let hash, number > check.stored.number else {
            report.add(.extra, "\(name) is not a link of the chain of strategy \(trade.strategyID)")
            return
        }
        let link = ChainLink(number: number, hash: hash)
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
        if let noted, check.computed.hash.hex == noted { report.notedTrade = name }
    }
}

extension DatabaseStore {
    package func checkLedger(noted: String?) throws -> LedgerReport {
        try access { connection in
            try connection.snapshot {
                var check = LedgerCheck(noted: noted.map { $0.lowercased() })
                for sentence in try structureFaults(connection) { check.report.add(.structure, sentence) }
                let heads = try heads(connection)
                try checkArchive(&check, connection)
                try checkRows(&check, connection)
                compare(check.checks, with: heads, &check.report)
                if let noted = check.noted, check.report.notedTrade == nil {
                    check.report.add(.missing, "no trade of the ledger has the noted hash \(noted)")
                }
                for sentence in try differences(from: check.positions, connection) {
                    check.report.add(.derived, sentence)
                }
                try checkSeals(&check.report, connection)
                return check.report
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
            for strategy in try heads(connection).map(\.0) {
                try forEachArchivedBlock(of: strategy, connection) { block in
                    for archived in block { positions.add(archived.trade.event) }
                    return true
                }
            }
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

    private func checkRows(_ check: inout LedgerCheck, _ connection: any StoreConnection) throws {
        var trade = TradeColumns.blank
        let select = try connection.makeStreamingStatement(
            "SELECT \(TradeColumns.names), source, seq, chain_number, chain FROM trades ORDER BY id")
        try select.forEachRow { row in
            var isNamed = false
            do {
                try TradeColumns.read(row, into: &trade, path: path)
            } catch let error as StoreError {
                check.report.add(.altered, error.sentence)
                isNamed = true
            }
            check.take(
                SourcedTrade(seq: row.counter(19), event: trade), source: row.text(18), number: row.int64(20),
                hash: ChainHash(row.bytes(21)), isNamed: isNamed)
        }
    }

    /// The archive before the rows that were booked after it, and that each of its ids can be found.
    private func checkArchive(_ check: inout LedgerCheck, _ connection: any StoreConnection) throws {
        guard try hasArchive(connection) else { return }
        var strategies: [String] = []
        try connection.statement("SELECT DISTINCT strategy_id FROM archive_blocks ORDER BY strategy_id")
            .forEachRow { strategies.append($0.text(0)) }
        for strategy in strategies {
            do {
                try forEachArchivedBlock(of: strategy, connection) { block in
                    for archived in block {
                        if archived.trade.event.strategyID != strategy {
                            check.report.add(
                                .altered,
                                "the archive of \(strategy) holds trade \(archived.trade.event.tradeID)")
                        }
                        check.take(
                            archived.trade, source: archived.source, number: archived.link.number,
                            hash: archived.link.hash)
                    }
                    return true
                }
            } catch let error as StoreError where error.code == .damaged {
                check.report.add(.altered, error.sentence)
            }
        }
        if try !idsAreWhole(connection) {
            check.report.add(
                .structure, "\(path): the list of archived ids does not name the archived trades")
        }
    }

    /// Whether the hashes of archived ids are those of the blocks: their sums are held against each other, so
    /// that a million need no memory.
    private func idsAreWhole(_ connection: any StoreConnection) throws -> Bool {
        func term(_ hash: Int64, _ block: Int64) -> UInt64 {
            UInt64(bitPattern: hash) &* (UInt64(bitPattern: block) &* 2 &+ 1)
        }
        var (stored, expected, last) = (UInt64(0), UInt64(0), Int64(0))
        try connection.makeStreamingStatement("SELECT id_hash, block FROM archive_ids").forEachRow {
            stored &+= term($0.int64(0), $0.int64(1))
        }
        let next = try connection.statement(
            "SELECT id, content FROM archive_blocks WHERE id > ? ORDER BY id LIMIT 1")
        while true {
            next.bind(last, at: 1)
            let block = try next.firstRow { ($0.int64(0), ArchiveBlock.unpack($0.bytes(1)) ?? []) }
            guard let (id, trades) = block else { return stored == expected }
            for trade in trades { expected &+= term(ArchiveBlock.idHash(trade.trade.event.tradeID), id) }
            last = id
        }
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

    func heads(_ connection: any StoreConnection) throws -> [(String, ChainLink)] {
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
            "SELECT source, epoch, seq, seal, batches FROM checkpoints ORDER BY source")
        try checkpoints.forEachRow { row in
            let checkpoint = Checkpoint(
                source: row.text(0), epoch: row.text(1), seq: row.counter(2), batches: row.counter(4))
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

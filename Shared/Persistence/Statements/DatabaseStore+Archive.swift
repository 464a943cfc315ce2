// The archive: moving trades into it, and finding them there.
//
// Guarantees: what is archived of a strategy is always its trades 1 to N, which are also the first N links of
// its chain, so one number says what is there; blocks are written and rows removed in one transaction; a
// trade of which the source's checkpoint does not say that it is handled stays where it is.

import Contracts

extension DatabaseStore {
    /// Trades of a block, unless a late trade ties more together.
    private static let blockTrades = 1_000
    /// Blocks of one transaction.
    private static let blocksAtOnce = 8
    /// Rows that are looked at for the end of one block: at first, and when late trades tie more together.
    private static let searchedRows: [Int64] = [2_000, 100_000]

    package func archiveTrades(before moment: Timestamp, isDryRun: Bool) throws -> ArchiveReport {
        var report = ArchiveReport()
        let strategies = try access { connection in try heads(connection).map(\.0) }
        for strategy in strategies {
            var one = ArchiveReport.Strategy(strategyID: strategy, trades: 0, through: 0)
            if isDryRun {
                _ = try snapshot { connection in
                    try archive(strategy, before: moment, isDryRun: true, &one, connection)
                }
            } else {
                while try transaction({ connection in
                    try archive(strategy, before: moment, isDryRun: false, &one, connection)
                }) {}
            }
            if one.trades > 0 || one.left != nil { report.strategies.append(one) }
        }
        return report
    }

    /// Archives some blocks of one strategy.
    ///
    /// - Returns: whether there may be more.
    private func archive(
        _ strategy: String, before moment: Timestamp, isDryRun: Bool, _ one: inout ArchiveReport.Strategy,
        _ connection: any StoreConnection
    ) throws -> Bool {
        var through = try archivedThrough(strategy, connection)
        one.through = UInt64(clamping: through)
        let checkpoints = try checkpoints(connection)
        for _ in 0..<(isDryRun ? Int.max : Self.blocksAtOnce) {
            var (block, left) = ([ArchivedTrade](), String?.none)
            for rows in Self.searchedRows where block.isEmpty {
                (block, left) = try nextBlock(
                    strategy, after: through, before: moment, checkpoints, rows, connection)
            }
            one.left = left
            guard let last = block.map(\.link.number).max() else { return false }
            if !isDryRun { try write(block, after: through, of: strategy, connection) }
            one.trades += UInt64(block.count)
            one.through = UInt64(clamping: last)
            through = last
        }
        return true
    }

    /// The next trades that can go, in the order of the chain; why none can, if there are such.
    private func nextBlock(
        _ strategy: String, after through: Int64, before moment: Timestamp, _ checkpoints: [String: UInt64],
        _ searched: Int64, _ connection: any StoreConnection
    ) throws -> (block: [ArchivedTrade], left: String?) {
        let select = try connection.statement(
            """
            SELECT \(TradeColumns.names), source, seq, chain_number, chain FROM trades
            WHERE strategy_id = ? AND strategy_seq > ? ORDER BY strategy_seq LIMIT ?
            """)
        select.bind(strategy, at: 1)
        select.bind(through, at: 2)
        select.bind(searched, at: 3)
        var rows: [ArchivedTrade] = []
        var (complete, highest, left) = (0, through, String?.none)
        var trade = TradeColumns.blank
        while try select.step() {
            try TradeColumns.read(select, into: &trade, path: path)
            guard trade.timestamp < moment else { break }
            left = obstacle(trade, select, after: through + Int64(rows.count), checkpoints)
            guard left == nil, let hash = ChainHash(select.bytes(21)) else { break }
            let link = ChainLink(number: select.int64(20), hash: hash)
            rows.append(
                ArchivedTrade(
                    source: select.text(18), trade: SourcedTrade(seq: select.counter(19), event: trade),
                    link: link))
            highest = max(highest, link.number)
            // As many links as trades, and none beyond: the two are the same ones.
            if highest == through + Int64(rows.count) {
                complete = rows.count
                if complete >= Self.blockTrades { break }
            }
        }
        select.reset()
        if left == nil, complete < rows.count {
            left = "trade \(rows[complete].trade.event.tradeID) was booked after trades that have to stay"
        }
        return (rows[..<complete].sorted { $0.link.number < $1.link.number }, complete == 0 ? left : nil)
    }

    /// Why a trade has to stay.
    private func obstacle(
        _ trade: TradeEvent, _ row: any PreparedStatement, after number: Int64,
        _ checkpoints: [String: UInt64]
    ) -> String? {
        if trade.strategySeq != UInt64(clamping: number + 1) {
            return "trade \(number + 1) of the strategy is missing before trade \(trade.tradeID)"
        }
        let source = row.text(18)
        guard let checkpoint = checkpoints[source], row.counter(19) <= checkpoint else {
            return "trade \(trade.tradeID) lies beyond the checkpoint of source \(source)"
        }
        return nil
    }

    /// How far each source is handled. Of other robots, which have no numbers of their own, every booked
    /// trade is: its answer was given after the commit.
    private func checkpoints(_ connection: any StoreConnection) throws -> [String: UInt64] {
        let select = try connection.statement("SELECT source, epoch, seq FROM checkpoints")
        var checkpoints: [String: UInt64] = [:]
        try select.forEachRow { row in
            checkpoints[row.text(0)] = row.text(1) == Checkpoint.ingestEpoch ? .max : row.counter(2)
        }
        return checkpoints
    }

    private func write(
        _ block: [ArchivedTrade], after through: Int64, of strategy: String, _ connection: any StoreConnection
    ) throws {
        let last = through + Int64(block.count)
        let insert = try connection.statement(
            """
            INSERT INTO archive_blocks (strategy_id, first_number, last_number, last_us, content)
            VALUES (?, ?, ?, ?, ?) RETURNING id
            """)
        insert.bind(strategy, at: 1)
        insert.bind(through + 1, at: 2)
        insert.bind(last, at: 3)
        insert.bind(block.map(\.trade.event.timestamp.microseconds).max(), at: 4)
        insert.bind(try ArchiveBlock.pack(block), at: 5)
        guard let id = try insert.firstRow({ $0.int64(0) }) else {
            preconditionFailure("a row that was inserted has an id")
        }
        let name = try connection.statement("INSERT INTO archive_ids (id_hash, block) VALUES (?, ?)")
        for trade in block {
            name.bind(ArchiveBlock.idHash(trade.trade.event.tradeID), at: 1)
            name.bind(id, at: 2)
            try name.run()
        }
        let remove = try connection.statement(
            "DELETE FROM trades WHERE strategy_id = ? AND strategy_seq <= ?")
        remove.bind(strategy, at: 1)
        remove.bind(last, at: 2)
        try remove.run()
        precondition(connection.changes == block.count, "as many rows go as the block holds")
    }

    // MARK: Finding

    func hasArchive(_ connection: any StoreConnection) throws -> Bool {
        let select = try connection.statement("SELECT id FROM archive_blocks LIMIT 1")
        return try select.firstRow { _ in true } ?? false
    }

    /// The last archived trade of a strategy; 0 when there is none.
    func archivedThrough(_ strategy: String, _ connection: any StoreConnection) throws -> Int64 {
        let select = try connection.statement(
            """
            SELECT last_number FROM archive_blocks WHERE strategy_id = ? ORDER BY first_number DESC LIMIT 1
            """)
        select.bind(strategy, at: 1)
        return try select.firstRow { $0.int64(0) } ?? 0
    }

    /// A strategy's archived trades in the order of the chain, a block at a time, from the one that holds
    /// this number on. The body says whether to go on.
    func forEachArchivedBlock(
        of strategy: String, from number: Int64 = 1, _ connection: any StoreConnection,
        _ body: ([ArchivedTrade]) throws -> Bool
    ) throws {
        let select = try connection.statement(
            """
            SELECT first_number, last_number, content FROM archive_blocks
            WHERE strategy_id = ? AND last_number >= ? ORDER BY first_number LIMIT 1
            """)
        var next = number
        while true {
            select.bind(strategy, at: 1)
            select.bind(next, at: 2)
            let found = try select.firstRow { row in
                (first: row.int64(0), last: row.int64(1), trades: ArchiveBlock.unpack(row.bytes(2)))
            }
            guard let found else { return }
            guard let trades = found.trades, found.last >= found.first,
                trades.count == Int(clamping: found.last - found.first + 1)
            else { throw damagedBlock(strategy, found.first) }
            guard try body(trades) else { return }
            next = found.last + 1
        }
    }

    /// The same in the order of their numbers: a block holds a stretch of them. The body says whether to go
    /// on.
    func forEachArchivedInOrder(
        of strategy: String, from seq: Int64 = 1, _ connection: any StoreConnection,
        _ body: (TradeEvent) throws -> Bool
    ) throws {
        try forEachArchivedBlock(of: strategy, from: seq, connection) { block in
            for trade in block.map(\.trade.event).sorted(by: { $0.strategySeq < $1.strategySeq }) {
                guard try body(trade) else { return false }
            }
            return true
        }
    }

    private func damagedBlock(_ strategy: String, _ first: Int64) -> StoreError {
        StoreError(
            .damaged,
            "the archived trades of strategy \(strategy) from \(first) on in \(path) cannot be read: the row"
                + " was changed or the database is damaged; restore it from a backup")
    }

    /// Which of these hashes are in the archive.
    func archivedHashes(_ hashes: [Int64], _ connection: any StoreConnection) throws -> Set<Int64> {
        var found: Set<Int64> = []
        guard dialect == .postgresql else {
            let select = try connection.statement("SELECT id_hash FROM archive_ids WHERE id_hash = ? LIMIT 1")
            for hash in hashes {
                select.bind(hash, at: 1)
                try select.forEachRow { found.insert($0.int64(0)) }
            }
            return found
        }
        // One round trip for all.
        let select = try connection.statement(
            "SELECT id_hash FROM archive_ids WHERE id_hash = ANY(CAST(? AS BIGINT[]))")
        select.bind("{" + hashes.map { "\($0)" }.joined(separator: ",") + "}", at: 1)
        try select.forEachRow { found.insert($0.int64(0)) }
        return found
    }

    /// The archived trade with this id.
    func archivedTrade(id: String, _ connection: any StoreConnection) throws -> TradeEvent? {
        let select = try connection.statement(
            """
            SELECT b.strategy_id, b.first_number FROM archive_ids i JOIN archive_blocks b ON b.id = i.block
            WHERE i.id_hash = ?
            """)
        select.bind(ArchiveBlock.idHash(id), at: 1)
        var places: [(strategy: String, first: Int64)] = []
        try select.forEachRow { places.append(($0.text(0), $0.int64(1))) }
        for place in places {
            let found = try archivedTrade(of: place.strategy, at: place.first, connection) {
                $0.tradeID == id
            }
            if let found { return found }
        }
        return nil
    }

    /// The archived trade of a strategy with this number.
    func archivedTrade(
        of strategy: String, seq: UInt64, _ connection: any StoreConnection
    ) throws -> TradeEvent? {
        try archivedTrade(of: strategy, at: Int64(clamping: seq), connection) { $0.strategySeq == seq }
    }

    /// The first trade of one block for which this holds.
    private func archivedTrade(
        of strategy: String, at number: Int64, _ connection: any StoreConnection,
        where isIt: (TradeEvent) -> Bool
    ) throws -> TradeEvent? {
        var found: TradeEvent?
        try forEachArchivedBlock(of: strategy, from: number, connection) { block in
            found = block.lazy.map(\.trade.event).first(where: isIt)
            return false
        }
        return found
    }
}

extension Checkpoint {
    /// The epoch of sources that are no simulators: their trades come by ingest, with no numbers to go on
    /// from.
    package static let ingestEpoch = "ingest"
}

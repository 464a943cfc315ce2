// The chain of a strategy: each trade carries the SHA-256 of the trade booked before it and of its own
// columns, in the order of booking. A row that is altered, taken out or put in breaks it from there on, and
// the last hash, the head, stands for all of the strategy's rows.
//
// Rows are only added: a trade that comes late gets the next place. What it does not do: whoever can write
// the database can make a whole new chain; a head noted elsewhere shows that too.

import Contracts
import Crypto

/// A SHA-256, kept as four words so that none is allocated for a row.
struct ChainHash: Equatable {
    static let count = 32
    /// Before the first row.
    static let start = ChainHash()

    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    private init() {}

    /// Nil unless there are 32 bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.count else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    init(digestOf bytes: [UInt8]) {
        SHA256.hash(data: bytes).withUnsafeBytes { digest in
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: digest) }
        }
    }

    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withUnsafeBytes(of: words) { try body($0) }
    }

    var hex: String { withBytes { $0.hex } }

    static func == (left: ChainHash, right: ChainHash) -> Bool { left.words == right.words }
}

/// The place of a trade in its strategy's chain, from 1, and the hash up to it.
struct ChainLink: Equatable {
    var number: Int64 = 0
    var hash = ChainHash.start
}

/// What is hashed of a row: every column that is written, each text with its length before it.
struct ChainWriter {
    private var bytes: [UInt8] = []

    /// The link of a trade after the one before it in the chain.
    mutating func link(after last: ChainLink, source: String, _ trade: SourcedTrade) -> ChainLink {
        bytes.removeAll(keepingCapacity: true)
        last.hash.withBytes { bytes.append(contentsOf: $0) }
        append(last.number + 1)
        append(source)
        append(Int64(clamping: trade.seq))
        append(trade.event)
        return ChainLink(number: last.number + 1, hash: ChainHash(digestOf: bytes))
    }

    private mutating func append(_ trade: TradeEvent) {
        append(trade.tradeID)
        append(trade.orderID)
        append(trade.strategyID)
        append(Int64(clamping: trade.strategySeq))
        append(word: trade.effect.wireName)
        append(trade.symbol)
        append(word: trade.side.wireName)
        append(trade.quantity.units)
        append(trade.price.units)
        append(trade.referencePrice.units)
        append(trade.slippage.units)
        append(trade.fee.units)
        append(word: trade.liquidity.wireName)
        append(trade.timestamp.microseconds)
        append(trade.position.units)
        append(trade.averagePrice.units)
        append(trade.realizedPnl.units)
        append(trade.cash.units)
    }

    private mutating func append(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(word: StaticString) {
        append(Int64(word.utf8CodeUnitCount))
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}

/// The heads of the strategies of a batch, moved on as its trades are booked.
struct ChainHeads {
    private var heads: [String: ChainLink] = [:]
    private var latest = ""
    private var head = ChainLink()
    private var writer = ChainWriter()

    /// Reads the head of a strategy, once a batch.
    mutating func load(_ strategy: String, _ connection: any StoreConnection) throws {
        guard strategy != latest else { return }
        latest = strategy
        guard heads[strategy] == nil else { return }
        let read = try connection.statement("SELECT number, chain FROM chain_heads WHERE strategy_id = ?")
        read.bind(strategy, at: 1)
        let stored = try read.firstRow { row in
            guard let hash = ChainHash(row.bytes(1)) else {
                throw StoreError(
                    .damaged,
                    "the head of strategy \(strategy) in \(connection.path) was changed:"
                        + " `trading-robot ledger check` says what is wrong")
            }
            return ChainLink(number: row.int64(0), hash: hash)
        }
        heads[strategy] = stored ?? ChainLink()
    }

    /// What a trade's link will be if it is booked next.
    mutating func link(_ source: String, _ trade: SourcedTrade) -> ChainLink {
        guard let head = heads[trade.event.strategyID] else {
            preconditionFailure("the head of every strategy of a batch is loaded first")
        }
        return writer.link(after: head, source: source, trade)
    }

    /// The trade was booked.
    mutating func accept(_ link: ChainLink, of strategy: String) { heads[strategy] = link }

    func write(_ connection: any StoreConnection) throws {
        let write = try connection.statement(
            """
            INSERT INTO chain_heads (strategy_id, number, chain) VALUES (?, ?, ?)
            ON CONFLICT (strategy_id) DO UPDATE SET number = excluded.number, chain = excluded.chain
            """)
        for (strategy, head) in heads.sorted(by: { $0.key < $1.key }) where head.number > 0 {
            write.bind(strategy, at: 1)
            write.bind(head.number, at: 2)
            head.hash.withBytes { write.bindCopy(of: $0, at: 3, asText: false) }
            try write.run()
        }
    }
}

extension UnsafeRawBufferPointer {
    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

// MARK: Migration

enum LedgerChain {
    static let tables = """
        ALTER TABLE trades ADD COLUMN chain_number INTEGER;
        ALTER TABLE trades ADD COLUMN chain BLOB;
        CREATE INDEX trades_by_strategy ON trades (strategy_id, timestamp_us);
        CREATE TABLE chain_heads (
            strategy_id TEXT NOT NULL PRIMARY KEY,
            number INTEGER NOT NULL,
            chain BLOB NOT NULL
        ) STRICT;
        ALTER TABLE checkpoints ADD COLUMN seal BLOB;
        ALTER TABLE performance ADD COLUMN seal BLOB;
        """

    /// Rows of one step, so that a large ledger needs no memory.
    private static let rowsAtOnce: Int64 = 10_000

    /// Chains and seals the rows of a database that was made before there was a chain.
    static func chainWhatIsThere(_ connection: any StoreConnection) throws {
        var heads = ChainHeads()
        var last: Int64 = 0
        while true {
            let rows = try page(after: last, connection)
            guard let end = rows.last?.id else { break }
            let write = try connection.statement(
                "UPDATE trades SET chain_number = ?, chain = ? WHERE id = ?")
            for row in rows {
                try heads.load(row.trade.event.strategyID, connection)
                let link = heads.link(row.source, row.trade)
                heads.accept(link, of: row.trade.event.strategyID)
                write.bind(link.number, at: 1)
                link.hash.withBytes { write.bindCopy(of: $0, at: 2, asText: false) }
                write.bind(row.id, at: 3)
                try write.run()
            }
            last = end
        }
        try heads.write(connection)
        try seal(connection)
    }

    private static func page(
        after last: Int64, _ connection: any StoreConnection
    ) throws -> [(id: Int64, source: String, trade: SourcedTrade)] {
        let read = try connection.statement(
            "SELECT \(TradeColumns.names), id, source, seq FROM trades WHERE id > ? ORDER BY id LIMIT ?")
        read.bind(last, at: 1)
        read.bind(rowsAtOnce, at: 2)
        var rows: [(id: Int64, source: String, trade: SourcedTrade)] = []
        var trade = TradeColumns.blank
        try read.forEachRow { row in
            try TradeColumns.read(row, into: &trade, path: connection.path)
            rows.append((row.int64(18), row.text(19), SourcedTrade(seq: row.counter(20), event: trade)))
        }
        return rows
    }

    private static func seal(_ connection: any StoreConnection) throws {
        var checkpoints: [Checkpoint] = []
        try connection.statement("SELECT source, epoch, seq FROM checkpoints").forEachRow {
            checkpoints.append(Checkpoint(source: $0.text(0), epoch: $0.text(1), seq: $0.counter(2)))
        }
        for checkpoint in checkpoints {
            let write = try connection.statement("UPDATE checkpoints SET seal = ? WHERE source = ?")
            write.bind(checkpoint.seal, at: 1)
            write.bind(checkpoint.source, at: 2)
            try write.run()
        }
        var performance: [PerformanceRow] = []
        try connection.statement(DatabaseStore.selectMetrics).forEachRow {
            performance.append(DatabaseStore.readMetrics($0))
        }
        for row in performance {
            let write = try connection.statement("UPDATE performance SET seal = ? WHERE strategy_id = ?")
            write.bind(row.seal, at: 1)
            write.bind(row.strategyID, at: 2)
            try write.run()
        }
    }
}

// MARK: Seals

/// A row that nothing else can prove carries a short hash of itself.
private func sealed(_ fields: [String], _ bytes: [UInt8] = []) -> [UInt8] {
    let text = fields.map { "\($0.utf8.count):\($0)" }.joined()
    return Array(SHA256.hash(data: Array(text.utf8) + bytes).prefix(8))
}

extension Checkpoint {
    /// Before there was a count of batches it was 0.
    var seal: [UInt8] { sealed([source, epoch, "\(seq)"] + (batches == 0 ? [] : ["\(batches)"])) }
}

extension PerformanceRow {
    var seal: [UInt8] {
        let ratios = [totalReturn, winRate, maximumDrawdown].map { $0.map { "\($0.bitPattern)" } ?? "" }
        return sealed(
            [
                strategyID, "\(trades)", "\(timestamp.microseconds)", "\(realizedPnl.units)", "\(fees.units)",
            ] + ratios, state)
    }
}

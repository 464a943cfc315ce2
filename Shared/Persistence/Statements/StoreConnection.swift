// A connection to the database as the rest of the store sees it, whichever database it is.
//
// One call uses it at a time. The statements of the store are literals of this folder, so there are a few
// dozen at most and each is prepared once.

protocol StoreConnection: AnyObject {
    var dialect: Dialect { get }
    /// The database in words for a sentence: a path, or a server and a name. Never a password.
    var path: String { get }
    /// Prepared statements by their text.
    var statements: [String: any PreparedStatement] { get set }
    /// The statements of booking, kept apart so that none is looked up by its text for each row.
    var booking: BookingStatements? { get set }
    /// Rows that the last insert, update or delete changed.
    var changes: Int { get }

    func makeStatement(_ sql: String) throws -> any PreparedStatement
    /// A statement whose rows come one by one, so that a million need no memory.
    func makeStreamingStatement(_ sql: String) throws -> any PreparedStatement
    /// Runs a script of statements that return nothing of interest.
    func execute(_ script: String) throws

    /// Begins a transaction with the write lock, so that nothing inside can fail for being late.
    func begin() throws
    /// Begins a transaction that only reads and sees one moment.
    func beginReading() throws
    func commit() throws
    /// Undoes what was begun. What fails here leaves nothing to do: the transaction is gone with the
    /// connection at the latest.
    func rollback()

    /// Inserts all of the trades at once, if the database has a faster way than row by row.
    ///
    /// - Returns: the positions in `trades` that may be in the ledger already and were not inserted, in
    ///   ascending order; nil when nothing was done.
    func insertInBulk(_ trades: TradeRows, _ chains: inout ChainHeads) throws -> [Int]?

    /// Writes all of the orders at once; false when the database has no faster way than row by row.
    func writeInBulk(_ orders: OrderChanges, source: String) throws -> Bool
}

extension StoreConnection {
    /// The statement with this text, prepared once.
    func statement(_ sql: String) throws -> any PreparedStatement {
        if let known = statements[sql] { return known }
        let new = try makeStatement(sql)
        statements[sql] = new
        return new
    }

    /// All of the body sees one moment of the database.
    func snapshot<Value>(_ body: () throws -> Value) throws -> Value {
        try beginReading()
        defer { rollback() }
        return try body()
    }

    /// All of the body or nothing.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try begin()
        do {
            let value = try body()
            try commit()
            return value
        } catch {
            rollback()
            throw error
        }
    }

    /// The one number that a query returns. Not kept, so that no statement outlives a change of the tables.
    func uncachedInteger(_ sql: String) throws -> Int64 {
        try makeStatement(sql).firstRow { $0.int64(0) } ?? 0
    }
}

// Three ledgers of one strategy, held against each other.

import Contracts

/// A trade as a canonical line.
struct RecordedTrade: Equatable {
    let number: UInt64
    let line: String

    init(_ number: UInt64, _ line: String) {
        self.number = number
        self.line = line
    }
}

struct LedgerComparison {
    private let strategy: String
    /// The first trade that the backtest makes.
    private let first: UInt64
    private let backtest: [String]
    private let journal: [String]
    private let database: [String]
    /// Whether the session went through the end of the data; if not, the backtest may know more trades.
    private let isFinished: Bool
    /// Trades before the first that the journal still holds, and what the database has in their place.
    private let olderJournal: [String]
    private let olderDatabase: [String]
    /// Whether the strategy was asked again; else its decisions are those of the journal.
    var isDecidedAgain = true

    init(
        strategy: String, first: UInt64, backtest: [String], journal: [RecordedTrade],
        database: [RecordedTrade], isFinished: Bool
    ) {
        self.strategy = strategy
        self.first = first
        self.backtest = backtest
        self.journal = journal.filter { $0.number >= first }.map(\.line)
        self.database = database.filter { $0.number >= first }.map(\.line)
        self.isFinished = isFinished
        let older = journal.filter { $0.number < first }
        let begin = older.first?.number ?? first
        olderJournal = older.map(\.line)
        olderDatabase = database.filter { $0.number < first && $0.number >= begin }.map(\.line)
    }

    /// The first difference as one sentence; nil when the ledgers agree.
    var firstDifference: String? {
        if let pair = zip(olderDatabase, olderJournal).first(where: { $0 != $1 }) {
            return "\(strategy): \(name(pair.1)) differs: the database holds\n  \(pair.0)\n"
                + "and the simulator's journal holds\n  \(pair.1)"
        }
        if olderDatabase.count != olderJournal.count {
            return
                "\(strategy): of the trades before \(first) the database holds \(olderDatabase.count) where "
                + "the simulator's journal holds \(olderJournal.count)"
        }
        for index in database.indices {
            guard index < journal.count else {
                return
                    "\(strategy): \(name(database[index])) is in the database, not in the simulator's journal"
            }
            if database[index] != journal[index] {
                return
                    "\(strategy): \(name(journal[index])) differs: the database holds\n  \(database[index])\n"
                    + "and the simulator's journal holds\n  \(journal[index])"
            }
        }
        if database.count < journal.count {
            return
                "\(strategy): \(name(journal[database.count])) is in the simulator's journal and not in the "
                + "database (\(journal.count - database.count) trades missing; is the tracker still at work?)"
        }
        for index in journal.indices {
            guard index < backtest.count else {
                return
                    "\(strategy): \(name(journal[index])) was made by the simulator, not by the backtest"
            }
            if journal[index] != backtest[index] {
                return
                    "\(strategy): \(name(journal[index])) differs: the simulator made\n  \(journal[index])\n"
                    + "and the backtest makes\n  \(backtest[index])"
            }
        }
        if isFinished, journal.count < backtest.count {
            return
                "\(strategy): \(name(backtest[journal.count])) is made by the backtest, not by the simulator"
        }
        return nil
    }

    var summary: String {
        let rest = backtest.count - journal.count
        let open =
            rest > 0 ? "; the session has not come to the end of the journal, \(rest) trades lie ahead" : ""
        guard isDecidedAgain else {
            return
                "\(strategy): \(journal.count) trades, the same in database, simulator and a rerun of its "
                + "journalled commands. Its decisions were taken from the journal: run again it decides "
                + "otherwise (recovery: resume), so the backtest proves its fills, not its decisions\(open)"
        }
        let from = first > 1 ? " from trade \(first) on (what made the earlier ones was pruned)" : ""
        return
            "\(strategy): \(journal.count) trades\(from), the same in database, simulator and backtest\(open)"
    }

    private func name(_ line: String) -> String {
        let id = (try? JSONValue(parsing: line).string("trade_id")) ?? "?"
        return "trade \(id)"
    }
}

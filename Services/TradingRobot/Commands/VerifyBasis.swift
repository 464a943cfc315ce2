// Where `verify` begins: with the sessions' first records, or in a folder whose journals were pruned with the
// oldest snapshots that are kept, of the sessions and of their strategies. The two need not be of one
// place: what lies between them is in the journal, and is gone through again and compared.

import Contracts
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

/// A session and its strategy to go on from.
struct SessionBasis {
    let session: StoredSession
    let strategy: StrategySnapshot
    var between: JournalledBetween

    var terms: SessionTerms { session.terms }
    /// Numbers that the two sides have: reports of the strategy and of the session, commands likewise.
    var reports: (strategy: UInt64, session: UInt64) {
        (strategy.position.report, session.served.driver.lastReport)
    }
    var commands: (strategy: UInt64, session: UInt64) {
        (strategy.position.command, session.served.driver.lastCommand)
    }

    init(_ session: StoredSession, _ strategy: StrategySnapshot) {
        self.session = session
        self.strategy = strategy
        let first = min(strategy.position.command, session.served.driver.lastCommand)
        between = JournalledBetween(commands: NumberedValues(after: first))
    }
}

struct VerifyBasis {
    /// Empty where nothing was pruned: all begins with the first record.
    private(set) var sessions: [SessionBasis] = []
    /// The first market event that is needed.
    private(set) var firstEvent = UInt64.max
    private(set) var symbols = SymbolTable()
    /// Sentences on snapshots that were passed over.
    private(set) var remarks: [String] = []
    /// Strategies of which nothing can be proven: they have no snapshot, and their beginning was pruned.
    private(set) var unproven: [String] = []

    init(folder: String, database: String) throws {
        let orders = try JournalReader(directory: folder + "/orders")
        let market = try JournalReader(directory: folder + "/market-data")
        guard orders.firstSeq > 1 || market.firstSeq > 1 else { return }
        var table = SymbolTable()
        var passedOver: [String] = []
        let snapshots = try readSnapshots(
            in: SnapshotFolder(path: folder + "/snapshots"), of: orders, symbols: &table
        ) { passedOver.append($0) }
        let store = try openStore(database, options: StoreOptions(access: .readOnly))
        defer { try? store.close() }
        guard let newest = snapshots.first else {
            throw Failure(
                "history_gone",
                "\(folder) was pruned and holds no snapshot that can be used: nothing can be proven")
        }
        for session in newest.sessions {
            let id = session.terms.strategyID
            let usable = try usableSnapshots(of: session, in: store) { passedOver.append($0) }
            let oldest =
                snapshots.lazy.reversed().compactMap { snapshot in
                    snapshot.sessions.first { $0.terms.strategyID == id }
                }.first ?? session
            // Where all of it is kept, it is run from its beginning.
            if orders.firstSeq == 1, session.terms.start >= market.firstSeq { continue }
            guard let strategy = usable.last else {
                unproven.append(id)
                continue
            }
            sessions.append(SessionBasis(oldest, strategy))
        }
        let needed = sessions.map { min($0.session.served.next, $0.strategy.position.event + 1) }.min()
        firstEvent = needed ?? .max
        if let needed, needed < market.firstSeq {
            throw Failure(
                "history_gone",
                "\(folder)/market-data is kept from event \(market.firstSeq) on, and the oldest snapshots "
                    + "need \(needed): restore the older segments")
        }
        symbols = table
        remarks = passedOver
    }

    /// The first trade of a strategy that is proven.
    func firstTrade(of id: String) -> UInt64 {
        guard let session = sessions.first(where: { $0.terms.strategyID == id })?.session else { return 1 }
        return session.served.driver.book.lastExecution + 1
    }
}

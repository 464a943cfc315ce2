// `trading-robot verify`: runs the recorded sessions through the backtester and compares three ledgers: what
// the backtest makes, what the simulator journalled, and what the tracker booked. Reads only.
//
// Where the journals were pruned, it begins with the oldest snapshots that are kept (`VerifyBasis`), and
// says from which trade on it proves.

import Contracts
import Foundation
import MarketData
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

let verifyCommand = Command(
    "verify", "Proves the ledger: runs the recorded sessions again and compares every trade.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration,
    ] + StrategySettings.pluginDeclarations
) { context in
    let settings = context.settings
    let folder = settings[CommonSettings.dataDirectory]
    let database = StackSettings.databaseLocation(settings)
    let begun = try VerifyBasis(folder: folder, database: database)
    for remark in begun.remarks { writeToStandardError(remark + "\n") }
    let recorded = try RecordedOrders(directory: folder + "/orders", basis: begun)
    let terms = recorded.bases.map(\.terms) + recorded.sessions
    guard !terms.isEmpty || !recorded.unproven.isEmpty else {
        throw Failure("nothing_recorded", "\(folder) holds no session: there is nothing to verify yet")
    }
    let first = min(begun.firstEvent, recorded.sessions.map(\.start).min() ?? .max)
    let journal = try JournalSource(directory: folder + "/market-data", from: first)
    for terms in terms where terms.marketDataEpoch != journal.epoch {
        throw Failure(
            "other_market_data",
            "session \(terms.strategyID) was made of market data \(terms.marketDataEpoch), and "
                + "\(folder)/market-data is \(journal.epoch): put the journal back that it was made of")
    }
    let booked = try bookedLedger(database)
    func comparison(_ run: BacktestRun, _ result: BacktestResult) -> LedgerComparison {
        let id = result.terms.strategyID
        return LedgerComparison(
            strategy: id, first: begun.firstTrade(of: id), backtest: run.lines(of: result),
            journal: recorded.trades[id] ?? [], database: booked[id] ?? [],
            isFinished: recorded.finished.contains(id))
    }
    let run = try rerun(
        recorded.sessions, recorded.bases, recorded.outside, journal, settings, symbols: begun.symbols)
    // Those that do not decide the same again, and may not, are run with the decisions of the journal, which
    // holds all of them.
    let resumed = try resumedStrategies(recorded, database)
    let undecided = run.results.filter {
        let id = $0.terms.strategyID
        return resumed.contains(id) && !recorded.bases.contains { $0.terms.strategyID == id }
            && comparison(run, $0).firstDifference != nil
    }
    let ids = Set(undecided.map(\.terms.strategyID))
    let again =
        try ids.isEmpty
        ? nil
        : rerun(
            undecided.map(\.terms), [], recorded.decisions(of: ids), journal, settings,
            symbols: begun.symbols)
    var differences = recorded.unproven.count
    for id in recorded.unproven {
        writeToStandardError(
            "\(id): its beginning was pruned, and no snapshot of the strategy can be used or an input needs "
                + "what was before it: nothing of it can be proven\n")
    }
    for first in run.results {
        let id = first.terms.strategyID
        let second = again?.results.first { $0.terms.strategyID == id }
        let result = second ?? first
        var check = comparison(second == nil ? run : again ?? run, result)
        check.isDecidedAgain = second == nil
        if let failure = result.failure { writeToStandardError("\(id): \(failure)\n") }
        if let sentence = check.firstDifference {
            differences += 1
            writeToStandardError("\(sentence)\n")
        } else if let sentence = try metricsDifference(result, database) {
            differences += 1
            writeToStandardError("\(sentence)\n")
        } else {
            writeToStandardOutput(check.summary + "\n")
        }
    }
    for id in booked.keys.sorted()
    where !terms.contains(where: { $0.strategyID == id }) && !recorded.unproven.contains(id) {
        differences += 1
        writeToStandardError("\(id): the database holds trades of a strategy that the simulator never ran\n")
    }
    return differences == 0 ? .done : .failed
}

/// Runs recorded sessions again, from their beginning or from snapshots, with what came to them from outside.
private func rerun(
    _ sessions: [SessionTerms], _ bases: [SessionBasis], _ outside: [String: RecordedSession],
    _ journal: JournalSource, _ settings: Settings, symbols: SymbolTable
) throws -> BacktestRun {
    var run = BacktestRun(plugins: StrategySettings.folders(settings), symbols: symbols)
    for basis in bases {
        try run.add(basis, recorded: outside[basis.terms.strategyID] ?? RecordedSession())
    }
    for terms in sessions {
        try run.add(terms, recorded: outside[terms.strategyID] ?? RecordedSession())
    }
    var source: any MarketDataSource = journal
    var progress = TerminalProgress()
    try run.run(&source, through: journal.count) { events in
        progress.show("\(events * 100 / max(1, journal.count)) %")
    }
    progress.finish()
    return run
}

/// Strategies that may decide otherwise when they are run again: `recovery: resume`, now or when they began
/// afresh.
private func resumedStrategies(_ recorded: RecordedOrders, _ location: String) throws -> Set<String> {
    let store = try openStore(location, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    let configured = try store.strategies().filter { $0.strategy.recovery == .resume }.map(\.strategy.id)
    let restarted = recorded.outside.filter { $0.value.inputs.contains { $0.input?.kind == .restart } }
    return Set(configured).union(restarted.keys)
}

/// The canonical lines of every strategy in the database.
private func bookedLedger(_ location: String) throws -> [String: [RecordedTrade]] {
    let store = try openStore(location, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    var lines: [String: [RecordedTrade]] = [:]
    var writer = JSONWriter(capacity: 1024)
    // Trades of other robots have no session that could be run again.
    let outside = Set(try store.outsideStrategies().map(\.id))
    try store.forEachTrade(strategy: nil) { trade in
        if outside.contains(trade.strategyID) { return }
        writer.reset()
        trade.writeCanonical(into: &writer)
        lines[trade.strategyID, default: []].append(RecordedTrade(trade.strategySeq, writer.string))
    }
    return lines
}

/// Whether the tracker's metrics are those of the backtest; nil when they are, or when one of them has seen
/// more of the market.
private func metricsDifference(_ result: BacktestResult, _ location: String) throws -> String? {
    let id = result.terms.strategyID
    let store = try openStore(location, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    guard let made = result.record.performance, let stored = try storedPerformance(id, in: store),
        stored.lastTrade == made.lastTrade, stored.lastMark == made.lastMark
    else { return nil }
    for period in Period.allCases {
        let pairs = zip(stored.figures(period).list, made.figures(period).list)
        guard let pair = pairs.first(where: { $0 != $1 }) else { continue }
        let (found, expected) = (pair.0.value.map { "\($0)" }, pair.1.value.map { "\($0)" })
        return
            "\(id): \(pair.0.name) of \(period.rawValue) is \(found ?? "absent") in the database and"
            + " \(expected ?? "absent") in the backtest: `trading-robot ledger rebuild` counts it anew"
    }
    return nil
}

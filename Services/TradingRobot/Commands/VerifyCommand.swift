// `trading-robot verify`: runs the recorded sessions through the backtester and compares three ledgers: what
// the backtest makes, what the simulator journalled, and what the tracker booked. Reads only.

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
    let recorded = try RecordedOrders(directory: folder + "/orders")
    guard !recorded.sessions.isEmpty else {
        throw Failure("nothing_recorded", "\(folder) holds no session: there is nothing to verify yet")
    }
    let journal = try JournalSource(directory: folder + "/market-data")
    for terms in recorded.sessions where terms.marketDataEpoch != journal.epoch {
        throw Failure(
            "other_market_data",
            "session \(terms.strategyID) was made of market data \(terms.marketDataEpoch), and "
                + "\(folder)/market-data is \(journal.epoch): put the journal back that it was made of")
    }
    let booked = try bookedLedger(StackSettings.databaseLocation(settings))
    func comparison(_ run: BacktestRun, _ result: BacktestResult) -> LedgerComparison {
        let id = result.terms.strategyID
        return LedgerComparison(
            strategy: id, backtest: run.lines(of: result), journal: recorded.trades[id] ?? [],
            database: booked[id] ?? [], isFinished: recorded.finished.contains(id))
    }
    let run = try rerun(recorded.sessions, recorded.outside, journal, settings)
    // Those that do not decide the same again, and may not, are run with the decisions of the journal.
    let resumed = try resumedStrategies(recorded, StackSettings.databaseLocation(settings))
    let undecided = run.results.filter {
        resumed.contains($0.terms.strategyID) && comparison(run, $0).firstDifference != nil
    }
    let ids = Set(undecided.map(\.terms.strategyID))
    let again =
        try ids.isEmpty
        ? nil : rerun(undecided.map(\.terms), recorded.decisions(of: ids), journal, settings)
    var differences = 0
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
        } else if let sentence = try metricsDifference(
            result, StackSettings.databaseLocation(settings))
        {
            differences += 1
            writeToStandardError("\(sentence)\n")
        } else {
            writeToStandardOutput(check.summary + "\n")
        }
    }
    for id in booked.keys.sorted() where !recorded.sessions.contains(where: { $0.strategyID == id }) {
        differences += 1
        writeToStandardError("\(id): the database holds trades of a strategy that the simulator never ran\n")
    }
    return differences == 0 ? .done : .failed
}

/// Runs recorded sessions again, with what came to them from outside.
private func rerun(
    _ sessions: [SessionTerms], _ outside: [String: RecordedSession], _ journal: JournalSource,
    _ settings: Settings
) throws -> BacktestRun {
    var run = BacktestRun(plugins: StrategySettings.folders(settings))
    for terms in sessions {
        try run.add(terms, recorded: outside[terms.strategyID] ?? RecordedSession())
    }
    var source: any MarketDataSource = journal
    var progress = TerminalProgress()
    try run.run(&source, through: journal.last) { events in
        progress.show("\(events * 100 / max(1, journal.last)) %")
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
private func bookedLedger(_ location: String) throws -> [String: [String]] {
    let store = try openStore(location, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    var lines: [String: [String]] = [:]
    var writer = JSONWriter(capacity: 1024)
    // Trades of other robots have no session that could be run again.
    let outside = Set(try store.outsideStrategies().map(\.id))
    try store.forEachTrade(strategy: nil) { trade in
        if outside.contains(trade.strategyID) { return }
        writer.reset()
        trade.writeCanonical(into: &writer)
        lines[trade.strategyID, default: []].append(writer.string)
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

/// Three ledgers of one strategy.
private struct LedgerComparison {
    let strategy: String
    let backtest: [String]
    let journal: [String]
    let database: [String]
    /// Whether the session went through the end of the data; if not, the backtest may know more trades.
    let isFinished: Bool
    /// Whether the strategy was asked again; else its decisions are those of the journal.
    var isDecidedAgain = true

    /// The first difference as one sentence; nil when the ledgers agree.
    var firstDifference: String? {
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
        return
            "\(strategy): \(journal.count) trades, the same in database, simulator and backtest\(open)"
    }

    private func name(_ line: String) -> String {
        let id = (try? JSONValue(parsing: line).string("trade_id")) ?? "?"
        return "trade \(id)"
    }
}

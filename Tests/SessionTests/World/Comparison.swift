// The end of a world against the backtester: the same events, settings and strategies in one loop. Whole
// events are compared, never only their keys.

import Contracts
import StrategyHost
import TradingCore

import func ServiceKit.rebuildMetrics

/// What a session did.
struct SessionRecord: Equatable {
    var commands: [Command] = []
    var reports: [Report] = []
    var trades: [TradeEvent] = []
    var marks: [EquityEvent] = []
    /// The events after which it was halted.
    var halts: [UInt64] = []

    var inputs: [Command] { commands.filter { $0.input != nil } }
}

/// A mark that the journal holds before or after another trade than it says.
private struct MisplacedMark: Error {
    let mark: EquityEvent
}

struct Comparison {
    private let world: World

    init(_ world: World) { self.world = world }

    /// One sentence for each session whose ledger, reports or commands are not those of the backtester, or
    /// whose metrics are not those of its ledger.
    func differences() -> [String] {
        do {
            let journalled = try journalled()
            let metrics = try rebuildMetrics(in: world.tracker.store, isDryRun: true)
            let letters = world.tracker.store.tables.deadLetters.map { "dead letter: \($0.sentence)" }
            return letters + metrics
                + (try StrategyKind.allCases.compactMap { try difference(of: $0, journalled[$0.id]) })
        } catch {
            return ["the journal cannot be compared: \(error)"]
        }
    }

    private func difference(of kind: StrategyKind, _ journalled: SessionRecord?) throws -> String? {
        let found = journalled ?? SessionRecord()
        let expected = try backtest(kind, found)
        let booked = world.tracker.store.ledger(kind.id)
        return Self.difference(booked, expected.trades, "\(kind.id): trades booked")
            ?? Self.difference(found.trades, expected.trades, "\(kind.id): trades journalled")
            ?? Self.difference(found.marks, expected.marks, "\(kind.id): marks")
            ?? Self.difference(found.reports, expected.reports, "\(kind.id): reports")
            ?? Self.difference(found.commands, expected.commands, "\(kind.id): commands")
    }

    private static func difference<Item: Equatable>(
        _ found: [Item], _ expected: [Item], _ what: String
    ) -> String? {
        guard found != expected else { return nil }
        let place = zip(found, expected).prefix { $0 == $1 }.count
        let pair = place < min(found.count, expected.count) ? ": \(found[place]) for \(expected[place])" : ""
        return "\(what) differ at \(place + 1) of \(found.count), the backtester has \(expected.count)\(pair)"
    }

    private func journalled() throws -> [String: SessionRecord] {
        var records: [String: SessionRecord] = [:]
        var symbols = world.plan.symbols
        for bytes in world.journal.records {
            try bytes.withUnsafeBytes { json in
                let type = try EventHead.read(json).type
                if type.equals("command") {
                    let (strategy, command) = try CommandCodec.decode(json, symbols: &symbols)
                    records[strategy, default: SessionRecord()].commands.append(command)
                } else if type.equals("input") {
                    let (strategy, command) = try InputCodec.read(try JSONValue(parsing: json))
                    records[strategy, default: SessionRecord()].commands.append(command)
                } else if type.equals("input_report") {
                    let order = try InputReportCodec.read(try JSONValue(parsing: json))
                    let report = try order.report(symbols: &symbols)
                    records[order.strategyID, default: SessionRecord()].reports.append(report)
                } else if type.equals("halt") {
                    let halt = try HaltRecord(try JSONValue(parsing: json))
                    records[halt.strategyID, default: SessionRecord()].halts.append(halt.event)
                } else if type.equals("order") {
                    let order = try OrderEvent.decode(json).order
                    let report = try order.report(symbols: &symbols)
                    records[order.strategyID, default: SessionRecord()].reports.append(report)
                } else if type.equals("trade") {
                    let trade = try TradeEvent.decode(json).trade
                    records[trade.strategyID, default: SessionRecord()].trades.append(trade)
                } else if type.equals("equity") {
                    let mark = try EquityEvent.decode(json).equity
                    let trades = records[mark.strategyID]?.trades.count ?? 0
                    // It stands after the trades that it counts and before the next one.
                    guard mark.strategySeq == UInt64(trades) else { throw MisplacedMark(mark: mark) }
                    records[mark.strategyID, default: SessionRecord()].marks.append(mark)
                }
            }
        }
        return records
    }

    /// The session in one loop, with what came from outside when it was made.
    func backtest(_ kind: StrategyKind, _ found: SessionRecord) throws -> SessionRecord {
        let plan = world.plan
        let made = try world.makeStrategy(kind, symbols: plan.symbols)
        var recorded = RecordedInputs()
        recorded.halts = found.halts
        if world.hasDice(kind) {
            recorded.decisions = found.commands
        } else {
            recorded.inputs = found.inputs
            for command in found.inputs {
                guard let version = command.input?.version else { continue }
                recorded.versions.append(
                    (
                        command,
                        try world.makeStrategy(kind, symbols: plan.symbols, version: version).strategy
                    ))
            }
        }
        let strategy = world.hasDice(kind) ? HostedStrategy.vacant(like: made.strategy) : made.strategy
        let session = BacktestSession(
            strategy: strategy, settings: plan.settings, symbols: made.symbols, recorded: recorded)
        var record = SessionRecord()
        record.commands = recorded.decisions
        record.halts = found.halts
        session.onReport = { record.reports.append($0) }
        session.onCommand = { record.commands.append($0) }
        session.onMark = { mark in
            record.marks.append(mark.event(strategy: kind.id) { plan.symbols.name(of: $0) })
        }
        let book = { (execution: Execution) in
            let symbol = plan.symbols.name(of: execution.symbol)
            record.trades.append(TradeEvent(execution, strategy: kind.id, symbol: symbol))
        }
        for event in world.gateway.journal { try session.take(event, book) }
        try session.finish(book)
        return record
    }
}

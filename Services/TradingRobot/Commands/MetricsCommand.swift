// `trading-robot metrics`: how strategies did, from the tracker's database or from a ledger in files, by the
// code that the tracker and the backtest count with.

import Contracts
import Foundation
import Persistence
import ServiceKit
import TradingCore

private let strategy = Setting<String?>(
    "strategy", default: nil, placeholder: "ID", help: "Only this strategy.")
private let asJSON = Setting<Bool>("json", default: false, help: "Print the figures as one JSON object.")

let metricsCommand = Command(
    "metrics", "Prints every metric of every strategy, by period and symbol, and how it is made.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, strategy.declaration,
        asJSON.declaration,
    ],
    operands: [
        Operand(
            "FILE", required: false, repeated: true,
            help: "Trade and equity events, one JSON object a line, as `backtest --ledger --equity` writes"
                + " them; - for standard input. Without, the database of --data-dir.")
    ]
) { context in
    let settings = context.settings
    var strategies: [ReportedStrategy] = []
    if context.operands.isEmpty {
        strategies = try storedStrategies(StackSettings.databaseLocation(settings))
    } else {
        var ledgers = LedgerFiles()
        for path in context.operands { try ledgers.read(path) }
        strategies = ledgers.counted()
    }
    if let only = settings[strategy] {
        strategies.removeAll { $0.id != only }
        guard !strategies.isEmpty else {
            throw Failure("unknown_strategy", "there is no trade and no mark of a strategy \(only)")
        }
    }
    if settings[asJSON] {
        var writer = JSONWriter(capacity: 1 << 16)
        writer.beginObject()
        MetricsJSON.write(strategies, into: &writer)
        writer.endObject()
        writeToStandardOutput(writer.string + "\n")
    } else if strategies.isEmpty {
        writeToStandardOutput("no trade and no mark of a strategy yet\n")
    } else {
        writeToStandardOutput(MetricsText.report(strategies))
    }
    return .done
}

private func storedStrategies(_ location: String) throws -> [ReportedStrategy] {
    let store = try openStore(location, options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    return try store.metrics().compactMap { row in
        try storedPerformance(row.strategyID, in: store).map {
            ReportedStrategy(id: row.strategyID, performance: $0)
        }
    }
}

/// Trades and marks from files, by strategy.
private struct LedgerFiles {
    private var trades: [String: [ExecutionFacts]] = [:]
    private var marks: [String: [EquityEvent]] = [:]

    /// Takes in the trade and equity events of a file; lines of other types are passed over.
    mutating func read(_ path: String) throws {
        let data: Data
        do {
            data =
                path == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data()
                : try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw Failure(
                "ledger_file", "\(path) cannot be read: name a file that `backtest --ledger` has written")
        }
        try data.withUnsafeBytes { bytes in
            var start = 0
            var number = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
                number += 1
                if end > start {
                    try take(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), path, number)
                }
                start = end + 1
            }
        }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer, _ path: String, _ number: Int) throws {
        do throws(JSONError) {
            let type = try JSONValue(parsing: line)["type"]?.asString
            if type == "trade" {
                let trade = try TradeEvent.decodeCanonical(line)
                trades[trade.strategyID, default: []].append(ExecutionFacts(trade))
            } else if type == "equity" {
                let mark = try EquityEvent.decodeCanonical(line)
                marks[mark.strategyID, default: []].append(mark)
            }
        } catch {
            throw Failure("ledger_line", "line \(number) of \(path) cannot be read: \(error)")
        }
    }

    /// The performance of each strategy, by id in byte order.
    func counted() -> [ReportedStrategy] {
        Set(trades.keys).union(marks.keys)
            .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            .compactMap { id in
                var recount = PerformanceRecount(
                    marks: (marks[id] ?? []).sorted { $0.number < $1.number })
                for trade in (trades[id] ?? []).sorted(by: { $0.strategySeq < $1.strategySeq }) {
                    recount.record(trade)
                }
                return recount.finish().map { ReportedStrategy(id: id, performance: $0) }
            }
    }
}

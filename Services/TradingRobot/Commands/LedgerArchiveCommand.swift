// `trading-robot ledger archive`: trades of long ago leave the table that is written to. The ledger, its
// check, metrics and `verify` are the same before and after, and a tracker may run meanwhile.

import Contracts
import Foundation
import Persistence
import ServiceKit

private let before = Setting<String?>(
    "before", default: nil, placeholder: "DATE",
    help: "Market time in UTC: 2024-01-01, or 2024-01-01T13:30:00Z. Needed.")
private let isDryRun = Setting<Bool>(
    "dry-run", default: false, help: "Say what would be archived and change nothing.")
private let asJSON = Setting<Bool>("json", default: false, help: "Print one JSON object a strategy.")

let ledgerArchiveCommand = Command(
    "archive", "Packs trades of before a moment; they stay part of the ledger.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, before.declaration,
        isDryRun.declaration, asJSON.declaration,
    ]
) { context in
    let settings = context.settings
    let moment = try time(settings[before])
    let dry = settings[isDryRun]
    let location = StackSettings.databaseLocation(settings)
    // Opened for writing a missing database would be made.
    if !dry { try openStore(location, options: StoreOptions(access: .readOnly)).close() }
    let store = try openStore(
        location,
        options: StoreOptions(access: dry ? .readOnly : .readWrite, programVersion: platformVersion))
    defer { try? store.close() }
    let report = try store.archiveTrades(before: moment, isDryRun: dry)
    for one in report.strategies {
        writeToStandardOutput((settings[asJSON] ? json(one) : line(one, dry)) + "\n")
    }
    if report.strategies.isEmpty { writeToStandardError("No trade is of before then.\n") }
    return .done
}

private func line(_ one: ArchiveReport.Strategy, _ dry: Bool) -> String {
    let done = one.trades == 0 ? "" : dry ? " would be archived" : " archived"
    let extent = one.trades == 0 ? "" : ", trades up to \(one.through) in all"
    return "\(one.strategyID): \(one.trades) trades\(done)\(extent)" + (one.left.map { "; \($0)" } ?? "")
}

private func json(_ one: ArchiveReport.Strategy) -> String {
    JSONValue.object([
        .init("strategy_id", .string(one.strategyID)), .init("trades", .number("\(one.trades)")),
        .init("through", .number("\(one.through)")), .init("left", one.left.map { .string($0) } ?? .null),
    ]).text
}

private func time(_ text: String?) throws -> Timestamp {
    guard let text else { throw WrongUse("archive needs --before DATE.") }
    let full = text.contains("T") ? text : text + "T00:00:00Z"
    guard let date = ISO8601DateFormatter().date(from: full) else {
        throw WrongUse("--before is \"\(text)\"; allowed is 2024-01-01 or 2024-01-01T13:30:00Z.")
    }
    return Timestamp(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000)
}

// `trading-robot journal prune`: deletes the oldest segments of both journals of a data folder, beside a
// running stack or without one, as far as nobody needs them, and says what it kept and why.

import Contracts
import Foundation
import ServiceKit

private let before = Setting<String>(
    "before", default: "", placeholder: "TIME|SEQ",
    help:
        "What was journalled before this time (2026-11-28 or 2026-11-28T12:00:00Z), or market events before "
        + "this seq and the orders before them.")
private let isDryRun = Setting<Bool>(
    "dry-run", default: false, help: "Say what would be deleted, and delete nothing.")

let journalPruneCommand = Command(
    "prune", "Deletes whole old segments that no snapshot, strategy or tracker needs any more.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, before.declaration,
        isDryRun.declaration,
    ]
) { context in
    let settings = context.settings
    let plan = try PrunePlan(
        dataDirectory: settings[CommonSettings.dataDirectory],
        database: StackSettings.databaseLocation(settings), bound: try bound(settings[before]))
    for remark in plan.remarks { writeToStandardError(remark + "\n") }
    if !settings[isDryRun] { try plan.carryOut() }
    for journal in [plan.marketData, plan.orders] {
        writeToStandardOutput(report(journal, isDryRun: settings[isDryRun]) + "\n")
    }
    return .done
}

private func bound(_ text: String) throws(WrongUse) -> PruneBound {
    if let seq = UInt64(text), seq > 0 { return .event(seq) }
    let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
    if let date = try? Date(whole, strategy: .iso8601) {
        return .time(Timestamp(microseconds: Int64(date.timeIntervalSince1970) * 1_000_000))
    }
    throw WrongUse(
        "--before is \"\(text)\"; use a date as 2026-11-28, a time as 2026-11-28T12:00:00Z, or the seq of a "
            + "market event.")
}

private func report(_ plan: JournalPlan, isDryRun: Bool) -> String {
    let count = plan.removed.count
    let what = "\(count) segment\(count == 1 ? "" : "s")"
    let verb = isDryRun ? "would be deleted" : count == 1 ? "was deleted" : "were deleted"
    var text = "\(plan.directory): \(what) \(verb)"
    if let first = plan.removed.first, let last = plan.removed.last?.lastSeq {
        let bytes = plan.removed.reduce(0) { $0 + $1.bytes }
        text += " (seq \(first.firstSeq) to \(last), \(bytes) bytes)"
    }
    text += "; kept from seq \(plan.keptFrom) on"
    if plan.floor < .max { text += ", needed from \(plan.floor) on: \(plan.reason)" }
    return text
}

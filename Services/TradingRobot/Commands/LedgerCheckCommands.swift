// `trading-robot ledger check|head|rebuild`: whether the booked trades are the ones that were booked, the
// hash that stands for them, and what follows from them made anew.

import Contracts
import Persistence
import ServiceKit

private let head = Setting<String?>(
    "head", default: nil, placeholder: "HASH",
    help: "A hash that was printed by `ledger head` earlier and noted elsewhere.")
private let asJSON = Setting<Bool>("json", default: false, help: "Print one JSON object a line.")
private let isDryRun = Setting<Bool>(
    "dry-run", default: false, help: "Say what is different and change nothing.")
private let database = [CommonSettings.dataDirectory.declaration, StackSettings.database.declaration]

let ledgerCheckCommand = Command(
    "check", "Checks every booked trade against its strategy's chain of hashes, and names what is wrong.",
    settings: database + [head.declaration]
) { context in
    let store = try openStore(
        StackSettings.databaseLocation(context.settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    let report = try store.checkLedger(noted: context.settings[head])
    for fault in report.faults { writeToStandardError("\(fault.kind.rawValue): \(fault.sentence)\n") }
    if report.faultCount > report.faults.count {
        writeToStandardError("… and \(report.faultCount - report.faults.count) more\n")
    }
    if let trade = report.notedTrade {
        writeToStandardOutput("The noted hash is that of \(trade): all before it is as it was then.\n")
    }
    let sum = "\(report.rows) trades of \(report.heads.count) strategies"
    writeToStandardOutput(report.isWhole ? "\(sum): whole\n" : "\(sum): \(report.faultCount) faults\n")
    return report.isWhole ? .done : .failed
}

let ledgerHeadCommand = Command(
    "head", "Prints the hash that stands for all trades of each strategy: note it elsewhere.",
    settings: database + [asJSON.declaration]
) { context in
    let store = try openStore(
        StackSettings.databaseLocation(context.settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    for head in try store.ledgerHeads() {
        let line =
            context.settings[asJSON]
            ? "{\"strategy_id\":\"\(head.strategyID)\",\"trades\":\(head.trades),\"head\":\"\(head.hash)\"}"
            : "\(head.hash)  \(head.strategyID)  \(head.trades) trades"
        writeToStandardOutput(line + "\n")
    }
    return .done
}

let ledgerRebuildCommand = Command(
    "rebuild", "Makes positions and metrics anew from trades and marks.",
    settings: database + [isDryRun.declaration]
) { context in
    let dry = context.settings[isDryRun]
    let store = try openStore(
        StackSettings.databaseLocation(context.settings),
        options: StoreOptions(access: dry ? .readOnly : .readWrite, programVersion: platformVersion))
    defer { try? store.close() }
    let found = try store.rebuildPositions(isDryRun: dry)
    let metrics = try rebuildMetrics(in: store, isDryRun: dry)
    for sentence in found + metrics { writeToStandardOutput(sentence + "\n") }
    let done = dry ? "different" : "made anew"
    writeToStandardOutput(
        found.isEmpty ? "The positions follow from the trades.\n" : "\(found.count) positions \(done).\n")
    writeToStandardOutput(
        metrics.isEmpty
            ? "The metrics follow from trades and marks.\n"
            : "Metrics of \(metrics.count) strategies \(done).\n")
    return dry && !(found + metrics).isEmpty ? .failed : .done
}

// `trading-robot ledger`: the canonical ledger from the tracker's database, one trade a line.

import Contracts
import Persistence
import ServiceKit

private let strategy = Setting<String?>(
    "strategy", default: nil, placeholder: "ID", help: "Only the trades of this strategy.")

let ledgerCommand = Command(
    "ledger", "Prints the canonical ledger: one trade a line, by strategy, then strategy_seq.",
    settings: [
        CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, strategy.declaration,
    ],
    children: [
        ledgerCheckCommand, ledgerHeadCommand, ledgerRebuildCommand, ledgerArchiveCommand,
        ledgerOrdersCommand, ledgerRunsCommand,
    ]
) { context in
    let settings = context.settings
    let store = try openStore(
        StackSettings.databaseLocation(settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    var text = JSONWriter(capacity: 1 << 16)
    var isOpen = true
    try store.forEachTrade(strategy: settings[strategy]) { trade in
        guard isOpen else { return }
        trade.writeCanonical(into: &text)
        text.append(0x0a)
        if text.count > 1 << 15 {
            isOpen = writeToStandardOutput(text.string)
            text.reset()
        }
    }
    if isOpen { writeToStandardOutput(text.string) }
    return .done
}

// `trading-robot ledger orders|runs`: what is kept beside the trades, one JSON object a line.

import Contracts
import Persistence
import ServiceKit

private let strategy = Setting<String?>(
    "strategy", default: nil, placeholder: "ID", help: "Only those of this strategy.")
private let place = [
    CommonSettings.dataDirectory.declaration, StackSettings.database.declaration, strategy.declaration,
]

let ledgerOrdersCommand = Command(
    "orders", "Prints every order as its last report left it, by strategy, then number.", settings: place
) { context in
    let settings = context.settings
    let store = try openStore(
        StackSettings.databaseLocation(settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    let strategies = try settings[strategy].map { [$0] } ?? store.orderedStrategies()
    for id in strategies {
        var last: UInt64 = 0
        while true {
            let page = try store.orders(strategy: id, after: last, limit: 1_000)
            guard let end = page.last else { break }
            for order in page {
                guard writeToStandardOutput(text(order) + "\n") else { return .done }
            }
            last = end.number
        }
    }
    return .done
}

let ledgerRunsCommand = Command(
    "runs", "Prints who ran each strategy, with which parameters, from when to when.", settings: place
) { context in
    let settings = context.settings
    let store = try openStore(
        StackSettings.databaseLocation(settings), options: StoreOptions(access: .readOnly))
    defer { try? store.close() }
    for run in try store.runs(strategy: settings[strategy]) { writeToStandardOutput(text(run) + "\n") }
    return .done
}

private func text(_ order: OrderRow) -> String {
    let event = order.event
    var members: [JSONValue.Member] = [
        .init("order_id", .string(event.orderID)), .init("strategy_id", .string(event.strategyID)),
        .init("symbol", .string(event.symbol)), .init("status", .string("\(event.status.wireName)")),
        .init("side", .string("\(event.side.wireName)")),
        .init("order_type", .string("\(event.type.wireName)")),
        .init("time_in_force", .string("\(event.timeInForce.wireName)")),
        .init("quantity", .number("\(event.quantity)")),
    ]
    if let price = event.price { members.append(.init("price", .number("\(price)"))) }
    if let price = event.stopPrice { members.append(.init("stop_price", .number("\(price)"))) }
    members += [
        .init("filled_quantity", .number("\(event.filled)")),
        .init("remaining_quantity", .number("\(event.remaining)")),
    ]
    if let reason = event.reason {
        members += [.init("reason_code", .string(reason.code)), .init("reason", .string(reason.sentence))]
    }
    members += [
        .init("created", .number("\(order.created)")), .init("timestamp", .number("\(event.timestamp)")),
    ]
    return JSONValue.object(members).text
}

private func text(_ run: StrategyRun) -> String {
    JSONValue.object([
        .init("strategy_id", .string(run.strategyID)), .init("run", .number("\(run.fence)")),
        .init("runner", .string(run.runner)), .init("plugin", .string(run.plugin)),
        .init("symbols", .string(run.symbols.joined(separator: "+"))),
        .init("parameters", .string(run.parameters)), .init("started", .number("\(run.started)")),
        .init("ended", run.ended.map { .number("\($0)") } ?? .null),
        .init("outcome", .string(run.outcome.rawValue)), .init("reason", .string(run.reason)),
        .init("event", .number("\(run.event)")),
    ]).text
}

// Where a strategy stands that is begun from its state: the account, the orders and the timers that the host
// on the other side of the pipes keeps, as this side's own.

import Contracts
import StrategyHost

enum StandingReader {
    /// The snapshot that a question `restore` carries; symbols are numbered by their slot.
    static func snapshot(_ question: Question) throws -> HostedSnapshot {
        let standing = try JSONValue(parsing: question.standing)
        let symbols = try standing.array("symbols")
        var host = HostedState(
            cash: Money(units: question.cash), warming: Warming(.none, slots: symbols.count))
        host.event = try standing.unsigned("seq")
        host.report = try standing.unsigned("report")
        host.command = try standing.unsigned("command")
        host.now = try standing.timestamp("session_time").microseconds
        host.time = host.now
        var names: [String] = []
        for value in symbols {
            var symbol = HostedSymbol()
            symbol.position = try value.integer("position_e8")
            symbol.priceIncrement = try value.integer("price_increment_e8")
            symbol.sizeIncrement = try value.integer("size_increment_e8")
            host.symbols.append(symbol)
            names.append(try value.string("symbol"))
        }
        host.orders = OpenOrders(
            orders: try standing.array("orders").map { try order($0, names) },
            unanswered: try standing.array("unanswered").compactMap(\.asUnsigned))
        let timers = try standing.array("timers").map { value in
            TimerQueue.Timer(
                due: try value.timestamp("due").microseconds, number: try value.unsigned("timer"))
        }
        host.timers = TimerQueue(timers: timers.reversed(), created: try standing.unsigned("timer"))
        return HostedSnapshot(host: host, state: question.state)
    }

    private static func order(_ value: JSONValue, _ names: [String]) throws -> OpenOrder {
        guard let slot = names.firstIndex(of: try value.string("symbol")) else {
            throw JSONValueError(field: "symbol", "it is not one of the strategy's")
        }
        var order = OpenOrder(
            number: try value.unsigned("order"), slot: slot, symbol: SymbolIndex(Int32(slot)),
            side: try value.word("side"), type: try value.word("order_type"),
            timeInForce: try value.word("time_in_force"),
            quantity: Quantity(units: try value.integer("quantity_e8")),
            price: Price(units: try value.integer("price_e8")),
            stopPrice: Price(units: try value.integer("stop_price_e8")),
            remaining: Quantity(units: try value.integer("remaining_e8")))
        order.filled = Quantity(units: try value.integer("filled_e8"))
        order.isWorking = value["is_working"]?.asBool ?? false
        return order
    }
}

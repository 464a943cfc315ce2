// Orders and runs as they are kept: plain values, no database.

import Contracts

/// An order as its last report left it.
package struct OrderRow: Sendable, Equatable {
    /// Nobody's field but the row's: when the order was first reported.
    package var created: Timestamp
    /// `report` is that of the last change; `after`, `fence`, `command` and `trades` are not kept.
    package var event: OrderEvent
    package var source: String
    /// Within its strategy: the number of the command that made it.
    package var number: UInt64
}

/// What a batch does to orders, gathered first so that each order is written once a batch.
///
/// A replace or cancel that was refused leaves its order as it was, and so is no change here.
package struct OrderChanges: Sendable, Equatable {
    package struct Change: Sendable, Equatable {
        package var first: Timestamp
        package var event: OrderEvent
        package var number: UInt64
    }

    /// In the order in which they were first touched.
    package private(set) var changes: [Change] = []
    private var places: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool { changes.isEmpty }

    /// Counts a report; one that is older than what is there changes nothing.
    package mutating func add(_ event: OrderEvent) {
        let number = OrderID.number(of: event.orderID, strategy: event.strategyID) ?? event.command
        if event.status == .rejected, event.command != number { return }
        guard let place = places[event.orderID] else {
            places[event.orderID] = changes.count
            changes.append(Change(first: event.timestamp, event: event, number: number))
            return
        }
        changes[place].first = min(changes[place].first, event.timestamp)
        if event.report > changes[place].event.report { changes[place].event = event }
    }
}

/// One runner's hold on a strategy, from claim to end.
package struct StrategyRun: Sendable, Equatable {
    package enum Outcome: String, Sendable, CaseIterable {
        case running
        /// The runner gave it back, at a clean stop.
        case released
        /// Another claim came first: the lease had run out, or the runner was started anew.
        case lost
        /// The strategy has handled the end of its data.
        case done
        case failed
    }

    package var strategyID: String
    /// Counts the runs of a strategy; see `Claim`.
    package var fence: UInt64
    package var runner: String
    package var plugin: String
    package var symbols: [String]
    /// As they were then: canonical JSON.
    package var parameters: String
    package var simulation: String
    package var started: Timestamp
    package var ended: Timestamp?
    package var outcome: Outcome
    package var reason: String
    /// Last market event handled.
    package var event: UInt64
}

/// What is kept beside the ledger.
package protocol OrderStore: Sendable {
    /// Orders of a strategy with a number above `after`, in their order, at most `limit`.
    func orders(strategy: String, after: UInt64, limit: Int) throws -> [OrderRow]

    /// Strategies that have orders, by id in byte order.
    func orderedStrategies() throws -> [String]

    /// The runs of a strategy, of all strategies for nil, by strategy in byte order, then the oldest first.
    func runs(strategy: String?) throws -> [StrategyRun]
}

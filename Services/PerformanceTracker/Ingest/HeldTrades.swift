// Trades that came before their predecessors, until those come or patience ends. A value: a plan that fails
// is thrown away with its copy.

import Messaging

struct HeldTrades {
    /// Messages of one number of one strategy that are kept; they may be the same one sent again.
    static let maximumOfNumber = 64

    private var strategies: [String: [UInt64: [IngestItem]]] = [:]
    private(set) var count = 0

    /// False when there is no room: then it is not held.
    mutating func add(_ item: IngestItem, limit: Int) -> Bool {
        let (strategy, number) = (item.trade.ledgerStrategyID, item.trade.strategySeq)
        guard count < limit,
            strategies[strategy]?[number]?.count ?? 0 < Self.maximumOfNumber
        else { return false }
        strategies[strategy, default: [:]][number, default: []].append(item)
        count += 1
        return true
    }

    /// Takes out what is held of this number, in the order of arrival.
    mutating func take(strategy: String, number: UInt64) -> [IngestItem] {
        guard let items = strategies[strategy]?.removeValue(forKey: number) else { return [] }
        if strategies[strategy]?.isEmpty == true { strategies[strategy] = nil }
        count -= items.count
        return items
    }

    /// Takes out what has waited long enough, by strategy and number.
    mutating func takeOverdue(before now: MonotonicTime, patience: Duration) -> [IngestItem] {
        var overdue: [IngestItem] = []
        for strategy in strategies.keys.sorted() {
            let numbers = (strategies[strategy] ?? [:]).filter { _, items in
                items.contains { now - $0.arrived >= patience }
            }
            for number in numbers.keys.sorted() {
                for var item in take(strategy: strategy, number: number) {
                    item.isOverdue = true
                    overdue.append(item)
                }
            }
        }
        return overdue
    }
}

// Σ realised profit of all executions, before fees, by average cost.

import Contracts

package struct RealizedProfit: ExecutionMetric, Sendable, Equatable {
    package private(set) var total = Money.zero

    mutating func record(_ execution: ExecutionFacts) throws(AmountOutOfRange) {
        total = try total.adding(execution.realizedPnl)
    }
}

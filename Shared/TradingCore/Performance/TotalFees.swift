// Σ fee of all executions.

import Contracts

package struct TotalFees: ExecutionMetric, Sendable, Equatable {
    package private(set) var total = Money.zero

    mutating func record(_ execution: ExecutionFacts) throws(AmountOutOfRange) {
        total = try total.adding(execution.fee)
    }
}

// Number of executions: lines of the ledger. A fill that crosses zero counts twice.

import Contracts

package struct TradeCount: ExecutionMetric, Sendable, Equatable {
    package private(set) var count = 0

    mutating func record(_ execution: ExecutionFacts) { count += 1 }
}

// Closing executions with a profit / all closing executions.
//
// A closing execution is one that reduces a position, in part or to flat; a profit is a realised profit above
// zero, before fees. Counting executions rather than round trips needs no memory of what was opened when.

import Contracts

package struct WinRate: ExecutionMetric, Sendable, Equatable {
    /// Executions that reduced a position.
    package private(set) var closing = 0
    /// Those of them with a profit.
    package private(set) var won = 0

    /// 0 to 1; nil before the first closing execution.
    package var value: Double? { closing == 0 ? nil : Double(won) / Double(closing) }

    mutating func record(_ execution: ExecutionFacts) {
        guard execution.closes else { return }
        closing += 1
        if execution.realizedPnl > .zero { won += 1 }
    }
}

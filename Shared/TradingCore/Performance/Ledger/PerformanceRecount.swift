// Performance counted anew from a ledger: its trades by `strategySeq`, its marks by number. Where every
// number is there, the result is that of counting as they came; a hole (a trade that is a dead letter still)
// is passed over, and filling it means counting anew.

import Contracts

package struct PerformanceRecount {
    private var performance: StrategyPerformance?
    private var marks: ArraySlice<EquityEvent>

    /// - Parameter marks: ascending by number.
    package init(marks: [EquityEvent]) { self.marks = marks[...] }

    /// Takes in the next trade by `strategySeq`.
    package mutating func record(_ execution: ExecutionFacts) {
        takeMarks(before: execution.strategySeq)
        if performance == nil { performance = StrategyPerformance(first: execution) }
        performance?.passOver(through: execution.strategySeq - 1)
        performance?.record(execution)
    }

    /// The performance after all trades and marks; nil when there were none.
    package mutating func finish() -> StrategyPerformance? {
        takeMarks(before: .max)
        return performance
    }

    private mutating func takeMarks(before strategySeq: UInt64) {
        while let mark = marks.first, mark.strategySeq < strategySeq {
            marks.removeFirst()
            if performance == nil { performance = StrategyPerformance(first: mark) }
            performance?.passOver(through: mark.strategySeq)
            performance?.record(mark)
        }
    }
}

// Σ slippage × quantity of all executions: what the fills were worse than the mid (or last) at which they
// were decided. Negative when they were better.

package struct TotalSlippage: Tallied {
    package private(set) var total = MoneySum()

    mutating func record(_ execution: ExecutionFacts) {
        total += MoneySum(execution.slippage, times: execution.quantity)
    }

    mutating func merge(_ later: Self) { total += later.total }
    func write(into state: inout StateWriter) { state.put(total) }
}

extension TotalSlippage {
    init(from state: inout StateReader) throws(StateError) { total = try state.take() }
}

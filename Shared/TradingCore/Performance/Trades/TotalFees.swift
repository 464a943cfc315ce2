// Σ fee of all executions.

package struct TotalFees: Tallied {
    package private(set) var total = MoneySum()

    mutating func record(_ execution: ExecutionFacts) { total += MoneySum(execution.fee) }
    mutating func merge(_ later: Self) { total += later.total }
    func write(into state: inout StateWriter) { state.put(total) }
}

extension TotalFees {
    init(from state: inout StateReader) throws(StateError) { total = try state.take() }
}

// Σ realised profit of all executions, before fees, by average cost (see Portfolio/Position.swift).

package struct RealizedProfit: Tallied {
    package private(set) var total = MoneySum()

    mutating func record(_ execution: ExecutionFacts) { total += MoneySum(execution.realizedPnl) }
    mutating func merge(_ later: Self) { total += later.total }
    func write(into state: inout StateWriter) { state.put(total) }
}

extension RealizedProfit {
    init(from state: inout StateReader) throws(StateError) { total = try state.take() }
}

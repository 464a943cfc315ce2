// Number of executions: lines of the ledger. A fill that crosses zero counts twice.

package struct TradeCount: Tallied {
    package private(set) var count = 0

    mutating func record(_ execution: ExecutionFacts) { count += 1 }
    mutating func merge(_ later: Self) { count += later.count }
    func write(into state: inout StateWriter) { state.put(count) }
}

extension TradeCount {
    init(from state: inout StateReader) throws(StateError) { count = try state.take() }
}

// The stored form of a session: what a simulator goes on from after a restart, and `verify` from the oldest
// snapshot that is kept.
//
// Guarantees: a session that is stored and read back makes the same reports, executions and marks from there
// on, whatever comes; `SessionStateTests` hold this over random sessions. Nothing in it depends on the
// process: symbols are stored by their place in the session, words by their raw values, so a change of
// either, or of any field, is a new `SnapshotFrame.format`.
//
// Costs: linear in symbols and open orders, and a bit for each command ever made (`OrderNumbers`).

import Contracts

extension Command {
    func write(into state: inout StateWriter, symbols: [SymbolIndex]) {
        state.put(action.rawValue)
        for number in [self.number, order, afterEvent, afterReport] { state.put(number) }
        state.put(decided)
        state.put(symbols.firstIndex(of: symbol) ?? -1)
        for word in [side.rawValue, type.rawValue, timeInForce.rawValue] { state.put(word) }
        state.put(quantity)
        state.put(price)
        state.put(stopPrice)
        guard action == .input else { return }
        var text = JSONWriter(capacity: 512)
        InputCodec.write(self, strategy: "", into: &text)
        state.put(text.string)
    }

    init(from state: inout StateReader, symbols: [SymbolIndex]) throws(StateError) {
        self.init(
            action: try state.take(word: Action.self), number: try state.take(), order: try state.take(),
            symbol: .none)
        afterEvent = try state.take()
        afterReport = try state.take()
        decided = try state.take()
        let slot: Int = try state.take()
        guard slot < symbols.count else { throw StateError() }
        if slot >= 0 { symbol = symbols[slot] }
        side = try state.take(word: Side.self)
        type = try state.take(word: OrderType.self)
        timeInForce = try state.take(word: TimeInForce.self)
        quantity = try state.take()
        price = try state.take()
        stopPrice = try state.take()
        guard action == .input else { return }
        let text: String = try state.take()
        guard let json = try? JSONValue(parsing: text), let read = try? InputCodec.read(json).command else {
            throw StateError()
        }
        input = read.input
    }
}

// Equity from a ledger alone: cash after the last trade plus every position at the last price it traded at.
// What a tracker uses, which sees no market data. Costs one hash a trade; the sum is kept, never recounted,
// so the order of the hash table reaches nothing.

import Contracts

package struct LedgerEquity<Symbol: Hashable & Sendable>: Sendable {
    private var values: [Symbol: Money] = [:]
    private var cash: Money
    private var held = Money.zero

    package init(cash: Money) { self.cash = cash }

    /// The equity after this execution. Nothing changes when it throws.
    package mutating func record(
        symbol: Symbol, price: Price, position: Quantity, cash: Money
    ) throws(AmountOutOfRange) -> Money {
        let value = try price.times(position)
        let next = try held.subtracting(values[symbol] ?? .zero).adding(value)
        let equity = try cash.adding(next)
        values[symbol] = position.isZero ? nil : value
        held = next
        self.cash = cash
        return equity
    }
}

extension LedgerEquity where Symbol == String {
    package mutating func record(_ trade: TradeEvent) throws(AmountOutOfRange) -> Money {
        try record(symbol: trade.symbol, price: trade.price, position: trade.position, cash: trade.cash)
    }
}

extension LedgerEquity where Symbol == SymbolIndex {
    package mutating func record(_ execution: Execution) throws(AmountOutOfRange) -> Money {
        try record(
            symbol: execution.symbol, price: execution.price, position: execution.position,
            cash: execution.cash)
    }
}

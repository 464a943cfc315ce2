// The performance of one strategy from its trades and the marks of its account, in their order: the one code
// of tracker, backtest and `ledger rebuild`, so the same ledger gives the same figures, to the last bit.
//
// Guarantees: equity = starting cash + Σ over symbols of profit after fees; never a sum that leaves its
// range. What arrives a second time (by `strategySeq`, by number of a mark) is passed over; what arrives out
// of order is said to be so, and then everything has to be counted again from the ledger.
//
// Costs: a trade or mark is O(1) in what was before it, a mark linear in what is held.

import Contracts

/// What became of a trade or mark.
package enum RecordOutcome: Sendable, Equatable {
    case counted
    /// It was counted before.
    case known
    /// Something before it is missing, or it belongs before what was counted.
    case outOfOrder
}

package struct StrategyPerformance: Sendable, Equatable {
    /// Of all symbols together.
    package private(set) var account: DaySeries
    /// In the order of their first trade.
    package private(set) var symbols: [SymbolLedger] = []
    /// Empty while no mark has named it.
    package private(set) var currency = ""
    /// Days of a year: 365 for an account with crypto only, else 252.
    package private(set) var periodsPerYear = 252
    package private(set) var lastTrade: UInt64
    package private(set) var lastMark: UInt64 = 0
    /// Time of the last trade or mark.
    package private(set) var time: Timestamp
    private var places: [String: Int] = [:]
    /// Symbols with a position.
    private var open = 0
    /// Of all symbols, after fees, open positions at their last prices.
    private var profit = MoneySum()

    /// An account before its first trade or mark.
    package init(cash: Money, at time: Timestamp, after lastTrade: UInt64 = 0) {
        account = DaySeries(start: cash, at: time)
        self.time = time
        self.lastTrade = lastTrade
    }

    /// The account before its first trade, whose cash the trade tells.
    package init(first execution: ExecutionFacts) {
        let before = MoneySum(execution.cash) - execution.flow + MoneySum(execution.fee)
        self.init(cash: before.money, at: execution.timestamp, after: execution.strategySeq - 1)
    }

    /// The account before its first mark, when no trade was seen before it.
    package init(first mark: EquityEvent) {
        self.init(cash: mark.equity, at: mark.timestamp, after: mark.strategySeq)
    }

    package var equity: Money { account.equity }
    /// Whether anything is held.
    package var isHolding: Bool { open > 0 }

    // MARK: counting

    @discardableResult
    package mutating func record(_ execution: ExecutionFacts) -> RecordOutcome {
        guard execution.strategySeq > lastTrade else { return .known }
        guard execution.strategySeq == lastTrade + 1 else { return .outOfOrder }
        lastTrade = execution.strategySeq
        advance(to: execution.timestamp)
        let place = place(of: execution.symbol)
        let before = (profit: symbols[place].profit, isOpen: !symbols[place].position.isZero)
        let ended = symbols[place].record(execution, at: time)
        profit += symbols[place].profit - before.profit
        open += (symbols[place].position.isZero ? 0 : 1) - (before.isOpen ? 1 : 0)
        account.count(at: time) { tally in
            tally.record(execution)
            if let ended { tally.record(ended) }
        }
        settle()
        return .counted
    }

    @discardableResult
    package mutating func record(_ mark: EquityEvent) -> RecordOutcome {
        guard mark.number > lastMark else { return .known }
        guard mark.strategySeq == lastTrade else { return .outOfOrder }
        lastMark = mark.number
        currency = mark.currency
        periodsPerYear = mark.periodsPerYear
        advance(to: mark.timestamp)
        for holding in mark.holdings {
            let place = place(of: holding.symbol)
            let before = symbols[place].profit
            symbols[place].mark(holding.price, at: time)
            profit += symbols[place].profit - before
        }
        settle()
        return .counted
    }

    /// The trades up to this number are not in the ledger.
    mutating func passOver(through strategySeq: UInt64) { lastTrade = max(lastTrade, strategySeq) }

    private mutating func advance(to moment: Timestamp) {
        let elapsed = moment.microseconds - time.microseconds
        guard elapsed > 0 else { return }
        time = moment
        let isHolding = isHolding
        account.count(at: time) { $0.pass(elapsed, isHolding: isHolding) }
    }

    private mutating func settle() {
        account.mark((MoneySum(account.start) + profit).money, at: time)
    }

    private mutating func place(of symbol: String) -> Int {
        if let known = places[symbol] { return known }
        places[symbol] = symbols.count
        symbols.append(SymbolLedger(symbol: symbol, start: account.start, at: time))
        return symbols.count - 1
    }

    // MARK: the first of all

    /// Takes in a trade of a strategy of which nothing was seen yet, or more was.
    package static func record(_ execution: ExecutionFacts, in performance: inout Self?) -> RecordOutcome {
        if performance == nil {
            guard execution.strategySeq == 1 else { return .outOfOrder }
            performance = Self(first: execution)
        }
        return performance!.record(execution)
    }

    /// Takes in a mark of a strategy of which nothing was seen yet, or more was.
    package static func record(_ mark: EquityEvent, in performance: inout Self?) -> RecordOutcome {
        if performance == nil {
            guard mark.strategySeq == 0 else { return .outOfOrder }
            performance = Self(first: mark)
        }
        return performance!.record(mark)
    }

    // MARK: stored form

    /// Version of the stored form; another one is read as an error, and made anew from the ledger.
    private static let stateVersion = 1

    /// What is needed to go on counting, beside the days.
    package var state: [UInt8] {
        var state = StateWriter()
        state.put(Self.stateVersion)
        account.write(into: &state)
        state.put(currency)
        state.put(periodsPerYear)
        state.put(lastTrade)
        state.put(lastMark)
        state.put(time)
        state.put(symbols.count)
        for symbol in symbols { symbol.write(into: &state) }
        return state.bytes
    }

    /// As it was stored.
    ///
    /// - Parameter days: the stored days of a symbol, of the account for an empty name; ascending.
    package init(state bytes: [UInt8], days: (String) -> [TradingDay]) throws(StateError) {
        var state = StateReader(bytes)
        guard try state.take(Int.self) == Self.stateVersion else { throw StateError() }
        account = try DaySeries(from: &state, days: days(""))
        currency = try state.take()
        periodsPerYear = try state.take()
        lastTrade = try state.take()
        lastMark = try state.take()
        time = try state.take()
        for place in 0..<(try state.take(Int.self)) {
            let symbol = try SymbolLedger(from: &state, days: days)
            places[symbol.symbol] = place
            if !symbol.position.isZero { open += 1 }
            profit += symbol.profit
            symbols.append(symbol)
        }
        guard state.isAtEnd else { throw StateError() }
    }

    /// The days that changed since the last call, by symbol; the account's under an empty name.
    package mutating func takeChangedDays() -> [(symbol: String, day: TradingDay)] {
        var changed = account.takeChanged().map { (symbol: "", day: $0) }
        for place in symbols.indices {
            let name = symbols[place].symbol
            changed += symbols[place].takeChangedDays().map { (symbol: name, day: $0) }
        }
        return changed
    }
}

extension TradingDay {
    /// What was counted on the day, as it is stored.
    package var figures: [UInt8] {
        var state = StateWriter()
        state.put(tally)
        return state.bytes
    }

    /// A day as it was stored.
    package init(number: Int32, equity: Money, figures: [UInt8]) throws(StateError) {
        var state = StateReader(figures)
        self.init(number: number, equity: equity, tally: try state.take(Tally.self))
        guard state.isAtEnd else { throw StateError() }
    }
}

// When a session says what its account is worth, and what it then says.
//
// The moments depend on market events and commands only, so the simulator, its rerun after a crash and the
// backtester make the same marks: of the last state before each whole UTC minute while something is held,
// before each 00:00 UTC, before the market went quiet (a clock event past the minute), and at the end of the
// data. A day without an event and without a command has no mark.
//
// Costs: one comparison an event; a mark is linear in the symbols of the session.

import Contracts

/// The account on the market at one moment; see `EquityEvent`.
package struct EquityMark: Sendable, Equatable {
    package struct Holding: Sendable, Equatable {
        package var symbol: SymbolIndex
        package var position: Quantity
        package var price: Price
    }

    /// 1, 2, 3 … in the session.
    package var number: UInt64
    /// Last execution before it; 0 before the first.
    package var strategySeq: UInt64
    package var timestamp: Timestamp
    package var equity: Money
    package var cash: Money
    package var currency: ShortCode
    package var periodsPerYear: Int
    /// Only what is held, in the order of the session's symbols.
    package var holdings: [Holding]

    /// Its wire form.
    package func event(strategy: String, name: (SymbolIndex) -> String) -> EquityEvent {
        EquityEvent(
            strategyID: strategy, number: number, strategySeq: strategySeq, timestamp: timestamp,
            equity: equity, cash: cash, currency: currency.description, periodsPerYear: periodsPerYear,
            holdings: holdings.map {
                EquityEvent.Holding(symbol: name($0.symbol), position: $0.position, price: $0.price)
            })
    }
}

/// The times at which the next mark is due. Plain integers: a snapshot of a session holds them as they are.
package struct EquityClock: Sendable, Equatable {
    static let minute: Int64 = 60_000_000
    static let day: Int64 = 86_400_000_000

    /// From here on something is to be done; `.min` while there is nothing new to mark.
    private(set) var due = Int64.min
    /// Time of the last state that was not marked yet, commands included.
    private(set) var moment: Int64 = 0
    /// Number of the last mark.
    var number: UInt64 = 0
    /// Whether finite data have ended: what is done from then on is marked at once.
    private(set) var hasEnded = false

    /// Whether there is something new since the last mark.
    var isOpen: Bool { due != .min }

    /// A command runs at this time; remembered when it is later than the market.
    mutating func ran(at time: Int64) { moment = max(moment, time) }

    /// Whether reaching `now` leaves a moment that is to be marked, and from where on to look again.
    ///
    /// - Parameters:
    ///   - time: session time before.
    ///   - isHolding: whether a position is not zero.
    ///   - kind: of the event that reached `now`; nil for a command.
    mutating func reach(
        _ now: Int64, from time: Int64, isHolding: Bool, by kind: MarketEvent.Kind?
    ) -> Bool {
        let isQuiet = kind == .clock || kind == .end
        let last = max(time, moment)
        let mark = isOpen && (isHolding || isQuiet || Self.start(of: now, Self.day) > last)
        // The terms of a symbol are no event of the market: what comes next begins the minute.
        if kind == .instrument, !mark { return false }
        due = isQuiet || kind == .instrument ? .min : Self.start(of: now, Self.minute) + Self.minute
        hasEnded = hasEnded || kind == .end
        return mark
    }

    func write(into state: inout StateWriter) {
        state.put(due)
        state.put(moment)
        state.put(number)
        state.put(hasEnded)
    }

    init() {}

    init(from state: inout StateReader) throws(StateError) {
        due = try state.take()
        moment = try state.take()
        number = try state.take()
        hasEnded = try state.take()
    }

    /// The last whole minute or day at or before a time, of negative times too.
    private static func start(of time: Int64, _ length: Int64) -> Int64 {
        let rest = time % length
        return time - (rest < 0 ? rest + length : rest)
    }
}

extension SessionBook {
    /// Whether any position is not zero.
    var isHolding: Bool { account.positions.contains { !$0.quantity.isZero } }

    /// The account as it stands; nil when its value leaves the range of amounts.
    func mark(number: UInt64, at time: Timestamp) -> EquityMark? {
        guard let equity = try? equity() else { return nil }
        var holdings: [EquityMark.Holding] = []
        for slot in markets.indices {
            let position = account.positions[slot].quantity
            guard !position.isZero, let price = markets[slot].mark else { continue }
            holdings.append(.init(symbol: symbols[slot], position: position, price: price))
        }
        return EquityMark(
            number: number, strategySeq: lastExecution, timestamp: time, equity: equity, cash: account.cash,
            currency: settings.currency, periodsPerYear: markets.allSatisfy(\.isCrypto) ? 365 : 252,
            holdings: holdings)
    }
}

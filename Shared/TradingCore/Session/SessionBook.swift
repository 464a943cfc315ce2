// Account, orders and matching of one strategy's session: WHAT happens when a command runs or an event
// applies. `SessionDriver` decides when.
//
// Guarantees:
// - Pure: the reports depend on the settings and on the sequence of calls only.
// - Reports are numbered 1, 2, 3 … without holes, executions too (`strategySeq`), and 1, 2, 3 … within an
//   order.
// - Working orders meet the market in the order of their numbers (on a bar in each of its phases).
// - Nothing traps or wraps, whatever a command or an event holds: an order whose value leaves the range of
//   amounts is rejected, or cancelled when the market takes it there (`amount_out_of_range`).
// - Every order is answered with `accepted` or `rejected` first; a fill is a report of its own, with one
//   execution, or two when it crosses zero. What ended has a remaining quantity of zero.
//
// Costs: applying an event to a symbol without working orders is a table look-up and a few stores; no
// allocation, no hashing. With working orders it is linear in their number.

import Contracts

package struct SessionBook: Sendable {
    /// Orders that may work at once; one more is rejected (`too_many_orders`).
    package static let maximumWorkingOrders = 10_000

    package let settings: SessionSettings
    /// The session's symbols, in the order given.
    package let symbols: [SymbolIndex]
    package internal(set) var account: Account
    /// Number of the last report made; 0 before the first.
    package internal(set) var lastReport: UInt64 = 0
    /// `strategySeq` of the last execution made; 0 before the first.
    package internal(set) var lastExecution: UInt64 = 0
    /// What keeps the strategy from trading; empty while nothing does.
    package internal(set) var suspension: Suspension = []

    let terms: FillTerms
    /// One for each symbol of the session.
    var markets: [Market]
    /// Ascending by number.
    var orders: [WorkingOrder] = []
    var accepted = OrderNumbers()
    var rate: OrderRate
    /// Slots by symbol number from `firstSymbol` on; −1 for a symbol that is not of the session.
    private let slots: [Int32]
    private let firstSymbol: Int

    /// A session before its first event. Symbols given twice count once.
    package init(settings: SessionSettings, symbols: [SymbolIndex]) {
        var distinct: [SymbolIndex] = []
        for symbol in symbols where !distinct.contains(symbol) { distinct.append(symbol) }
        self.settings = settings
        self.symbols = distinct
        account = Account(cash: settings.cash, symbols: distinct.count)
        terms = settings.fillTerms
        markets = Array(repeating: Market(), count: distinct.count)
        rate = OrderRate(limit: settings.orderRate)
        let first = Int(distinct.map(\.rawValue).min() ?? 0)
        let last = Int(distinct.map(\.rawValue).max() ?? -1)
        precondition(last - first < SymbolTable.maximumSymbols, "symbol numbers come from one symbol table")
        var table = Array(repeating: Int32(-1), count: last - first + 1)
        for (slot, symbol) in distinct.enumerated() { table[Int(symbol.rawValue) - first] = Int32(slot) }
        slots = table
        firstSymbol = first
    }

    // MARK: questions

    /// Whether an order can still fill, or a later event can still make a report.
    package var hasWorkingOrders: Bool { !orders.isEmpty }

    /// Orders that work now.
    package var workingOrders: Int { orders.count }

    /// Whether the session trades this symbol.
    package func isSymbolKnown(_ symbol: SymbolIndex) -> Bool { slot(of: symbol) != nil }

    /// The signed position; zero for a symbol that is not of the session.
    package func position(of symbol: SymbolIndex) -> Quantity {
        slot(of: symbol).map { account.positions[$0].quantity } ?? .zero
    }

    /// The average entry price, rounded for showing; zero when flat.
    package func averagePrice(of symbol: SymbolIndex) -> Price {
        slot(of: symbol).flatMap { try? account.positions[$0].averagePrice() } ?? .zero
    }

    /// What one unit is worth now: mid, else last trade, else last close; nil while nothing was shown.
    package func mark(of symbol: SymbolIndex) -> Price? { slot(of: symbol).flatMap { markets[$0].mark } }

    /// Cash and all positions at their marks. Throws when the sum leaves the range of amounts.
    package func equity() throws(AmountOutOfRange) -> Money {
        var total = account.cash
        for slot in markets.indices {
            let quantity = account.positions[slot].quantity
            guard !quantity.isZero, let mark = markets[slot].mark else { continue }
            total = try total.adding(try mark.times(quantity))
        }
        return total
    }

    /// The mid (or last) that stands when a command is decided, for `execute`. On a symbol that has shown
    /// nothing it is the order's own price.
    package func referencePrice(for command: Command) -> Price {
        let own = command.type == .stop ? command.stopPrice : command.price
        return mark(of: command.symbol) ?? own
    }

    @inline(__always)
    func slot(of symbol: SymbolIndex) -> Int? {
        let place = Int(symbol.rawValue) - firstSymbol
        guard place >= 0, place < slots.count, slots[place] >= 0 else { return nil }
        return Int(slots[place])
    }

    // MARK: time

    /// The event becomes what stands on the market of its symbol, and working orders are matched against it.
    /// An event of another symbol, `clock` and `end` do nothing.
    ///
    /// - Parameters:
    ///   - time: session time at the event.
    ///   - after: last event handed to the strategy before it.
    @inline(__always)
    package mutating func apply(
        _ event: borrowing MarketEvent, at time: Timestamp, after: UInt64, into reports: inout [Report]
    ) {
        guard let slot = slot(of: event.symbol) else { return }
        guard markets[slot].show(event) != 0 else { return }
        let moment = Moment(time: time, after: after, command: 0)
        match(event, slot: slot, moment, into: &reports)
    }
}

extension SessionBook {
    /// Settings and symbols are not stored: they are the session's terms.
    func write(into state: inout StateWriter) {
        precondition(!orders.contains(where: \.isEnded), "a book is stored between two calls")
        account.write(into: &state)
        state.put(lastReport)
        state.put(lastExecution)
        state.put(suspension.rawValue)
        state.put(each: markets)
        state.put(each: orders) { $0.write(into: &$1) }
        state.put(accepted)
        rate.write(into: &state)
    }

    init(
        settings: SessionSettings, symbols: [SymbolIndex], from state: inout StateReader
    ) throws(StateError) {
        self.init(settings: settings, symbols: symbols)
        let own = self.symbols
        account = try Account(from: &state)
        lastReport = try state.take()
        lastExecution = try state.take()
        suspension = Suspension(rawValue: try state.take())
        markets = try state.take(each: Market.self)
        guard markets.count == own.count, account.positions.count == own.count else { throw StateError() }
        orders = try state.take { (reader) throws(StateError) in
            try WorkingOrder(from: &reader, symbols: own)
        }
        for (order, next) in zip(orders, orders.dropFirst()) where order.number >= next.number {
            throw StateError()
        }
        for order in orders { markets[order.slot].workingOrders += 1 }
        accepted = try state.take()
        rate = try OrderRate(limit: settings.orderRate, from: &state)
    }
}

/// When and why reports are made.
struct Moment {
    var time: Timestamp
    /// Last event handed to the strategy.
    var after: UInt64
    /// The command that is answered; 0 when the market caused it.
    var command: UInt64
}

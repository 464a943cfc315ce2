// quoter: keeps a limit order working on each side of the mid, all the time.
//
// The rule, exactly; each symbol on its own:
//   1. On every market event handed over while the symbol's latest quote has both sides, and right after a
//      report that ended one of its orders other than by a rejection: mid = half of bid + ask (halves of 1e-8
//      down); bid target = mid − `half_spread` down to a multiple of `tick`; ask target = mid + `half_spread`
//      up to one. Then the buy side is looked at, then the sell side:
//   2. No order on the side: place `quantity` at the target, good till cancelled, if the target is positive
//      and the position would stay within ±`max_position` when all of it fills.
//   3. An order that is unanswered, or whose replacement is: nothing.
//   4. A working order whose price is more than `tick` away from the target: replace its price, its quantity
//      stays.
//   5. After a rejection, of a placement or a replacement, the side rests: rules 2 and 4 do nothing for it
//      until the symbol's position changes or `rest` seconds of session time are over, whichever is first.
//      An account that cannot carry an order now will mostly not carry it on the next event either.

import StrategyKit

public struct Quoter: Strategy {
    public static let metadata = StrategyMetadata(
        id: "quoter", name: "Quoter", version: "1.1.0",
        description: "Keeps a limit order working on each side of the mid and moves both with the market.",
        parameters: [
            .decimal(
                "half_spread", default: "0.05", from: "0", through: "1000000", "from the mid to each order"),
            .decimal(
                "quantity", default: "100", from: "0.00000001", through: "1000000000", "size of each order"),
            .decimal(
                "max_position", default: "1000", from: "0", through: "1000000000", "position, long or short"),
            .decimal(
                "tick", default: "0.01", from: "0.00000001", through: "1000000", "step of the prices"),
            .integer("rest", default: 60, in: 0...86_400, "seconds that a side rests after a rejection"),
        ])

    /// One side of one symbol.
    private struct Quote {
        /// Number of the order; 0 while there is none.
        var order: UInt64 = 0
        var price = Price.zero
        var quantity = Quantity.zero
        /// The command that is not answered yet; 0 for none.
        var pending: UInt64 = 0
        /// Until then nothing is sent, see rule 5; in microseconds.
        var restsUntil = Int64.min
    }

    private struct Book {
        var buy = Quote()
        var sell = Quote()
        /// The latest two-sided quote.
        var bid = Price.zero
        var ask = Price.zero
        var isTwoSided = false
    }

    private var books: [Book] = []
    private var halfSpread = Price.zero
    private var tick = Price.zero
    private var quantity = Quantity.zero
    private var maximumPosition = Quantity.zero
    private var rest: Int64 = 0

    public init() {}

    public mutating func initialize(in context: StrategyContext) throws {
        halfSpread = context.decimal("half_spread")
        tick = context.decimal("tick")
        quantity = context.decimal("quantity")
        maximumPosition = context.decimal("max_position")
        rest = Int64(context.integer("rest")) * 1_000_000
        guard quantity <= maximumPosition else {
            throw StrategyError(
                "quantity (\(quantity)) must not be more than max_position (\(maximumPosition))")
        }
        books = context.symbols.map { _ in Book() }
    }

    public func snapshot() -> [UInt8]? {
        var state = SnapshotWriter()
        for book in books {
            for quote in [book.buy, book.sell] {
                state.put(quote.order)
                state.put(quote.price)
                state.put(quote.quantity)
                state.put(quote.pending)
                state.put(quote.restsUntil)
            }
            state.put(book.bid)
            state.put(book.ask)
            state.put(book.isTwoSided)
        }
        return state.bytes
    }

    public mutating func restore(_ bytes: [UInt8], in context: StrategyContext) throws {
        try initialize(in: context)
        var state = SnapshotReader(bytes)
        for slot in books.indices {
            books[slot].buy = try Self.quote(from: &state)
            books[slot].sell = try Self.quote(from: &state)
            books[slot].bid = try state.take()
            books[slot].ask = try state.take()
            books[slot].isTwoSided = try state.take()
        }
        try state.finish()
    }

    private static func quote(from state: inout SnapshotReader) throws(StrategyError) -> Quote {
        Quote(
            order: try state.take(), price: try state.take(), quantity: try state.take(),
            pending: try state.take(), restsUntil: try state.take())
    }

    public mutating func onMarketData(_ data: MarketData, in context: StrategyContext) throws -> Signal? {
        let slot = Int(data.symbol.rawValue)
        if let bid = data.bid, let ask = data.ask {
            books[slot].bid = bid
            books[slot].ask = ask
            books[slot].isTwoSided = true
            try quote(data.symbol, in: context)
        } else {
            books[slot].isTwoSided = false
        }
        return nil
    }

    public mutating func onOrder(_ report: Report, in context: StrategyContext) throws {
        let slot = Int(report.symbol.rawValue)
        var quote = report.side == .buy ? books[slot].buy : books[slot].sell
        guard report.order == quote.order else { return }
        if report.command == quote.pending { quote.pending = 0 }
        quote.price = report.price
        quote.quantity = report.quantity
        if !report.isWorking { quote = Quote() }
        if report.status == .rejected { quote.restsUntil = context.now.microseconds + rest }
        if report.side == .buy { books[slot].buy = quote } else { books[slot].sell = quote }
        if report.status == .filled || report.status == .partiallyFilled {
            books[slot].buy.restsUntil = .min
            books[slot].sell.restsUntil = .min
        }
        if !report.isWorking, report.status != .rejected, books[slot].isTwoSided {
            try self.quote(report.symbol, in: context)
        }
    }

    /// Looks at both sides of a symbol.
    private mutating func quote(_ symbol: SymbolIndex, in context: StrategyContext) throws {
        let slot = Int(symbol.rawValue)
        let sum = Int128(books[slot].bid.units) + Int128(books[slot].ask.units)
        let mid = sum >> 1
        let step = Int128(tick.units)
        let below = mid - Int128(halfSpread.units)
        let above = mid + Int128(halfSpread.units)
        if let target = Int64(exactly: floor(below, step)) {
            books[slot].buy = try maintained(books[slot].buy, .buy, symbol, at: Price(units: target), context)
        }
        if let target = Int64(exactly: -floor(-above, step)) {
            books[slot].sell = try maintained(
                books[slot].sell, .sell, symbol, at: Price(units: target), context)
        }
    }

    /// Rules 2 to 4 for one side: the quote as it stands afterwards.
    private func maintained(
        _ quote: Quote, _ side: Side, _ symbol: SymbolIndex, at target: Price, _ context: StrategyContext
    ) throws -> Quote {
        guard target > .zero, quote.pending == 0, context.now.microseconds >= quote.restsUntil else {
            return quote
        }
        var quote = quote
        if quote.order == 0 {
            let position = context.position(of: symbol)
            let after = side == .buy ? position + quantity : quantity - position
            guard after <= maximumPosition else { return quote }
            quote.order = try context.place(.limit(side, quantity, of: symbol, at: target))
            quote.pending = quote.order
            quote.price = target
            quote.quantity = quantity
        } else if (quote.price - target).magnitude > tick,
            let command = context.replace(quote.order, quantity: quote.quantity, price: target)
        {
            quote.pending = command
        }
        return quote
    }

    /// The largest multiple of `step` that is not above `value`.
    private func floor(_ value: Int128, _ step: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: step)
        return (remainder < 0 ? quotient - 1 : quotient) * step
    }
}

/// The library's one entry for the platform.
@c(trading_robot_strategy_v1)
public func entry() -> UnsafeRawPointer { export(Quoter.self) }

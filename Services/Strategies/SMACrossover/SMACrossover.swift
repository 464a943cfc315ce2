// sma-crossover: trades the crossing of a fast and a slow simple moving average.
//
// The rule, exactly; each symbol on its own:
//   1. Every market event handed over puts its `price` (in units of 1e-8) into the symbol's windows: the mid
//      of a two-sided quote (halves down), a trade's price, a bar's close, the price last had on a one-sided
//      quote.
//   2. Until `slow` prices were seen, nothing.
//   3. F = sum of the last `fast` prices, S = sum of the last `slow` prices. Compare F·slow with S·fast,
//      exactly.
//   4. Equal: nothing. An order of the symbol unanswered or working: nothing.
//   5. With p the position: F·slow > S·fast and p ≤ 0: buy `quantity` − p at the market.
//      F·slow < S·fast: with direction `both` and p ≥ 0: sell `quantity` + p; with `long` and p > 0: sell p.
// So `both` is always long or short by `quantity` once it has begun, and reverses with one order that crosses
// zero; `long` goes from flat to long and back. Costs: two additions and two multiplications an event.

import StrategyKit

public struct SMACrossover: Strategy {
    public static let metadata = StrategyMetadata(
        id: "sma-crossover", name: "SMA crossover", version: "1.0.0",
        description:
            "Long while a fast simple moving average is above a slow one, short or flat while below.",
        parameters: [
            .integer("fast", default: 10, in: 1...100_000, "prices in the fast average"),
            .integer("slow", default: 50, in: 2...100_000, "prices in the slow average"),
            .decimal(
                "quantity", default: "100", from: "0.00000001", through: "1000000000", "size of a position"),
            .choice("direction", default: "both", of: ["both", "long"], "whether it also goes short"),
        ])

    private struct Averages {
        var fast: SimpleMovingAverage
        var slow: SimpleMovingAverage

        /// Takes a price: +1 while the fast average is above the slow one, −1 below, 0 at it or before.
        mutating func push(_ price: Price) -> Int {
            fast.push(price)
            slow.push(price)
            return slow.isFull ? fast.compare(with: slow) : 0
        }
    }

    private var averages: [Averages] = []
    private var quantity = Quantity.zero
    private var goesShort = true

    public init() {}

    public mutating func initialize(in context: StrategyContext) throws {
        let fast = context.integer("fast")
        let slow = context.integer("slow")
        guard fast < slow else { throw StrategyError("fast (\(fast)) must be less than slow (\(slow))") }
        quantity = context.decimal("quantity")
        goesShort = context.text("direction") == "both"
        averages = context.symbols.map { _ in
            Averages(fast: SimpleMovingAverage(length: fast), slow: SimpleMovingAverage(length: slow))
        }
    }

    /// The prices of each symbol's slow window; the fast one holds the last of them.
    public func snapshot() -> [UInt8]? {
        var state = SnapshotWriter()
        for average in averages { state.put(average.slow.prices) }
        return state.bytes
    }

    public mutating func restore(_ bytes: [UInt8], in context: StrategyContext) throws {
        try initialize(in: context)
        var state = SnapshotReader(bytes)
        for slot in averages.indices {
            for _ in 0..<(try state.takeCount()) { _ = averages[slot].push(try state.take()) }
        }
        try state.finish()
    }

    public mutating func onMarketData(_ data: MarketData, in context: StrategyContext) -> Signal? {
        let crossing = averages[Int(data.symbol.rawValue)].push(data.price)
        guard crossing != 0 else { return nil }
        let position = context.position(of: data.symbol)
        if crossing > 0 ? position > .zero : position < .zero || (!goesShort && position.isZero) {
            return nil
        }
        guard context.openOrders(of: data.symbol) == 0 else { return nil }
        if crossing > 0 { return .buy(quantity - position) }
        return .sell(goesShort ? quantity + position : position)
    }
}

/// The library's one entry for the platform.
@c(trading_robot_strategy_v1)
public func entry() -> UnsafeRawPointer { export(SMACrossover.self) }

// A seeded market: quotes on both sides and trades now and then, for any number of symbols at any rate.
//
// A pure function of (settings, position). Every random number is a hash of seed, symbol and place, and the
// price is a Brownian motion that is known at each of 2^40 steps without the ones before it (`BrownianWalk`),
// so going to any position costs the same. Integers only: the same events on every machine.

import Contracts

/// What a synthetic market is made of.
package struct SyntheticSettings: Sendable, Equatable {
    package var seed: UInt64 = 1
    /// They take turns: one event each.
    package var symbols: [String] = ["IBM", "AAPL", "BTCUSD"]
    /// Time of the first event.
    package var start = Timestamp(seconds: 1_767_225_600)
    /// Microseconds from one event to the next, all symbols together; at least 1.
    package var interval: Int64 = 100_000
    /// Quotes and trades before the data end; nil: they never do.
    package var count: UInt64?
    package var priceIncrement = Price(units: 1_000_000)
    /// Sizes are whole lots of this; the size increment is 1, or the lot if that is less.
    package var lot = Quantity(whole: 100)
    /// Prices begin here and are reflected at half and at one and a half times it.
    package var startPrice = Price(whole: 100)
    /// Standard deviation of the price from one event of a symbol to its next one, in thousandths of an
    /// increment.
    package var volatility: Int64 = 500
    /// The widest spread, in increments.
    package var maximumSpread: Int64 = 3
    package var currency = ShortCode("USD")!
    /// By symbol: what the user's configuration says.
    package var instruments: [String: InstrumentOverride] = [:]

    package init() {}

    /// Settings for a rate: events per second of market time, all symbols together. Rates that do not divide
    /// a million are rounded down to whole microseconds between events.
    package mutating func setRate(eventsPerSecond: Int64) throws(MarketDataError) {
        guard (1...1_000_000).contains(eventsPerSecond) else {
            throw MarketDataError(.badSetting, "the rate is 1 to 1000000 events a second of market time")
        }
        interval = 1_000_000 / eventsPerSecond
    }
}

/// A market that never was. Handed out: `instrument` before a symbol's first event, then quotes and trades,
/// `end` when `count` is set.
package struct SyntheticSource: MarketDataSource, Sendable {
    package private(set) var position: UInt64 = 0
    /// Every symbol's terms, in the order of the settings.
    package let instruments: [InstrumentTerms]
    private let settings: SyntheticSettings
    private let spread: UInt64
    private let middle: Int64
    private let amplitude: Int64
    private var walks: [BrownianWalk]
    private var indices: [SymbolIndex] = []

    /// One event of eight can be a trade, never the first of the eight: the quote before it always stands.
    private static let group: UInt64 = 8
    /// More symbols in one synthetic market are refused.
    package static let maximumSymbols = 10_000

    package init(_ settings: SyntheticSettings) throws(MarketDataError) {
        try Self.check(settings)
        self.settings = settings
        spread = UInt64(settings.maximumSpread)
        middle = settings.startPrice.units / settings.priceIncrement.units
        amplitude = max(1, middle / 2)
        walks = settings.symbols.map {
            BrownianWalk(seed: Self.hash(settings.seed, Self.hash($0)), volatility: settings.volatility)
        }
        instruments = settings.symbols.map { symbol in
            InstrumentTerms(
                symbol: symbol, priceIncrement: settings.priceIncrement,
                sizeIncrement: min(Quantity(whole: 1), settings.lot), currency: settings.currency
            ).applying(settings.instruments[symbol])
        }
    }

    private static func check(_ settings: SyntheticSettings) throws(MarketDataError) {
        func refuse(_ problem: String) -> MarketDataError { MarketDataError(.badSetting, problem) }
        guard !settings.symbols.isEmpty, settings.symbols.count <= maximumSymbols else {
            throw refuse("a synthetic market has 1 to \(maximumSymbols) symbols")
        }
        guard Set(settings.symbols).count == settings.symbols.count else {
            throw refuse("a symbol is named twice")
        }
        for symbol in settings.symbols {
            do { _ = try NameRule.symbol.validated(symbol, as: "symbol") } catch {
                throw refuse(error.description)
            }
        }
        guard settings.interval >= 1, settings.priceIncrement.units >= 1, settings.lot.units >= 1 else {
            throw refuse("interval, price increment and lot are positive")
        }
        guard settings.lot.units <= Int64.max / 1000 else { throw refuse("the lot is too large") }
        guard (0...100_000).contains(settings.volatility) else {
            throw refuse("the volatility is 0 to 100000")
        }
        let ticks = settings.startPrice.units / settings.priceIncrement.units
        guard (1...1_000).contains(settings.maximumSpread), ticks > 4 * settings.maximumSpread,
            ticks < 1 << 40,
            settings.startPrice.units < Int64.max / 4
        else { throw refuse("the start price has to be more than four widest spreads, and below 23 billion") }
    }

    package mutating func next(
        into event: inout MarketEvent, symbols: inout SymbolTable
    ) throws(MarketDataError) -> Bool {
        if indices.isEmpty { try resolve(&symbols) }
        let count = UInt64(settings.symbols.count)
        let total = settings.count ?? .max
        // The first events of symbols come in pairs: instrument, event.
        let announced = min(count, total) * 2
        if position < announced {
            let number = position / 2
            if position % 2 == 0 {
                event = instruments[Int(number)].event(symbol: indices[Int(number)], at: time(number))
            } else {
                make(number, &event)
            }
        } else {
            let number = position - announced / 2
            if number > total { return false }
            if number == total {
                event = MarketEvent(kind: .end, symbol: .none, timestamp: time(total == 0 ? 0 : total - 1))
            } else {
                make(number, &event)
            }
        }
        position += 1
        return true
    }

    package mutating func skip(to target: UInt64, symbols: inout SymbolTable) throws(MarketDataError) {
        precondition(target >= position, "a source goes forward")
        if indices.isEmpty { try resolve(&symbols) }
        guard let total = settings.count else {
            position = target
            return
        }
        position = min(target, total + min(UInt64(settings.symbols.count), total) + 1)
    }

    private mutating func resolve(_ symbols: inout SymbolTable) throws(MarketDataError) {
        // In byte order, as files do.
        for symbol in settings.symbols.sorted(by: precedes) {
            do { _ = try symbols.intern(symbol) } catch {
                throw MarketDataError(.badSymbol, error.description)
            }
        }
        indices = settings.symbols.map { symbols.index(of: $0)! }
    }

    private func time(_ number: UInt64) -> Timestamp {
        settings.start.advanced(byMicroseconds: Int64(number) &* settings.interval)
    }

    // MARK: Events

    /// The quote or trade with this number, from 0.
    private mutating func make(_ number: UInt64, _ event: inout MarketEvent) {
        let count = UInt64(walks.count)
        let symbol = Int(number % count)
        let step = number / count
        let dice = Self.hash(walks[symbol].seed, step / Self.group)
        // One place of the group is a trade, in about half of the groups.
        let isTrade = step % Self.group == 1 + dice % (Self.group * 2 - 1)
        event = MarketEvent(kind: isTrade ? .trade : .quote, symbol: indices[symbol], timestamp: time(number))
        let quote = quote(symbol, at: isTrade ? step - 1 : step)
        if isTrade {
            let buys = dice >> 32 & 1 == 1
            event.price = buys ? quote.ask : quote.bid
            let shown = buys ? quote.askLots : quote.bidLots
            event.size = lots(1 + (dice >> 40) % shown)
            return
        }
        event.has = .both
        (event.bid, event.ask) = (quote.bid, quote.ask)
        (event.bidSize, event.askSize) = (lots(quote.bidLots), lots(quote.askLots))
    }

    private mutating func quote(
        _ symbol: Int, at step: UInt64
    ) -> (bid: Price, ask: Price, bidLots: UInt64, askLots: UInt64) {
        let dice = Self.hash(walks[symbol].seed ^ 0x5153_5452, step)
        let ticks = middle + Self.reflect(walks[symbol].value(at: step), within: amplitude)
        let bid = max(1, ticks - settings.maximumSpread / 2)
        let ask = bid + 1 + Int64(dice % spread)
        let unit = settings.priceIncrement.units
        return (
            Price(units: bid * unit), Price(units: ask * unit), 1 + (dice >> 20) % 10, 1 + (dice >> 40) % 10
        )
    }

    private func lots(_ count: UInt64) -> Quantity { Quantity(units: settings.lot.units * Int64(count)) }

    /// Folds a line into ±`bound`: a Brownian motion so folded is one that is reflected at its bounds.
    private static func reflect(_ value: Int64, within bound: Int64) -> Int64 {
        let period = 4 * bound
        var place = (value + bound) % period
        if place < 0 { place += period }
        return (place < 2 * bound ? place : period - place) - bound
    }

    /// SplitMix64's finaliser over two words: a random number that depends on nothing but them.
    static func hash(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var value = first &+ 0x9e37_79b9_7f4a_7c15 &* (second &+ 1)
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

// Made market data of a simulated world: every kind of event, times that stand still or go back, crossed and
// one-sided quotes.

import Contracts

/// A random market of the kinds of events that there are.
struct MarketMaker {
    private let a: SymbolIndex
    private let b: SymbolIndex
    private let c: SymbolIndex
    private let d: SymbolIndex
    private var time: Int64 = 100
    private var prices: [SymbolIndex: Int64] = [:]

    init(_ symbols: SymbolTable) {
        a = symbols.index(of: "A")!
        b = symbols.index(of: "B")!
        c = symbols.index(of: "C")!
        d = symbols.index(of: "D")!
        prices = [a: 50, b: 80, c: 20, d: 30]
    }

    mutating func events(_ count: Int, _ random: inout SplitMix64) -> [MarketEvent] {
        var events: [MarketEvent] = []
        if random.chance(0.5) { events = [instrument(a, &random), instrument(b, &random)] }
        while events.count < count - 1 {
            let step = random.pick([0, 0, 1, 2, 5, 9, -4])
            time += Int64(step)
            // Now and then a minute or a day goes by, so that accounts are marked.
            if events.count % 13 == 7 { time += 61_000_000 }
            if events.count % 61 == 30 { time += 86_400_000_000 }
            if random.chance(0.06) {
                events.append(event(.clock, .none, time + Int64(random.pick([0, 4, 15]))))
            } else if random.chance(0.02) {
                events.append(instrument(random.pick([a, b]), &random))
            } else {
                events.append(tick(random.pick([a, a, a, b, b, c, d]), &random))
            }
        }
        events.append(event(.end, .none, time + Int64(random.pick([0, 0, 7, 40]))))
        for index in events.indices { events[index].seq = UInt64(index + 1) }
        return events
    }

    private func event(_ kind: MarketEvent.Kind, _ symbol: SymbolIndex, _ time: Int64) -> MarketEvent {
        MarketEvent(kind: kind, symbol: symbol, timestamp: Timestamp(microseconds: time))
    }

    private func instrument(_ symbol: SymbolIndex, _ random: inout SplitMix64) -> MarketEvent {
        var made = event(.instrument, symbol, time)
        made.price = Price(units: random.pick([1_000_000, unitsPerOne / 2]))
        made.size = Quantity(whole: 1)
        made.code = ShortCode("USD")!
        return made
    }

    private mutating func tick(_ symbol: SymbolIndex, _ random: inout SplitMix64) -> MarketEvent {
        let price = max(10, prices[symbol]! + Int64(random.pick([-2, -1, 0, 1, 2])))
        prices[symbol] = price
        let size = Quantity(whole: Int64(random.pick([4, 10, 50, 0])))
        if symbol == d { return bar(price, &random) }
        if random.chance(0.2) {
            var trade = event(.trade, symbol, time)
            trade.price = Price(whole: price)
            trade.size = size
            return trade
        }
        var quote = event(.quote, symbol, time)
        quote.has = random.chance(0.08) ? [random.pick([.bid, .ask])] : .both
        if quote.has.contains(.bid) {
            quote.bid = Price(whole: price)
            quote.bidSize = size
        }
        if quote.has.contains(.ask) {
            quote.ask = Price(whole: price + Int64(random.pick([1, 1, 2, -1])))
            quote.askSize = Quantity(whole: Int64(random.pick([4, 10, 50])))
        }
        return quote
    }

    private func bar(_ price: Int64, _ random: inout SplitMix64) -> MarketEvent {
        var bar = event(.bar, d, time)
        bar.interval = 60
        bar.openTime = Timestamp(microseconds: time - Int64(random.within(0...6)))
        bar.open = Price(whole: price)
        bar.high = Price(whole: price + Int64(random.within(0...2)))
        bar.low = Price(whole: price - Int64(random.within(0...2)))
        bar.price = Price(whole: price)
        bar.size = Quantity(whole: 100)
        return bar
    }
}

import Contracts
import Testing

@testable import MarketData

@Suite struct SyntheticTests {
    private func settings(_ count: UInt64? = 5_000, seed: UInt64 = 7) -> SyntheticSettings {
        var settings = SyntheticSettings()
        settings.seed = seed
        settings.symbols = ["IBM", "AAPL", "BTC-USD"]
        settings.count = count
        settings.interval = 250
        return settings
    }

    @Test func theSameSettingsMakeTheSameEvents() throws {
        let first = try readAll(try SyntheticSource(settings()))
        #expect(try readAll(try SyntheticSource(settings())).events == first.events)
        #expect(try readAll(try SyntheticSource(settings(seed: 8))).events != first.events)
        #expect(first.events.count == 5_000 + 3 + 1)
        #expect(first.events.last?.kind == .end)
    }

    @Test func quotesAreUncrossedAndTradesAreAtTheQuoteBefore() throws {
        let reading = try readAll(try SyntheticSource(settings(60_000)))
        var last: [SymbolIndex: MarketEvent] = [:]
        var trades = 0
        for event in reading.events {
            if event.kind == .quote {
                #expect(event.bid < event.ask && event.bid > .zero && event.has == .both)
                #expect(event.ask - event.bid <= price("0.03"))
                #expect(event.bidSize.units % Quantity(whole: 100).units == 0 && event.bidSize > .zero)
                last[event.symbol] = event
            } else if event.kind == .trade {
                trades += 1
                let quote = try #require(last[event.symbol])
                #expect(
                    event.price == quote.bid && event.size <= quote.bidSize
                        || event.price == quote.ask && event.size <= quote.askSize)
                #expect(event.size > .zero)
            }
        }
        #expect((1_500...6_000).contains(trades))
    }

    @Test func timeAdvancesByTheIntervalExactly() throws {
        let reading = try readAll(try SyntheticSource(settings()))
        for (number, event) in reading.of(.quote, .trade).enumerated() {
            #expect(event.timestamp.microseconds == 1_767_225_600_000_000 + Int64(number) * 250)
            #expect(reading.symbols.name(of: event.symbol) == ["IBM", "AAPL", "BTC-USD"][number % 3])
        }
        #expect(
            reading.outline.prefix(6).map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "instrument IBM", "quote IBM", "instrument AAPL", "quote AAPL", "instrument BTC-USD",
                "quote BTC-USD",
            ])
    }

    @Test func skippingIsReading() throws {
        let all = try readAll(try SyntheticSource(settings())).events
        for target in [0, 1, 2, 5, 6, 7, 100, 4_096, 5_003, 5_004, 9_999] as [UInt64] {
            var source = try SyntheticSource(settings())
            var symbols = SymbolTable()
            try source.skip(to: target, symbols: &symbols)
            #expect(source.position == min(target, 5_004))
            var rest: [MarketEvent] = []
            var event = all[0]
            while try source.next(into: &event, symbols: &symbols) { rest.append(event) }
            #expect(rest == Array(all.dropFirst(Int(target))))
        }
    }

    @Test func farPositionsAreReachedAtOnceAndAgreeWithTheWayThere() throws {
        var near = try SyntheticSource(settings(nil))
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .end, symbol: .none, timestamp: Timestamp(microseconds: 0))
        let start: UInt64 = 3_000_000_000_000
        try near.skip(to: start, symbols: &symbols)
        for offset in 0..<300 as Range<UInt64> {
            #expect(try near.next(into: &event, symbols: &symbols))
            var far = try SyntheticSource(settings(nil))
            try far.skip(to: start + offset, symbols: &symbols)
            var other = event
            #expect(try far.next(into: &other, symbols: &symbols))
            #expect(other == event)
        }
    }

    @Test func theWalkIsTheSameWhateverWasAskedBefore() {
        var walk = BrownianWalk(seed: 5, volatility: 500)
        let straight = (0..<2_000).map { walk.value(at: $0) }
        var jumping = BrownianWalk(seed: 5, volatility: 500)
        var step: UInt64 = 0
        for _ in 0..<2_000 {
            step = (step &* 1_103_515_245 &+ 12_345) % 2_000
            #expect(jumping.value(at: step) == straight[Int(step)])
        }
    }

    @Test func theWalkMovesAsItsVolatilitySays() {
        var walk = BrownianWalk(seed: 5, volatility: 4_000)
        var sum = 0.0
        var last = walk.value(at: 0)
        for step in 1...20_000 as ClosedRange<UInt64> {
            let value = walk.value(at: step)
            sum += Double((value - last) * (value - last))
            last = value
        }
        let deviation = (sum / 20_000).squareRoot()
        #expect((3.8...4.2).contains(deviation), "seed 5: \(deviation)")
    }

    @Test func pricesStayInTheirBand() throws {
        var wild = settings(40_000)
        wild.volatility = 100_000
        for event in try readAll(try SyntheticSource(wild)).of(.quote) {
            #expect(event.bid >= price("49.9") && event.ask <= price("150.1"))
        }
    }

    @Test func settingsThatMakeNoSenseAreRefused() {
        let changes: [(inout SyntheticSettings) -> Void] = [
            { $0.symbols = [] }, { $0.symbols = ["A", "A"] }, { $0.symbols = ["A B"] }, { $0.interval = 0 },
            { $0.lot = .zero }, { $0.volatility = -1 }, { $0.startPrice = price("0.05") },
            { $0.maximumSpread = 0 },
        ]
        for (number, change) in changes.enumerated() {
            var changed = settings()
            change(&changed)
            #expect(failure { _ = try SyntheticSource(changed) }?.code == .badSetting, "\(number)")
        }
        #expect(
            failure {
                var rate = settings(); try rate.setRate(eventsPerSecond: 0)
            }?.code == .badSetting)
    }
}

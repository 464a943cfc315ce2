// When a session marks its account, and what it says: a table of times, then the marks.

import Contracts
import StrategyHost
import Testing
import TradingCore

/// 2026-01-05, a Monday, in seconds since 1970, and times on it in UTC.
private let monday: Int64 = 1_767_571_200

private func time(_ text: String) -> Timestamp {
    let parts = text.split { $0 == ":" || $0 == " " }.compactMap { Int64($0) }
    let day = parts.count == 4 ? parts[0] : 0
    let clock = parts.suffix(3)
    return Timestamp(seconds: clock.reduce(0) { $0 * 60 + $1 } + monday + day * 86_400)
}

/// A session and its marks as lines: number, trades before it, second of the day (of Monday), equity.
private struct Marked {
    var driver: SessionDriver
    var seq: UInt64 = 0
    var marks: [EquityMark] = []

    init(latency: Int64 = 0) {
        driver = SessionDriver(settings: settings(latency: latency), symbols: [symbolA])
    }

    mutating func take(_ event: MarketEvent) {
        seq += 1
        var numbered = event
        numbered.seq = seq
        var reports: [Report] = []
        while true {
            let step = driver.step(next: numbered, into: &reports)
            marks += driver.takeMarks()
            if case .executed = step { continue }
            return settle()
        }
    }

    mutating func settle() {
        var reports: [Report] = []
        while case .executed = driver.stepWithoutEvent(into: &reports) { marks += driver.takeMarks() }
    }

    mutating func quote(_ at: String, _ bid: Int64, _ ask: Int64) {
        var event = MarketEvent(kind: .quote, symbol: symbolA, timestamp: time(at))
        event.has = .both
        (event.bid, event.ask) = (Price(whole: bid), Price(whole: ask))
        take(event)
    }

    mutating func quiet(_ at: String) { take(MarketEvent(kind: .clock, symbol: .none, timestamp: time(at))) }
    mutating func end(_ at: String) { take(MarketEvent(kind: .end, symbol: .none, timestamp: time(at))) }

    mutating func order(_ side: Side, _ quantity: Int64, at: String) {
        var command = Command(
            action: .submit, number: driver.lastCommand + 1, order: driver.lastCommand + 1, symbol: symbolA,
            side: side, type: .market, quantity: Quantity(whole: quantity))
        command.afterEvent = driver.handed
        command.afterReport = driver.lastReport
        command.decided = time(at)
        driver.enqueue(command)
        settle()
    }

    var lines: [String] {
        marks.map { mark in
            "\(mark.number) after \(mark.strategySeq) at \(mark.timestamp.microseconds / 1_000_000 - monday)"
                + " \(mark.equity)"
        }
    }
}

@Suite struct EquityMarkTests {
    @Test func anAccountThatHoldsNothingIsMarkedOnceADay() {
        var session = Marked()
        session.quote("09:30:00", 10, 12)
        session.quote("09:31:00", 10, 12)
        session.quote("15:59:00", 10, 12)
        #expect(session.lines == [])
        session.quote("1 09:30:00", 10, 12)
        session.quote("4 09:30:00", 10, 12)
        #expect(session.lines == ["1 after 0 at 57540 100000", "2 after 0 at 120600 100000"])
    }

    @Test func whileSomethingIsHeldTheLastStateBeforeEachMinuteIsMarked() {
        var session = Marked()
        session.quote("09:30:10", 10, 12)
        session.order(.buy, 100, at: "09:30:10")
        session.quote("09:30:59", 20, 22)
        session.quote("09:31:00", 30, 32)
        session.quote("09:33:30", 40, 42)
        session.order(.sell, 100, at: "09:33:30")
        session.quote("09:35:00", 50, 52)
        #expect(
            session.lines == [
                "1 after 1 at 34259 100899", "2 after 1 at 34260 101899",
            ])
        #expect(session.marks[0].holdings.map(\.price) == [Price(whole: 21)])
        #expect(session.marks[0].holdings.map(\.position) == [Quantity(whole: 100)])
        #expect(session.marks[0].cash == Money(whole: 98_799))
    }

    @Test func aCommandThatRunsBeforeMidnightBelongsToTheDayBefore() {
        var session = Marked(latency: 3_600_000_000)
        session.quote("23:30:00", 10, 12)
        session.order(.buy, 1, at: "22:45:00")
        session.quote("1 09:00:00", 20, 22)
        // The fill at 23:45 meets the old quote and is in the mark, which is of its time.
        #expect(session.lines == ["1 after 1 at 85500 99998"])
    }

    @Test func aCommandThatRunsAfterMidnightIsNotInTheMarkOfTheDayBefore() {
        var session = Marked(latency: 3_600_000_000)
        session.quote("23:30:00", 10, 12)
        session.order(.buy, 1, at: "23:30:00")
        session.quote("1 09:00:00", 20, 22)
        #expect(session.lines.first == "1 after 0 at 84600 100000")
    }

    @Test func theLastStateBeforeTheMarketGoesQuietIsMarkedOnce() {
        var session = Marked()
        session.quote("09:30:10", 10, 12)
        session.quiet("09:30:50")
        #expect(session.lines == [])
        session.quiet("09:31:10")
        session.quiet("09:32:10")
        session.quiet("1 00:00:10")
        #expect(session.lines == ["1 after 0 at 34250 100000"])
    }

    @Test func theEndOfTheDataIsMarkedAndWhatIsDoneAfterIt() {
        var session = Marked()
        session.quote("09:30:10", 10, 12)
        session.end("09:30:10")
        session.order(.buy, 1, at: "09:30:10")
        #expect(session.lines == ["1 after 0 at 34210 100000", "2 after 1 at 34210 99998"])
    }

    @Test func aYearHas365DaysOnlyWhenEverySymbolIsCrypto() {
        for (word, expected) in [("crypto", 365), ("equity", 252)] {
            var session = Marked()
            var instrument = MarketEvent(kind: .instrument, symbol: symbolA, timestamp: time("09:00:00"))
            instrument.detail = ShortCode(word) ?? .none
            instrument.code = ShortCode("USD") ?? .none
            session.take(instrument)
            session.quote("09:30:00", 10, 12)
            session.end("09:31:00")
            #expect(session.marks.map(\.periodsPerYear) == [expected])
        }
    }
}

// The steps of DESIGN 7, "The loop", one by one: what a driver does with events and commands, and when.

import Contracts
import StrategyHost
import Testing
import TradingCore

/// A driver and the trace of its steps: "e2" took an event, "c2" a clock event, "r1@105/12 after 1" made a
/// report at a time, of a fill with its price.
private struct Trace {
    var driver: SessionDriver
    var lines: [String] = []

    init(latency: Int64 = 0) {
        driver = SessionDriver(settings: settings(latency: latency), symbols: [symbolA])
    }

    mutating func take(_ event: MarketEvent) {
        while true {
            var reports: [Report] = []
            let step = driver.step(next: event, into: &reports)
            note(reports)
            switch step {
            case .tookEvent: return lines.append("e\(event.seq)")
            case .tookClock: return lines.append("c\(event.seq)")
            case .executed, .idle: continue
            }
        }
    }

    mutating func settle() {
        var reports: [Report] = []
        while case .executed = driver.stepWithoutEvent(into: &reports) {
            note(reports)
            reports = []
        }
    }

    private mutating func note(_ reports: [Report]) {
        for report in reports {
            let what = report.executions.first.map { "filled \($0.price)" } ?? report.reason?.code
            let time = report.timestamp.microseconds
            lines.append("\(report.order) \(what ?? "\(report.status)") @\(time) after \(report.after)")
        }
    }
}

@Suite struct SessionDriverTests {
    @Test func whatIsActiveByTheTimeOfAnEventMeetsTheQuoteBeforeIt() {
        var trace = Trace(latency: 5)
        trace.take(quote(1, at: 100, 10, 12))
        trace.driver.enqueue(buy(1, after: 1, decided: 100))
        trace.take(quote(2, at: 105, 20, 22))
        #expect(
            trace.lines == ["e1", "1 accepted @105 after 1", "1 filled 12 @105 after 1", "e2"])
    }

    @Test func whatIsActiveLaterMeetsTheEvent() {
        var trace = Trace(latency: 5)
        trace.take(quote(1, at: 100, 10, 12))
        trace.driver.enqueue(buy(1, after: 1, decided: 100))
        trace.take(quote(2, at: 104, 20, 22))
        trace.settle()
        trace.take(quote(3, at: 106, 30, 32))
        #expect(
            trace.lines == ["e1", "e2", "1 accepted @105 after 2", "1 filled 22 @105 after 2", "e3"])
    }

    @Test func commandsRunInTheOrderOfTheirActiveTimesThenNumbers() {
        var trace = Trace(latency: 3)
        trace.take(quote(1, at: 100))
        for (number, time) in [(1, 104), (2, 101), (3, 101)] as [(UInt64, Int64)] {
            trace.driver.enqueue(buy(number, after: 1, decided: time, at: 5))
        }
        trace.take(quote(2, at: 200))
        #expect(
            trace.lines == [
                "e1", "2 accepted @104 after 1", "3 accepted @104 after 1", "1 accepted @107 after 1", "e2",
            ])
    }

    @Test func withLatencyZeroADecisionMeetsTheQuoteOfItsEvent() {
        var trace = Trace()
        trace.take(quote(1, at: 100, 10, 12))
        trace.take(quote(2, at: 101, 20, 22))
        trace.driver.enqueue(buy(1, after: 2, decided: 101))
        trace.settle()
        #expect(trace.lines == ["e1", "e2", "1 accepted @101 after 2", "1 filled 22 @101 after 2"])
    }

    @Test func workingOrdersMeetAnEventInTheOrderOfTheirNumbersBeforeItIsHanded() {
        var trace = Trace()
        trace.take(quote(1, at: 100, 10, 12))
        trace.driver.enqueue(buy(1, after: 1, decided: 100, at: 8))
        trace.driver.enqueue(buy(2, after: 1, decided: 100, at: 9))
        trace.settle()
        trace.take(quote(2, at: 101, 7, 8))
        #expect(
            trace.lines.suffix(3) == ["1 filled 8 @101 after 1", "2 filled 9 @101 after 1", "e2"])
    }

    @Test func theSixtyFifthCommandOfAnEventIsRejectedAndTheNextEventCountsAnew() {
        var trace = Trace()
        trace.take(quote(1, at: 100))
        for number in 1...66 as ClosedRange<UInt64> {
            trace.driver.enqueue(buy(number, after: 1, decided: 100, at: 5))
        }
        trace.settle()
        #expect(trace.lines[64] == "64 accepted @100 after 1")
        #expect(
            trace.lines[65...] == ["65 event_order_limit @100 after 1", "66 event_order_limit @100 after 1"])
        trace.take(quote(2, at: 101))
        trace.driver.enqueue(buy(67, after: 2, report: 66, decided: 101, at: 5))
        trace.settle()
        #expect(trace.lines.last == "67 accepted @101 after 2")
    }

    @Test func aCommandWaitsForItsPositionHoweverEarlyItIsThere() {
        var trace = Trace()
        trace.driver.enqueue(buy(1, after: 2, decided: 101))
        trace.driver.enqueue(buy(2, after: 2, report: 2, decided: 101))
        trace.take(quote(1, at: 100, 10, 12))
        trace.take(quote(2, at: 101, 20, 22))
        trace.take(quote(3, at: 102, 30, 32))
        #expect(
            trace.lines == [
                "e1", "e2", "1 accepted @101 after 2", "1 filled 22 @101 after 2", "2 accepted @101 after 2",
                "2 filled 22 @101 after 2", "e3",
            ])
    }

    @Test func aClockEventRunsWhatIsDueAndIsHandedToNobody() {
        var trace = Trace(latency: 5)
        trace.take(quote(1, at: 100, 10, 12))
        trace.driver.enqueue(buy(1, after: 1, decided: 100))
        trace.take(event(.clock, 2, at: 105))
        #expect(trace.lines == ["e1", "1 accepted @105 after 1", "1 filled 12 @105 after 1", "c2"])
        #expect(trace.driver.handed == 1)
        #expect(trace.driver.cursor == 2)
    }

    @Test func sessionTimeNeverGoesBack() {
        var trace = Trace()
        trace.take(quote(1, at: 100, 10, 12))
        trace.take(quote(2, at: 90, 20, 22))
        #expect(trace.driver.time.microseconds == 100)
    }

    @Test func aCommandDecidedAtTheEndOfTimeIsNeverActive() {
        var trace = Trace(latency: 5)
        trace.take(quote(1, at: 100))
        trace.driver.enqueue(buy(1, after: 1, decided: .max))
        trace.take(quote(2, at: 200))
        #expect(trace.lines == ["e1", "e2"])
        #expect(trace.driver.isBusy)
    }

    @Test func reportsComeBeforeTimersAndTimersBeforeTheEvent() throws {
        let script = Script()
        script.onData = { host, seq in
            if seq == 1 {
                host.rest()
                _ = host.setTimer(delay: 3)
                _ = host.setTimer(delay: 2)
            }
        }
        script.onReport = { host, report in if report == 2 { _ = host.setTimer(delay: 0) } }
        let session = BacktestSession(strategy: try script.hosted(), settings: settings(), symbols: [symbolA])
        for event in [quote(1, at: 100), quote(2, at: 103, 8, 9), quote(3, at: 104)] {
            try session.take(event) { _ in }
        }
        // A timer is due 1 µs after the time at which it was set, at the earliest.
        #expect(
            script.calls == [
                "event 1", "report 1", "report 2", "timer 2", "timer 1", "event 2", "timer 3", "event 3",
            ])
    }
}

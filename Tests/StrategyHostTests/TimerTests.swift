import CStrategyABI
import Contracts
import Testing

@testable import StrategyHost

@Suite struct TimerTests {
    @Test("timers fire by due time, then creation, before the event is handed over")
    func order() throws {
        let script = ScriptedStrategy()
        script.onData = { host, data in
            if data.seq == 1 {
                for delay: Int64 in [5, 0, -9, 5, 1, .max] { _ = host.setTimer(delay: delay) }
            }
            return 0
        }
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(1, at: 100))
        try strategy.handle(quote(2, at: 100))
        try strategy.handle(quote(3, at: 104))
        try strategy.handle(quote(4, at: 105))
        #expect(
            script.calls == [
                "data 1", "data 2", "timer 2 101", "timer 3 101", "timer 5 101", "data 3", "timer 1 105",
                "timer 4 105", "data 4",
            ])
    }

    @Test("what a timer decides is decided at the event's time and position, with the quote not yet visible")
    func decisions() throws {
        let script = ScriptedStrategy()
        script.onReport = { host, _ in _ = host.setTimer(delay: 10) }
        script.onTime = { host, _, _ in
            host.buy()
            #expect(host.eventTime == Timestamp(microseconds: 500))
            _ = host.setTimer(delay: 0)
        }
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(1, at: 100))
        strategy.buy()
        // Set at the report's time, 200: due at 210.
        try strategy.handle(report(1, .rejected, order: 1, after: 1, at: 200))
        try strategy.handle(quote(2, at: 209))
        #expect(strategy.taken().count == 1)
        try strategy.handle(event(.instrument, 3, at: 500))
        let command = try #require(strategy.taken().first)
        #expect(command.afterEvent == 3 && command.afterReport == 1)
        #expect(command.decided == Timestamp(microseconds: 500))
        #expect(script.calls.suffix(2) == ["data 2", "timer 1 210"])
    }

    @Test("a clock event does not fire timers; the next event does")
    func clock() throws {
        let script = ScriptedStrategy()
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(1, at: 100))
        _ = strategy.setTimer(delay: 5)
        strategy.advanceClock(to: Timestamp(microseconds: 300))
        #expect(script.calls == ["data 1"])
        try strategy.handle(quote(3, at: 101))
        #expect(script.calls == ["data 1", "timer 1 105", "data 3"])
        #expect(strategy.eventTime == Timestamp(microseconds: 300))
    }

    @Test("one timer more than the limit is refused")
    func limit() throws {
        let strategy = try HostedStrategy.scripted(ScriptedStrategy())
        for number in 1...TimerQueue.maximumTimers { #expect(strategy.setTimer(delay: 1) == Int64(number)) }
        #expect(strategy.setTimer(delay: 1) == Int64(TR_TOO_MANY_TIMERS))
    }
}

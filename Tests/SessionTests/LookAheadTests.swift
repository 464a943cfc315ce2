// Looking ahead: what the simulator promises beyond the progress, and when the runner may use it.

import Contracts
import StrategyHost
import Testing
import TradingCore

/// The simulator's side: a session whose strategy has an order to buy one at 9 working since event 1.
private final class Desk {
    var session: ServedSession
    let window: EventWindow

    init(_ events: [MarketEvent], latency: Int64 = 0) {
        session = ServedSession(settings: settings(latency: latency), symbols: [symbolA], start: 1)
        window = makeWindow(events, capacity: 8_192)
        session.attach(fence: 1, handledReport: 0)
    }

    /// The strategy says where it stands; the promise that follows.
    func ahead(_ event: UInt64, _ report: UInt64, _ command: UInt64) -> UInt64? {
        let isTaken = session.receive(Progress(event: event, report: report, command: command))
        #expect(isTaken)
        var reports: [Report] = []
        while session.advance(window, into: &reports) {}
        return session.lookAhead(window)
    }

    func take(_ command: Command) -> CommandVerdict { session.receive(command) }

    /// What is promised without a word of the strategy.
    func stands() -> UInt64? { session.lookAhead(window) }

    /// The order that rests, accepted.
    func rest() {
        #expect(ahead(0, 0, 0) == nil)
        #expect(take(buy(1, after: 1, decided: 101, at: 9)) == .taken)
    }
}

/// Quotes of 10 at 12 from event 1 on, 8 at 9 at those named: the order fills there.
private func quotes(_ count: UInt64, filling: Set<UInt64> = []) -> [MarketEvent] {
    (1...count).map {
        filling.contains($0) ? quote($0, at: 100 + Int64($0), 8, 9) : quote($0, at: 100 + Int64($0))
    }
}

@Suite struct LookAheadTests {
    @Test func aRestingOrderIsPromisedNothingUpToTheEventThatFillsIt() {
        let desk = Desk(quotes(12, filling: [9]))
        desk.rest()
        #expect(desk.ahead(1, 0, 1) == 8)
        #expect(desk.session.driver.handed == 1, "accepted after event 1, and not handled yet")
        #expect(desk.ahead(1, 1, 1) == 8)
        // Committed is one event beyond the progress, as without a promise.
        #expect(desk.session.driver.handed == 2)
        #expect(desk.ahead(7, 1, 1) == 8)
        #expect(desk.session.driver.handed == 8)
        #expect(desk.session.driver.lastReport == 1)
        // Event 9 makes the report; then nothing works any more, and nothing need be promised.
        #expect(desk.ahead(8, 1, 1) == nil)
        #expect(desk.session.driver.handed == 9)
        #expect(desk.session.driver.lastReport == 2)
    }

    @Test func aCommandThatIsKnownButLaterThanTheProgressEndsThePromise() {
        let desk = Desk(quotes(12))
        desk.rest()
        #expect(desk.ahead(1, 1, 1) == 12)
        #expect(desk.take(buy(2, after: 5, report: 1, decided: 105, at: 8)) == .taken)
        // It is answered after event 5; the simulator has the command before the progress.
        #expect(desk.ahead(2, 1, 1) == 5)
    }

    @Test func withLatencyThePromiseReachesToTheMomentAtWhichACommandIsActive() {
        let desk = Desk(quotes(12), latency: 4)
        #expect(desk.ahead(0, 0, 0) == nil)
        #expect(desk.take(buy(1, after: 1, decided: 101, at: 9)) == .taken)
        // Decided at 101, active at 105, which is the time of event 5.
        #expect(desk.ahead(1, 0, 1) == 4)
    }

    @Test func itLooksFurtherTheLongerNothingHappens() {
        let desk = Desk(quotes(8_000))
        desk.rest()
        var reached: [UInt64] = []
        var event: UInt64 = 1
        while event < 6_000 {
            event = desk.ahead(event, 1, 1) ?? 0
            reached.append(event)
        }
        let steps = zip(reached.dropFirst(), reached).map { $0.0 - $0.1 }
        #expect(reached.first ?? 0 <= 2 + LookAhead.shortest)
        #expect(steps.max() ?? 0 <= LookAhead.longest)
        #expect(reached.count < 20, "\(reached)")
    }

    @Test func nothingIsPromisedBeforeTheRunnerHasSaidWhereItStands() {
        let desk = Desk(quotes(12))
        desk.rest()
        #expect(desk.ahead(1, 1, 1) == 12)
        desk.session.attach(fence: 2, handledReport: 1)
        #expect(desk.stands() == nil)
        desk.session.detach()
        #expect(desk.stands() == nil)
    }

    /// The runner's side.
    private final class Runner {
        let script = Script()
        var session: RunnerSession
        let window = makeWindow(quotes(9))

        init(commandsAt events: Set<UInt64>) throws {
            script.onData = { host, seq in if events.contains(seq) { host.rest() } }
            session = RunnerSession(strategy: try script.hosted(), symbols: [symbolA], fence: 1)
            attach()
        }

        func attach() {
            let id = session.beginAttach()
            session.attached(AttachAnswer(id: id, start: 1, command: 0, report: 0, matched: 0))
        }

        func received(_ report: Report) -> Bool { session.received(report) }

        func pump() throws -> UInt64 {
            _ = try session.pump(window)
            return session.progress.event
        }
    }

    @Test func aPromiseLetsTheStrategyGoOnUntilItMakesACommand() throws {
        let runner = try Runner(commandsAt: [2, 6])
        #expect(try runner.pump() == 2)
        runner.session.promised(event: 4, report: 0, command: 1)
        #expect(try runner.pump() == 4)
        runner.session.promised(event: 8, report: 0, command: 1)
        #expect(try runner.pump() == 6)
        // One that was made before the simulator knew of the second command.
        runner.session.promised(event: 9, report: 0, command: 1)
        #expect(try runner.pump() == 6)
        runner.session.promised(event: 8, report: 0, command: 2)
        #expect(try runner.pump() == 8)
    }

    @Test func aPromiseCountsOnceItsReportsAreInHandAndNotAfterAReset() throws {
        let runner = try Runner(commandsAt: [2])
        #expect(try runner.pump() == 2)
        runner.session.promised(event: 5, report: 1, command: 1)
        #expect(try runner.pump() == 2)
        #expect(runner.received(accepted(1, order: 1, after: 2, at: 102)))
        #expect(try runner.pump() == 5)
        runner.session.promised(event: 9, report: 1, command: 1)
        _ = runner.session.beginAttach()
        #expect(try runner.pump() == 5)
    }
}

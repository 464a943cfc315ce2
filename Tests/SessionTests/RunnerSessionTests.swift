// The runner's side of a session: what a strategy is handed, what it waits for, what is sent again.

import Contracts
import StrategyHost
import Testing
import TradingCore

/// A runner's session with a strategy that places an order at event 2 that rests until a report ends it.
private final class Desk {
    let script = Script()
    var session: RunnerSession
    var window = makeWindow([quote(1, at: 100), quote(2, at: 101), quote(3, at: 102), quote(4, at: 103)])

    init(attached: Bool = true) throws {
        script.onData = { host, seq in if seq == 2 { host.rest() } }
        session = RunnerSession(strategy: try script.hosted(), symbols: [symbolA], fence: 1)
        if attached { attach() }
    }

    @discardableResult
    func attach(command: UInt64 = 0, report: UInt64 = 0, matched: UInt64 = 0) -> UInt64 {
        let id = session.beginAttach()
        session.attached(AttachAnswer(id: id, start: 1, command: command, report: report, matched: matched))
        return id
    }

    func outgoing() -> (commands: [Command], progress: Progress?) { session.takeOutgoing() }

    func received(_ report: Report) -> Bool { session.received(report) }

    func pump() throws { _ = try session.pump(window) }
}

@Suite struct RunnerSessionTests {
    @Test func nothingIsHandedBeforeTheFirstAttachIsAnswered() throws {
        let desk = try Desk(attached: false)
        try desk.pump()
        let old = desk.session.beginAttach()
        let id = desk.session.beginAttach()
        desk.session.attached(AttachAnswer(id: old, start: 1, command: 0, report: 0, matched: 0))
        #expect(desk.session.state == .asked(id))
        try desk.pump()
        #expect(desk.script.calls.isEmpty)
        desk.session.attached(AttachAnswer(id: id, start: 1, command: 0, report: 0, matched: 0))
        try desk.pump()
        #expect(desk.script.calls == ["event 1", "event 2"])
    }

    @Test func aStrategyWithACommandUnansweredWaitsForMatched() throws {
        let desk = try Desk()
        try desk.pump()
        desk.session.matched(event: 2, report: 0)
        try desk.pump()
        #expect(desk.script.calls == ["event 1", "event 2"])
        desk.session.matched(event: 3, report: 0)
        try desk.pump()
        #expect(desk.script.calls.last == "event 3")
    }

    @Test func matchedCountsOnceItsReportsAreInHand() throws {
        let desk = try Desk()
        try desk.pump()
        desk.session.matched(event: 3, report: 1)
        try desk.pump()
        #expect(desk.script.calls.last == "event 2")
        #expect(desk.received(accepted(1, order: 1, after: 2, at: 101)))
        try desk.pump()
        #expect(desk.script.calls.suffix(2) == ["report 1", "event 3"])
    }

    @Test func aReportWaitsForTheEventThatItNames() throws {
        let desk = try Desk()
        #expect(desk.received(accepted(1, order: 1, after: 2, at: 101)))
        #expect(desk.received(cancelled(2, order: 1, after: 3, at: 102)))
        desk.session.matched(event: 4, report: 2)
        try desk.pump()
        #expect(desk.script.calls == ["event 1", "event 2", "report 1", "event 3", "report 2", "event 4"])
    }

    @Test(
        arguments: [
            // numbers that arrive, whether each is taken, what the strategy handles
            ([1, 2], [true, true], 2), ([1, 1, 2], [true, true, true], 2), ([2], [false], 0),
            ([1, 3], [true, false], 1),
        ] as [([UInt64], [Bool], UInt64)])
    func aReportTwiceIsPassedOverAndAHoleAsksForAnAttach(numbers: [UInt64], taken: [Bool], handled: UInt64)
        throws
    {
        let desk = try Desk()
        try desk.pump()
        let answers = numbers.map { number in
            desk.received(
                number == 1
                    ? accepted(1, order: 1, after: 2, at: 101)
                    : cancelled(number, order: 1, after: 2, at: 101))
        }
        try desk.pump()
        #expect(answers == taken)
        #expect(desk.session.progress.report == handled)
    }

    @Test func aReportThatComesTooLateEndsTheStrategy() throws {
        let desk = try Desk()
        desk.session.matched(event: 4, report: 0)
        try desk.pump()
        #expect(desk.received(accepted(1, order: 1, after: 2, at: 101)))
        #expect(throws: ReportOutOfPlace.self) { try desk.pump() }
    }

    @Test func aPromiseOfBeforeAResetDoesNotReachBeyondWhatWasHandled() throws {
        let desk = try Desk()
        try desk.pump()
        desk.session.matched(event: 4, report: 0)
        _ = desk.session.beginAttach()
        desk.session.matched(event: 4, report: 0)
        try desk.pump()
        #expect(desk.script.calls == ["event 1", "event 2"])
    }

    @Test func progressIsSaidAfterEachAttachThoughNothingWasHandled() throws {
        let desk = try Desk()
        desk.window = makeWindow([])
        try desk.pump()
        #expect(desk.outgoing().progress == Progress())
        #expect(desk.outgoing().progress == nil)
        desk.attach()
        #expect(desk.outgoing().progress == Progress())
        desk.session.repeatProgress()
        #expect(desk.outgoing().progress == Progress())
    }

    @Test(
        arguments: [
            // last command that the simulator holds, numbers sent again
            (0, [1, 2]), (1, [2]), (2, []), (7, []),
        ] as [(UInt64, [UInt64])])
    func afterAResetTheCommandsThatTheSimulatorLacksAreSentAgain(held: UInt64, expected: [UInt64]) throws {
        let desk = try Desk()
        desk.script.onData = { host, seq in
            if seq == 1 { host.rest() }
            if seq == 2 { host.rest() }
        }
        desk.session.matched(event: 9, report: 0)
        try desk.pump()
        #expect(desk.outgoing().commands.map(\.number) == [1, 2])
        #expect(desk.outgoing().commands.isEmpty)
        desk.attach(command: held)
        let (commands, progress) = desk.outgoing()
        #expect(commands.map(\.number) == expected)
        #expect(progress == Progress(event: 4, report: 0, command: 2))
    }

    @Test func nothingIsSaidWhileDetached() throws {
        let desk = try Desk(attached: false)
        desk.attach()
        try desk.pump()
        _ = desk.session.beginAttach()
        let (commands, progress) = desk.outgoing()
        #expect(commands.isEmpty && progress == nil)
    }

    @Test func aRebuiltStrategyIsHandedReportsAtTheirPlaces() throws {
        let desk = try Desk(attached: false)
        desk.attach(command: 1, report: 2, matched: 4)
        desk.session.matched(event: 4, report: 2)
        _ = desk.received(accepted(1, order: 1, after: 2, at: 101))
        try desk.pump()
        #expect(desk.script.calls == ["event 1", "event 2", "report 1"])
        _ = desk.received(cancelled(2, order: 1, after: 3, at: 102))
        try desk.pump()
        #expect(desk.script.calls.suffix(3) == ["event 3", "report 2", "event 4"])
        // Made again, it is sent again, for the simulator to compare.
        #expect(desk.outgoing().commands.map(\.number) == [1])
    }

    @Test func clockEventsAreNotHandedAndTheEndIsSeen() throws {
        let desk = try Desk()
        desk.script.onData = { _, _ in }
        desk.window = makeWindow([quote(1, at: 100), event(.clock, 2, at: 150), event(.end, 3, at: 150)])
        try desk.pump()
        #expect(desk.script.calls == ["event 1"])
        #expect(desk.session.sawEnd)
        #expect(desk.session.progress.event == 3)
    }
}

// The simulator's side of a session: what it takes from a runner, when it moves, what it owes.

import Contracts
import Testing
import TradingCore

private final class Desk {
    var session: ServedSession
    var window: EventWindow
    var reports: [Report] = []

    init(
        _ events: [MarketEvent] = [quote(1, at: 100), quote(2, at: 101), quote(3, at: 102)],
        fence: UInt64? = 1,
        reportWindow: UInt64 = 4
    ) {
        session = ServedSession(
            settings: settings(), symbols: [symbolA], start: 1, reportWindow: reportWindow)
        window = makeWindow(events)
        if let fence { session.attach(fence: fence, handledReport: 0) }
    }

    /// Goes on as far as it can and says the last event taken.
    func advance() -> UInt64 {
        while session.advance(window, into: &reports) {}
        return session.driver.handed
    }

    func take(_ command: Command) -> CommandVerdict { session.receive(command) }

    func toSend() -> ClosedRange<UInt64>? { session.takeReportsToSend() }

    func progress(_ event: UInt64, _ report: UInt64, _ command: UInt64) -> Bool {
        session.receive(Progress(event: event, report: report, command: command))
    }
}

@Suite struct ServedSessionTests {
    @Test func aSessionWaitsForTheFirstProgressAndThenGoesOneEventAhead() {
        let desk = Desk()
        #expect(desk.advance() == 0)
        #expect(desk.progress(0, 0, 0))
        #expect(desk.advance() == 1)
        #expect(desk.advance() == 1)
        #expect(desk.progress(2, 0, 0))
        #expect(desk.advance() == 3)
    }

    @Test func attachNeverMovesASession() {
        let desk = Desk()
        _ = desk.progress(1, 0, 0)
        #expect(desk.advance() == 2)
        desk.session.attach(fence: 2, handledReport: 0)
        #expect(desk.advance() == 2)
        desk.session.detach()
        #expect(!desk.progress(2, 0, 0))
        #expect(desk.advance() == 2)
    }

    @Test func progressThatIsOlderTakesNothingBack() {
        let desk = Desk()
        _ = desk.progress(2, 0, 0)
        _ = desk.progress(1, 0, 0)
        #expect(desk.advance() == 3)
    }

    @Test func progressWaitsForTheCommandsThatItNames() {
        let desk = Desk()
        #expect(!desk.progress(1, 0, 1))
        #expect(desk.advance() == 0)
        #expect(desk.take(buy(1, after: 1, decided: 100)) == .taken)
        #expect(desk.progress(1, 0, 1))
    }

    @Test func aReportMadeMustBeHandledBeforeTheNextStep() {
        let desk = Desk()
        _ = desk.take(buy(1, after: 1, decided: 100))
        _ = desk.progress(1, 0, 1)
        #expect(desk.advance() == 1)
        #expect(desk.reports.map(\.number) == [1, 2])
        _ = desk.progress(1, 1, 1)
        #expect(desk.advance() == 1)
        _ = desk.progress(1, 2, 1)
        #expect(desk.advance() == 2)
    }

    @Test(
        arguments: [
            // commands held before, the number that comes, whether it is other than before, verdict
            (0, 1, false, CommandVerdict.taken), (1, 1, false, .known), (1, 1, true, .differs),
            (1, 2, false, .taken),
            (0, 2, false, .attachFirst), (2, 1, false, .known), (1, 0, false, .differs),
        ] as [(UInt64, UInt64, Bool, CommandVerdict)])
    func everyCommandGetsItsVerdict(held: UInt64, number: UInt64, isOther: Bool, verdict: CommandVerdict) {
        let desk = Desk()
        for number in 0..<held { _ = desk.take(buy(number + 1, after: 1, decided: 100)) }
        let command = buy(number, after: 1, decided: 100, quantity: isOther ? 2 : 1)
        #expect(desk.take(command) == verdict)
    }

    /// It would run at once, but at its place when the session is run again.
    @Test(
        "a new command at a place that was passed differs",
        arguments: [(1, .differs), (2, .differs), (3, .taken)] as [(UInt64, CommandVerdict)])
    func placePassed(event: UInt64, verdict: CommandVerdict) {
        let desk = Desk()
        #expect(desk.progress(2, 0, 0))
        #expect(desk.advance() == 3)
        desk.session.attach(fence: 2, handledReport: 0)
        #expect(desk.take(buy(1, after: event, decided: 99 + Int64(event))) == verdict)
    }

    @Test func whatNobodyAttachedForIsAnsweredAttach() {
        let desk = Desk(fence: nil)
        #expect(desk.take(buy(1, after: 0, decided: 0)) == .attachFirst)
        #expect(!desk.progress(0, 0, 0))
        #expect(desk.toSend() == nil)
    }

    @Test(arguments: [(1, false), (2, true), (3, true)] as [(UInt64, Bool)])
    func aLowerFenceThanSeenIsRefused(fence: UInt64, isAccepted: Bool) {
        let desk = Desk(fence: 2)
        #expect(desk.session.accepts(fence: fence) == isAccepted)
        let restored = Desk(fence: nil)
        restored.session.restore(reports: 0, fence: 2)
        #expect(restored.session.accepts(fence: fence) == isAccepted)
    }

    @Test func reportsAreSentUpToTheWindowBeyondWhatWasHandled() {
        let desk = Desk(reportWindow: 3)
        for number in 1...3 as ClosedRange<UInt64> {
            _ = desk.take(buy(number, after: 1, decided: 100))
        }
        var sent: [ClosedRange<UInt64>] = []
        for report in 0...6 as ClosedRange<UInt64> {
            _ = desk.progress(1, report, 3)
            _ = desk.advance()
            while let range = desk.toSend() { sent.append(range) }
        }
        #expect(sent == [1...2, 3...4, 5...6])
        desk.session.attach(fence: 1, handledReport: 1)
        #expect(desk.toSend() == 2...4)
        #expect(desk.toSend() == nil)
        #expect(!desk.session.isSentThrough)
        _ = desk.progress(1, 4, 3)
        #expect(desk.toSend() == 5...6)
        #expect(desk.session.isSentThrough)
    }

    @Test func aRestoredSessionMakesItsReportsAgainAndThenWaits() {
        let desk = Desk()
        _ = desk.take(buy(1, after: 1, decided: 100))
        _ = desk.progress(1, 0, 1)
        _ = desk.advance()
        let made = desk.reports

        // The journal holds the command and the first report of the step.
        let restored = Desk(fence: nil)
        restored.session.restore(buy(1, after: 1, decided: 100))
        restored.session.restore(reports: 1, fence: 1)
        #expect(restored.session.isRerunning)
        #expect(restored.toSend() == nil)
        #expect(restored.advance() == 1)
        #expect(restored.reports == made)
        #expect(!restored.session.isRerunning)
        #expect(!restored.session.isReady)
    }

    @Test func aSessionIsDoneWhenTheStrategyHasHandledTheEnd() {
        let desk = Desk([quote(1, at: 100), event(.end, 2, at: 100)])
        _ = desk.progress(1, 0, 0)
        #expect(desk.advance() == 2)
        #expect(!desk.session.isDone)
        _ = desk.progress(2, 0, 0)
        #expect(desk.advance() == 2)
        #expect(desk.session.isDone)
    }

    @Test func aSessionIsNotDoneWhileACommandDecidedAtTheEndIsDue() {
        let desk = Desk([quote(1, at: 100), event(.end, 2, at: 100)])
        _ = desk.progress(1, 0, 0)
        #expect(desk.advance() == 2)
        // The runner says the last there is to say, and its connection breaks before the session can go on.
        _ = desk.take(buy(1, after: 2, decided: 100))
        _ = desk.progress(2, 0, 1)
        desk.session.detach()
        #expect(desk.advance() == 2)
        #expect(!desk.session.isDone)
        desk.session.attach(fence: 1, handledReport: 0)
        _ = desk.progress(2, 0, 1)
        #expect(desk.advance() == 2)
        #expect(desk.reports.count == 2)
        #expect(!desk.session.isDone)
        _ = desk.progress(2, 2, 1)
        _ = desk.advance()
        #expect(desk.session.isDone)
    }

    @Test func eventsOfOthersArePassedOver() {
        let desk = Desk([quote(1, at: 100, of: symbolB), quote(2, at: 101), quote(3, at: 102, of: symbolB)])
        _ = desk.progress(0, 0, 0)
        #expect(desk.advance() == 2)
        #expect(desk.session.next == 3)
        _ = desk.progress(2, 0, 0)
        #expect(desk.advance() == 2)
        #expect(desk.session.next == 4)
    }

    @Test func aSessionWhoseEventsTheWindowHasDroppedStandsStill() {
        let desk = Desk()
        desk.window.drop(before: 2)
        _ = desk.progress(0, 0, 0)
        #expect(desk.advance() == 0)
    }
}

// Inputs from outside, one rule at a time: where they take effect, what they cancel, and that they are made
// once.

import Contracts
import StrategyHost
import Testing
import TradingCore

private func input(
    _ number: UInt64, _ kind: StrategyInput.Kind, after event: UInt64, report: UInt64 = 0, at time: Int64
) -> Command {
    var command = Command(action: .input, number: number, order: 0, symbol: .none)
    command.input = StrategyInput(id: "i\(number)", kind: kind)
    command.afterEvent = event
    command.afterReport = report
    command.decided = Timestamp(microseconds: time)
    return command
}

/// A session as the simulator serves it, with the reports that it makes as lines.
private struct Simulator {
    var session = ServedSession(settings: settings(), symbols: [symbolA], start: 1)
    var events = (1...9).map { quote($0, at: Int64(100 + $0)) }
    var lines: [String] = []

    init() { session.attach(fence: 1, handledReport: 0) }

    mutating func go(_ event: UInt64, _ report: UInt64, _ command: UInt64, _ commands: [Command] = []) {
        for command in commands {
            let verdict = session.receive(command)
            #expect(verdict == .taken)
        }
        let isTaken = session.receive(Progress(event: event, report: report, command: command))
        #expect(isTaken)
        advance()
    }

    mutating func advance() {
        let window = makeWindow(events)
        var reports: [Report] = []
        while session.advance(window, into: &reports) {
            for report in reports {
                lines.append(
                    report.isOnInput
                        ? "input" : "\(report.order) \(report.reason?.code ?? "\(report.status)")")
            }
            if reports.isEmpty { break }
            reports = []
        }
    }
}

@Suite struct InputTests {
    @Test func aPauseCancelsAndRejectsUntilItIsLifted() {
        var simulator = Simulator()
        simulator.go(1, 0, 1, [buy(1, after: 1, decided: 101, at: 9)])
        simulator.go(1, 1, 1)
        simulator.go(2, 1, 2, [input(2, .pause, after: 2, report: 1, at: 102)])
        #expect(simulator.lines == ["1 accepted", "input", "1 paused"])
        simulator.go(2, 3, 2)
        simulator.go(3, 3, 3, [buy(3, after: 3, report: 3, decided: 103, at: 9)])
        #expect(simulator.lines.last == "3 paused")
        simulator.go(3, 4, 3)
        simulator.go(
            4, 4, 5,
            [
                input(4, .resume, after: 4, report: 4, at: 104),
                buy(5, after: 4, report: 4, decided: 104, at: 9),
            ])
        simulator.go(4, 5, 5)
        #expect(simulator.lines.suffix(2) == ["input", "5 accepted"])
    }

    @Test func aStoredSessionKeepsWhatCameToIt() throws {
        var simulator = Simulator()
        simulator.go(1, 0, 1, [buy(1, after: 1, decided: 101, at: 9)])
        simulator.go(1, 1, 1)
        simulator.session.wantsHalt = true
        simulator.go(2, 1, 1)
        simulator.go(2, 2, 2, [input(2, .pause, after: 2, report: 2, at: 102)])
        #expect(simulator.lines == ["1 accepted", "1 halted", "input"])

        var state = StateWriter()
        simulator.session.write(into: &state)
        var reader = StateReader(state.bytes)
        var restored = try ServedSession(settings: settings(), symbols: [symbolA], start: 1, from: &reader)
        #expect(reader.isAtEnd && !restored.isRerunning)
        #expect(restored.inputs == simulator.session.inputs && restored.driver.halts == 1)
        #expect(restored.driver.book.suspension == [.paused, .halted])
        restored.attach(fence: 1, handledReport: 3)
        (simulator.session, simulator.lines) = (restored, [])
        simulator.go(3, 3, 3, [buy(3, after: 3, report: 3, decided: 103, at: 9)])
        #expect(simulator.lines == ["3 halted"])
        simulator.go(3, 4, 3)
        simulator.go(4, 4, 4, [input(4, .resume, after: 4, report: 4, at: 104)])
        #expect(simulator.session.driver.book.suspension == [])
    }

    @Test func aWishIsInTheJournalOnce() {
        var simulator = Simulator()
        simulator.go(1, 0, 1, [input(1, .pause, after: 1, at: 101)])
        var again = input(2, .pause, after: 2, at: 102)
        again.input = StrategyInput(id: "i1", kind: .pause)
        let verdict = simulator.session.receive(again)
        #expect(verdict == .differs)
    }

    @Test(
        "a halt waits until the session has caught up with its strategy",
        arguments: [
            // Event handled, commands held, the last command's event: whether it acts.
            (event: UInt64(0), command: UInt64(0), decided: UInt64(0), acts: true), (9, 0, 0, true),
            (4, 1, 4, true), (4, 1, 6, false),
        ])
    func haltWaits(event: UInt64, command: UInt64, decided: UInt64, acts: Bool) {
        var simulator = Simulator()
        simulator.session.wantsHalt = true
        simulator.advance()
        #expect(simulator.session.driver.halts == 0, "nobody has said where the strategy stands")
        let commands = command == 0 ? [] : [buy(1, after: decided, decided: 100 + Int64(decided), at: 9)]
        simulator.go(event, 0, command, commands)
        if command > 0 {
            #expect(simulator.session.driver.halts == 0, "a report is not handled")
            simulator.go(event, 1, command)
        }
        #expect((simulator.session.driver.halts == 1) == acts)
    }

    @Test func behindTheEndOfTheDataNothingIsHalted() {
        var simulator = Simulator()
        simulator.events.append(event(.end, 10, at: 110))
        simulator.go(9, 0, 1, [buy(1, after: 9, decided: 109, at: 9)])
        simulator.go(10, 1, 1)
        #expect(simulator.session.isDone)
        simulator.session.wantsHalt = true
        simulator.advance()
        #expect(simulator.session.driver.halts == 0 && simulator.lines == ["1 accepted"])
    }

    @Test func aHaltIsMadeAgainWhereItWasMade() {
        var first = Simulator()
        first.go(2, 0, 1, [buy(1, after: 2, decided: 102, at: 9)])
        first.go(2, 1, 1)
        first.session.wantsHalt = true
        first.go(3, 1, 1)
        #expect(first.lines == ["1 accepted", "1 halted"])
        #expect(first.session.driver.cursor == 3)

        var second = Simulator()
        second.session = ServedSession(settings: settings(), symbols: [symbolA], start: 1)
        second.session.restore(buy(1, after: 2, decided: 102, at: 9))
        second.session.restore(reports: 2, fence: 1)
        second.session.restoreHalt(after: 3)
        second.advance()
        #expect(second.lines == first.lines)
        #expect(!second.session.isRerunning && second.session.driver.cursor == 3)
    }
}

/// A runner's session of a script, which notes what it is shown.
private final class Runner {
    let script: Script
    var session: RunnerSession
    var window = makeWindow((1...9).map { quote($0, at: Int64(100 + $0)) })

    init(_ script: Script = Script(), beginsBlind: Bool = false) throws {
        self.script = script
        session = RunnerSession(
            strategy: try script.hosted(), symbols: [symbolA], fence: 1, beginsBlind: beginsBlind)
    }

    func attach(
        command: UInt64 = 0, report: UInt64 = 0, matched: UInt64 = 0, event: UInt64 = 0,
        _ inputs: [Command] = []
    ) {
        let id = session.beginAttach()
        session.attached(
            AttachAnswer(
                id: id, start: 1, command: command, report: report, matched: matched, commandEvent: event,
                inputs: inputs))
    }

    func pump() throws { _ = try session.pump(window) }
    func sent() -> [Command] { session.takeOutgoing().commands }
    func said() -> Progress? { session.takeOutgoing().progress }
    func outcomes() -> [WishOutcome] { session.takeOutcomes().map(\.outcome) }
    func stop() -> Bool { session.stop("it failed") }

    func acknowledge(_ report: UInt64, of command: UInt64, after event: UInt64, at time: Int64) {
        let timestamp = Timestamp(microseconds: time)
        _ = session.received(.onInput(number: report, command: command, after: event, timestamp: timestamp))
    }
}

@Suite struct RunnerInputTests {
    @Test("an input is made after the first event that the simulator cannot have passed")
    func place() throws {
        let runner = try Runner()
        runner.attach(matched: 3)
        runner.session.want(StrategyInput(id: "w", kind: .pause))
        try runner.pump()
        let made = runner.sent()
        #expect(made.map(\.number) == [1] && made[0].afterEvent == 4 && made[0].input?.id == "w")
        // Until it is acknowledged the next event waits.
        #expect(runner.script.calls == ["event 1", "event 2", "event 3", "event 4"])
        runner.session.matched(event: 4, report: 1)
        runner.acknowledge(1, of: 1, after: 4, at: 104)
        try runner.pump()
        #expect(runner.script.calls.last == "event 9", "the strategy is not told of it")
        #expect(runner.outcomes() == [.applied(event: 4)])
        runner.session.want(StrategyInput(id: "w", kind: .pause))
        #expect(!runner.session.hasWaitingWishes, "it is made once")
    }

    @Test func noInputIsMadeWhereProgressWasSaid() throws {
        let runner = try Runner()
        runner.attach()
        try runner.pump()
        #expect(runner.said()?.event == 9)
        runner.session.want(StrategyInput(id: "w", kind: .pause))
        try runner.pump()
        #expect(runner.sent().isEmpty)
        runner.window.append(quote(10, at: 110))
        try runner.pump()
        #expect(runner.sent().map(\.afterEvent) == [10])
    }

    @Test func aRebuildAppliesAJournalledInputAtItsNumberAndPosition() throws {
        let runner = try Runner()
        runner.attach(command: 1, matched: 5, event: 5, [input(1, .pause, after: 5, at: 105)])
        try runner.pump()
        #expect(runner.session.progress.command == 1)
        #expect(runner.script.calls.last == "event 5")
        #expect(runner.outcomes() == [.applied(event: 5)])
    }

    @Test func aFailedStrategyIsStoppedAndItsSessionGoesOn() throws {
        let script = Script()
        script.onData = { host, seq in
            if seq == 3 {
                host.buyAtMarket()
                host.noteFailure("no")
            }
        }
        script.fails = { $0 == 3 }
        let runner = try Runner(script)
        runner.attach()
        #expect(throws: StrategyFailure.self) { try runner.pump() }
        #expect(runner.stop())
        try runner.pump()
        let made = runner.sent()
        #expect(made.count == 1, "what it asked as it failed does not count")
        #expect(made.first?.input?.kind == .stop && made.first?.afterEvent == 3)
        #expect(made.first?.input?.sinceEvent == 2)
        runner.session.matched(event: 9, report: 1)
        runner.acknowledge(1, of: 1, after: 3, at: 103)
        try runner.pump()
        #expect(runner.session.progress == Progress(event: 9, report: 1, command: 1))
        #expect(script.calls.last == "event 3")
    }

    @Test func aStoppedStrategyIsNotAskedAgain() throws {
        let script = Script()
        script.fails = { $0 == 3 }
        let runner = try Runner(script)
        var stop = input(5, .stop, after: 4, at: 104)
        stop.input = StrategyInput(id: "i", kind: .stop, sinceEvent: 2)
        runner.attach(command: 5, matched: 4, event: 4, [stop])
        try runner.pump()
        #expect(script.calls.isEmpty)
        #expect(runner.session.progress.command == 5 && runner.session.progress.event == 4)
    }

    @Test func whatAStrategyThatIsNotAskedHadAskedIsNotSent() throws {
        let script = Script()
        script.onStart = { $0.rest() }
        let runner = try Runner(script, beginsBlind: true)
        #expect(runner.sent().isEmpty, "nobody listens yet")
        runner.session.want(StrategyInput(id: "w", kind: .pause))
        runner.attach()
        try runner.pump()
        #expect(runner.sent().map(\.input?.id) == ["w"])
    }

    @Test func anotherVersionHasSeenTheSessionAndGoesOnWithItsNumbers() throws {
        let runner = try Runner()
        let next = Script()
        next.onData = { host, _ in host.rest() }
        let version = StrategyInput.Version(
            pluginID: "p", pluginVersion: "2", pluginSHA256: "", parameters: [], warmUp: "")
        runner.session.want(
            StrategyInput(id: "w", kind: .swap, version: version), version: try next.hosted(watches: true))
        runner.attach(matched: 2)
        try runner.pump()
        #expect(runner.sent().map(\.afterEvent) == [3])
        runner.session.matched(event: 9, report: 1)
        runner.acknowledge(1, of: 1, after: 3, at: 103)
        try runner.pump()
        #expect(runner.script.calls.last == "event 9", "the old one watches, in case the new one fails")
        #expect(next.calls == (1...9).map { "event \($0)" }, "it watched three, and then acted")
        #expect(runner.sent().map(\.number) == Array(2...7), "orders while it watched are not taken")
    }
}

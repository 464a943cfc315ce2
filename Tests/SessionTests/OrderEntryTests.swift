// The cores of the simulator and the runner, where a test of one session does not reach: who owns a session,
// which events are kept, what a failed strategy does to others.

import Contracts
import StrategyHost
import Testing
import TradingCore

/// A simulator with a window of eight events and the answers that each peer got.
private final class Simulator {
    let journal: MemoryJournal
    let core: SimulatorCore
    var symbols = SymbolTable()
    var window = makeWindow((1...8).map { quote($0, at: Int64(100 + $0)) }, capacity: 8)

    init(journal: MemoryJournal = MemoryJournal()) {
        self.journal = journal
        core = SimulatorCore(journal: journal)
        for name in ["A", "B"] { _ = try? symbols.intern(name) }
        core.marketDataKnown(epoch: "market", symbols: &symbols)
    }

    /// As a start does with what the journal holds behind a record.
    func restore(behind seq: UInt64 = 0) throws {
        for (index, record) in journal.records.enumerated() where UInt64(index) >= seq {
            try record.withUnsafeBytes {
                try core.restore(record: $0, seq: UInt64(index + 1), symbols: &symbols)
            }
        }
    }

    func terms(_ id: String) -> SessionTerms {
        SessionTerms(
            strategyID: id, pluginID: "test", pluginVersion: "1", pluginSHA256: "", symbols: ["A"],
            parameters: [],
            simulation: settings().fields.map { SessionTerms.Setting($0.name, $0.value) })
    }

    func attach(
        _ name: String, from peer: UInt64, fence: UInt64 = 1, owner: String = "r", id: UInt64 = 1
    ) {
        let request = AttachRequest(
            fence: fence, owner: owner, attachID: id, report: 0, terms: terms(name))
        receive(.attach(request), peer)
    }

    func progress(
        _ id: String, _ event: UInt64, from peer: UInt64, fence: UInt64 = 1, report: UInt64 = 0,
        command: UInt64 = 0
    ) {
        receive(.progress(strategy: id, fence: fence, event: event, report: report, command: command), peer)
    }

    func receive(_ message: OrderEntryMessage, _ peer: UInt64) {
        core.receive(message, from: CommandPeer(number: peer), symbols: &symbols)
    }

    /// What every peer is answered, as the words of the lines' types.
    func answers() throws -> [UInt64: [String]] {
        try core.advance(window)
        journal.flush()
        try core.prepareAnswers()
        var answers: [UInt64: [String]] = [:]
        core.flushAnswers { peer, bytes in
            for line in bytes.split(separator: 0x0a) {
                let type = try? JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line)).string("type")
                answers[peer.number, default: []].append(type ?? "unreadable")
            }
            return true
        }
        return answers
    }

    func next(_ id: String) -> UInt64? { core.sessions.first { $0.id == id }?.served.next }
}

@Suite struct OrderEntryTests {
    @Test func onlyTheOwnerOfASessionIsHeard() throws {
        let simulator = Simulator()
        simulator.progress("s", 0, from: 1)
        #expect(try simulator.answers() == [1: ["attach_again"]])
        simulator.attach("s", from: 1)
        #expect(try simulator.answers() == [1: ["attached"]])
        simulator.attach("s", from: 2, id: 2)
        simulator.progress("s", 0, from: 1)
        #expect(try simulator.answers() == [1: ["attach_again"], 2: ["attached"]])
        // What the first connection still delivers takes nothing from the second.
        simulator.attach("s", from: 1, id: 1)
        simulator.progress("s", 0, from: 2)
        #expect(try simulator.answers().isEmpty)
        simulator.attach("s", from: 3, fence: 2)
        simulator.progress("s", 0, from: 2)
        simulator.attach("s", from: 2)
        #expect(try simulator.answers() == [2: ["fenced", "fenced"], 3: ["attached"]])
    }

    @Test func aForgottenConnectionLearnsItFromTheNextProgress() throws {
        let simulator = Simulator()
        simulator.attach("s", from: 1)
        simulator.core.disconnected(CommandPeer(number: 1))
        #expect(simulator.core.oldestNeeded == nil)
        simulator.progress("s", 0, from: 2)
        #expect(try simulator.answers()[2] == ["attach_again"])
    }

    @Test func anAttachDuringTheRerunIsAnsweredAtItsEndUnlessItsPeerIsGone() throws {
        let first = Simulator()
        first.attach("s", from: 1)
        first.receive(.command(strategy: "s", fence: 1, buy(1, after: 2, decided: 102, at: 5)), 1)
        first.progress("s", 2, from: 1, command: 1)
        _ = try first.answers()

        for isGone in [false, true] {
            let simulator = Simulator(journal: first.journal)
            try simulator.restore()
            simulator.attach("s", from: 1, fence: 3)
            simulator.attach("s", from: 2, fence: 2)
            if isGone { simulator.core.disconnected(CommandPeer(number: 1)) }
            let answers = try simulator.answers()
            #expect(answers[1] == (isGone ? nil : ["attached", "order", "matched"]))
            #expect(answers[2] == ["fenced"])
        }
    }

    @Test func snapshotsFromBeforeAndAfterAnInputAreGoodToRestoreFrom() throws {
        let simulator = Simulator()
        simulator.attach("s", from: 1)
        simulator.progress("s", 2, from: 1)
        _ = try simulator.answers()
        let seq = UInt64(simulator.journal.records.count)
        let bytes = try #require(simulator.core.snapshot(epoch: MemoryJournal.epoch, seq: seq))

        var pause = Command(action: .input, number: 1, order: 0, symbol: .none)
        pause.input = StrategyInput(id: "i", kind: .pause)
        pause.afterEvent = 3
        pause.decided = Timestamp(microseconds: 103)
        simulator.receive(.command(strategy: "s", fence: 1, pause), 1)
        simulator.progress("s", 3, from: 1, command: 1)
        _ = try simulator.answers()
        let last = UInt64(simulator.journal.records.count)
        #expect(last > seq && !simulator.core.isUntouched)
        let later = try #require(simulator.core.snapshot(epoch: MemoryJournal.epoch, seq: last))

        for (fence, bytes, seq) in [(2 as UInt64, bytes, seq), (3, later, last)] {
            let second = Simulator(journal: simulator.journal)
            let count = second.journal.records.count
            let snapshot = try SimulatorSnapshot(bytes, symbols: &second.symbols)
            second.core.restore(snapshot)
            try second.restore(behind: seq)
            #expect(try second.answers().isEmpty)
            #expect(second.core.sessions[0].served.driver.book.suspension == .paused)
            #expect(second.journal.records.count == count)
            // A strategy that is rebuilt makes it again, and gets its report from the journal.
            second.attach("s", from: 2, fence: fence)
            second.receive(.command(strategy: "s", fence: fence, pause), 2)
            let answers = try second.answers()[2]
            #expect(answers == ["attached", "input_report", "matched", "standing"])
            #expect(second.core.sessions[0].served.inputs == [pause])
        }
    }

    /// A runner that takes over many strategies with a long history is sent what its connection can hold.
    @Test func sessionsOfOneRunnerShareTheWindowOfReports() throws {
        let simulator = Simulator()
        let ids = (0..<20).map { "s\($0)" }
        for id in ids {
            simulator.attach(id, from: 1)
            for number in 1...600 as ClosedRange<UInt64> {
                let command = buy(number, after: 1, decided: 101, at: 9)
                simulator.receive(.command(strategy: id, fence: 1, command), 1)
            }
        }
        for report in 0...600 as ClosedRange<UInt64> {
            for id in ids { simulator.progress(id, 1, from: 1, report: report, command: 600) }
            _ = try simulator.answers()
        }
        for id in ids { simulator.attach(id, from: 2, fence: 2) }
        var (taken, turns) = (0, 0)
        while taken < ids.count * 600, turns < 100 {
            let reports = try simulator.answers()[2]?.count { $0 == "order" } ?? 0
            #expect(reports <= 4_096)
            taken += reports
            turns += 1
            let handled = UInt64(taken / ids.count)
            for id in ids { simulator.progress(id, 1, from: 2, fence: 2, report: handled, command: 600) }
        }
        #expect(taken == ids.count * 600)
    }

    @Test func aSessionThatWaitsGivesWayToThoseThatCanGoOn() throws {
        let simulator = Simulator()
        simulator.attach("slow", from: 1)
        simulator.attach("fast", from: 2)
        simulator.progress("slow", 1, from: 1)
        simulator.progress("fast", 9, from: 2)
        _ = try simulator.answers()
        #expect(simulator.next("slow") == 3)
        #expect(simulator.next("fast") == 9)
        simulator.core.look()
        #expect(simulator.core.oldestNeeded == 3)
        for _ in 0..<WindowHold.patience { simulator.core.look() }
        #expect(simulator.core.oldestNeeded == 9)
        // It can go on: the feed begins again from its place.
        simulator.progress("slow", 2, from: 1)
        #expect(simulator.core.oldestNeeded == 3)
    }

    @Test func whenNobodyCanGoOnAllIsKept() throws {
        let simulator = Simulator()
        simulator.attach("slow", from: 1)
        simulator.progress("slow", 1, from: 1)
        _ = try simulator.answers()
        for _ in 0...WindowHold.patience { simulator.core.look() }
        #expect(simulator.core.oldestNeeded == 3)
    }

    @Test func aFenceHasOneOwnerAlsoAfterARestart() throws {
        let first = Simulator()
        first.attach("s", from: 1, fence: 4, owner: "r1")
        #expect(try first.answers() == [1: ["attached"]])
        // What a restored database has given twice.
        first.attach("s", from: 2, fence: 4, owner: "r2", id: 9)
        #expect(try first.answers() == [2: ["fenced"]])
        let second = Simulator(journal: first.journal)
        try second.restore()
        second.attach("s", from: 2, fence: 4, owner: "r2", id: 9)
        second.attach("s", from: 1, fence: 4, owner: "r1", id: 2)
        #expect(try second.answers() == [1: ["attached"], 2: ["fenced"]])
        second.attach("s", from: 2, fence: 5, owner: "r2", id: 10)
        #expect(try second.answers() == [2: ["attached"]])
    }

    @Test func aStoppedSessionKeepsNothing() throws {
        let simulator = Simulator()
        simulator.attach("s", from: 1)
        simulator.receive(.command(strategy: "s", fence: 1, buy(1, after: 1, decided: 101)), 1)
        simulator.receive(.command(strategy: "s", fence: 1, buy(1, after: 1, decided: 101, quantity: 2)), 1)
        #expect(try simulator.answers()[1] == ["attached", "refused"])
        #expect(simulator.core.oldestNeeded == nil)
    }

    @Test func aStrategyThatFailsIsNotAttachedAgainAndKeepsNothing() throws {
        var symbols = SymbolTable()
        _ = try symbols.intern("A")
        var failures: [String] = []
        let runner = RunnerCore(owner: "r") { id, reason in failures.append("\(id) \(reason.code)") }
        let script = Script()
        script.onData = { host, _ in host.rest() }
        runner.add(Simulator().terms("s"), try script.hosted(), symbols: [symbolA], fence: 1)
        runner.connectionReset(symbols)
        try runner.receive(
            .attached(
                AttachedAnswer(strategy: "s", attachID: 1, start: 1, command: 0, report: 0, matched: 0)),
            symbols: &symbols)
        try runner.receive(.matched(strategy: "s", event: 9, report: 0), symbols: &symbols)
        runner.pump(makeWindow([quote(1, at: 100), quote(2, at: 101)]), symbols)
        // It has gone past event 1 on a promise that was wrong.
        let late = OrderEvent(accepted(1, order: 1, after: 1, at: 100), strategy: "s", fence: 1, symbol: "A")
        try runner.receive(.report(late), symbols: &symbols)
        runner.pump(makeWindow([]), symbols)
        #expect(failures == ["s report_out_of_place"])
        #expect(runner.oldestNeeded == nil)
        try runner.receive(.attachAgain(strategy: "s"), symbols: &symbols)
        #expect(runner.strategies[0].session.state == .attached)
    }

    @Test func aStrategyClaimedAgainTakesThePlaceOfItsOldClaim() throws {
        let runner = RunnerCore(owner: "r") { _, _ in }
        for fence in 1...2 as ClosedRange<UInt64> {
            for id in ["s", "t"] {
                runner.add(Simulator().terms(id), try Script().hosted(), symbols: [symbolA], fence: fence)
            }
        }
        #expect(runner.strategies.map(\.session.fence) == [2, 2])
        runner.remove("s")
        runner.remove("s")
        #expect(runner.strategies.map(\.id) == ["t"])
    }
}

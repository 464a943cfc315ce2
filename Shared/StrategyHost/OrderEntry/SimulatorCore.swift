// The order simulator without its sockets: sessions, what they journal, what they answer.
//
// Guarantees: commands, fences and reports are in the journal before anybody is answered (`flush` comes
// before `takeAnswers`). A command, report or execution that the journal already holds is compared, never
// appended again; a difference stops that session and says what differs.

import Contracts
import TradingCore

/// What only the owner of the sockets can do.
package protocol SimulatorJournal: AnyObject {
    func topic(_ bytes: [UInt8]) -> Int
    /// Puts a record into the batch and says its `seq`.
    func append(topic: Int, _ write: (inout JSONWriter, EnvelopeHeader, EventStamp) -> Void) -> UInt64
    /// The oldest `seq` that is kept.
    var firstSeq: UInt64 { get }
    /// Hands over the journalled records from `seq` on, in order, as long as the body returns true.
    func read(
        from seq: UInt64, _ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer) throws -> Bool
    ) throws
}

package final class SimulatorCore {
    /// Sessions that one simulator serves; an attach of one more is refused.
    package static let maximumSessions = 4_096
    /// Answers name their symbols themselves.
    private static let noSymbols = SymbolTable()

    package internal(set) var sessions: [SimulatedStrategy] = []
    var indexes: [String: Int] = [:]
    private var outboxes: [CommandPeer: Outbox] = [:]
    let journal: any SimulatorJournal
    let reportWindow: UInt64
    /// Why the journal could not be read while a line was handled; thrown with the next answers.
    var historyFailure: (any Error)?
    private var reports: [Report] = []
    /// Epoch of the market data, once the gateway was heard.
    package private(set) var marketDataEpoch: String?
    /// The oldest market event that is kept; 0 while that is not known.
    package var marketDataFirst: UInt64 = 0
    private var deferred: [(peer: CommandPeer, request: AttachRequest)] = []
    package internal(set) var counts = SimulatorCounts()

    /// - Parameter reportWindow: reports sent to a runner beyond what it has handled, at most.
    package init(journal: any SimulatorJournal, reportWindow: UInt64 = ServedSession.reportWindow) {
        self.journal = journal
        self.reportWindow = reportWindow
    }

    // MARK: sessions

    /// Makes a session from its terms; throws a sentence when the terms cannot be.
    package func addSession(_ terms: SessionTerms, symbols: inout SymbolTable) throws(Reason) -> Int {
        guard sessions.count < Self.maximumSessions else {
            throw Reason(code: "too_many_sessions", sentence: "more than \(Self.maximumSessions) sessions")
        }
        let (settings, own) = try terms.resolve(&symbols)
        return add(
            terms,
            ServedSession(settings: settings, symbols: own, start: terms.start, reportWindow: reportWindow),
            symbols: own)
    }

    /// Takes a session, new or restored.
    func add(_ terms: SessionTerms, _ served: ServedSession, symbols: [SymbolIndex]) -> Int {
        let id = terms.strategyID
        let topics = zip(symbols, terms.symbols).map { symbol, name in
            SessionTopics(
                symbol: symbol, name: name, order: journal.topic(Topic.order(id, name)),
                trade: journal.topic(Topic.trade(id, name)))
        }
        sessions.append(
            SimulatedStrategy(
                terms: terms, served: served, commandTopic: journal.topic(Topic.command(id)),
                fenceTopic: journal.topic(Topic.fence(id)), inputTopic: journal.topic(Topic.input(id)),
                equityTopic: journal.topic(Topic.equity(id)), topics: topics))
        indexes[id] = sessions.count - 1
        return sessions.count - 1
    }

    /// Changes one session, by its id; nil when there is none.
    @discardableResult
    package func withSession<Result>(_ id: String, _ body: (inout SimulatedStrategy) -> Result) -> Result? {
        indexes[id].map { body(&sessions[$0]) }
    }

    // MARK: messages

    /// Handles one line of a runner.
    package func receive(_ message: OrderEntryMessage, from peer: CommandPeer, symbols: inout SymbolTable) {
        switch message {
        case .attach(let request): attach(request, from: peer, symbols: &symbols)
        case .command(let strategy, let fence, let command):
            guard let index = owned(strategy, fence, peer) else { return }
            take(command, index, peer, symbols)
        case .progress(let strategy, let fence, let event, let report, let command):
            guard let index = owned(strategy, fence, peer) else { return }
            let progress = Progress(event: event, report: report, command: command)
            if !sessions[index].served.receive(progress) { answer(peer, .attachAgain(strategy: strategy)) }
        case .halt(let strategy, let id, let reason):
            wantHalt(indexes[strategy], HaltWish(id: id, reason: reason), from: peer)
        default: counts.malformed += 1
        }
    }

    /// The connection of a peer is gone: its sessions stand still until somebody attaches.
    package func disconnected(_ peer: CommandPeer) {
        outboxes[peer] = nil
        deferred.removeAll { $0.peer == peer }
        for index in sessions.indices {
            if sessions[index].waitingAttach?.peer == peer { sessions[index].waitingAttach = nil }
            guard sessions[index].peer == peer else { continue }
            sessions[index].peer = nil
            sessions[index].served.detach()
        }
    }

    /// The session a message is for, unless its fence is too low, nobody attached, or another peer owns it.
    private func owned(_ strategy: String, _ fence: UInt64, _ peer: CommandPeer) -> Int? {
        guard let index = indexes[strategy] else {
            answer(peer, .attachAgain(strategy: strategy))
            return nil
        }
        guard sessions[index].served.accepts(fence: fence) else {
            counts.fenced += 1
            answer(peer, .fenced(strategy: strategy, fence: fence, seen: sessions[index].served.fence))
            return nil
        }
        guard sessions[index].peer == peer else {
            answer(peer, .attachAgain(strategy: strategy))
            return nil
        }
        return sessions[index].stopped == nil ? index : nil
    }

    private func take(_ command: Command, _ index: Int, _ peer: CommandPeer, _ symbols: SymbolTable) {
        let id = sessions[index].id
        guard command.input != nil || sessions[index].topics.contains(where: { $0.symbol == command.symbol })
        else {
            let name = symbols.name(of: command.symbol)
            stop(
                index, peer,
                Reason(
                    code: "foreign_symbol",
                    sentence: "command \(command.number) is for \(name), which is not a symbol of \(id)"))
            return
        }
        switch sessions[index].served.receive(command) {
        case .taken:
            counts.commands += 1
            journalCommand(command, index)
        case .known: break
        case .old: compareOld(command, index, peer, symbols)
        case .attachFirst: answer(peer, .attachAgain(strategy: id))
        case .differs: stop(index, peer, difference(command, index, symbols))
        }
    }

    func stop(_ index: Int, _ peer: CommandPeer, _ reason: Reason) {
        sessions[index].stopped = reason
        counts.stopped += 1
        answer(peer, .refused(strategy: sessions[index].id, attachID: 0, reason))
    }

    // MARK: attach

    /// The gateway was heard: sessions can name their market data.
    package func marketDataKnown(epoch: String, symbols: inout SymbolTable) {
        marketDataEpoch = epoch
        let waiting = deferred
        deferred = []
        for (peer, request) in waiting { attach(request, from: peer, symbols: &symbols) }
    }

    private func attach(_ request: AttachRequest, from peer: CommandPeer, symbols: inout SymbolTable) {
        let id = request.terms.strategyID
        var index = indexes[id]
        if index == nil {
            // A session names the market data that it was made of, so it waits until they are known.
            guard let epoch = marketDataEpoch else {
                deferred.append((peer, request))
                return
            }
            var terms = request.terms
            terms.marketDataEpoch = epoch
            do throws(Reason) {
                try checkKept(terms.start, id)
                index = try addSession(terms, symbols: &symbols)
                journalSession(terms)
                counts.changedSessions += 1
            } catch {
                answer(peer, .refused(strategy: id, attachID: request.attachID, error))
                return
            }
        }
        guard let index else { return }
        if let difference = sessions[index].terms.firstDifference(to: request.terms) {
            let reason = Reason(
                code: "other_settings",
                sentence: "\(id) runs with other settings here than the runner wants (\(difference)); "
                    + "use `trading-robot up --fresh` for a new ledger, or another id")
            answer(peer, .refused(strategy: id, attachID: request.attachID, reason))
            return
        }
        if let reason = missingData(index) {
            answer(peer, .refused(strategy: id, attachID: request.attachID, reason))
            return
        }
        guard sessions[index].accepts(request) else {
            counts.fenced += 1
            let seen = max(
                sessions[index].served.fence, sessions[index].waitingAttach?.request.fence ?? 0)
            answer(peer, .fenced(strategy: id, fence: request.fence, seen: seen))
            return
        }
        // What an old connection still delivers must not take the session from the new one.
        guard !sessions[index].isStale(request) else { return }
        if sessions[index].served.isRerunning {
            sessions[index].waitingAttach = (peer, request)
        } else {
            complete(request, index, peer)
        }
    }

    private func complete(_ request: AttachRequest, _ index: Int, _ peer: CommandPeer) {
        let id = sessions[index].id
        if request.fence > sessions[index].served.fence {
            _ = journal.append(topic: sessions[index].fenceTopic) { writer, header, stamp in
                header.begin("fence", stamp, into: &writer)
                writer.field("strategy_id", id)
                writer.field("fence", request.fence)
                writer.field("owner", request.owner)
                writer.endObject()
            }
        }
        sessions[index].owner = request.owner
        // Whoever attaches begins anew: what was wrong with the strategy before it shows again, or does not.
        sessions[index].stopped = nil
        sessions[index].sentStanding = nil
        sessions[index].lastAttachID = request.attachID
        sessions[index].served.attach(fence: request.fence, handledReport: request.report)
        sessions[index].peer = peer
        sessions[index].fresh.removeAll()
        sessions[index].oldReports = nil
        sessions[index].oldCommands = nil
        sessions[index].sentMatched = (0, 0, 0)
        counts.attaches += 1
        let driver = sessions[index].served.driver
        answer(
            peer,
            .attached(
                AttachedAnswer(
                    strategy: id, attachID: request.attachID, start: sessions[index].served.start,
                    command: driver.lastCommand, report: driver.lastReport, matched: driver.handed,
                    commandEvent: sessions[index].served.lastCommandEvent,
                    inputs: sessions[index].served.inputs,
                    marketDataEpoch: sessions[index].terms.marketDataEpoch)))
    }

    private func journalSession(_ terms: SessionTerms) {
        let topic = journal.topic(Topic.session(terms.strategyID))
        _ = journal.append(topic: topic) { writer, header, stamp in
            header.begin("session", stamp, into: &writer)
            terms.writeFields(into: &writer)
            writer.endObject()
        }
    }

    // MARK: time

    /// The oldest event to keep in the window (see `WindowHold`); nil when no session can go on.
    package var oldestNeeded: UInt64? {
        var oldest = WindowHold.Oldest()
        for index in sessions.indices where sessions[index].stopped == nil {
            guard sessions[index].served.isAttached || sessions[index].served.isRerunning else { continue }
            oldest.add(
                next: sessions[index].served.next, isReady: sessions[index].served.isReady,
                sessions[index].hold)
        }
        return oldest.event
    }

    /// Whether the next market event is to be taken as soon as it comes; else it can wait for the next word
    /// of a runner. True while there is a session whose runner has not said where it stands.
    package func isAwaiting(beyond windowEnd: UInt64) -> Bool {
        sessions.isEmpty
            || sessions.indices.contains {
                sessions[$0].stopped == nil && sessions[$0].served.isAwaited(beyond: windowEnd)
            }
    }

    /// Call every few hundred milliseconds.
    package func look() {
        for index in sessions.indices { sessions[index].hold.look(at: sessions[index].served.next) }
    }

    /// Takes every session as far as it goes and journals what it makes.
    ///
    /// - Throws: `Reason` when a rerun differs from the journal; the simulator must not go on.
    package func advance(_ window: borrowing EventWindow) throws(Reason) {
        for index in sessions.indices where sessions[index].stopped == nil {
            if sessions[index].served.isRerunning, let reason = missingData(index) { throw reason }
            while sessions[index].served.advance(window, into: &reports) {
                let isHalted = journalHalt(index)
                try journalReports(index)
                if reports.isEmpty, !isHalted { break }
                reports.removeAll(keepingCapacity: true)
            }
            finishRerun(index)
            noteEnd(index)
            refuseLateHalt(index)
            sessions[index].ahead = sessions[index].served.lookAhead(window)
        }
    }

    private func finishRerun(_ index: Int) {
        guard !sessions[index].served.isRerunning else { return }
        if !sessions[index].journal.reportDigests.isEmpty {
            sessions[index].journal.reportDigests.forgetAll()
            sessions[index].journal.executionDigests.forgetAll()
        }
        if let (peer, request) = sessions[index].waitingAttach {
            sessions[index].waitingAttach = nil
            if sessions[index].served.accepts(fence: request.fence) { complete(request, index, peer) }
        }
    }

    private func journalReports(_ index: Int) throws(Reason) {
        for report in reports {
            if report.isOnInput {
                try journalInputReport(report, index)
                continue
            }
            let topics = sessions[index].topics(of: report.symbol)
            let order = OrderEvent(
                report, strategy: sessions[index].id, fence: sessions[index].served.fence, symbol: topics.name
            )
            if report.number <= sessions[index].journal.reportSeqs.last {
                try compare(report, index)
            } else {
                let seq = journal.append(topic: topics.order) { writer, header, stamp in
                    order.encode(header: header, stamp: stamp, trades: true, into: &writer)
                }
                sessions[index].journal.reportSeqs.append(seq)
                counts.reports += 1
            }
            for execution in report.executions {
                try journalMarks(index, before: execution.strategySeq)
                try journalExecution(execution, index, topics)
            }
            if sessions[index].peer != nil { sessions[index].fresh.append(order) }
        }
        try journalMarks(index)
    }

    private func journalExecution(
        _ execution: Execution, _ index: Int, _ topics: SessionTopics
    ) throws(Reason) {
        guard execution.strategySeq > sessions[index].journal.executions else {
            let digests = sessions[index].journal.executionDigests
            if digests[execution.strategySeq] != execution.digest {
                throw differs(index, "trade", execution.strategySeq)
            }
            return
        }
        sessions[index].journal.executions = execution.strategySeq
        let trade = TradeEvent(execution, strategy: sessions[index].id, symbol: topics.name)
        counts.trades += 1
        _ = journal.append(topic: topics.trade) { writer, header, stamp in
            trade.encode(header: header, stamp: stamp, into: &writer)
        }
    }

    func compare(_ report: Report, _ index: Int) throws(Reason) {
        if sessions[index].journal.reportDigests[report.number] != report.digest {
            throw differs(index, "report", report.number)
        }
    }

    func differs(_ index: Int, _ what: String, _ number: UInt64) -> Reason {
        Reason(
            code: "rerun_differs",
            sentence:
                "\(what) \(number) of \(sessions[index].id) comes out differently from the journal: the "
                + "market data or the program changed; use the data and version that made it, or start "
                + "afresh with `trading-robot up --fresh`")
    }

    // MARK: answers

    /// Sends what each session owes its runner, after the journal holds it.
    package func prepareAnswers() throws {
        if let historyFailure { throw historyFailure }
        // A runner that takes over many strategies must not be sent more than its connection holds.
        let sharing = sessions.indices.count { sessions[$0].peer != nil }
        for index in sessions.indices {
            guard let peer = sessions[index].peer else { continue }
            do {
                if let range = sessions[index].served.takeReportsToSend(sharing: sharing) {
                    try send(range, index, peer)
                }
                sendMatched(index, peer)
                sendStanding(index, peer)
            } catch let gone as HistoryGone {
                turnAway(index, peer, gone.reason)
            }
        }
    }

    private func send(
        _ range: ClosedRange<UInt64>, _ index: Int, _ peer: CommandPeer
    ) throws {
        let fresh = sessions[index].fresh
        var after: UInt64 = 0
        let known = sessions[index].journal.reportSeqs
        if range.lowerBound <= known.base {
            for order in try oldReports(range.lowerBound...min(range.upperBound, known.base), index) {
                after = order.after
                answer(peer, .report(order))
            }
        }
        let firstFresh = fresh.first?.report ?? .max
        let firstKept = max(range.lowerBound, known.base + 1)
        let endKept = min(range.upperBound + 1, firstFresh)
        if firstKept < endKept {
            for order in try keptReports((firstKept..<endKept).map { known[$0] }, index) {
                after = order.after
                answer(peer, .report(order))
            }
        }
        for number in range where number >= firstFresh {
            let order = fresh[Int(number - firstFresh)]
            after = order.after
            answer(peer, .report(order))
        }
        sessions[index].fresh.removeAll(keepingCapacity: true)
        // More is to come once these are handled; until then the strategy may go as far as the last of them.
        if !sessions[index].served.isSentThrough {
            answer(peer, .matched(strategy: sessions[index].id, event: after, report: range.upperBound))
        }
    }

    /// "Matched through" is worth a line only to a strategy that has to wait for it.
    private func sendMatched(_ index: Int, _ peer: CommandPeer) {
        let lastReport = sessions[index].served.driver.lastReport
        guard sessions[index].served.isSentThrough,
            sessions[index].served.driver.isBusy || sessions[index].sentMatched.report != lastReport
        else { return }
        let handed = sessions[index].served.driver.handed
        let event = max(handed, sessions[index].ahead ?? 0)
        // A promise depends on the commands counted in it; what is matched does not.
        let counted = event > handed ? sessions[index].served.driver.lastCommand : 0
        let matched = (event: event, report: lastReport, command: counted)
        guard matched != sessions[index].sentMatched else { return }
        sessions[index].sentMatched = matched
        let id = sessions[index].id
        if event > handed {
            answer(
                peer, .ahead(strategy: id, event: event, report: matched.report, command: matched.command))
        } else {
            answer(peer, .matched(strategy: id, event: event, report: matched.report))
        }
    }

    func answer(_ peer: CommandPeer, _ message: OrderEntryMessage) {
        let outbox = outboxes[peer] ?? Outbox()
        outboxes[peer] = outbox
        message.write(symbols: Self.noSymbols, into: &outbox.writer)
        outbox.lines += 1
    }

    /// Hands over every batch of lines that waits, one a peer, in the order in which the peers came; `send`
    /// says whether it was taken.
    package func flushAnswers(_ send: (CommandPeer, UnsafeRawBufferPointer) -> Bool) {
        let waiting = outboxes.lazy.filter { $0.value.lines > 0 }.sorted { $0.key.number < $1.key.number }
        for (peer, outbox) in waiting {
            if outbox.writer.withBytes({ send(peer, $0) }) {
                outbox.writer.reset()
                outbox.lines = 0
            }
        }
    }
}

/// Lines that wait for one runner.
private final class Outbox {
    var writer = JSONWriter(capacity: 64 << 10)
    var lines = 0
}

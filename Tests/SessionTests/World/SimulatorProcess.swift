// The order simulator: the shipped `SimulatorCore` behind a loop like that of the service, and crashes at
// every moment of it. What it has flushed survives.

import Contracts
import StrategyHost

@testable import TradingCore

final class SimulatorProcess: WorldProcess {
    unowned let world: World
    private(set) var life = 0
    private(set) var isUp = false
    private(set) var core: SimulatorCore
    private var journal: MemoryJournal
    private var feed: SimulatedFeed
    var symbols = SymbolTable()
    private var wires: [CommandPeer: Wire] = [:]
    private var lastPeer: UInt64 = 0
    private var asleepUntil = 0
    private var turnIsPlanned = false
    private let lines = OrderEntryReader()
    /// Highest fence of an attach that the journal holds, and of one that waits for the flush, by strategy.
    private var servedFence: [String: UInt64] = [:]
    private var takenFence: [String: UInt64] = [:]
    private(set) var isRestarted = false
    private var channel = Channel()
    /// The last record that was sent, and that of the last heartbeat.
    private var sent: UInt64 = 0
    private var heartbeatLast: UInt64 = 0

    init(_ world: World) {
        self.world = world
        journal = world.journal
        core = SimulatorCore(journal: journal)
        feed = SimulatedFeed(symbols: symbols, as: symbols, capacity: 16, repairs: true)
    }

    var isAwake: Bool { world.now >= asleepUntil }
    /// Whether the process of that life runs and is awake.
    func isThere(_ life: Int) -> Bool { isUp && isAwake && self.life == life }

    /// Whether every session has gone through the end of the data.
    var isDone: Bool {
        isUp && core.sessions.count == StrategyKind.allCases.count
            && core.sessions.allSatisfy { $0.journal.isEnded && $0.served.isDone }
    }

    var standing: String {
        "simulator\(isUp ? "" : " down")\(isAwake ? "" : " asleep")"
            + core.sessions.map { session in
                let (driver, served) = (session.served.driver, session.served)
                return " \(session.id) event \(driver.handed) report \(driver.lastReport)"
                    + " command \(driver.lastCommand)"
                    + (served.isAttached ? "" : " detached")
                    + (served.isRerunning ? " rerunning" : "")
            }.joined()
    }

    // MARK: life

    func start() {
        life += 1
        isUp = true
        symbols = world.shuffledSymbols()
        wires = [:]
        turnIsPlanned = false
        core = SimulatorCore(journal: journal, reportWindow: world.reportWindow)
        feed = world.makeFeed(symbols)
        isRestarted = !journal.records.isEmpty
        do {
            let snapshot = newestSnapshot()
            if let snapshot { core.restore(snapshot) }
            for (index, record) in journal.records.enumerated().dropFirst(Int(snapshot?.seq ?? 0)) {
                guard let bytes = asRestored(record) else { continue }
                try bytes.withUnsafeBytes {
                    try core.restore(record: $0, seq: UInt64(index + 1), symbols: &symbols)
                }
            }
        } catch { world.wrong("the journal cannot be restored: \(error)") }
        if world.isBroken(.haltBeforeCommand) {
            for session in core.sessions { core.withSession(session.id) { $0.served.lastCommandEvent = 0 } }
        }
        if core.restoredMarketDataEpoch != nil { hearGateway() }
        feed.start(at: core.firstNeeded)
        sent = UInt64(journal.records.count)
        heartbeatLast = sent
    }

    /// A restart knows the market data from its journal; the first start has to hear the gateway.
    private func hearGateway() {
        guard core.marketDataEpoch == nil else { return }
        core.marketDataKnown(epoch: "market", symbols: &symbols)
    }

    func crash() {
        guard isUp else { return }
        world.count("simulator crashes")
        journal.flush(0)
        takenFence = [:]
        isUp = false
        life += 1
        for runner in world.runners { runner.simulatorIsGone() }
        world.plan(in: world.random.within(100...3_000)) { [unowned self] in
            self.start()
            for runner in world.runners { runner.simulatorIsBack() }
        }
    }

    // MARK: what arrives

    /// A connection that it has not seen, or has forgotten.
    func meet(_ wire: Wire) -> CommandPeer {
        lastPeer += 1
        let peer = CommandPeer(number: lastPeer)
        wires[peer] = wire
        return peer
    }

    func forget(_ peer: CommandPeer) {
        wires[peer] = nil
        core.disconnected(peer)
    }

    func receive(_ bytes: [UInt8], from peer: CommandPeer) {
        for line in bytes.split(separator: 0x0a) {
            do {
                take(try line.withUnsafeBytes { try lines.read($0, symbols: &symbols) }, from: peer)
            } catch { world.wrong("a line cannot be read: \(error)") }
        }
        soon()
    }

    func marketArrives(_ events: [MarketEvent]) {
        guard isUp, isAwake else { return }
        hearGateway()
        feed.arrive(events)
        soon()
    }

    private func take(_ message: OrderEntryMessage, from peer: CommandPeer) {
        guard case .attach(let request) = message else {
            return core.receive(withoutRules(message), from: peer, symbols: &symbols)
        }
        let id = request.terms.strategyID
        let refused = core.counts.fenced
        core.receive(withoutRules(message), from: peer, symbols: &symbols)
        // A runner whose database was restored may ask with a lower fence than it is attached with: refused.
        guard core.counts.fenced == refused, let session = core.sessions.first(where: { $0.id == id }),
            session.peer == peer
        else { return }
        if request.fence < servedFence[id, default: 0] { world.wrong("\(id): a lower fence is served") }
        takenFence[id] = max(takenFence[id, default: 0], request.fence)
        if let place = placeTakenAsProgress(session, request) {
            let claimed = OrderEntryMessage.progress(
                strategy: id, fence: request.fence, event: place.event, report: place.report, command: 0)
            core.receive(claimed, from: peer, symbols: &symbols)
        }
    }

    // MARK: the turn

    /// A poll takes one message or several before its turn.
    private func soon() {
        guard isUp else { return }
        if world.random.chance(0.6) { return turn() }
        guard !turnIsPlanned else { return }
        turnIsPlanned = true
        let life = life
        world.plan(in: world.random.within(10...200)) { [unowned self] in
            guard self.life == life else { return }
            self.turnIsPlanned = false
            self.turn()
        }
    }

    /// As `SimulatorLoop.advance`.
    private func turn() {
        guard isUp, isAwake else { return }
        let first = journal.records.count
        journal.isMuted = world.isBroken(.tornStepLeft) && core.sessions.contains { $0.served.isRerunning }
        do { try core.advance(feed.window) } catch { return world.wrong(error.sentence) }
        journal.isMuted = false
        if world.isBroken(.answerFirst) { answer() }
        if world.isBroken(.snapshotEarly) { takeSnapshot() }
        if world.isBroken(.tradesPublishedFirst) { publish(journal.waiting) }
        if let kept = tornBatch() {
            world.count("torn batches")
            journal.flush(kept)
            return crash()
        }
        if world.strikes(2) { return makeRoom() }
        journal.flush()
        servedFence.merge(takenFence, uniquingKeysWith: max)
        if world.strikes(0.5) { return crash() }
        publish(
            first < journal.records.count
                ? journal.published(UInt64(first + 1)...UInt64(journal.records.count)) : [])
        sent = UInt64(journal.records.count)
        if world.strikes(0.5) { return crash() }
        if !world.isBroken(.answerFirst) { answer() }
        if !world.isBroken(.snapshotEarly) { takeSnapshot() }
        makeRoom()
    }

    /// How many records of the batch a crash leaves; nil when there is none.
    private func tornBatch() -> Int? {
        let seams = journal.seams
        if !seams.isEmpty, world.strikes(1) { return world.random.pick(seams) }
        return journal.batchCount > 0 && world.strikes(1) ? world.random.below(journal.batchCount + 1) : nil
    }

    private func publish(_ records: [PublishedRecord]) {
        for record in records {
            channel.send(in: world) { [world] in world.tracker.arrive(record) }
        }
    }

    /// As `Publisher.sendHeartbeat`.
    private func sendHeartbeat() {
        let (last, since) = (sent, heartbeatLast)
        var topics: [(topic: [UInt8], seq: UInt64)] = []
        for record in last > since ? journal.published(since + 1...last) : [] {
            topics.removeAll { $0.topic == record.topic }
            topics.append((record.topic, record.seq))
        }
        heartbeatLast = last
        channel.send(in: world) { [world] in
            world.tracker.heartbeat(last: last, since: since, topics: topics)
        }
    }

    private func answer() {
        do { try core.prepareAnswers() } catch { return world.wrong("\(error)") }
        if world.isBroken(.committedAhead) { takePromisesAsProgress() }
        core.flushAnswers { peer, bytes in
            wires[peer]?.sendDown(bytes)
            return true
        }
    }

    private func takePromisesAsProgress() {
        for session in core.sessions {
            guard let peer = session.peer, let ahead = session.ahead else { continue }
            let claimed = OrderEntryMessage.progress(
                strategy: session.id, fence: session.served.fence, event: ahead,
                report: session.served.driver.lastReport, command: 0)
            core.receive(claimed, from: peer, symbols: &symbols)
        }
    }

    private func makeRoom() {
        let oldest = core.oldestNeeded
        let restarts = feed.restarts
        feed.require(oldest)
        if feed.restarts > restarts { world.count("feeds begun again") }
        feed.makeRoom(keeping: oldest)
    }

    func tick() {
        guard isUp else { return }
        if isAwake {
            core.look()
            let (life, restarts) = (life, feed.restarts)
            world.gateway.repair(feed) { [unowned self] events in
                if self.life == life, self.feed.restarts == restarts { self.marketArrives(events) }
            }
            sendHeartbeat()
            turn()
        }
        if world.strikes(0.5) {
            asleepUntil = world.now + world.random.within(500...4_000)
            world.count("simulator sleeps")
        }
        if world.strikes(1) { crash() }
    }
}

// The order simulator: the shipped `SimulatorCore` behind a loop like that of the service, and crashes at
// every moment of it. What it has flushed survives.

import Contracts
import StrategyHost
import TradingCore

final class SimulatorProcess {
    private unowned let world: World
    private(set) var life = 0
    private(set) var isUp = false
    private(set) var core: SimulatorCore
    private var journal: MemoryJournal
    private var feed: SimulatedFeed
    private var symbols = SymbolTable()
    private var wires: [CommandPeer: Wire] = [:]
    private var lastPeer: UInt64 = 0
    private var asleepUntil = 0
    private var turnIsPlanned = false
    private let lines = OrderEntryReader()
    /// Highest fence of an attach that the journal holds, and of one that waits for the flush, by strategy.
    private var servedFence: [String: UInt64] = [:]
    private var takenFence: [String: UInt64] = [:]
    private var isRestarted = false

    init(_ world: World) {
        self.world = world
        journal = world.journal
        core = SimulatorCore(journal: journal)
        feed = SimulatedFeed([], symbols: symbols, as: symbols, capacity: 16, repairs: true)
    }

    var isAwake: Bool { world.now >= asleepUntil }

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
            for (index, record) in journal.records.enumerated() {
                guard let bytes = asRestored(record) else { continue }
                try bytes.withUnsafeBytes {
                    try core.restore(record: $0, seq: UInt64(index + 1), symbols: &symbols)
                }
            }
        } catch { world.wrong("the journal cannot be restored: \(error)") }
        hearGateway()
        feed.start(at: core.sessions.map(\.served.next).min() ?? 1)
    }

    /// A restart knows the market data from its journal; the first start has to hear the gateway.
    private func hearGateway() {
        guard core.restoredMarketDataEpoch == nil else {
            return core.marketDataKnown(epoch: "market", symbols: &symbols)
        }
        let life = life
        world.plan(in: world.random.within(0...500)) { [unowned self] in
            if self.life == life { self.core.marketDataKnown(epoch: "market", symbols: &self.symbols) }
        }
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

    /// The record as a restart sees it; nil when the broken rule forgets it.
    private func asRestored(_ record: [UInt8]) -> [UInt8]? {
        guard world.isBroken(.fenceForgotten) else { return record }
        let text = String(decoding: record, as: UTF8.self)
        if text.hasPrefix("{\"type\":\"fence\"") { return nil }
        guard let range = text.firstRange(of: "\"fence\":") else { return record }
        let rest = text[range.upperBound...].drop { $0.isNumber }
        return Array((text[..<range.upperBound] + "0" + rest).utf8)
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

    func marketArrives(_ range: ClosedRange<UInt64>) {
        guard isUp, isAwake else { return }
        feed.arrive(range)
        soon()
    }

    private func take(_ message: OrderEntryMessage, from peer: CommandPeer) {
        guard case .attach(let request) = message else {
            return core.receive(withoutRules(message), from: peer, symbols: &symbols)
        }
        let id = request.terms.strategyID
        core.receive(withoutRules(message), from: peer, symbols: &symbols)
        guard let session = core.sessions.first(where: { $0.id == id }), session.peer == peer else { return }
        if request.fence < servedFence[id, default: 0] { world.wrong("\(id): a lower fence is served") }
        takenFence[id] = max(takenFence[id, default: 0], request.fence)
        if let place = placeTakenAsProgress(session, request) {
            let claimed = OrderEntryMessage.progress(
                strategy: id, fence: request.fence, event: place.event, report: place.report, command: 0)
            core.receive(claimed, from: peer, symbols: &symbols)
        }
    }

    /// What a broken rule takes for progress at an attach.
    private func placeTakenAsProgress(_ session: SimulatedStrategy, _ request: AttachRequest) -> Progress? {
        if world.isBroken(.silentStart) { return Progress() }
        if world.isBroken(.attachMoves) {
            return world.placeAtAttach[AttachName(session.id, request.fence, request.attachID)]
        }
        guard world.isBroken(.journalAsProgress), isRestarted else { return nil }
        return world.lastCommandPlace(session.id)
    }

    private func withoutRules(_ message: OrderEntryMessage) -> OrderEntryMessage {
        func fence(_ id: String, _ fence: UInt64) -> UInt64 {
            guard world.isBroken(.noFence) else { return fence }
            return max(fence, core.sessions.first { $0.id == id }?.served.fence ?? 0)
        }
        switch message {
        case .attach(var request):
            request.fence = fence(request.terms.strategyID, request.fence)
            return .attach(request)
        case .command(let id, let sent, let command):
            return .command(strategy: id, fence: fence(id, sent), command)
        case .progress(let id, let sent, let event, let report, let command):
            let last = world.isBroken(.progressWithHoles) ? 0 : command
            return .progress(
                strategy: id, fence: fence(id, sent), event: event, report: report, command: last)
        default: return message
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
        if let kept = tornBatch() {
            world.count("torn batches")
            journal.flush(kept)
            world.publish(from: first)
            return crash()
        }
        if world.strikes(2) { return makeRoom() }
        journal.flush()
        servedFence.merge(takenFence, uniquingKeysWith: max)
        world.publish(from: first)
        if world.strikes(0.5) { return crash() }
        if !world.isBroken(.answerFirst) { answer() }
        makeRoom()
    }

    /// How many records of the batch a crash leaves; nil when there is none.
    private func tornBatch() -> Int? {
        let seams = journal.seams
        if !seams.isEmpty, world.strikes(1) { return world.random.pick(seams) }
        return journal.batchCount > 0 && world.strikes(1) ? world.random.below(journal.batchCount + 1) : nil
    }

    private func answer() {
        do { try core.prepareAnswers() } catch { return world.wrong("\(error)") }
        core.flushAnswers { peer, bytes in
            wires[peer]?.sendDown(bytes)
            return true
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
            if let missing = world.missing(feed) {
                let (life, restarts) = (life, feed.restarts)
                world.plan(in: world.delay(250)) { [unowned self] in
                    if self.life == life, self.feed.restarts == restarts { self.marketArrives(missing) }
                }
            }
            turn()
        }
        if world.strikes(0.5) {
            asleepUntil = world.now + world.random.within(500...4_000)
            world.count("simulator sleeps")
        }
        if world.strikes(1) { crash() }
    }
}

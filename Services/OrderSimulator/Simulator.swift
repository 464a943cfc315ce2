// The order simulator: sessions of strategies, matched against the gateway's stream, journalled, published.

import Contracts
import Foundation
import Messaging
import ServiceKit
import StrategyHost
import TradingCore

@main
enum Simulator {
    static func main() async {
        let program = ServiceProgram(
            name: "order-simulator",
            summary:
                "Checks and matches orders against market data; journals and publishes orders and trades.",
            source: "simulator", healthPort: 9102,
            settings: [
                StackSettings.marketData.declaration, StackSettings.marketDataReplay.declaration,
                StackSettings.orderEntry.declaration, StackSettings.trades.declaration,
                StackSettings.tradeReplay.declaration, StackSettings.durability.declaration,
                StackSettings.snapshotEvery.declaration, StackSettings.journalKeep.declaration,
                StackSettings.journalSegment.declaration,
                StackSettings.database.declaration,
            ], tolerated: ["simulation", "strategies", "instruments"] + DataSettings.declarations.map(\.name))
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let folder = context.dataDirectory + "/orders"
        var configuration = JournalConfiguration()
        configuration.durability = settings[StackSettings.durability]
        configuration.segmentBytes = settings[StackSettings.journalSegment]
        let journal = try JournalWriter(
            directory: folder, configuration: configuration, makeEpoch: randomEpoch)
        if journal.repairedBytes > 0 {
            context.log.warning("\(journal.repairedBytes) bytes of a torn last record were cut off")
        }
        let bus = try Bus()
        context.stop.onStop { bus.stop() }
        let publisher = try Publisher(
            bus: bus, endpoint: settings[StackSettings.trades], source: context.instance, journal: journal,
            wallClock: wallClock)
        let replay = try ReplayServer(
            bus: bus, endpoint: settings[StackSettings.tradeReplay], journalDirectory: folder)
        let records = PublishedJournal(publisher: publisher, folder: folder)
        let core = SimulatorCore(journal: records)
        let feed = MarketFeed(
            bus: bus, endpoint: settings[StackSettings.marketData],
            replayEndpoint: settings[StackSettings.marketDataReplay], reader: context.instance, epoch: nil)
        let snapshots = SnapshotFolder(
            path: context.dataDirectory + "/snapshots", durability: settings[StackSettings.durability])
        let restored = try restoreSessions(
            folder: folder, snapshots: snapshots, into: core, symbols: &feed.symbols
        ) { sentence in context.log.warning("a snapshot is passed over: \(sentence)") }
        if restored.records + restored.snapshot > 0 {
            context.log.info(
                "restored",
                metadata: [
                    "sessions": "\(core.sessions.count)", "snapshot": "\(restored.snapshot)",
                    "records": "\(restored.records)",
                ])
        }
        let server = try CommandServer(bus: bus, endpoint: settings[StackSettings.orderEntry])
        let writer = SnapshotWriter(
            bus: bus, folder: snapshots, every: UInt64(settings[StackSettings.snapshotEvery]), core: core,
            restored: restored.snapshot, log: context.log)
        let loop = SimulatorLoop(
            bus: bus, core: core, feed: feed, server: server, publisher: publisher, snapshots: writer,
            context: context)
        let keeper = JournalKeeper(
            bus: bus, folder: context.dataDirectory, database: StackSettings.databaseLocation(settings),
            keep: settings[StackSettings.journalKeep], log: context.log)
        try loop.start(marketDataEpoch: restored.marketDataEpoch)
        _ = (replay, keeper)
        bus.run()
        if let failure = loop.failure { throw failure }
        writer.finish(core, publisher)
    }
}

/// The simulator's journal behind its publisher.
final class PublishedJournal: SimulatorJournal {
    private let publisher: Publisher
    private let folder: String
    private var reader: JournalReader?

    init(publisher: Publisher, folder: String) {
        self.publisher = publisher
        self.folder = folder
    }

    func topic(_ bytes: [UInt8]) -> Int { publisher.topicID(bytes) }

    func append(topic: Int, _ write: (inout JSONWriter, EnvelopeHeader, EventStamp) -> Void) -> UInt64 {
        let header = publisher.header
        return publisher.append(topic: topic) { stamp, json in write(&json, header, stamp) }
    }

    var firstSeq: UInt64 { publisher.firstSeq }

    func read(
        from seq: UInt64, _ body: (_ seq: UInt64, _ json: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        do {
            try opened().read(from: seq, through: publisher.journalledSeq, body)
        } catch let error as JournalError where error.code == .notKept {
            // Pruned by another process since it was last looked for.
            throw RecordNotKept()
        }
    }

    private func opened() throws -> JournalReader {
        let reader = try self.reader ?? JournalReader(directory: folder)
        self.reader = reader
        return reader
    }
}

/// The turn of the bus: messages come in, sessions go on, the journal is flushed, then answers leave.
private final class SimulatorLoop {
    private let bus: Bus
    private let core: SimulatorCore
    private let feed: MarketFeed
    private let server: CommandServer
    private let publisher: Publisher
    private let snapshots: SnapshotWriter
    private let context: ServiceContext
    private let lines = OrderEntryReader()
    private let figures: SimulatorFigures
    private let rejectedLines: RejectedFile
    private let rejectedEvents: RejectedFile
    private var announcedEnds = 0
    private var publishedTrades: Int64 = 0
    private var announcedOverflows: UInt64 = 0
    private(set) var failure: (any Error)?

    init(
        bus: Bus, core: SimulatorCore, feed: MarketFeed, server: CommandServer, publisher: Publisher,
        snapshots: SnapshotWriter, context: ServiceContext
    ) {
        self.bus = bus
        self.core = core
        self.feed = feed
        self.server = server
        self.publisher = publisher
        self.snapshots = snapshots
        self.context = context
        figures = SimulatorFigures(context.metrics)
        rejectedLines = RejectedFile(dataDirectory: context.dataDirectory, name: "order-entry")
        rejectedEvents = RejectedFile(dataDirectory: context.dataDirectory, name: "market-data-feed")
    }

    func start(marketDataEpoch: String?) throws {
        server.onLine = { [unowned self] peer, line in self.receive(line, from: peer) }
        server.onGone = { [unowned self] peer in self.core.disconnected(peer) }
        context.health.set("market data", .starting("the gateway was not heard yet"))
        feed.onRejected = { [unowned self] message in
            self.rejectedEvents.keep(message.json, origin: "gateway", reason: message.reason)
        }
        feed.follow(epoch: marketDataEpoch, seen: core.restoredEvent)
        try feed.start(at: core.firstNeeded)
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: .milliseconds(200)) { [unowned self] in self.look() }
    }

    private func receive(_ line: UnsafeRawBufferPointer, from peer: CommandPeer) {
        do throws(JSONError) {
            let message = try lines.read(line, symbols: &feed.symbols)
            core.receive(message, from: peer, symbols: &feed.symbols)
        } catch {
            figures.malformed.add()
            rejectedLines.keep(line, origin: "runner \(peer.number)", reason: error.description)
            context.log.warning("a line of a runner cannot be read: \(error)")
        }
    }

    private func turn() {
        context.health.beat()
        do {
            if core.marketDataEpoch == nil, let epoch = feed.epoch {
                core.marketDataKnown(epoch: epoch, symbols: &feed.symbols)
            }
            try advance()
        } catch {
            failure = (error as? Reason).map { Failure($0.code, $0.sentence) } ?? error
            bus.stop()
        }
        if let stopped = feed.failure {
            failure = stopped
            bus.stop()
        }
    }

    private func advance() throws {
        try core.advance(feed.window)
        let summary = core.summary(beforeEvent: feed.window.next)
        // Nobody is answered before the journal holds it; a full disk stops answers, not the process.
        if publisher.writeJournal() {
            // Others may wait for a trade; for all else the strategy does.
            if core.counts.trades != publishedTrades { publisher.sendGathered(isUrgent: true) }
            publishedTrades = core.counts.trades
            try core.prepareAnswers()
            core.flushAnswers { peer, bytes in
                // To a peer that is gone nothing is owed: it attaches again.
                _ = server.send(bytes, to: peer)
                return true
            }
            publisher.sendGathered(isUrgent: false)
            if summary.ended != announcedEnds {
                announcedEnds = summary.ended
                publisher.send()
                publisher.sendHeartbeat()
            }
            snapshots.turn(core, publisher, at: summary.furthest)
        }
        let oldest = core.oldestNeeded
        try feed.require(oldest)
        core.marketDataFirst = feed.keptFirst
        feed.makeRoom(keeping: oldest)
        feed.reportPosition(oldest.map { $0 - 1 } ?? feed.window.next - 1)
        feed.isPatient = !core.isAwaiting(beyond: feed.window.next)
        figures.update(core, summary, feed, publisher, snapshots)
    }

    private func look() {
        core.look()
        if server.counters.overflowed > announcedOverflows {
            announcedOverflows = server.counters.overflowed
            context.log.warning(
                "a runner did not take its answers: its connection was given up, and it attaches again")
        }
        context.health.set(
            "market data", feed.epoch == nil ? .starting("the gateway was not heard yet") : .ready)
        if case .failing(let sentence) = publisher.health {
            context.health.set("journal", .failed(sentence))
        } else {
            context.health.set("journal", .ready)
        }
    }
}

/// What `/metrics` shows.
private struct SimulatorFigures {
    let messages: CounterCell
    let commands: CounterCell
    let trades: CounterCell
    let marks: CounterCell
    let fenced: CounterCell
    let malformed: CounterCell
    let lastSeq: GaugeCell
    let marketSeq: GaugeCell
    let lag: GaugeCell
    let sessions: GaugeCell
    let done: GaugeCell
    let stopped: GaugeCell
    let lastTime: GaugeCell
    let gaps: CounterCell
    let snapshots: CounterCell
    let snapshotSeq: GaugeCell

    init(_ metrics: MetricsRegistry) {
        messages = metrics.counter("messages_total", help: "Market events taken.")
        commands = metrics.counter("commands_total", help: "Commands of strategies taken.")
        trades = metrics.counter("trades_total", help: "Executions.")
        marks = metrics.counter("marks_total", help: "Marks of accounts: points of equity curves.")
        fenced = metrics.counter("fenced_total", help: "Messages refused for a low fence.")
        malformed = metrics.counter("malformed_lines_total", help: "Lines of runners that cannot be read.")
        lastSeq = metrics.gauge("last_seq", help: "Last seq in the journal.")
        marketSeq = metrics.gauge("market_data_seq", help: "Last market event received.")
        lag = metrics.gauge(
            "lag_events", help: "Market events received that the slowest session has not taken.")
        sessions = metrics.gauge("sessions", help: "Sessions.")
        done = metrics.gauge("sessions_done", help: "Sessions that have handled the end of the data.")
        stopped = metrics.gauge("sessions_stopped", help: "Sessions that cannot go on.")
        lastTime = metrics.gauge("last_event_seconds", help: "Market time of the slowest session.")
        gaps = metrics.counter("gaps_total", help: "Gaps found in the market data, and repaired.")
        snapshots = metrics.counter("snapshots_total", help: "Snapshots of the sessions written.")
        snapshotSeq = metrics.gauge(
            "snapshot_seq", help: "Last record of the journal that a snapshot holds.")
    }

    func update(
        _ core: SimulatorCore, _ summary: SessionSummary, _ feed: MarketFeed, _ publisher: Publisher,
        _ stored: SnapshotWriter
    ) {
        snapshots.set(total: stored.written)
        snapshotSeq.set(Int(stored.lastSeq))
        messages.set(total: Int64(feed.counters.delivered))
        commands.set(total: core.counts.commands)
        trades.set(total: core.counts.trades)
        marks.set(total: core.counts.marks)
        fenced.set(total: core.counts.fenced)
        lastSeq.set(Int(publisher.journalledSeq))
        marketSeq.set(Int(feed.window.next - 1))
        gaps.set(total: Int64(feed.counters.gaps))
        lag.set(Int(feed.window.next - summary.slowest))
        sessions.set(core.sessions.count)
        done.set(summary.done)
        stopped.set(summary.stopped)
        lastTime.set(Double(summary.time ?? 0) / 1e6)
    }
}

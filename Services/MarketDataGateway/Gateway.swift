// The market-data gateway: reads a provider, numbers, journals and publishes its events, and replays them.

import Contracts
import Foundation
import MarketData
import Messaging
import ServiceKit

@main
enum Gateway {
    static func main() async {
        let program = ServiceProgram(
            name: "market-data-gateway",
            summary: "Connects to market data, normalises, journals and publishes them, and replays ranges.",
            source: "gateway", healthPort: 9101,
            settings: [
                StackSettings.marketData.declaration, StackSettings.marketDataReplay.declaration,
                StackSettings.durability.declaration, StackSettings.journalSegment.declaration,
                StackSettings.expectedReaders.declaration,
            ] + DataSettings.declarations, tables: [DataSettings.instruments],
            tolerated: ["simulation", "strategies", "snapshot-every", "journal-keep"])
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let folder = context.dataDirectory + "/market-data"
        var configuration = JournalConfiguration()
        configuration.durability = settings[StackSettings.durability]
        configuration.segmentBytes = settings[StackSettings.journalSegment]
        let journal = try JournalWriter(
            directory: folder, configuration: configuration, makeEpoch: randomEpoch)
        if journal.repairedBytes > 0 {
            context.log.warning("\(journal.repairedBytes) bytes of a torn last record were cut off")
        }
        let record = try SourceRecord.open(folder: folder, isNew: journal.lastSeq == 0)
        let opened = try OpenedSource(settings, start: record.start)
        try record.confirm(opened.identity, folder: folder)
        for sentence in opened.description { context.log.info("\(sentence)") }
        let (position, isEnded) = try lastPosition(folder, journal.lastSeq)

        let bus = try Bus()
        context.stop.onStop { bus.stop() }
        let publisher = try Publisher(
            bus: bus, endpoint: settings[StackSettings.marketData], source: context.instance,
            journal: journal,
            wallClock: wallClock)
        let replay = try ReplayServer(
            bus: bus, endpoint: settings[StackSettings.marketDataReplay], journalDirectory: folder)
        let core = try GatewayCore(
            opened: opened, publisher: publisher, speed: settings[DataSettings.speed], position: position,
            isEnded: isEnded)
        core.pacer.expect(
            settings[StackSettings.expectedReaders], published: journal.lastSeq, at: .now())
        replay.onPosition = { reader, seq in core.pacer.report(reader, position: seq, at: .now()) }
        let loop = GatewayLoop(bus: bus, core: core, publisher: publisher, replay: replay, context: context)
        context.log.info(
            "publishing", metadata: ["endpoint": "\(publisher.endpoint)", "from": "\(journal.lastSeq + 1)"])
        loop.start()
        bus.run()
        if let failure = loop.failure { throw failure }
    }

    /// Where the journal's last event came from, and whether it was the end.
    private static func lastPosition(_ folder: String, _ last: UInt64) throws -> (UInt64, Bool) {
        guard last > 0 else { return (0, false) }
        var symbols = SymbolTable()
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        var position: UInt64 = 0
        try JournalReader(directory: folder).read(from: last, through: last) { _, json in
            let head = try MarketEventCodec.decode(json, into: &event, symbols: &symbols)
            position = head.stamp.position ?? 0
            return true
        }
        return (position, event.kind == .end)
    }
}

/// The turn of the bus: produce, flush, and come again when the next event is due.
private final class GatewayLoop {
    private let bus: Bus
    private let core: GatewayCore
    private let publisher: Publisher
    private let replay: ReplayServer
    private let context: ServiceContext
    private var wake: Bus.Token?
    private let published: CounterCell
    private let lastSeq: GaugeCell
    private let lastTime: GaugeCell
    private let leftBehind: CounterCell
    private let replayed: CounterCell
    private let rejectedRows: CounterCell
    private let rejected: RejectedFile
    private var wasEnded = false
    private(set) var failure: (any Error)?

    init(
        bus: Bus, core: GatewayCore, publisher: Publisher, replay: ReplayServer, context: ServiceContext
    ) {
        self.bus = bus
        self.core = core
        self.publisher = publisher
        self.replay = replay
        self.context = context
        let metrics = context.metrics
        published = metrics.counter("messages_total", help: "Events published.")
        lastSeq = metrics.gauge("last_seq", help: "Last seq in the journal.")
        lastTime = metrics.gauge("last_event_seconds", help: "Market time of the last event.")
        leftBehind = metrics.counter(
            "readers_left_behind_total", help: "Stalled readers that were left behind.")
        rejectedRows = metrics.counter("rejected_rows_total", help: "Rows that could not be normalised.")
        rejected = RejectedFile(dataDirectory: context.dataDirectory, name: "market-data")
        replayed = metrics.counter("replayed_total", help: "Events sent again on request.")
    }

    func start() {
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: .milliseconds(200)) { [unowned self] in self.look() }
        context.health.set("market data", .ready)
        bus.requestRound()
    }

    private func turn() {
        context.health.beat()
        do {
            let release = try core.produce(now: .now())
            publisher.flush()
            plan(release)
        } catch {
            failure = error
            bus.stop()
        }
        published.set(total: Int64(publisher.counters.published))
        lastSeq.set(Int(publisher.lastSeq))
        lastTime.set(Double(core.lastTimestamp.microseconds) / 1e6)
    }

    private func plan(_ release: Release) {
        if let wake { bus.cancel(wake) }
        wake = nil
        switch release {
        case .now: bus.requestRound()
        case .after(let wait): wake = bus.timer(after: wait) {}
        case .paced: break
        case .ended:
            guard !wasEnded else { return }
            wasEnded = true
            context.log.info("the data have ended", metadata: ["last": "\(publisher.lastSeq)"])
        }
    }

    private func look() {
        core.pacer.advance(published: publisher.lastSeq, at: .now())
        leftBehind.set(total: Int64(core.pacer.leftBehind))
        replayed.set(total: Int64(replay.counters.replayed))
        for row in core.takeRejected() {
            rejected.keepOnce(row.bytes, origin: "\(row.path), line \(row.line)", reason: row.problem)
        }
        rejectedRows.set(total: Int64(core.rejectedCount))
        if case .failing(let sentence) = publisher.health {
            context.health.set("journal", .failed(sentence))
        } else {
            context.health.set("journal", .ready)
        }
    }
}

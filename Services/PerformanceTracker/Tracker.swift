// The performance tracker: every trade of the simulator into the ledger exactly once, metrics beside it.

import Contracts
import Foundation
import Messaging
import Persistence
import ServiceKit

@main
enum Tracker {
    static let simulator = Setting<String>(
        "simulator", default: "simulator", placeholder: "NAME",
        help: "Instance name of the simulator whose trades are booked.")

    static func main() async {
        let program = ServiceProgram(
            name: "performance-tracker",
            summary: "Stores every trade exactly once, calculates metrics, keeps dead letters.",
            source: "tracker", healthPort: 9103,
            settings: [
                simulator.declaration, StackSettings.trades.declaration,
                StackSettings.tradeReplay.declaration,
                StackSettings.performance.declaration, StackSettings.database.declaration,
            ], tolerated: ["simulation", "strategies", "instruments"] + DataSettings.declarations.map(\.name))
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let bus = try Bus()
        // Nobody waits for a booking: trades of a millisecond become one transaction, and the processors are
        // left to those that trade.
        bus.roundInterval = .milliseconds(1)
        context.stop.onStop { bus.stop() }
        var options = StoreOptions()
        options.programVersion = platformVersion
        let store = try openStore(StackSettings.databaseLocation(settings), options: options)
        let core = try TrackerCore(store: store, source: settings[simulator], clock: wallClock)
        let publisher = try Publisher(
            bus: bus, endpoint: settings[StackSettings.performance], source: context.instance,
            epoch: randomEpoch(), wallClock: wallClock)
        let loop = TrackerLoop(bus: bus, core: core, publisher: publisher, context: context)
        try loop.start(
            endpoint: settings[StackSettings.trades], replayEndpoint: settings[StackSettings.tradeReplay])
        bus.run()
        try? store.close()
        if let failure = loop.failure { throw failure }
    }
}

/// The turn of the bus: trades come in, one transaction books them, notices leave.
private final class TrackerLoop: FeedReceiver {
    /// First and last wait before trouble with the database is tried again.
    private static let shortestWait = Duration.milliseconds(50)
    private static let longestWait = Duration.seconds(5)
    /// A checkpoint without trades is stored this often at most.
    private static let checkpointEvery = Duration.milliseconds(50)
    private static let noticesEvery = Duration.milliseconds(250)

    private let bus: Bus
    private let core: TrackerCore
    private let publisher: Publisher
    private let context: ServiceContext
    private var subscriber: Subscriber?
    private var decoded: Arrival?
    private var wait = shortestWait
    private var isWaiting = false
    private var topics: [String: Int] = [:]
    private let figures: TrackerFigures
    private(set) var failure: (any Error)?

    init(bus: Bus, core: TrackerCore, publisher: Publisher, context: ServiceContext) {
        self.bus = bus
        self.core = core
        self.publisher = publisher
        self.context = context
        figures = TrackerFigures(context.metrics)
    }

    func start(endpoint: String, replayEndpoint: String) throws {
        var configuration = SubscriberConfiguration(endpoint: endpoint, replayEndpoint: replayEndpoint)
        configuration.prefixes = [Array("trade/".utf8), Array("equity/".utf8)]
        configuration.checkpoint = core.booked
        configuration.epoch = core.followedEpoch
        subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: self)
        context.health.set("database", .ready)
        context.health.set("trades", .starting("the simulator was not heard yet"))
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: Self.checkpointEvery) { [unowned self] in self.book() }
        bus.timer(every: Self.noticesEvery) { [unowned self] in self.notify() }
    }

    private func turn() {
        context.health.beat()
        // The only number that may be stored: with prefixes, what was delivered may lie beyond a loss.
        if let complete = subscriber?.complete, let epoch = subscriber?.header?.epoch {
            core.arrivedComplete(complete, epoch: epoch)
        }
        if core.hasWork { book() }
        if core.mustPause { subscriber?.pause() } else { subscriber?.resume() }
        figures.update(core, subscriber)
    }

    private func book() {
        guard !isWaiting, !core.isIdle else { return }
        do {
            try core.book()
            wait = Self.shortestWait
            context.health.set("database", .ready)
        } catch let error as StoreError where error.isTransient {
            context.health.set("database", .failed(error.sentence))
            context.log.warning("the database does not take the trades: \(error.sentence)")
            isWaiting = true
            bus.timer(after: wait) { [unowned self] in
                self.isWaiting = false
                self.book()
            }
            wait = min(wait * 2, Self.longestWait)
        } catch {
            failure = error
            bus.stop()
        }
        figures.update(core, subscriber)
    }

    private func notify() {
        let header = publisher.header
        for event in core.takeChanged() {
            let topic = topicNumber("performance/\(event.strategyID)/")
            publisher.append(topic: topic) { stamp, json in
                event.encode(header: header, stamp: stamp, into: &json)
            }
        }
        for letter in core.takeNewLetters() {
            let notice = DeadLetterNotice(
                id: "\(letter.source):\(letter.seq)", reason: letter.reason, sentence: letter.sentence,
                stage: letter.stage, count: 1, firstSeen: letter.seen, lastSeen: letter.seen)
            publisher.append(topic: topicNumber("dead-letter/\(letter.reason)/")) { stamp, json in
                notice.encode(header: header, stamp: stamp, into: &json)
            }
        }
        publisher.flush()
        context.health.set(
            "trades", subscriber?.header == nil ? .starting("the simulator was not heard yet") : .ready)
    }

    private func topicNumber(_ topic: String) -> Int {
        if let known = topics[topic] { return known }
        let number = publisher.topicID(Array(topic.utf8))
        topics[topic] = number
        return number
    }

    // MARK: FeedReceiver

    func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead {
        let (type, head) = try EventHead.read(json)
        decoded =
            type.equals("equity")
            ? .mark(try EquityEvent.decode(json).equity) : .trade(try TradeEvent.decode(json).trade)
        return head
    }

    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        switch decoded {
        case .trade(let trade): core.arrived(trade, seq: seq)
        case .mark(let mark): core.arrived(mark, seq: seq)
        case nil: preconditionFailure("a message is decoded before it is delivered")
        }
    }

    func rejected(_ message: RejectedMessage) {
        if message.isSkipped { core.arrivedUnreadable(message) }
    }

    func stopped(_ failure: FeedFailure) {
        self.failure = failure
        bus.stop()
    }
}

/// What the simulator sends of interest here.
private enum Arrival {
    case trade(TradeEvent)
    case mark(EquityEvent)
}

/// What `/metrics` shows.
private struct TrackerFigures {
    let messages: CounterCell
    let booked: CounterCell
    let duplicates: CounterCell
    let deadLetters: CounterCell
    let checkpoint: GaugeCell
    let lag: GaugeCell
    let gaps: CounterCell

    init(_ metrics: MetricsRegistry) {
        messages = metrics.counter("messages_total", help: "Trades received.")
        booked = metrics.counter("trades_booked_total", help: "Trades booked.")
        duplicates = metrics.counter(
            "trades_duplicate_total", help: "Trades that were in the ledger already.")
        deadLetters = metrics.counter("dead_letters_total", help: "Messages that could not be booked.")
        checkpoint = metrics.gauge(
            "checkpoint_seq", help: "Everything up to this seq of the simulator is booked.")
        lag = metrics.gauge("lag_events", help: "Seq received that is not booked yet.")
        gaps = metrics.counter("gaps_total", help: "Gaps found in the trades, and repaired.")
    }

    func update(_ core: TrackerCore, _ subscriber: Subscriber?) {
        messages.set(total: Int64(subscriber?.counters.delivered ?? 0))
        booked.set(total: core.counts.booked)
        duplicates.set(total: core.counts.duplicates)
        deadLetters.set(total: core.counts.deadLetters)
        checkpoint.set(Int(core.booked))
        lag.set(Int(core.complete - core.booked))
        gaps.set(total: Int64(subscriber?.counters.gaps ?? 0))
    }
}

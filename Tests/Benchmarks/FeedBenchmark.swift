// Ticks a second from a gateway to a strategy, as two processes: `publish` numbers, encodes, journals and
// sends, paced by its reader as the gateway is; `follow` receives, checks the order, decodes into the window
// and hands every tick to a strategy behind the C interface, as the runner does. The rate is the reader's,
// from its first tick to its last, with nothing lost.

import Contracts
import Foundation
import Messaging
import StrategyHost
import TradingCore

enum FeedBenchmark {
    /// Events encoded before the readers get their turn, as in the gateway.
    private static let eventsPerTurn = 1_024

    static func publish(_ arguments: [String]) throws {
        let ticks = try number(arguments[3])
        let journal = try JournalWriter(directory: arguments[2]) { "k3v9q2" }
        let bus = try Bus()
        let publisher = try Publisher(
            bus: bus, endpoint: arguments[0], source: "gateway", journal: journal, wallClock: wallClock)
        let replay = try ReplayServer(bus: bus, endpoint: arguments[1], journalDirectory: arguments[2])
        let messages = try TickMessages()
        let topics = TickMessages.names.map { publisher.topicID(Topic.tick($0)) }
        let names = TickMessages.names.map { Array($0.utf8) }
        var pacer = Pacer()
        var sent = 0
        replay.onPosition = { reader, seq in
            pacer.report(reader, position: seq, at: .now())
            if seq >= UInt64(ticks) { bus.stop() }
        }
        bus.afterPoll {
            // One tick for the reader to report; the others wait until it has, so that it sees them live.
            let isAwaited = pacer.slowest == nil
            let room =
                isAwaited ? UInt64(1 - min(sent, 1)) : pacer.allowance(published: publisher.nextSeq - 1)
            for _ in 0..<min(UInt64(eventsPerTurn), room, UInt64(ticks - sent)) {
                let event = messages.events[sent & 1_023]
                let name = names.firstIndex(of: messages.symbols.bytes(of: event.symbol)) ?? 0
                publisher.append(topic: topics[name]) { stamp, json in
                    MarketEventCodec.encode(
                        event, symbol: names[name], header: publisher.header, stamp: stamp, into: &json)
                }
                sent += 1
            }
            publisher.flush()
            if !isAwaited, sent < ticks, pacer.allowance(published: publisher.lastSeq) > 0 {
                bus.requestRound()
            }
        }
        bus.run()
    }

    static func follow(_ arguments: [String]) throws {
        let bus = try Bus()
        let plugin = try NativePlugin(path: arguments[2])
        let reader = try Follower(bus: bus, plugin: plugin, ticks: UInt64(try number(arguments[3])))
        try reader.start(arguments[0], arguments[1])
        bus.run()
        if let failure = reader.failure { throw failure }
        reader.report()
    }
}

private func wallClock() -> Timestamp {
    Timestamp(microseconds: Stopwatch.clock(CLOCK_REALTIME) / 1_000)
}

/// The runner's side without order entry: no tick of the strategy makes a command.
private final class Follower: FeedReceiver {
    private let bus: Bus
    private let ticks: UInt64
    private var window = EventWindow(startingAt: 1)
    private var symbols = SymbolTable()
    private var session: RunnerSession
    private var subscriber: Subscriber?
    private var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
    private var clock: Stopwatch?
    private var wall: Int64 = 0
    private var user: Int64 = 0
    private(set) var failure: (any Error)?

    init(bus: Bus, plugin: NativePlugin, ticks: UInt64) throws {
        self.bus = bus
        self.ticks = ticks
        var indexes: [SymbolIndex] = []
        for name in TickMessages.names { indexes.append(try symbols.intern(name)) }
        let strategy = try HostedStrategy(
            id: "bench", instance: plugin.makeInstance(), symbols: indexes, names: TickMessages.names,
            parameters: ParameterValues([], for: plugin.metadata.parameters), cash: Money(whole: 100_000))
        session = RunnerSession(strategy: strategy, symbols: indexes, fence: 1)
        let id = session.beginAttach()
        session.attached(AttachAnswer(id: id, start: 1, command: 0, report: 0, matched: 0))
    }

    func start(_ endpoint: String, _ replayEndpoint: String) throws {
        var configuration = SubscriberConfiguration(endpoint: endpoint, replayEndpoint: replayEndpoint)
        configuration.reader = "follower"
        configuration.checkpoint = 0
        subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: self)
        bus.afterPoll { [unowned self] in turn() }
    }

    private func turn() {
        do { _ = try session.pump(window) } catch {
            failure = error
            bus.stop()
        }
        let handled = session.strategy.lastEvent
        if window.isFull {
            window.drop(before: handled + 1)
            subscriber?.resume()
        }
        subscriber?.reportPosition(handled)
        if handled >= ticks, let clock, wall == 0 {
            wall = clock.wallNanoseconds
            user = clock.userNanoseconds
            // The publisher stops when it has heard that everything was handled.
            bus.timer(after: .milliseconds(200)) { [unowned self] in bus.stop() }
        }
    }

    func report() {
        var figures = Figures("feed")
        figures.add("ticks", Int(session.strategy.lastEvent))
        figures.add("ticks_per_s", Double(ticks - 1) * 1e9 / Double(max(1, wall)))
        figures.add("user_ns", Double(user) / Double(ticks))
        figures.add("replayed", Int(subscriber?.counters.replayed ?? 0))
        figures.add("gaps", Int(subscriber?.counters.gaps ?? 0))
        figures.print()
    }

    // MARK: FeedReceiver

    func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead {
        let head = try MarketEventCodec.decode(json, into: &event, symbols: &symbols)
        event.seq = head.stamp.seq
        return head
    }

    func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        if seq == 2 { clock = Stopwatch() }
        window.append(event)
        if window.isFull { subscriber?.pause() }
    }

    func stopped(_ failure: FeedFailure) {
        self.failure = failure
        bus.stop()
    }
}

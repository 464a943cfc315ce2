// The simulator's end of the trades as the tracker sees it: a journal, a publisher and a replay server of the
// platform's own, filled by a test. And somebody who listens to what the tracker publishes.

import Foundation
import Messaging
import ServiceKit
import Synchronization
import ZeroMQ

@testable import Contracts
@testable import performance_tracker

/// Publishes on sockets in a folder. It does not outlive `stop`.
///
/// `@unchecked Sendable`: `publisher` and `server` are touched on the bus thread only.
final class LiveSimulator: @unchecked Sendable {
    let name: String
    private let path: String
    private let bus: Bus
    private var publisher: Publisher?
    private var server: ReplayServer?
    private var running: Task<Void, any Error>?
    private let published = Mutex<UInt64>(0)

    var trades: String { "ipc://\(path)/\(name)-t" }
    var replay: String { "ipc://\(path)/\(name)-r" }
    var journal: String { "\(path)/\(name)-orders" }
    /// As `--more-simulators` takes it.
    var address: String { "\(name)=\(trades)+\(replay)" }
    /// The last seq that was published.
    var lastSeq: UInt64 { published.withLock { $0 } }

    private init(_ path: String, _ name: String) throws {
        self.path = path
        self.name = name
        bus = try Bus()
    }

    /// Goes on with the journal that is there.
    static func started(in folder: Folder, _ name: String = "simulator") async throws -> LiveSimulator {
        let simulator = try LiveSimulator(folder.path, name)
        try await withCheckedThrowingContinuation { (ready: CheckedContinuation<Void, any Error>) in
            simulator.running = Task {
                try await simulator.bus.runOnThread { bus in
                    do {
                        try simulator.setUp(bus)
                        ready.resume()
                    } catch {
                        ready.resume(throwing: error)
                        throw error
                    }
                }
            }
        }
        return simulator
    }

    private func setUp(_ bus: Bus) throws {
        let journal = try JournalWriter(directory: journal) { randomEpoch() }
        publisher = try Publisher(
            bus: bus, endpoint: trades, source: name, journal: journal, wallClock: wallClock)
        server = try ReplayServer(bus: bus, endpoint: replay, journalDirectory: self.journal)
        published.withLock { $0 = publisher?.lastSeq ?? 0 }
    }

    /// Journals and sends these, in order.
    func publish(_ events: [LedgerEvent]) {
        write(events.map(\.topic)) { index, header, stamp, json in
            switch events[index] {
            case .trade(let trade): trade.encode(header: header, stamp: stamp, into: &json)
            case .equity(let mark): mark.encode(header: header, stamp: stamp, into: &json)
            case .order(let order): order.encode(header: header, stamp: stamp, into: &json)
            }
        }
    }

    /// Journals and sends messages that this program would not make: trades with their text changed.
    func publish(_ trades: [TradeEvent], changing change: @escaping @Sendable (String) -> String) {
        write(trades.map { LedgerEvent.trade($0).topic }) { index, header, stamp, json in
            var text = JSONWriter()
            trades[index].encode(header: header, stamp: stamp, into: &text)
            json.append(Array(change(text.string).utf8))
        }
    }

    private func write(
        _ topics: [String],
        _ encode: @escaping @Sendable (Int, EnvelopeHeader, EventStamp, inout JSONWriter) -> Void
    ) {
        bus.post { [self] in
            guard let publisher else { return }
            for (index, topic) in topics.enumerated() {
                publisher.append(topic: publisher.topicID(Array(topic.utf8))) { stamp, json in
                    encode(index, publisher.header, stamp, &json)
                }
                if publisher.isFull { publisher.flush() }
            }
            publisher.flush()
            publisher.sendHeartbeat()
            published.withLock { $0 = publisher.lastSeq }
        }
    }

    /// Its sockets and its journal are closed on return.
    func stop() async throws {
        bus.stop()
        try await running?.value
        (publisher, server, running) = (nil, nil, nil)
    }
}

/// Keeps what is published on some topics, as `topic json`. Confined to one thread.
final class Listener {
    private let context: Context
    private let socket: Socket
    private let frame = Message()
    private(set) var messages: [(topic: String, json: String)] = []

    init(_ endpoint: String, _ prefixes: String...) throws {
        context = try Context()
        socket = try context.socket(.sub)
        for prefix in prefixes { try socket.set(.subscribe, Array(prefix.utf8)) }
        try socket.connect(endpoint)
    }

    deinit { socket.close() }

    func receive() {
        while socket.receive(into: frame) == .done {
            let topic = String(decoding: frame.array, as: UTF8.self)
            guard frame.hasMore, socket.receive(into: frame) == .done else { continue }
            messages.append((topic, String(decoding: frame.array, as: UTF8.self)))
        }
    }
}

/// Trades of a strategy of the simulator, as it would publish them.
func simulatedTrades(_ strategy: String, _ count: Int, seed: UInt64) throws -> [TradeEvent] {
    var (random, position) = (SeededNumbers(seed: seed), Int64(0))
    var book = OutsideBook(id: strategy, source: "simulator")
    var trades: [TradeEvent] = []
    trades.reserveCapacity(count)
    for number in 1...UInt64(count) {
        var trade = try book.book(randomTrade(number, &position, &random, strategy: strategy))
        trade.tradeID = "\(strategy):\(number):1"
        trade.orderID = "\(strategy):\(number)"
        trades.append(trade)
    }
    return trades
}

extension TradeEvent {
    /// The report that its order was filled by it.
    var report: LedgerEvent {
        .order(
            OrderEvent(
                Report(
                    number: strategySeq, status: .filled, command: 0, order: strategySeq, symbol: .none,
                    side: side, type: .market, timeInForce: .gtc, quantity: quantity, price: .zero,
                    stopPrice: .zero, filled: quantity, remaining: .zero, after: strategySeq,
                    timestamp: timestamp), strategy: strategyID, fence: 1,
                symbol: symbol))
    }
}

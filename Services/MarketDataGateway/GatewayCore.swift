// Takes events from a source, numbers and journals them, and says when the next may leave. No sockets.
//
// Guarantees: every journalled event carries its position in the source, so a restarted gateway goes on at
// the next one. At most the pacing window lies between the last event and the slowest platform reader.

import Contracts
import MarketData
import Messaging
import ServiceKit

/// When an event may leave.
enum Release: Equatable {
    case now
    /// After so long.
    case after(Duration)
    /// The readers have to come on first.
    case paced
    case ended
}

/// What every event touches goes without checks of overlapping access, see `JournalWriter`.
final class GatewayCore {
    /// Events encoded before readers and heartbeats get their turn.
    static let eventsPerTurn = 1_024

    @exclusivity(unchecked) private var source: any MarketDataSource
    /// That of the source, counted along: to ask it would copy it.
    @exclusivity(unchecked) private var position: UInt64
    private let header: EnvelopeHeader
    private let opened: OpenedSource
    private let publisher: Publisher
    private let speed: ReplaySpeed
    @exclusivity(unchecked) private var symbols = SymbolTable()
    @exclusivity(unchecked) private var event = MarketEvent(
        kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
    @exclusivity(unchecked) private var hasEvent = false
    private var topic: [UInt8] = []
    /// Whether the event at hand waits for its time.
    private var isWaiting = false
    @exclusivity(unchecked) private(set) var isEnded = false
    @exclusivity(unchecked) private(set) var lastTimestamp = Timestamp(microseconds: 0)
    /// Wall and market time of the first event since the start, from which the pace is counted.
    private var anchor: (wall: MonotonicTime, market: Int64)?
    var pacer = Pacer()

    /// Topics of ticks by symbol, resolved once.
    @exclusivity(unchecked) private var topics: [Int] = []

    init(
        opened: OpenedSource, publisher: Publisher, speed: ReplaySpeed, position: UInt64, isEnded: Bool
    ) throws {
        self.opened = opened
        self.publisher = publisher
        self.speed = speed
        self.isEnded = isEnded
        source = try opened.makeSource()
        header = publisher.header
        if !isEnded { try source.skip(to: position, symbols: &symbols) }
        self.position = source.position
    }

    /// Appends events to the publisher's batch as far as they may leave now. One that was waited for leaves
    /// before the next row is even read.
    func produce(now: MonotonicTime) throws -> Release {
        let wasWaiting = isWaiting
        isWaiting = false
        var allowance = min(UInt64(Self.eventsPerTurn), pacer.allowance(published: publisher.nextSeq - 1))
        guard publisher.health == .healthy else { return .after(.milliseconds(100)) }
        while !isEnded {
            guard allowance > 0 else {
                return pacer.allowance(published: publisher.nextSeq - 1) > 0 ? .now : .paced
            }
            if !hasEvent {
                hasEvent = try source.next(into: &event, symbols: &symbols)
                guard hasEvent else {
                    isEnded = true
                    break
                }
            }
            if let wait = wait(now) {
                isWaiting = true
                return .after(wait)
            }
            position += 1
            append()
            hasEvent = false
            if wasWaiting { return .now }
            allowance -= 1
        }
        return .ended
    }

    /// How many rows of the source could not be normalised.
    var rejectedCount: Int { source.rejectedCount }

    /// Those of them that came since the last call, as far as they are kept.
    func takeRejected() -> [RejectedRow] { source.takeRejected() }

    /// How long the event at hand has to wait for its time; nil when it is due.
    private func wait(_ now: MonotonicTime) -> Duration? {
        let factor: Double
        switch speed {
        case .max: return nil
        case .real: factor = 1
        case .times(let times): factor = times
        }
        guard let anchor else {
            anchor = (now, event.timestamp.microseconds)
            return nil
        }
        let market = Double(event.timestamp.microseconds - anchor.market) * 1000 / factor
        let due = MonotonicTime(nanoseconds: anchor.wall.nanoseconds + Int64(market))
        return due > now ? due - now : nil
    }

    private func append() {
        let name = event.symbol == .none ? [] : symbols.bytes(of: event.symbol)
        let session = event.kind == .instrument ? opened.session(of: symbols.name(of: event.symbol)) : nil
        publisher.append(topic: topicNumber(name)) { stamp, json in
            var stamp = stamp
            stamp.position = position
            MarketEventCodec.encode(
                event, symbol: name, session: session, header: header, stamp: stamp, into: &json)
        }
        lastTimestamp = event.timestamp
    }

    private func topicNumber(_ name: [UInt8]) -> Int {
        // Bars of one symbol may have several intervals, and instrument events are rare: those are looked up.
        let isFixed = event.kind == .quote || event.kind == .trade
        let slot = Int(event.symbol.rawValue + 1)
        if isFixed, slot < topics.count, topics[slot] >= 0 { return topics[slot] }
        name.withUnsafeBytes { Topic.write(event, symbol: $0, into: &topic) }
        let number = publisher.topicID(topic)
        if isFixed {
            while topics.count <= slot { topics.append(-1) }
            topics[slot] = number
        }
        return number
    }
}

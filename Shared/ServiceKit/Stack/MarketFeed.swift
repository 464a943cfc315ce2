// The gateway's whole stream as a window of decoded events: what the runner and the simulator stand on.
//
// Guarantees: events are in the window in the order of their `seq`, without a hole; what was lost is replayed
// before anything later arrives. When the window is full the feed pauses. When somebody needs an older event
// than the window holds, the feed begins again from there; those ahead wait meanwhile. When nobody needs what
// comes for a long while, as after a restart from snapshots, it begins again further on.

import Contracts
import Messaging
import TradingCore

/// The feed of one process. Confined to the bus thread. What every event touches goes without checks of
/// overlapping access: neither codec nor window calls back.
package final class MarketFeed: FeedReceiver {
    @exclusivity(unchecked) package private(set) var window = EventWindow(startingAt: 1)
    @exclusivity(unchecked) package var symbols = SymbolTable()
    /// Why the feed has ended for good.
    package private(set) var failure: FeedFailure?
    /// Messages that could not be read; the stream goes on.
    package private(set) var rejectedCount: UInt64 = 0
    /// Called with every message that could not be read.
    package var onRejected: ((RejectedMessage) -> Void)?

    /// Events that nobody needs are read up to this many; more are passed over by beginning again.
    private static let stride: UInt64 = 65_536

    /// The oldest event that the gateway keeps; 0 while it has not said.
    package private(set) var keptFirst: UInt64 = 0
    /// Whether the first event that comes is where the window begins.
    @exclusivity(unchecked) private var beginsWithOldest = false

    private let bus: Bus
    private var configuration: SubscriberConfiguration
    @exclusivity(unchecked) private var subscriber: Subscriber?
    @exclusivity(unchecked) private var event = MarketEvent(
        kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))

    /// - Parameters:
    ///   - reader: the name under which the gateway knows this process, for pacing.
    ///   - epoch: the journal that was followed before; nil takes the one that is there.
    package init(bus: Bus, endpoint: String, replayEndpoint: String, reader: String, epoch: String?) {
        self.bus = bus
        configuration = SubscriberConfiguration(endpoint: endpoint, replayEndpoint: replayEndpoint)
        configuration.reader = reader
        configuration.epoch = epoch
    }

    /// The journal that was followed before, and how far: another one, or one that holds less, ends the feed.
    package func follow(epoch: String?, seen: UInt64) {
        configuration.epoch = epoch
        configuration.seen = seen
    }

    /// Begins to follow the gateway at the event `seq`; at 1 with the oldest that is kept.
    package func start(at seq: UInt64 = 1) throws {
        subscriber?.close()
        beginsWithOldest = seq == 1
        configuration.beginsWithOldest = beginsWithOldest
        configuration.seen = max(configuration.seen, window.next - 1)
        window.restart(at: seq)
        configuration.checkpoint = seq - 1
        configuration.epoch = epoch ?? configuration.epoch
        subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: self)
        subscriber?.isPatient = isPatient
    }

    /// Epoch of the gateway's journal, once it was heard.
    package var epoch: String? { subscriber?.header?.epoch }

    /// What the subscription has counted.
    package var counters: FeedCounters { subscriber?.counters ?? FeedCounters() }

    /// Lets go of what nobody needs before `oldest`. Only a full window drops anything, so that a strategy
    /// that comes late mostly finds its events here. Call after each round.
    package func makeRoom(keeping oldest: UInt64?) {
        guard window.isFull else { return }
        window.drop(before: oldest ?? window.next)
        if !window.isFull { subscriber?.resume() }
    }

    /// Begins again when `seq` is older than what the window holds, or so much later that what lies between
    /// is not worth reading. What is no longer kept is not asked for: whoever needs it has to see that.
    package func require(_ seq: UInt64?) throws {
        keptFirst = max(keptFirst, subscriber?.keptFirst ?? 0)
        guard let seq, seq >= keptFirst else { return }
        if seq < window.first || seq > window.next + Self.stride { try start(at: seq) }
    }

    /// Whether nobody waits for the next event: then its coming alone does not wake this thread.
    package var isPatient = false { didSet { subscriber?.isPatient = isPatient } }

    /// Tells the gateway how far this process has come, so that it does not run away.
    package func reportPosition(_ seq: UInt64) { subscriber?.reportPosition(seq) }

    // MARK: FeedReceiver

    package func decode(
        topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer
    ) throws -> EventHead {
        let head = try MarketEventCodec.decode(json, into: &event, symbols: &symbols)
        event.seq = head.stamp.seq
        return head
    }

    package func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
        if beginsWithOldest { begin(at: seq) }
        fillHole(before: seq)
        window.append(event)
        if window.isFull { subscriber?.pause() }
    }

    private func begin(at seq: UInt64) {
        beginsWithOldest = false
        window.restart(at: seq)
    }

    package func rejected(_ message: RejectedMessage) {
        rejectedCount += 1
        if beginsWithOldest, message.isSkipped, let seq = message.seq { begin(at: seq) }
        onRejected?(message)
    }

    /// A message that cannot be read in the journal either leaves a hole that everybody sees alike: a clock
    /// event at time 0, which moves nothing. The backtester puts the same there.
    private func fillHole(before seq: UInt64) {
        while window.next < seq, !window.isFull { window.append(.unreadable(seq: window.next)) }
    }

    package func stopped(_ failure: FeedFailure) { self.failure = failure }
}

extension MarketEvent {
    /// What stands for a journalled event that cannot be read.
    package static func unreadable(seq: UInt64) -> MarketEvent {
        var event = MarketEvent(kind: .clock, symbol: .none, timestamp: Timestamp(microseconds: 0))
        event.seq = seq
        return event
    }
}

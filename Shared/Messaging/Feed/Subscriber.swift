// A reader of one publisher: subscribe, ask for what is missing, drop duplicates, go on live.
//
// It guarantees, as long as the publisher's journal holds the events: the receiver gets each event of its
// topics once; of the whole stream in seq order; with prefixes in order on each topic, and in seq order
// except where the loss of a message is noticed only by the next one of its topic or by a heartbeat (at most
// 250 ms later). `complete` is the only number that may be stored as a checkpoint. A bad message never stops
// the feed. What does stop it (another epoch, a rewound source, history that is gone) is an error that names
// the ways out.
//
// How: live messages are judged by `FeedOrder`. A gap starts a repair: the range is asked for on a DEALER,
// live messages are held meanwhile (up to a limit, then dropped and found missing later), and judged
// afterwards. Silence makes the SUB anew, because libzmq gives a connection up for good when a frame was too
// large.
//
// Cost of a live message on the whole stream: two receives, the receiver's decoding and three comparisons.

import Contracts
import ZeroMQ

/// What to subscribe to.
package struct SubscriberConfiguration: Sendable {
    /// The publisher's PUB endpoint.
    package var endpoint: String
    /// The publisher's replay endpoint; nil when it has none: gaps are then counted and not repaired.
    package var replayEndpoint: String?
    /// Topic prefixes; nil for the whole stream, of which every seq is then expected.
    package var prefixes: [[UInt8]]?
    /// Everything up to here is handled already; nil begins with the first message that comes.
    package var checkpoint: UInt64?
    /// Whether a checkpoint of 0 means the oldest event kept: what was pruned before is not missed.
    package var beginsWithOldest = false
    /// The epoch followed so far; nil takes the first one seen.
    package var epoch: String?
    /// Events of that epoch up to here were seen before, whatever the checkpoint: a publisher that holds
    /// fewer was rewound.
    package var seen: UInt64 = 0
    /// Whether a new epoch is a new beginning, as with publishers of notices, and not the end of the feed.
    package var acceptsNewEpochs = false
    /// The name under which positions are reported, for pacing; nil reports none.
    package var reader: String?
    /// Largest frame that the connections take.
    package var maximumFrameBytes = MessagingLimit.frameBytes
    /// Silence after which the subscription is made anew.
    package var silence = MessagingInterval.silence
    /// Wait for the next frame of a replay.
    package var replayAnswer = MessagingInterval.replayAnswer

    package init(endpoint: String, replayEndpoint: String?) {
        self.endpoint = endpoint
        self.replayEndpoint = replayEndpoint
    }
}

/// Confined to the bus thread. The receiver owns its subscriber and outlives it.
package final class Subscriber {
    package let configuration: SubscriberConfiguration

    let bus: Bus
    /// Unchecked, because it is used with every message: the receiver outlives its subscriber, see above.
    unowned(unsafe) let receiver: any FeedReceiver
    private let state: UnsafeMutablePointer<State>
    var feed: Socket?
    var feedToken: Bus.Token?
    var replay: Socket?
    var replayToken: Bus.Token?
    var isDraining = false
    var lastContact = MonotonicTime.now()
    var isSuspicious = false
    var hasContact = false
    var position = PositionReport()
    private var timers: [Bus.Token] = []
    let topicFrame = Message()
    let jsonFrame = Message()
    var request = JSONWriter(capacity: 256)

    /// What every message reads and writes. Behind a pointer, because the checks of exclusive access to
    /// properties of an object cost more than judging a message. Only the accessors below use the pointer,
    /// one property at a time, and the object is confined to the bus thread.
    private struct State {
        var counters = FeedCounters()
        var failure: FeedFailure?
        var header: EnvelopeHeader?
        var order: FeedOrder
        var held = HeldMessages()
        var repair: Repair?
        var heardLast: UInt64
        var keptFirst: UInt64 = 0
        var isPaused = false
    }

    /// A range being asked for.
    struct Repair {
        /// A live message, the first one held, has made it necessary.
        var isForMessage: Bool
        /// Nil: through the publisher's last.
        var to: UInt64?
        /// First seq of the request under way.
        var from: UInt64
        /// When the next frame of the answer is due.
        var deadline: MonotonicTime
        /// Not asked yet, or to be asked again at this time.
        var askAt: MonotonicTime?
    }

    /// Makes the sockets and connects; the peer need not be there yet.
    package init(bus: Bus, configuration: SubscriberConfiguration, receiver: any FeedReceiver) throws {
        self.bus = bus
        self.configuration = configuration
        self.receiver = receiver
        let order = FeedOrder(isWhole: configuration.prefixes == nil, checkpoint: configuration.checkpoint)
        state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(
            to: State(order: order, heardLast: max(configuration.checkpoint ?? 0, configuration.seen)))
        try openFeed()
        if configuration.replayEndpoint != nil { try openReplay() }
        timers.append(bus.timer(every: MessagingInterval.watch) { [weak self] in self?.tick() })
        if configuration.reader != nil, configuration.replayEndpoint != nil {
            timers.append(
                bus.timer(every: MessagingInterval.position) { [weak self] in self?.sendPosition() })
        }
        if configuration.checkpoint != nil { beginRepair(to: nil, isForMessage: false) }
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Whether what is published can wait until something else wakes this thread, see `Bus.setPatient`.
    package var isPatient = false {
        didSet {
            guard isPatient != oldValue, let feedToken else { return }
            bus.setPatient(isPatient, of: feedToken)
        }
    }

    /// Ends the subscription and closes its sockets.
    package func close() {
        closeFeed()
        closeReplay()
        for timer in timers { bus.cancel(timer) }
        timers = []
        repair = nil
        held.removeAll()
    }

    /// Everything up to here on its topics is handled; nil before the first contact of a reader without a
    /// checkpoint.
    package var complete: UInt64? { order.complete }

    /// Whether nothing is known to be missing: no repair, nothing held.
    package var isLive: Bool { repair == nil && held.isEmpty && failure == nil }

    // MARK: Back-pressure

    /// Whether reading rests.
    package private(set) var isPaused: Bool {
        get { state.pointee.isPaused }
        set { state.pointee.isPaused = newValue }
    }

    /// Stops reading and asking, at once, also out of `deliver`. What comes meanwhile waits in bounded
    /// queues; beyond them it is dropped and replayed later.
    package func pause() {
        guard !isPaused else { return }
        isPaused = true
        if let feedToken { bus.setInterest([], of: feedToken) }
        if let replayToken { bus.setInterest([], of: replayToken) }
    }

    /// Goes on.
    package func resume() {
        guard isPaused else { return }
        isPaused = false
        if let feedToken { bus.setInterest(.readable, of: feedToken) }
        if let replayToken { bus.setInterest(.readable, of: replayToken) }
        let now = MonotonicTime.now()
        lastContact = now
        repair?.deadline = now + configuration.replayAnswer
        if repair?.askAt != nil { ask() }
        drainHeld()
    }

    // MARK: Sockets

    private func openFeed() throws(ZeroMQError) {
        let socket = try bus.socket(.sub)
        try socket.set(.sendHighWaterMark, 0)
        try socket.set(.receiveHighWaterMark, MessagingLimit.subscribeQueue)
        try socket.set(.maximumMessageSize, Int64(configuration.maximumFrameBytes))
        try socket.reconnectQuickly()
        try socket.keepAlive()
        if let prefixes = configuration.prefixes {
            for prefix in prefixes + [Topic.heartbeat] { try socket.set(.subscribe, prefix) }
        } else {
            try socket.set(.subscribe, [])
        }
        try socket.connect(configuration.endpoint)
        feed = socket
        let token = bus.watch(socket, for: isPaused ? [] : .readable) { [weak self] _ in self?.receiveLive() }
        bus.setPatient(isPatient, of: token)
        feedToken = token
    }

    private func closeFeed() {
        if let feedToken { bus.unwatch(feedToken) }
        feed?.close()
        (feed, feedToken) = (nil, nil)
    }

    /// A fresh connection, so that what is still under way on the old one is never taken for an answer.
    func openReplay() throws(ZeroMQError) {
        guard let endpoint = configuration.replayEndpoint else { return }
        let socket = try bus.socket(.dealer)
        try socket.set(.maximumMessageSize, Int64(configuration.maximumFrameBytes))
        try socket.set(.receiveHighWaterMark, Int32(MessagingLimit.replayMessages))
        try socket.reconnectQuickly()
        try socket.keepAlive()
        try socket.connect(endpoint)
        replay = socket
        replayToken = bus.watch(socket, for: isPaused ? [] : .readable) { [weak self] _ in
            self?.receiveReplay()
        }
        position.forget()
    }

    func closeReplay() {
        if let replayToken { bus.unwatch(replayToken) }
        replay?.close()
        (replay, replayToken) = (nil, nil)
    }

    /// Ends the feed for good.
    func fail(_ failure: FeedFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        close()
        receiver.stopped(failure)
    }

    // MARK: Receiving

    private func receiveLive() {
        guard let feed else { return }
        var isContact = false
        for _ in 0..<MessagingLimit.messagesPerTurn {
            guard !isPaused, failure == nil, feed.receive(into: topicFrame) == .done else { break }
            isContact = true
            counters.received += 1
            guard topicFrame.hasMore, feed.receive(into: jsonFrame) == .done, !jsonFrame.hasMore else {
                feed.dropRest(of: topicFrame.hasMore ? jsonFrame : topicFrame)
                reject(
                    topicFrame.bytes, UnsafeRawBufferPointer(start: nil, count: 0), nil, "not two frames",
                    false)
                continue
            }
            takeLive(topicFrame.bytes, jsonFrame.bytes)
        }
        if isContact { noteContact() }
    }

    private func noteContact() {
        lastContact = .now()
        hasContact = true
        if isSuspicious {
            isSuspicious = false
            counters.watchdogCures += 1
        }
    }

    private func receiveReplay() {
        guard let replay else { return }
        for _ in 0..<MessagingLimit.messagesPerTurn {
            // The handler may have closed this connection and opened another one.
            guard !isPaused, replay === self.replay, replay.receive(into: topicFrame) == .done else { return }
            guard topicFrame.hasMore else {
                takeEnd(topicFrame.bytes)
                continue
            }
            guard replay.receive(into: jsonFrame) == .done else { return }
            if jsonFrame.hasMore {
                replay.dropRest(of: jsonFrame)
                continue
            }
            takeReplayed(topicFrame.bytes, jsonFrame.bytes)
        }
    }

    // MARK: Watching

    private func tick() {
        guard !isPaused, failure == nil else { return }
        let now = MonotonicTime.now()
        if let repair {
            if let askAt = repair.askAt {
                if askAt <= now { ask() }
            } else if repair.deadline <= now {
                counters.replayTimeouts += 1
                renewReplay()
                ask()
            }
        }
        if now - lastContact >= configuration.silence { renewFeed(now) }
    }

    private func renewFeed(_ now: MonotonicTime) {
        lastContact = now
        if hasContact {
            counters.watchdogResets += 1
            isSuspicious = true
        }
        closeFeed()
        // Out of sockets: the next silence tries again.
        try? openFeed()
    }

    func renewReplay() {
        closeReplay()
        try? openReplay()
    }
}

// MARK: What every message reads and writes

extension Subscriber {
    package internal(set) var counters: FeedCounters {
        get { state.pointee.counters }
        _modify { yield &state.pointee.counters }
    }

    /// Why the feed has ended, if it has.
    package internal(set) var failure: FeedFailure? {
        get { state.pointee.failure }
        set { state.pointee.failure = newValue }
    }

    /// Source and epoch of the publisher, since the first contact.
    package internal(set) var header: EnvelopeHeader? {
        get { state.pointee.header }
        set { state.pointee.header = newValue }
    }

    var order: FeedOrder {
        _read { yield state.pointee.order }
        _modify { yield &state.pointee.order }
    }

    var held: HeldMessages {
        _read { yield state.pointee.held }
        _modify { yield &state.pointee.held }
    }

    var repair: Repair? {
        get { state.pointee.repair }
        set { state.pointee.repair = newValue }
    }

    /// The oldest event that the publisher keeps, as it said last; 0 while it has not said.
    package internal(set) var keptFirst: UInt64 {
        get { state.pointee.keptFirst }
        set { state.pointee.keptFirst = newValue }
    }

    /// A heartbeat never says less than this: the checkpoint, and what was heard live since.
    var heardLast: UInt64 {
        get { state.pointee.heardLast }
        set { state.pointee.heardLast = newValue }
    }
}

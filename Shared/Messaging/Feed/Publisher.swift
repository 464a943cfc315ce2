// The publisher of a service: every event goes to the journal first, then the same bytes go out.
//
// It guarantees: nothing is sent that the journal does not hold; seq counts over everything journalled; a
// failed journal write sends nothing, keeps the batch, says so in `health` and is tried again. Subscribers
// may lose what is sent (libzmq drops for a slow one without a word) and find that by seq, prev and the
// heartbeat.
//
// The heartbeat carries one field beside those of DESIGN 5: `since`, the `last` of the heartbeat before it.
// With it a reader of some topics knows whether it has seen every list of changed topics, see `FeedOrder`.
//
// Cost of an event: its encoding, a checksum, and two sends that copy 200 bytes.

import CCrashPoint
import Contracts
import ZeroMQ

/// Confined to the bus thread.
package final class Publisher {
    /// Whether events leave.
    package enum Health: Sendable, Equatable {
        case healthy
        /// The journal cannot be written; one sentence.
        case failing(String)
    }

    /// What has left, for `/metrics`.
    package struct Counters: Sendable, Equatable {
        /// Events sent; of those journalled only, none.
        package var published: UInt64 = 0
        package var heartbeats: UInt64 = 0
        /// Failed writes of the journal.
        package var journalFailures: UInt64 = 0
        package init() {}
    }

    /// Where it is bound; with port 0 the port that the system chose.
    package let endpoint: String
    /// Source and epoch of everything it publishes.
    package let header: EnvelopeHeader
    package private(set) var health = Health.healthy
    @exclusivity(unchecked) package private(set) var counters = Counters()

    private let bus: Bus
    private let socket: Socket
    private let journal: JournalWriter?
    private var notices = NoticeBatch()
    private let wallClock: () -> Timestamp
    @exclusivity(unchecked) private var appended = 0
    @exclusivity(unchecked) private var publishedAt = Timestamp(microseconds: 0)
    private var heartbeat: HeartbeatSchedule
    @exclusivity(unchecked) private var topics: [KnownTopic] = []
    private var retryWait = MessagingInterval.journalRetry
    private var isWaitingToRetry = false
    /// How far apart `sendGathered` sends; a test sets another span.
    package var gather = MessagingInterval.gather
    private var gathered = GatheredRecords()
    /// When `sendGathered` last sent something or is to send what it holds, and the same of what is urgent.
    private var lastSent = MonotonicTime(nanoseconds: .min / 2)
    private var lastUrgent = MonotonicTime(nanoseconds: .min / 2)
    private var gatherTimer: (token: Bus.Token, due: MonotonicTime)?

    private struct KnownTopic {
        let bytes: [UInt8]
        let isPublished: Bool
    }

    /// Binds. With a journal, epoch and numbers are the journal's; without one (notices of what stands
    /// elsewhere), `epoch` must be new at each start, the numbers begin with 1, and nothing can be replayed.
    package init(
        bus: Bus, endpoint: String, source: String, journal: JournalWriter,
        wallClock: @escaping () -> Timestamp
    ) throws {
        self.bus = bus
        self.journal = journal
        self.wallClock = wallClock
        header = try EnvelopeHeader(source: source, epoch: journal.epoch)
        heartbeat = HeartbeatSchedule(last: journal.lastSeq)
        (socket, self.endpoint) = try Self.bind(bus, endpoint)
        start()
    }

    /// As above, without a journal.
    package init(
        bus: Bus, endpoint: String, source: String, epoch: String, wallClock: @escaping () -> Timestamp
    ) throws {
        self.bus = bus
        journal = nil
        self.wallClock = wallClock
        header = try EnvelopeHeader(source: source, epoch: epoch)
        heartbeat = HeartbeatSchedule(last: 0)
        (socket, self.endpoint) = try Self.bind(bus, endpoint)
        start()
    }

    private static func bind(_ bus: Bus, _ endpoint: String) throws -> (Socket, String) {
        let socket = try bus.socket(.pub)
        try socket.set(.sendHighWaterMark, MessagingLimit.publishQueue)
        // Subscriptions are messages to the publisher, and subject to this limit: none.
        try socket.set(.receiveHighWaterMark, 0)
        try socket.keepAlive()
        return (socket, try socket.bind(endpoint))
    }

    private func start() {
        sendHeartbeat()
        bus.timer(every: MessagingInterval.heartbeat) { [weak self] in self?.sendHeartbeat() }
        bus.onStop { [weak self] in
            self?.isWaitingToRetry = false
            self?.flush()
            self?.sendHeld()
        }
    }

    // MARK: Appending

    /// The dense number of a topic in this publisher, made when it is new. Services keep it beside their
    /// symbol.
    package func topicID(_ topic: UnsafeRawBufferPointer) -> Int {
        let number = journal?.topicID(topic) ?? notices.topicID(topic)
        while topics.count <= number {
            let bytes = journal?.topicBytes(topics.count) ?? notices.topicBytes(topics.count)
            topics.append(KnownTopic(bytes: bytes, isPublished: Publication.isPublished(bytes)))
        }
        return number
    }

    /// As above, from an array.
    package func topicID(_ topic: [UInt8]) -> Int { topic.withUnsafeBytes { topicID($0) } }

    /// The seq that the next record gets.
    package var nextSeq: UInt64 { journal?.nextSeq ?? notices.nextSeq }
    /// The last seq that was journalled and sent.
    package var lastSeq: UInt64 { heartbeat.last }
    /// The last seq that can be read in the journal.
    package var journalledSeq: UInt64 { journal?.lastSeq ?? heartbeat.last }
    /// The oldest seq that can be replayed; 1 in an empty journal.
    package var firstSeq: UInt64 { journal?.firstSeq ?? nextSeq }
    /// Whether so much waits that nothing more should be appended before a flush succeeds.
    package var isFull: Bool { journal?.isFull ?? notices.isFull }

    /// Adds a record to the batch and returns its seq. The closure must append exactly one JSON object with
    /// this stamp (and a `position` where the event has one). All records of a batch carry one
    /// `published_at`.
    @discardableResult
    package func append(
        topic: Int, _ write: (_ stamp: EventStamp, _ json: inout JSONWriter) -> Void
    ) -> UInt64 {
        if appended == 0 { publishedAt = wallClock() }
        appended += 1
        let time = publishedAt
        if let journal {
            let seq = journal.nextSeq
            journal.append(topic: topic) { seq, prev, json in
                write(EventStamp(seq: seq, prev: prev, publishedAt: time), &json)
            }
            return seq
        }
        let seq = notices.nextSeq
        notices.append(topic: topic) { seq, prev, json in
            write(EventStamp(seq: seq, prev: prev, publishedAt: time), &json)
        }
        return seq
    }

    // MARK: Flushing

    /// Journals the batch, then sends it. When the journal cannot be written, nothing is sent and the batch
    /// is tried again by a timer with growing waits; calls until then do nothing. Returns whether everything
    /// has left.
    @discardableResult
    package func flush() -> Bool {
        guard writeJournal() else { return false }
        send()
        return true
    }

    /// The first half of `flush`: what was appended is in the journal, if this is true, and `send` must
    /// follow. What is said between them to others goes out before what is published.
    package func writeJournal() -> Bool {
        guard appended > 0 else { return health == .healthy }
        guard !isWaitingToRetry else { return false }
        guard let journal else { return true }
        crash_point(CRASH_POINT_JOURNAL_WAITS)
        do throws(JournalError) {
            try journal.flush()
        } catch {
            failed(error.description)
            return false
        }
        crash_point(CRASH_POINT_JOURNALLED)
        return true
    }

    /// The second half.
    package func send() {
        sendHeld()
        guard appended > 0 else { return }
        if let journal {
            let batch = journal.pending
            journal.withPendingBytes { bytes in
                send(batch.lazy.map { ($0.seq, $0.topic, $0.json) }, of: bytes, noting: &heartbeat)
            }
            crash_point(CRASH_POINT_PUBLISHED)
        } else {
            let batch = notices.pending
            notices.withPendingBytes { bytes in
                send(batch.lazy.map { ($0.seq, $0.topic, $0.json) }, of: bytes, noting: &heartbeat)
            }
            notices.clear()
        }
        heartbeat.last = nextSeq - 1
        hasLeft()
    }

    /// The second half for many small batches: what comes within a millisecond of the last sending leaves
    /// with the end of that millisecond, so that a burst wakes its readers a thousand times a second and not
    /// for each batch. What is urgent waits only for what was urgent. Order and content are those of `send`.
    package func sendGathered(isUrgent: Bool) {
        guard appended > 0 else { return }
        let now = MonotonicTime.now()
        let due = (isUrgent ? lastUrgent : lastSent) + gather
        guard let journal, due > now, gathered.bytes.count < MessagingLimit.gatheredBytes else {
            if isUrgent { lastUrgent = now }
            lastSent = now
            return send()
        }
        journal.withPendingBytes { gathered.take(journal.pending, of: $0) }
        hasLeft()
        let leaves = min(due, gatherTimer?.due ?? due)
        lastSent = leaves
        if isUrgent { lastUrgent = leaves }
        guard gatherTimer?.due != leaves else { return }
        if let gatherTimer { bus.cancel(gatherTimer.token) }
        let token = bus.timer(after: leaves - now) { [weak self] in
            self?.gatherTimer = nil
            self?.sendHeld()
        }
        gatherTimer = (token, leaves)
    }

    private func sendHeld() {
        guard let last = gathered.records.last else { return }
        gathered.bytes.withUnsafeBytes { send(gathered.records, of: $0, noting: &heartbeat) }
        crash_point(CRASH_POINT_PUBLISHED)
        gathered.clear()
        heartbeat.last = last.seq
    }

    /// The batch needs nothing more from the journal.
    private func hasLeft() {
        appended = 0
        health = .healthy
        retryWait = MessagingInterval.journalRetry
    }

    /// Sends a batch. What changes with every record is taken hold of once a batch.
    private func send(
        _ batch: some Sequence<(seq: UInt64, topic: Int, json: Range<Int>)>, of bytes: UnsafeRawBufferPointer,
        noting heartbeat: inout HeartbeatSchedule
    ) {
        let topics = topics
        var count: UInt64 = 0
        for (seq, topic, json) in batch where topics[topic].isPublished {
            topics[topic].bytes.withUnsafeBytes { name in
                guard socket.send(name, more: true) == .done else { return }
                socket.send(UnsafeRawBufferPointer(rebasing: bytes[json]))
            }
            heartbeat.note(topic, seq)
            count += 1
        }
        counters.published += count
    }

    private func failed(_ sentence: String) {
        counters.journalFailures += 1
        health = .failing(sentence)
        guard !isWaitingToRetry else { return }
        isWaitingToRetry = true
        bus.timer(after: retryWait) { [weak self] in
            self?.isWaitingToRetry = false
            self?.flush()
        }
        retryWait = min(retryWait * 2, MessagingInterval.maximumJournalRetry)
    }

    // MARK: Heartbeat

    private var heartbeatJSON = JSONWriter(capacity: 1024)

    /// Sends a heartbeat now, beside those of every 250 ms: readers then need not wait to learn that nothing
    /// is missing.
    package func sendHeartbeat() {
        if counters.heartbeats.isMultiple(of: MessagingLimit.heartbeatsPerLook) {
            journal?.noticeRemovedSegments()
        }
        let changed = heartbeat.take { String(decoding: topics[$0].bytes, as: UTF8.self) }
        let first = heartbeat.last == 0 || journal == nil ? 0 : firstSeq
        heartbeatJSON.reset()
        Heartbeat(first: first, last: heartbeat.last, topics: changed.topics)
            .encode(header: header, publishedAt: wallClock(), into: &heartbeatJSON)
        // One more member before the closing brace.
        heartbeatJSON.truncate(to: heartbeatJSON.count - 1)
        heartbeatJSON.append(Array(",\"since\":\(changed.since)}".utf8))
        Topic.heartbeat.withUnsafeBytes { name in
            heartbeatJSON.withBytes { json in
                guard socket.send(name, more: true) == .done else { return }
                socket.send(json)
            }
        }
        counters.heartbeats += 1
    }
}

/// Records that are in the journal and were not sent yet.
private struct GatheredRecords {
    private(set) var bytes: [UInt8] = []
    private(set) var records: [(seq: UInt64, topic: Int, json: Range<Int>)] = []

    mutating func take(_ batch: [JournalWriter.PendingRecord], of source: UnsafeRawBufferPointer) {
        let start = bytes.count
        bytes.append(contentsOf: source)
        for record in batch {
            let json = start + record.json.lowerBound..<start + record.json.upperBound
            records.append((record.seq, record.topic, json))
        }
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
    }
}

/// Which topics the next heartbeat names.
private struct HeartbeatSchedule {
    /// The last seq sent.
    var last: UInt64
    private var since: UInt64
    private var changed: [Int] = []
    /// By topic: the last seq sent since the last heartbeat, 0 for none.
    private var latest: [UInt64] = []

    init(last: UInt64) {
        self.last = last
        since = last
    }

    /// A record of this topic has been sent.
    mutating func note(_ topic: Int, _ seq: UInt64) {
        if topic >= latest.count {
            latest.append(contentsOf: repeatElement(0, count: topic + 1 - latest.count))
        }
        if latest[topic] == 0 { changed.append(topic) }
        latest[topic] = seq
    }

    /// The changes since the last call, in the order in which the topics changed first. Beyond the limit of
    /// one heartbeat it names none and says `since` = `last`, which proves nothing, so that readers ask.
    mutating func take(_ name: (Int) -> String) -> (topics: [Heartbeat.TopicSeq], since: UInt64) {
        defer {
            for topic in changed { latest[topic] = 0 }
            changed.removeAll(keepingCapacity: true)
            since = last
        }
        guard changed.count <= MessagingLimit.heartbeatTopics else { return ([], last) }
        return (changed.map { Heartbeat.TopicSeq(topic: name($0), seq: latest[$0]) }, since)
    }
}

extension Socket {
    /// TCP keepalive: a dead peer is noticed after about half a minute.
    func keepAlive() throws(ZeroMQError) {
        try set(.tcpKeepalive, 1)
        try set(.tcpKeepaliveIdle, 10)
        try set(.tcpKeepaliveInterval, 5)
        try set(.tcpKeepaliveCount, 4)
    }

    /// Short waits before a lost connection is tried again: a restart of the peer then costs 10 to 20 ms.
    func reconnectQuickly() throws(ZeroMQError) {
        try set(.reconnectInterval, MessagingInterval.reconnectMilliseconds)
        try set(.maximumReconnectInterval, MessagingInterval.maximumReconnectMilliseconds)
    }
}

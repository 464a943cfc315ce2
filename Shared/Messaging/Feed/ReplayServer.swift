// Replay of a publisher's journal on a ROUTER: the same two frames that were published, byte for byte.
//
// It guarantees: an answer is in seq order and ends with the range that it covered; one client's slowness or
// a long range delays neither the other clients nor the bus, since each gets a chunk a round and a full queue
// is tried again later; memory is bounded by the queue of each client. A client that has gone is forgotten by
// its next message.
//
// Cost: reading, checking and sending, about a microsecond a record; a filter costs the derivation of its
// topic.

import Contracts
import ZeroMQ

/// Confined to the bus thread, in the publisher's process.
package final class ReplayServer {
    /// What was asked, for `/metrics`.
    package struct Counters: Sendable, Equatable {
        package var requests: UInt64 = 0
        /// Messages sent in answers.
        package var replayed: UInt64 = 0
        /// Requests that could not be read, or were too many.
        package var malformed: UInt64 = 0
        /// Clients that had gone before their answer was complete.
        package var abandoned: UInt64 = 0
        /// Reads of the journal that failed.
        package var journalFailures: UInt64 = 0
        package init() {}
    }

    package let endpoint: String
    package private(set) var counters = Counters()
    /// The last failure of the journal as a sentence, nil since a read has gone well.
    package private(set) var journalFailure: String?
    /// A platform reader has reported that it has handled everything up to `seq`.
    package var onPosition: (_ reader: String, _ seq: UInt64) -> Void = { _, _ in }

    private let bus: Bus
    private let socket: Socket
    /// The journal folder that it reads.
    package let journalPath: String
    private let reader: JournalReader
    private let frame = Message()
    private var jobs: [Job] = []
    private var nextJob = 0
    private var isScheduled = false
    private var topic: [UInt8] = []
    private var json = JSONWriter(capacity: 256)

    /// Who asks: the ROUTER's name for the connection, and whether it puts an empty frame before its request.
    private struct Peer: Equatable {
        var identity: [UInt8]
        var hasDelimiter: Bool
    }

    private struct Job {
        let peer: Peer
        let request: ReplayRequest
        /// The first seq of the answer; later than `request.from` when that is no longer kept.
        var first: UInt64
        /// The next to be read.
        var next: UInt64
        /// The last to be read.
        let end: UInt64
        var sent = 0
        var sentBytes = 0
        var scanned = 0
        /// Set while its queue is full: since when, and when it is tried again.
        var fullSince: MonotonicTime?
        var retryAt = MonotonicTime(nanoseconds: 0)

        var isComplete: Bool {
            next > end || sent >= MessagingLimit.replayMessages || sentBytes >= MessagingLimit.replayBytes
                || scanned >= MessagingLimit.replayScanned
        }
    }

    /// Binds, and opens the journal of the publisher beside it.
    package init(bus: Bus, endpoint: String, journalDirectory: String) throws {
        self.bus = bus
        journalPath = journalDirectory
        reader = try JournalReader(directory: journalDirectory)
        socket = try bus.socket(.router)
        try socket.set(.routerMandatory, 1)
        try socket.set(.sendHighWaterMark, MessagingLimit.replayQueue)
        try socket.set(.receiveHighWaterMark, Int32(MessagingLimit.replayRequests))
        try socket.set(.maximumMessageSize, Int64(MessagingLimit.requestBytes))
        try socket.keepAlive()
        self.endpoint = try socket.bind(endpoint)
        bus.watch(socket) { [weak self] _ in self?.receive() }
    }

    // MARK: Requests

    private func receive() {
        for _ in 0..<MessagingLimit.messagesPerTurn {
            guard socket.receive(into: frame) == .done else { break }
            var peer = Peer(identity: frame.array, hasDelimiter: false)
            guard frame.hasMore, socket.receive(into: frame) == .done else { continue }
            if frame.count == 0, frame.hasMore {
                peer.hasDelimiter = true
                guard socket.receive(into: frame) == .done else { continue }
            }
            handle(peer)
            socket.dropRest(of: frame)
        }
        schedule()
    }

    private func handle(_ peer: Peer) {
        guard !frame.hasMore else { return refuse(peer, "a request is one frame") }
        let message: ReplayMessage
        do {
            message = try ReplayMessage.read(frame.bytes)
        } catch let refusal as ReplayMessage.Refusal {
            return refuse(peer, refusal.sentence)
        } catch {
            return refuse(peer, "\(error)")
        }
        switch message {
        case .position(let name, let seq): onPosition(name, seq)
        case .replay(let request): begin(request, for: peer)
        }
    }

    private func begin(_ request: ReplayRequest, for peer: Peer) {
        counters.requests += 1
        guard jobs.count < MessagingLimit.replayRequests else {
            return refuse(peer, "more than \(MessagingLimit.replayRequests) requests wait: ask again later")
        }
        do {
            try reader.refresh()
            journalFailure = nil
        } catch {
            return failed(peer, error)
        }
        let first = max(request.from, reader.firstSeq)
        let end = min(request.to ?? reader.lastSeq, reader.lastSeq)
        jobs.append(Job(peer: peer, request: request, first: first, next: first, end: end))
    }

    private func refuse(_ peer: Peer, _ reason: String) {
        counters.malformed += 1
        answer(peer, error: reason)
    }

    private func failed(_ peer: Peer, _ error: any Error) {
        counters.journalFailures += 1
        journalFailure = "\(error)"
        answer(peer, error: "\(error)")
    }

    private func answer(_ peer: Peer, error reason: String) {
        json.reset()
        json.beginObject()
        json.field("type", word: "error")
        json.field("reason", reason)
        json.endObject()
        _ = sendJSON(to: peer)
    }

    // MARK: Answers

    /// Goes on with the answers in a following round, after the other sockets had their turn.
    private func schedule() {
        guard !isScheduled, !jobs.isEmpty else { return }
        isScheduled = true
        let now = MonotonicTime.now()
        let isWaiting = !jobs.indices.contains { isReady($0, now) }
        bus.timer(after: isWaiting ? MessagingInterval.fullQueue : .zero) { [weak self] in
            self?.isScheduled = false
            self?.step()
        }
    }

    /// One chunk for the next client in turn whose queue is not full.
    private func step() {
        let now = MonotonicTime.now()
        let turn = (0..<jobs.count).lazy.map { (self.nextJob + $0) % self.jobs.count }
        if let index = turn.first(where: { self.isReady($0, now) }) {
            if advance(&jobs[index], now) {
                jobs.remove(at: index)
                nextJob = jobs.isEmpty ? 0 : index % jobs.count
            } else {
                nextJob = (index + 1) % jobs.count
            }
        }
        schedule()
    }

    /// The answers to one client are given one after the other.
    private func isReady(_ index: Int, _ now: MonotonicTime) -> Bool {
        jobs[index].retryAt <= now && jobs.firstIndex { $0.peer == jobs[index].peer } == index
    }

    /// Whether the job has ended.
    private func advance(_ job: inout Job, _ now: MonotonicTime) -> Bool {
        if !job.isComplete {
            let through = min(job.end, job.next + UInt64(MessagingLimit.replayChunk) - 1)
            var outcome = Transfer.done
            do {
                try reader.read(from: job.next, through: through) { seq, record in
                    outcome = try send(seq, record, &job)
                    guard outcome == .done else { return false }
                    job.next = seq + 1
                    return !job.isComplete
                }
            } catch {
                failed(job.peer, error)
                return true
            }
            guard outcome == .done else { return give(outcome, &job, now) }
            guard job.isComplete else { return false }
        }
        json.reset()
        ReplayEnd(
            first: job.first, last: job.next - 1, epoch: reader.epoch, keptFirst: reader.firstSeq,
            keptLast: reader.lastSeq
        ).write(into: &json)
        return give(sendJSON(to: job.peer), &job, now)
    }

    /// What a send to the client means for its job; whether the job has ended.
    private func give(_ outcome: Transfer, _ job: inout Job, _ now: MonotonicTime) -> Bool {
        guard outcome == .wouldBlock else {
            if outcome != .done { counters.abandoned += 1 }
            return true
        }
        let since = job.fullSince ?? now
        guard now - since < MessagingInterval.abandon else {
            counters.abandoned += 1
            return true
        }
        (job.fullSince, job.retryAt) = (since, now + MessagingInterval.fullQueue)
        return false
    }

    /// Sends a record if its topic is asked for.
    private func send(_ seq: UInt64, _ record: UnsafeRawBufferPointer, _ job: inout Job) throws -> Transfer {
        job.scanned += 1
        // The reader has held the record against its checksum.
        try Topic.derive(fromJSON: record, isOurs: true, into: &topic)
        guard Publication.isAsked(topic, by: job.request.prefixes) else { return .done }
        let outcome = address(job.peer)
        guard outcome == .done else { return outcome }
        // Once the ROUTER took the address, it takes the rest of the message too.
        socket.send(topic, more: true)
        socket.send(record)
        job.sent += 1
        job.fullSince = nil
        job.sentBytes += topic.count + record.count
        counters.replayed += 1
        return .done
    }

    private func sendJSON(to peer: Peer) -> Transfer {
        let outcome = address(peer)
        guard outcome == .done else { return outcome }
        return json.withBytes { socket.send($0) }
    }

    private func address(_ peer: Peer) -> Transfer {
        let outcome = socket.send(peer.identity, more: true)
        if outcome == .done, peer.hasDelimiter { socket.send([], more: true) }
        return outcome
    }
}

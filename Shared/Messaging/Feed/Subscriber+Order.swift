// What the subscriber does with a message: judge it, hand it on, hold it, or start a repair.

import Contracts

extension Subscriber {
    /// What reading a message gave.
    private enum Reading {
        /// Its numbers, and why it is bad nevertheless.
        case numbers(EventStamp, problem: String?)
        case unreadable(String)
        /// It belongs to another journal: the feed has ended.
        case foreign
    }

    // MARK: Live

    func takeLive(_ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer) {
        if topic.count == Topic.heartbeat.count, topic.elementsEqual(Topic.heartbeat) {
            return takeHeartbeat(json)
        }
        guard isLive else {
            if !held.append(topic: topic, json: json) { counters.dropped += 1 }
            return
        }
        if !judgeLive(topic, json), !held.append(topic: topic, json: json) { counters.dropped += 1 }
    }

    /// False when the message must wait for what is missing before it.
    func judgeLive(_ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer) -> Bool {
        switch read(topic, json) {
        case .foreign: return true
        case .unreadable(let reason):
            reject(topic, json, nil, reason, false)
            return true
        case .numbers(let stamp, let problem):
            switch order.judge(topic, seq: stamp.seq, prev: stamp.prev) {
            case .duplicate: counters.duplicates += 1
            case .next: handOver(topic, json, stamp.seq, problem, isReplayed: false)
            case .gap:
                counters.gaps += 1
                guard configuration.replayEndpoint != nil else {
                    // Nobody to ask: go on with what there is.
                    order.cover(through: stamp.seq - 1)
                    handOver(topic, json, stamp.seq, problem, isReplayed: false)
                    return true
                }
                beginRepair(to: stamp.seq - 1, isForMessage: true)
                return false
            }
            return true
        }
    }

    private func handOver(
        _ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer, _ seq: UInt64, _ problem: String?,
        isReplayed: Bool
    ) {
        order.accept(seq, isReplayed: isReplayed)
        if !isReplayed { heardLast = max(heardLast, seq) }
        if let problem {
            reject(topic, json, seq, problem, true)
        } else {
            counters.delivered += 1
            receiver.deliver(topic: topic, json: json, seq: seq)
        }
    }

    private func read(_ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer) -> Reading {
        guard json.count <= MessagingLimit.messageBytes else {
            return .unreadable(
                "\(json.count) bytes, and a message has at most \(MessagingLimit.messageBytes)")
        }
        guard configuration.prefixes == nil || order.canKeep(topic) else {
            return .unreadable("the topic is not 1 to 255 printable ASCII characters, or one too many")
        }
        do {
            return check(try receiver.decode(topic: topic, json: json), problem: nil)
        } catch {
            // Bad for its receiver; its numbers may be readable all the same.
            guard let head = try? EventHead.read(json).head else { return .unreadable("\(error)") }
            return check(head, problem: "\(error)")
        }
    }

    private func check(_ head: EventHead, problem: String?) -> Reading {
        if let header, head.isFrom(header) { return .numbers(head.stamp, problem: problem) }
        guard head.stamp.seq > 0 else { return .unreadable("no seq") }
        return isFollowed(source: head.source.string, epoch: head.epoch.string)
            ? .numbers(head.stamp, problem: problem) : .foreign
    }

    /// Whether this is the journal that the reader follows; takes the first one seen. Another one ends the
    /// feed.
    private func isFollowed(source: String, epoch: String) -> Bool {
        if let expected = header?.epoch ?? configuration.epoch, expected != epoch {
            if configuration.acceptsNewEpochs { beginAnew() } else { return refuse(expected, epoch) }
        }
        // A renamed instance with the same journal is the same publisher.
        if let found = try? EnvelopeHeader(source: source, epoch: epoch) { header = found }
        return true
    }

    private func refuse(_ expected: String, _ found: String) -> Bool {
        fail(.epochChanged(configuration.endpoint, expected: expected, found: found))
        return false
    }

    /// The publisher has begun anew, and so does its reader.
    private func beginAnew() {
        order = FeedOrder(isWhole: configuration.prefixes == nil, checkpoint: nil)
        heardLast = 0
        repair = nil
    }

    func reject(
        _ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer, _ seq: UInt64?, _ reason: String,
        _ isSkipped: Bool
    ) {
        counters.rejected += 1
        if isSkipped { counters.skipped += 1 }
        receiver.rejected(
            RejectedMessage(
                topic: UnsafeRawBufferPointer(rebasing: topic.prefix(MessagingLimit.rejectedBytes)),
                json: UnsafeRawBufferPointer(rebasing: json.prefix(MessagingLimit.rejectedBytes)),
                size: json.count, seq: seq, reason: reason, isSkipped: isSkipped))
    }

    // MARK: Heartbeat

    private func takeHeartbeat(_ json: UnsafeRawBufferPointer) {
        guard json.count <= MessagingLimit.messageBytes,
            let (envelope, heartbeat) = try? Heartbeat.decode(json)
        else {
            return reject(
                UnsafeRawBufferPointer(start: nil, count: 0), json, nil, "a heartbeat that cannot be read",
                true)
        }
        guard isFollowed(source: envelope.source, epoch: envelope.epoch) else { return }
        guard heartbeat.last >= heardLast else {
            return fail(.sourceRewound(configuration.endpoint, checkpoint: heardLast, last: heartbeat.last))
        }
        heardLast = heartbeat.last
        keptFirst = max(keptFirst, heartbeat.first)
        // While something is repaired or held, the messages below this heartbeat may be among it: the next
        // one tells.
        guard isLive else { return }
        let verdict = order.judge(
            heartbeatLast: heartbeat.last, since: RecordLine.number(of: "since", in: json),
            topics: heartbeat.topics.lazy.map { (Array($0.topic.utf8), $0.seq) }.filter {
                self.isSubscribed($0.0)
            })
        guard verdict == .behind, configuration.replayEndpoint != nil else { return }
        beginRepair(to: heartbeat.last, isForMessage: false)
    }

    private func isSubscribed(_ topic: [UInt8]) -> Bool {
        configuration.prefixes?.contains { topic.starts(with: $0) } ?? true
    }

    // MARK: Replayed

    func takeReplayed(_ topic: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer) {
        guard repair != nil else { return }
        counters.replayed += 1
        repair?.deadline = .now() + configuration.replayAnswer
        switch read(topic, json) {
        case .foreign: break
        case .unreadable(let reason): reject(topic, json, nil, reason, true)
        case .numbers(let stamp, let problem):
            switch order.judgeReplayed(topic, seq: stamp.seq) {
            case .duplicate, .gap: counters.duplicates += 1
            case .next: handOver(topic, json, stamp.seq, problem, isReplayed: true)
            }
        }
    }
}

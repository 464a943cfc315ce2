// Asking for what is missing, and going live again.

import Contracts
import ZeroMQ

extension Subscriber {
    /// Asks for everything missing through `to` (nil: through the publisher's last).
    func beginRepair(to: UInt64?, isForMessage: Bool) {
        let now = MonotonicTime.now()
        repair = Repair(
            isForMessage: isForMessage, to: to, from: order.firstMissing,
            deadline: now + configuration.replayAnswer, askAt: now)
        if !isPaused { ask() }
    }

    /// Sends the request for what is still missing.
    func ask() {
        guard var repair, let replay else { return }
        let now = MonotonicTime.now()
        repair.from = order.firstMissing
        repair.deadline = now + configuration.replayAnswer
        request.reset()
        ReplayRequest(from: repair.from, to: repair.to, prefixes: configuration.prefixes ?? []).write(
            into: &request)
        let isSent = request.withBytes { replay.send($0) } == .done
        repair.askAt = isSent ? nil : now + MessagingInterval.replayRetry
        self.repair = repair
    }

    /// The single frame that ends an answer.
    func takeEnd(_ bytes: UnsafeRawBufferPointer) {
        guard let repair, repair.askAt == nil else { return }
        switch ReplayEnd.read(bytes) {
        case nil: return
        case .failure(let refusal):
            reject(
                UnsafeRawBufferPointer(start: nil, count: 0), bytes, nil, "replay: \(refusal.sentence)", false
            )
            askLater()
        case .success(let end): take(end, of: repair)
        }
    }

    private func take(_ end: ReplayEnd, of repair: Repair) {
        if let epoch = end.epoch, let expected = header?.epoch ?? configuration.epoch, epoch != expected {
            return fail(.epochChanged(configuration.endpoint, expected: expected, found: epoch))
        }
        // The answer was made after the request, so the journal then held at least what this reader had
        // handled.
        let seen = max(repair.from - 1, configuration.seen)
        if let keptLast = end.keptLast, keptLast < seen {
            return fail(.sourceRewound(configuration.endpoint, checkpoint: seen, last: keptLast))
        }
        keptFirst = max(keptFirst, end.keptFirst ?? 0)
        let isOldest = configuration.beginsWithOldest && repair.from == 1
        if !isOldest, end.first > repair.from, end.last >= end.first || (end.keptFirst ?? 0) > repair.from {
            return fail(.historyGone(configuration.endpoint, needed: repair.from, first: end.first))
        }
        let isEmpty = end.last < repair.from
        if !isEmpty { order.cover(through: end.last) }
        if let target = repair.to ?? end.keptLast, end.last >= target { return endRepair() }
        if let keptLast = end.keptLast, end.last >= keptLast {
            // The message came before the answer was made, so the journal should have held what lies before
            // it.
            if repair.isForMessage { refuseFirstHeld(keptLast) }
            return endRepair()
        }
        if isEmpty {
            // Nothing more there. With a target that is odd, and must not become a busy loop.
            if repair.to == nil { endRepair() } else { askLater() }
            return
        }
        ask()
    }

    private func askLater() { repair?.askAt = .now() + MessagingInterval.replayRetry }

    private func refuseFirstHeld(_ keptLast: UInt64) {
        guard !held.isEmpty else { return }
        held.copyFirst(topic: topicFrame, json: jsonFrame)
        held.removeFirst()
        reject(
            topicFrame.bytes, jsonFrame.bytes, nil,
            "its seq lies beyond the publisher's journal, which ends with \(keptLast)", true)
    }

    private func endRepair() {
        repair = nil
        if held.isEmpty { findTail() } else { drainHeld() }
    }

    /// Of the whole stream, everything heard of has been judged now: what is not complete was lost.
    private func findTail() {
        guard configuration.prefixes == nil, let complete = order.complete, complete < heardLast,
            repair == nil,
            failure == nil
        else { return }
        beginRepair(to: heardLast, isForMessage: false)
    }

    /// Judges what was held, a part a round, until it is empty or something is missing again.
    func drainHeld() {
        guard repair == nil, !isPaused, !isDraining, !held.isEmpty else { return }
        isDraining = true
        bus.timer(after: .zero) { [weak self] in
            guard let self else { return }
            self.isDraining = false
            self.drainPart()
            self.drainHeld()
        }
    }

    private func drainPart() {
        for _ in 0..<MessagingLimit.messagesPerTurn {
            guard repair == nil, !isPaused, failure == nil, !held.isEmpty else { return }
            // Out of the buffer first: what the receiver does may change it.
            held.copyFirst(topic: topicFrame, json: jsonFrame)
            let isTaken = judgeLive(topicFrame.bytes, jsonFrame.bytes)
            // The receiver may have closed the feed.
            if isTaken, !held.isEmpty { held.removeFirst() }
            if held.isEmpty { return findTail() }
        }
    }

    // MARK: Pacing

    /// The receiver has handled everything up to here: the publisher of finite data is told now and then, and
    /// keeps within a window of it.
    package func reportPosition(_ seq: UInt64) {
        position.handled = seq
        let isFirst = position.reportedAt == nil && seq > 0
        if isFirst || seq >= position.reported &+ MessagingLimit.positionEvents { sendPosition() }
    }

    func sendPosition() {
        guard let reader = configuration.reader, let replay, failure == nil else { return }
        guard position.isDue(.now()) else { return }
        request.reset()
        request.beginObject()
        request.field("type", word: "position")
        request.field("reader", reader)
        request.field("seq", position.handled)
        request.endObject()
        guard request.withBytes({ replay.send($0) }) == .done else { return }
        position.reported = position.handled
        position.reportedAt = .now()
    }
}

/// What was reported, and when.
struct PositionReport {
    var handled: UInt64 = 0
    var reported: UInt64 = 0
    var reportedAt: MonotonicTime?

    /// Something new, or so long ago that a restarted publisher may not know it.
    func isDue(_ now: MonotonicTime) -> Bool {
        guard handled > 0 else { return false }
        guard let reportedAt else { return true }
        return handled != reported || now - reportedAt >= MessagingInterval.positionRefresh
    }

    /// A new connection knows nothing.
    mutating func forget() { reportedAt = nil }
}

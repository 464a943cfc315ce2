// The tracker's door for trades of other robots: a ROUTER that takes two frames, topic and JSON, from
// DEALER and REQ sockets, and gives one JSON frame back for each.
//
// It guarantees: messages of one sender are handed over in the order in which they were sent; an answer
// goes to the sender of its message, in the shape of its socket (a REQ gets its empty frame back). Nothing
// is answered here: whoever takes the messages answers once they are safe. While paused nothing is read, so
// that senders wait in their own queues and nothing is lost. An answer that a sender does not fetch is
// dropped and counted: it sends again.

import Contracts
import ZeroMQ

/// Who sent a message, as far as its answer needs it.
package struct IngestPeer: Sendable, Hashable {
    let identity: [UInt8]
    /// Whether its socket is a REQ, which puts an empty frame before its own.
    let hasDelimiter: Bool

    package init(identity: [UInt8], hasDelimiter: Bool) {
        self.identity = identity
        self.hasDelimiter = hasDelimiter
    }
}

/// One message as it came.
package struct IngestMessage: Sendable {
    package var peer: IngestPeer
    package var topic: [UInt8]
    package var json: [UInt8]
    /// Why it is no message of two frames; nil when it is one.
    package var problem: String?

    package init(peer: IngestPeer, topic: [UInt8], json: [UInt8], problem: String? = nil) {
        self.peer = peer
        self.topic = topic
        self.json = json
        self.problem = problem
    }
}

/// Confined to the bus thread.
package final class IngestServer {
    package struct Counters: Sendable, Equatable {
        package var received: UInt64 = 0
        package var answered: UInt64 = 0
        /// Answers that nobody took: the sender was gone or its queue full.
        package var unanswered: UInt64 = 0
    }

    package let endpoint: String
    package private(set) var counters = Counters()
    /// Called for each message, in order of arrival.
    package var onMessage: (IngestMessage) -> Void = { _ in }
    /// Messages taken in one turn.
    package var messagesPerTurn = MessagingLimit.ingestPerTurn

    private let bus: Bus
    private let socket: Socket
    private let frame = Message()
    private var watch: Bus.Token?
    private var isPaused = false

    /// Binds. Set the handler before the bus runs.
    package init(bus: Bus, endpoint: String) throws {
        self.bus = bus
        socket = try bus.socket(.router)
        try socket.set(.routerMandatory, 1)
        try socket.set(.sendHighWaterMark, MessagingLimit.ingestQueue)
        try socket.set(.receiveHighWaterMark, MessagingLimit.ingestQueue)
        try socket.set(.maximumMessageSize, Int64(MessagingLimit.frameBytes))
        try socket.keepAlive()
        self.endpoint = try socket.bind(endpoint)
        watch = bus.watch(socket) { [weak self] _ in self?.receive() }
    }

    /// Stops reading, or goes on; idempotent.
    package func setPaused(_ paused: Bool) {
        guard paused != isPaused, let watch else { return }
        isPaused = paused
        bus.setInterest(paused ? [] : .readable, of: watch)
        if !paused { bus.requestRound() }
    }

    /// Answers a message.
    package func answer(_ json: UnsafeRawBufferPointer, to peer: IngestPeer) {
        var outcome = socket.send(peer.identity, more: true)
        if outcome == .done, peer.hasDelimiter { outcome = socket.send([UInt8](), more: true) }
        if outcome == .done { outcome = socket.send(json) }
        if outcome == .done { counters.answered += 1 } else { counters.unanswered += 1 }
    }

    private func receive() {
        for _ in 0..<messagesPerTurn {
            guard !isPaused, socket.receive(into: frame) == .done else { return }
            let identity = frame.array
            guard frame.hasMore, socket.receive(into: frame) == .done else { continue }
            var hasDelimiter = false
            if frame.count == 0, frame.hasMore {
                hasDelimiter = true
                guard socket.receive(into: frame) == .done else { continue }
            }
            let peer = IngestPeer(identity: identity, hasDelimiter: hasDelimiter)
            counters.received += 1
            onMessage(message(from: peer))
        }
    }

    /// The message whose first frame is in `frame`.
    private func message(from peer: IngestPeer) -> IngestMessage {
        let first = frame.array
        guard frame.hasMore, socket.receive(into: frame) == .done else {
            return IngestMessage(
                peer: peer, topic: [], json: first,
                problem: "a message is two frames, topic and JSON, and this is one")
        }
        var message = IngestMessage(peer: peer, topic: first, json: frame.array)
        if frame.hasMore {
            socket.dropRest(of: frame)
            message.problem = "a message is two frames, topic and JSON, and this has more"
        }
        return message
    }
}

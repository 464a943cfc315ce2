// One socket of libzmq, one to one. It belongs to one thread. Every send and receive is non-blocking; waiting
// is the business of `PollSet`. Options set after bind or connect do not apply, so set them first.
//
// What is never offered: `ZMQ_HEARTBEAT_*` (aborts the process on a SUB that pauses), `ZMQ_XPUB_NODROP` (one
// stalled subscriber stops all others), `ZMQ_CONFLATE` (breaks messages of two frames).

import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What became of a send or receive.
package enum Transfer: Sendable, Equatable {
    case done
    /// Nothing to receive, or the peer's queue is full.
    case wouldBlock
    /// A ROUTER was asked to send to a peer that is not connected.
    case unreachable
    /// The context is being terminated: close the socket.
    case terminated
}

/// One socket, confined to one thread. Closed by `close` or with its last reference.
package final class Socket {
    /// The patterns that this platform uses.
    package enum Kind: Sendable {
        case pub, sub, dealer, router, pair, req

        var rawValue: Int32 {
            switch self {
            case .pub: ZMQ_PUB
            case .sub: ZMQ_SUB
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .pair: ZMQ_PAIR
            case .req: ZMQ_REQ
            }
        }
    }

    package let kind: Kind
    /// Kept, because a context must outlive its sockets.
    private let context: Context
    @exclusivity(unchecked) private(set) var raw: UnsafeMutableRawPointer?
    /// Whether a `PollSet` must ask it: using a socket may take the edge of its descriptor. A receive that
    /// found nothing has looked itself, so that whatever comes later gives an edge again.
    @exclusivity(unchecked) var wasUsed = true

    init(raw: UnsafeMutableRawPointer, kind: Kind, context: Context) {
        self.raw = raw
        self.kind = kind
        self.context = context
        var zero: Int32 = 0
        zmq_setsockopt(raw, ZMQ_LINGER, &zero, MemoryLayout<Int32>.size)
    }

    deinit { close() }

    /// Closes the socket and drops what is still queued; idempotent.
    package func close() {
        if let raw { zmq_close(raw) }
        raw = nil
    }

    package var isClosed: Bool { raw == nil }

    // MARK: Addresses

    /// Binds, and returns the real endpoint: with port `*` or 0 the one that the system chose.
    ///
    /// An `ipc://` file left behind is replaced, and so is one that a live process listens on: libzmq does
    /// not notice. The lock of the data folder guards against that.
    @discardableResult
    package func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        // libzmq takes `*` for "any port"; people write 0.
        let wanted =
            endpoint.hasPrefix("tcp://") && endpoint.hasSuffix(":0") ? endpoint.dropLast() + "*" : endpoint
        guard zmq_bind(raw, wanted) == 0 else { throw .last("bind", endpoint: endpoint) }
        return lastEndpoint
    }

    /// Connects in the background; the peer need not be there yet.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(raw, endpoint) == 0 else { throw .last("connect to", endpoint: endpoint) }
    }

    /// Drops a connection made by `connect`; false when there is none.
    @discardableResult
    package func disconnect(_ endpoint: String) -> Bool { zmq_disconnect(raw, endpoint) == 0 }

    /// Stops listening on an endpoint as returned by `bind`.
    @discardableResult
    package func unbind(_ endpoint: String) -> Bool { zmq_unbind(raw, endpoint) == 0 }

    /// The endpoint last bound, as the system resolved it.
    package var lastEndpoint: String {
        var buffer = [UInt8](repeating: 0, count: 1_024)
        var count = buffer.count
        guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &count) == 0, count > 0 else { return "" }
        return String(decoding: buffer[..<(count - 1)], as: UTF8.self)
    }

    // MARK: Waiting

    /// The descriptor that becomes readable when something has happened to the socket; see `PollSet`.
    var descriptor: Int32 {
        var value: Int32 = -1
        var size = MemoryLayout<Int32>.size
        zmq_getsockopt(raw, ZMQ_FD, &value, &size)
        return value
    }

    /// What the socket is ready for, as flags of libzmq; nil when its context is being terminated.
    var events: Int32? {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        while zmq_getsockopt(raw, ZMQ_EVENTS, &value, &size) != 0 {
            if zmq_errno() != EINTR { return nil }
        }
        return value
    }

    // MARK: Frames

    /// Sends a copy of these bytes as one frame.
    @discardableResult
    package func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Transfer {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        wasUsed = true
        while true {
            if zmq_send(raw, bytes.baseAddress, bytes.count, flags) >= 0 { return .done }
            if let outcome = outcome(of: "send") { return outcome }
        }
    }

    /// As `send(_:more:)`, for what is not on a hot path.
    @discardableResult
    package func send(_ bytes: [UInt8], more: Bool = false) -> Transfer {
        bytes.withUnsafeBytes { send($0, more: more) }
    }

    /// Sends a message without copying it; it is empty afterwards if the outcome is `.done`.
    @discardableResult
    package func send(_ message: Message, more: Bool = false) -> Transfer {
        let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
        wasUsed = true
        while true {
            if zmq_msg_send(message.raw, raw, flags) >= 0 { return .done }
            if let outcome = outcome(of: "send") { return outcome }
        }
    }

    /// Receives one frame into a message, replacing its content.
    package func receive(into message: Message) -> Transfer {
        wasUsed = true
        while true {
            if zmq_msg_recv(message.raw, raw, ZMQ_DONTWAIT) >= 0 { return .done }
            if let outcome = outcome(of: "receive") {
                wasUsed = outcome != .wouldBlock
                return outcome
            }
        }
    }

    /// Receives and drops the frames that are left of the message whose frame is in `message`.
    package func dropRest(of message: Message) {
        while message.hasMore, receive(into: message) == .done {}
    }

    /// What a failed transfer means, or nil when it was only interrupted and is to be tried again.
    private func outcome(of action: String) -> Transfer? {
        let number = zmq_errno()
        switch number {
        case EAGAIN: return .wouldBlock
        case EINTR: return nil
        case zeroMQTerminated: return .terminated
        case EHOSTUNREACH: return .unreachable
        case ENOTSOCK where raw == nil: return .terminated
        default: preconditionFailure("\(action) on a socket: \(ZeroMQError.text(of: number))")
        }
    }
}

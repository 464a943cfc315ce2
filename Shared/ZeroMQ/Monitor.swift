// What happens to a socket's connections, as events of a PAIR socket beside it.

import CZeroMQ

/// What happened to a connection of a monitored socket.
package enum ConnectionEvent: Sendable, Equatable {
    /// The handshake is done: messages flow.
    case connected
    /// The connection is gone; libzmq tries again by itself, or never when it was refused for its content.
    case disconnected
    /// The peer could not be reached and is tried again later.
    case retried
    /// The peer speaks another protocol or was refused.
    case handshakeFailed
    /// The monitored socket was closed.
    case stopped
    /// Something that nobody here acts on.
    case other
}

/// The events of one socket's connections, to be polled like a socket. Same thread as the socket.
///
/// libzmq's own thread sends the events, and waits for ever where it finds no reader or a full queue: nothing
/// of the whole context moves then. So the queue has no limit, and the events are ended before their reader.
package final class ConnectionMonitor {
    /// The PAIR socket to poll for reading.
    package let socket: Socket
    private let target: Socket
    private let frame = Message()

    /// Watches the connections that `target` makes from now on.
    package init(_ target: Socket, context: Context) throws(ZeroMQError) {
        let endpoint =
            "inproc://monitor-\(UInt(bitPattern: target.raw))-\(UInt(bitPattern: ObjectIdentifier(frame)))"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_MONITOR_STOPPED | ZMQ_EVENT_CLOSED
        guard zmq_socket_monitor(target.raw, endpoint, events) == 0 else { throw .last("watch connections") }
        self.target = target
        socket = try context.socket(.pair)
        try socket.set(.receiveHighWaterMark, 0)
        try socket.connect(endpoint)
    }

    /// The next event, nil when there is none now.
    package func next() -> ConnectionEvent? {
        guard socket.receive(into: frame) == .done else { return nil }
        let event = frame.bytes
        let number = event.count >= 2 ? Int32(event[0]) | Int32(event[1]) << 8 : 0
        socket.dropRest(of: frame)
        switch number {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
        case ZMQ_EVENT_DISCONNECTED: return .disconnected
        case ZMQ_EVENT_CONNECT_RETRIED: return .retried
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            return .handshakeFailed
        case ZMQ_EVENT_MONITOR_STOPPED: return .stopped
        default: return .other
        }
    }

    /// Stops watching. Close it before the socket that it watches.
    package func close() {
        if let raw = target.raw { zmq_socket_monitor(raw, nil, 0) }
        socket.close()
    }
}

// The options that the platform uses, each with its type, so that none can be set with the wrong width.

import CZeroMQ

/// An option whose value is a 32-bit integer.
package struct IntegerOption: Sendable {
    let rawValue: Int32

    /// Messages queued for sending to each peer; 0 is no limit. What happens beyond depends on the pattern.
    package static let sendHighWaterMark = IntegerOption(rawValue: ZMQ_SNDHWM)
    /// Messages queued for receiving from each peer; 0 is no limit.
    package static let receiveHighWaterMark = IntegerOption(rawValue: ZMQ_RCVHWM)
    /// Milliseconds that closing waits for queued messages; set to 0 on every socket already.
    package static let linger = IntegerOption(rawValue: ZMQ_LINGER)
    /// Milliseconds before a lost connection is tried again.
    package static let reconnectInterval = IntegerOption(rawValue: ZMQ_RECONNECT_IVL)
    /// Milliseconds to which the interval doubles.
    package static let maximumReconnectInterval = IntegerOption(rawValue: ZMQ_RECONNECT_IVL_MAX)
    /// 1: TCP keepalive on.
    package static let tcpKeepalive = IntegerOption(rawValue: ZMQ_TCP_KEEPALIVE)
    /// Seconds of silence before the first probe.
    package static let tcpKeepaliveIdle = IntegerOption(rawValue: ZMQ_TCP_KEEPALIVE_IDLE)
    /// Seconds between probes.
    package static let tcpKeepaliveInterval = IntegerOption(rawValue: ZMQ_TCP_KEEPALIVE_INTVL)
    /// Probes before the connection counts as lost.
    package static let tcpKeepaliveCount = IntegerOption(rawValue: ZMQ_TCP_KEEPALIVE_CNT)
    /// 1: messages are queued only for peers that are connected.
    package static let immediate = IntegerOption(rawValue: ZMQ_IMMEDIATE)
    /// 1: a ROUTER says `.unreachable` or `.wouldBlock` instead of dropping a message.
    package static let routerMandatory = IntegerOption(rawValue: ZMQ_ROUTER_MANDATORY)
    /// Bytes of the kernel's send buffer.
    package static let kernelSendBuffer = IntegerOption(rawValue: ZMQ_SNDBUF)
    /// Bytes of the kernel's receive buffer.
    package static let kernelReceiveBuffer = IntegerOption(rawValue: ZMQ_RCVBUF)
    /// Milliseconds that a new connection has for its handshake.
    package static let handshakeInterval = IntegerOption(rawValue: ZMQ_HANDSHAKE_IVL)
}

/// An option whose value is a 64-bit integer.
package struct LongOption: Sendable {
    let rawValue: Int32

    /// Largest frame that is accepted, -1 for any. A larger one ends the connection, on a SUB for good.
    package static let maximumMessageSize = LongOption(rawValue: ZMQ_MAXMSGSIZE)
}

/// An option whose value is bytes.
package struct BytesOption: Sendable {
    let rawValue: Int32

    /// Topic prefix that a SUB takes; empty for everything.
    package static let subscribe = BytesOption(rawValue: ZMQ_SUBSCRIBE)
    /// Takes one `subscribe` back.
    package static let unsubscribe = BytesOption(rawValue: ZMQ_UNSUBSCRIBE)
    /// Name under which a ROUTER knows this socket; without it the ROUTER makes one up.
    package static let routingID = BytesOption(rawValue: ZMQ_ROUTING_ID)
}

extension Socket {
    /// Sets an option; before bind or connect, except `subscribe` and `unsubscribe`.
    package func set(_ option: IntegerOption, _ value: Int32) throws(ZeroMQError) {
        var value = value
        guard zmq_setsockopt(raw, option.rawValue, &value, MemoryLayout<Int32>.size) == 0 else {
            throw .last("set socket option \(option.rawValue) to \(value)")
        }
    }

    package func set(_ option: LongOption, _ value: Int64) throws(ZeroMQError) {
        var value = value
        guard zmq_setsockopt(raw, option.rawValue, &value, MemoryLayout<Int64>.size) == 0 else {
            throw .last("set socket option \(option.rawValue) to \(value)")
        }
    }

    package func set(_ option: BytesOption, _ value: [UInt8]) throws(ZeroMQError) {
        guard zmq_setsockopt(raw, option.rawValue, value, value.count) == 0 else {
            throw .last("set socket option \(option.rawValue)")
        }
    }

    /// The value of an option.
    package func get(_ option: IntegerOption) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        return zmq_getsockopt(raw, option.rawValue, &value, &size) == 0 ? value : -1
    }
}

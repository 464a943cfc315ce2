// The runner's end of the order entry: one ordered connection that says when it was interrupted.
//
// It guarantees: between two calls of `onReset` lines arrive in the order in which they were sent, none twice
// and none left out. After an interruption (the peer restarted, the network cut, the peer silent) what was
// under way is lost in both directions: the socket is made anew, so that nothing old comes out of a queue
// later, and `onReset` is called as soon as the new connection stands. A half-open connection is noticed by
// pings that are not answered.

import ZeroMQ

/// Confined to the bus thread.
package final class CommandConnection {
    package struct Counters: Sendable, Equatable {
        /// Times the connection was made, the first one included.
        package var connects: UInt64 = 0
        /// Times it was given up: lost, or silent for `MessagingInterval.peerSilence`.
        package var losses: UInt64 = 0
        package var silences: UInt64 = 0
        package var linesReceived: UInt64 = 0
        /// Sends refused because the backlog was full.
        package var refusedSends: UInt64 = 0
        package init() {}
    }

    package private(set) var counters = Counters()
    /// Whether lines can be sent now.
    package private(set) var isConnected = false
    /// A connection stands, the first or a new one: everything under way before is lost.
    package var onReset: () -> Void = {}
    /// The connection was lost; it is being made again.
    package var onLost: () -> Void = {}
    /// One line, without its newline, valid during the call.
    package var onLine: (UnsafeRawBufferPointer) -> Void = { _ in }

    private let bus: Bus
    private let endpoint: String
    private let silence: Duration
    private var socket: Socket?
    private var monitor: ConnectionMonitor?
    private var tokens: [Bus.Token] = []
    private var timer: Bus.Token?
    private var backlog = LineBacklog()
    private var lastHeard = MonotonicTime.now()
    private let frame = Message()

    /// Connects; the peer need not be there yet. Set the handlers before the bus runs.
    package init(
        bus: Bus, endpoint: String, ping: Duration = MessagingInterval.ping,
        silence: Duration = MessagingInterval.peerSilence
    ) throws {
        self.bus = bus
        self.endpoint = endpoint
        self.silence = silence
        try open()
        timer = bus.timer(every: ping) { [weak self] in self?.tick() }
    }

    /// Sends whole lines, newlines included; what the queue does not take is kept and sent later, in order.
    /// `.wouldBlock`: the backlog is full, nothing was taken. `.unreachable`: not connected, nothing was
    /// taken.
    package func send(_ lines: UnsafeRawBufferPointer) -> Transfer {
        guard let socket, isConnected else { return .unreachable }
        let outcome = backlog.send(lines) { socket.send($0) }
        if outcome == .wouldBlock { counters.refusedSends += 1 }
        waitForRoom()
        return outcome
    }

    /// Whether something waits for room in the queue.
    package var hasBacklog: Bool { !backlog.isEmpty }

    /// Ends the connection.
    package func close() {
        if let timer { bus.cancel(timer) }
        timer = nil
        shut()
    }

    // MARK: Connection

    private func open() throws(ZeroMQError) {
        let socket = try bus.socket(.dealer)
        try socket.set(.sendHighWaterMark, MessagingLimit.commandQueue)
        try socket.set(.receiveHighWaterMark, MessagingLimit.commandQueue)
        try socket.set(.maximumMessageSize, Int64(MessagingLimit.frameBytes))
        // Nothing is queued for a connection that does not stand yet.
        try socket.set(.immediate, 1)
        try socket.reconnectQuickly()
        try socket.keepAlive()
        let monitor = try bus.monitor(socket)
        tokens = [
            bus.watch(monitor.socket) { [weak self] _ in self?.watchConnection() },
            bus.watch(socket) { [weak self] readiness in self?.ready(readiness) },
        ]
        (self.socket, self.monitor) = (socket, monitor)
        try socket.connect(endpoint)
    }

    private func shut() {
        for token in tokens { bus.unwatch(token) }
        tokens = []
        monitor?.close()
        socket?.close()
        (socket, monitor, isConnected) = (nil, nil, false)
        backlog.clear()
    }

    private func watchConnection() {
        while let event = monitor?.next() {
            switch event {
            case .connected:
                isConnected = true
                lastHeard = .now()
                counters.connects += 1
                onReset()
            case .disconnected, .handshakeFailed:
                renew()
                return
            case .retried, .stopped, .other: break
            }
        }
    }

    private func renew() {
        let wasConnected = isConnected
        shut()
        if wasConnected {
            counters.losses += 1
            onLost()
        }
        guard timer != nil else { return }
        // Out of sockets: the next tick tries again.
        try? open()
    }

    private func tick() {
        guard let socket else { return renew() }
        guard isConnected else { return }
        if MonotonicTime.now() - lastHeard >= silence {
            counters.silences += 1
            return renew()
        }
        guard backlog.isEmpty else { return }
        socket.send(CommandLines.ping + [UInt8(ascii: "\n")])
    }

    // MARK: Lines

    private func ready(_ readiness: Readiness) {
        if readiness.contains(.writable), let socket {
            _ = backlog.flush { socket.send($0) }
            waitForRoom()
        }
        guard readiness.contains(.readable) else { return }
        receive()
    }

    private func receive() {
        guard let socket else { return }
        for _ in 0..<MessagingLimit.messagesPerTurn {
            // A handler may have closed or renewed the connection.
            guard socket === self.socket, socket.receive(into: frame) == .done else { return }
            lastHeard = .now()
            CommandLines.each(in: frame.bytes) { line in
                guard !CommandLines.isEqual(line, CommandLines.pong) else { return }
                counters.linesReceived += 1
                onLine(line)
            }
            socket.dropRest(of: frame)
        }
    }

    private func waitForRoom() {
        guard let token = tokens.last else { return }
        bus.setInterest(backlog.isEmpty ? .readable : [.readable, .writable], of: token)
    }
}

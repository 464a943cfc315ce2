// The simulator's end of the order entry: a ROUTER that knows its connections by number.
//
// It guarantees: lines of one connection are handed over in the order in which they were sent, and answers to
// it arrive in the order in which they were given. A connection that was interrupted comes back as another
// one. One whose backlog is full is given up: it gets no answer any more, its pings neither, so that its
// client notices and connects anew. Pings are answered here.

import Contracts
import ZeroMQ

/// Confined to the bus thread.
package final class CommandServer {
    package struct Counters: Sendable, Equatable {
        package var linesReceived: UInt64 = 0
        /// Connections seen, and those given up because their backlog was full.
        package var peers: UInt64 = 0
        package var overflowed: UInt64 = 0
        /// Messages of connections beyond `MessagingLimit.commandPeers`, dropped.
        package var refused: UInt64 = 0
        package init() {}
    }

    private struct Connection {
        let peer: CommandPeer
        let identity: [UInt8]
        var lastHeard: MonotonicTime
        var backlog = LineBacklog()
        var isGivenUp = false
    }

    package let endpoint: String
    package private(set) var counters = Counters()
    /// One line of a connection, without its newline, valid during the call.
    package var onLine: (CommandPeer, UnsafeRawBufferPointer) -> Void = { _, _ in }
    /// A connection is gone: silent for `MessagingInterval.peerSilence`, closed, or given up.
    package var onGone: (CommandPeer) -> Void = { _ in }

    private let bus: Bus
    private let socket: Socket
    private let silence: Duration
    private let frame = Message()
    private var connections: [Connection] = []
    private var byIdentity: [[UInt8]: CommandPeer] = [:]
    private var isRetrying = false
    private var lastPeer: UInt64 = 0

    /// Binds. Set the handlers before the bus runs.
    package init(bus: Bus, endpoint: String, silence: Duration = MessagingInterval.peerSilence) throws {
        self.bus = bus
        self.silence = silence
        socket = try bus.socket(.router)
        try socket.set(.routerMandatory, 1)
        try socket.set(.sendHighWaterMark, MessagingLimit.commandQueue)
        try socket.set(.receiveHighWaterMark, MessagingLimit.commandQueue)
        try socket.set(.maximumMessageSize, Int64(MessagingLimit.frameBytes))
        try socket.keepAlive()
        self.endpoint = try socket.bind(endpoint)
        bus.watch(socket) { [weak self] _ in self?.receive() }
        bus.timer(every: MessagingInterval.ping) { [weak self] in self?.forgetSilent() }
    }

    /// The connections that stand.
    package var peers: [CommandPeer] { connections.lazy.filter { !$0.isGivenUp }.map(\.peer) }

    /// Sends whole lines, newlines included; what the queue does not take is kept and sent later, in order.
    /// `.unreachable`: the connection is gone, or has just been given up because its backlog is full.
    @discardableResult
    package func send(_ lines: UnsafeRawBufferPointer, to peer: CommandPeer) -> Transfer {
        guard let index = connections.firstIndex(where: { $0.peer == peer }), !connections[index].isGivenUp
        else {
            return .unreachable
        }
        let identity = connections[index].identity
        let outcome = connections[index].backlog.send(lines) { transfer($0, to: identity) }
        if outcome == .wouldBlock { counters.overflowed += 1 }
        guard outcome == .done else {
            giveUp(index)
            return .unreachable
        }
        retryLater()
        return .done
    }

    private func transfer(_ lines: UnsafeRawBufferPointer, to identity: [UInt8]) -> Transfer {
        let outcome = socket.send(identity, more: true)
        return outcome == .done ? socket.send(lines) : outcome
    }

    // MARK: Receiving

    private func receive() {
        let now = MonotonicTime.now()
        for _ in 0..<MessagingLimit.messagesPerTurn {
            guard socket.receive(into: frame) == .done else { return }
            let identity = frame.array
            guard frame.hasMore, socket.receive(into: frame) == .done else { continue }
            if let peer = peer(of: identity, now) { take(peer) }
            socket.dropRest(of: frame)
        }
    }

    private func take(_ peer: CommandPeer) {
        CommandLines.each(in: frame.bytes) { line in
            if CommandLines.isEqual(line, CommandLines.ping) {
                (CommandLines.pong + [UInt8(ascii: "\n")]).withUnsafeBytes { _ = send($0, to: peer) }
            } else {
                counters.linesReceived += 1
                onLine(peer, line)
            }
        }
    }

    /// The connection with this identity, made when it is new; nil when it was given up or is one too many.
    private func peer(of identity: [UInt8], _ now: MonotonicTime) -> CommandPeer? {
        if let known = byIdentity[identity], let index = connections.firstIndex(where: { $0.peer == known }) {
            connections[index].lastHeard = now
            return connections[index].isGivenUp ? nil : known
        }
        guard connections.count < MessagingLimit.commandPeers else {
            counters.refused += 1
            return nil
        }
        lastPeer += 1
        counters.peers += 1
        let peer = CommandPeer(number: lastPeer)
        connections.append(Connection(peer: peer, identity: identity, lastHeard: now))
        byIdentity[identity] = peer
        return peer
    }

    // MARK: Giving up

    private func giveUp(_ index: Int) {
        connections[index].isGivenUp = true
        connections[index].backlog.clear()
        onGone(connections[index].peer)
    }

    /// Its identity is remembered until it has been silent, so that what it still sends is not taken for a
    /// new one.
    private func forgetSilent() {
        let now = MonotonicTime.now()
        let silent = connections.filter { now - $0.lastHeard >= silence }
        guard !silent.isEmpty else { return }
        connections.removeAll { now - $0.lastHeard >= silence }
        for connection in silent {
            byIdentity[connection.identity] = nil
            if !connection.isGivenUp { onGone(connection.peer) }
        }
    }

    // MARK: Backlog

    private func retryLater() {
        guard !isRetrying, connections.contains(where: { !$0.backlog.isEmpty }) else { return }
        isRetrying = true
        bus.timer(after: MessagingInterval.fullQueue) { [weak self] in
            guard let self else { return }
            self.isRetrying = false
            self.retry()
        }
    }

    private func retry() {
        for index in connections.indices where !connections[index].backlog.isEmpty {
            let identity = connections[index].identity
            let outcome = connections[index].backlog.flush { transfer($0, to: identity) }
            if outcome != .done { giveUp(index) }
        }
        retryLater()
    }
}

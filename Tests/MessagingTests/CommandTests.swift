import Contracts
import Testing
import ZeroMQ

@testable import Messaging

@Suite struct CommandTests {
    private func text(_ line: UnsafeRawBufferPointer) -> String { String(decoding: line, as: UTF8.self) }

    @Test func `lines arrive in order, many to a message, and answers go to whoever asked`() throws {
        let (serverBus, clientBus) = (try Bus(), try Bus())
        let server = try CommandServer(bus: serverBus, endpoint: "tcp://127.0.0.1:0")
        server.onLine = { peer, line in
            let answer = Array("re ".utf8) + Array(line) + [10]
            answer.withUnsafeBytes { _ = server.send($0, to: peer) }
        }
        var logs: [[String]] = [[], []]
        let clients = try (0..<2).map { _ in try CommandConnection(bus: clientBus, endpoint: server.endpoint)
        }
        for (number, client) in clients.enumerated() {
            client.onLine = { logs[number].append(self.text($0)) }
            client.onReset = {
                let lines = (0..<500).map { "\(number)-\($0)\n" }.joined()
                #expect(Array(lines.utf8).withUnsafeBytes { client.send($0) } == .done)
            }
        }
        drive([serverBus, clientBus]) { logs.allSatisfy { $0.count == 500 } }
        for number in 0..<2 { #expect(logs[number] == (0..<500).map { "re \(number)-\($0)" }) }
        #expect(server.counters.peers == 2)
        serverBus.close()
        clientBus.close()
    }

    @Test
    func `before it is connected nothing is taken, so that nothing waits for a peer that may be another one`()
        throws
    {
        let bus = try Bus()
        let folder = try TemporaryFolder()
        let client = try CommandConnection(bus: bus, endpoint: folder.endpoint("nobody"))
        #expect([UInt8(ascii: "x"), 10].withUnsafeBytes { client.send($0) } == .unreachable)
        bus.close()
    }

    @Test func `a restarted simulator is a reset, and the connection is another one to it`() throws {
        let folder = try TemporaryFolder()
        let clientBus = try Bus()
        let client = try CommandConnection(bus: clientBus, endpoint: folder.endpoint("orders"))
        var (resets, losses) = (0, 0)
        client.onReset = { resets += 1 }
        client.onLost = { losses += 1 }
        for round in 1...3 {
            let serverBus = try Bus()
            let server = try CommandServer(bus: serverBus, endpoint: folder.endpoint("orders"))
            var lines: [String] = []
            server.onLine = { lines.append(self.text($1)) }
            drive([serverBus, clientBus]) { resets == round }
            #expect(Array("round \(round)\n".utf8).withUnsafeBytes { client.send($0) } == .done)
            drive([serverBus, clientBus]) { !lines.isEmpty }
            #expect(lines == ["round \(round)"])
            serverBus.close()
            drive([clientBus]) { losses == round }
            #expect(!client.isConnected)
        }
        #expect(client.counters.connects == 3)
        clientBus.close()
    }

    @Test func `a peer that stops answering is noticed by its silence, as a half-open connection is`() throws
    {
        let folder = try TemporaryFolder()
        let (serverBus, clientBus) = (try Bus(), try Bus())
        let server = try CommandServer(bus: serverBus, endpoint: folder.endpoint("orders"))
        let client = try CommandConnection(
            bus: clientBus, endpoint: server.endpoint, ping: .milliseconds(20), silence: .milliseconds(200))
        var resets = 0
        client.onReset = { resets += 1 }
        drive([serverBus, clientBus]) { resets == 1 }
        // As long as it answers pings there is no reset.
        drive([serverBus, clientBus], for: .milliseconds(500))
        #expect(resets == 1)
        // Its I/O thread goes on taking bytes, but nobody handles them.
        drive([clientBus]) { client.counters.silences >= 1 }
        drive([serverBus, clientBus]) { resets >= 2 }
        serverBus.close()
        clientBus.close()
    }

    @Test func `a client that has gone is told of once`() throws {
        let folder = try TemporaryFolder()
        let (serverBus, clientBus) = (try Bus(), try Bus())
        let server = try CommandServer(
            bus: serverBus, endpoint: folder.endpoint("orders"), silence: .milliseconds(100))
        var gone: [CommandPeer] = []
        server.onGone = { gone.append($0) }
        let client = try CommandConnection(bus: clientBus, endpoint: server.endpoint, ping: .milliseconds(20))
        drive([serverBus, clientBus]) { !server.peers.isEmpty }
        let peer = server.peers[0]
        client.close()
        drive([serverBus, clientBus]) { !gone.isEmpty }
        #expect(gone == [peer])
        #expect([10].withUnsafeBytes { server.send($0, to: peer) } == .unreachable)
        serverBus.close()
        clientBus.close()
    }

    @Test func `a full queue is kept in order up to its limit, and beyond it the caller is told`() {
        var backlog = LineBacklog()
        var received: [UInt8] = []
        var room = 1
        func transfer(_ part: UnsafeRawBufferPointer) -> Transfer {
            guard room > 0 else { return .wouldBlock }
            room -= 1
            #expect(part.count <= MessagingLimit.commandFrameBytes)
            #expect(part.last == 10)
            received.append(contentsOf: part)
            return .done
        }
        let line = [UInt8](repeating: 0x61, count: 99_999) + [10]
        var sent: [UInt8] = []
        var refused = 0
        for _ in 0..<200 {
            let outcome = line.withUnsafeBytes { backlog.send($0, transfer) }
            if outcome == .done { sent += line } else { refused += 1 }
        }
        #expect(refused > 0)
        #expect(backlog.count <= MessagingLimit.commandBacklogBytes)
        room = .max
        #expect(backlog.flush(transfer) == .done)
        #expect(backlog.isEmpty)
        #expect(received == sent)
    }
}

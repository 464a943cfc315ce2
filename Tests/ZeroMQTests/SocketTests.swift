import Testing

@testable import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Waits for a socket, at most ten seconds.
private func wait(for socket: Socket) -> Bool {
    let set = PollSet()
    set.add(socket, for: .readable)
    // A connection that comes wakes too, and makes nothing ready.
    for _ in 0..<10 where set.wait(milliseconds: 1_000) == .ready(1) { return true }
    return false
}

@Suite struct SocketTests {
    @Test func `frames arrive whole and in order, the more flag with them`() throws {
        let context = try Context()
        let router = try context.socket(.router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try context.socket(.dealer)
        try dealer.set(.routingID, Array("runner".utf8))
        try dealer.connect(endpoint)
        #expect(dealer.send(Array("one".utf8), more: true) == .done)
        #expect(dealer.send(Message(Array("two".utf8))) == .done)
        #expect(wait(for: router))
        let frame = Message()
        var seen: [String] = []
        var more: [Bool] = []
        repeat {
            try #require(router.receive(into: frame) == .done)
            seen.append(String(decoding: frame.bytes, as: UTF8.self))
            more.append(frame.hasMore)
        } while frame.hasMore
        #expect(seen == ["runner", "one", "two"])
        #expect(more == [true, true, false])
        #expect(router.receive(into: frame) == .wouldBlock)
    }

    @Test func `a port of 0 is any free port, and its number is in the endpoint returned`() throws {
        let context = try Context()
        for wanted in ["tcp://127.0.0.1:0", "tcp://127.0.0.1:*"] {
            let endpoint = try context.socket(.pub).bind(wanted)
            let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
            #expect(port > 0)
        }
    }

    @Test func `an address in use is an error that names the endpoint and the way out`() throws {
        let context = try Context()
        let holder = try context.socket(.router)
        let endpoint = try holder.bind("tcp://127.0.0.1:0")
        let second = try context.socket(.router)
        let error = #expect(throws: ZeroMQError.self) { try second.bind(endpoint) }
        #expect(error?.code == .addressInUse)
        #expect(error?.description.contains(endpoint) == true)
        #expect(error?.description.contains("--base-port") == true)
    }

    @Test(arguments: [
        ("not an endpoint", ZeroMQError.Code.invalidEndpoint),
        ("udx://127.0.0.1:1", .invalidEndpoint),
        ("ipc://" + String(repeating: "x", count: 200), .invalidEndpoint),
        ("ipc:///no/such/folder/at/all/socket", .notPermitted),
        ("tcp://192.0.2.1:0", .addressNotAvailable),
    ])
    func `what cannot be bound says why`(endpoint: String, code: ZeroMQError.Code) throws {
        let socket = try Context().socket(.router)
        let error = #expect(throws: ZeroMQError.self) { try socket.bind(endpoint) }
        #expect(error?.code == code, "\(error?.description ?? "")")
    }

    @Test func `a router says when a peer is not there`() throws {
        let router = try Context().socket(.router)
        try router.set(.routerMandatory, 1)
        try router.bind("tcp://127.0.0.1:0")
        #expect(router.send(Array("nobody".utf8), more: true) == .unreachable)
    }

    @Test
    func `after shutdown every operation says terminated, and terminate returns once sockets are closed`()
        throws
    {
        let context = try Context()
        let socket = try context.socket(.dealer)
        context.shutdown()
        #expect(socket.receive(into: Message()) == .terminated)
        #expect(socket.send([1]) == .terminated)
        let set = PollSet()
        set.add(socket, for: .readable)
        #expect(set.wait(milliseconds: 10_000) == .terminated)
        socket.close()
        context.terminate()
        #expect(throws: ZeroMQError.self) { try context.socket(.pub) }
    }

    @Test func `after a receive that found nothing the next message is noticed by its edge alone`() throws {
        let context = try Context()
        let router = try context.socket(.router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try context.socket(.dealer)
        try dealer.connect(endpoint)
        let (atRouter, atDealer) = (PollSet(), PollSet())
        atRouter.add(router, for: .readable)
        atDealer.add(dealer, for: .readable)
        let frame = Message()
        /// All frames that are there, behind the edge of their coming.
        func take(_ socket: Socket, _ set: PollSet) throws -> [[UInt8]] {
            set.askedAll = .max
            // A connection that comes gives an edge too.
            var waits = 0
            while set.wait(milliseconds: 10_000) != .ready(1) {
                waits += 1
                try #require(waits < 5)
            }
            var frames: [[UInt8]] = []
            while socket.receive(into: frame) == .done { frames.append(frame.array) }
            #expect(!socket.wasUsed)
            return frames
        }
        for round in 0..<500 {
            let text = Array("\(round)".utf8)
            #expect(dealer.send(text) == .done)
            let asked = try take(router, atRouter)
            #expect(asked.last == text)
            // Sending may take an edge: it is asked again before the next wait.
            #expect(router.send(asked[0], more: true) == .done)
            #expect(router.send(text) == .done)
            #expect(router.wasUsed)
            #expect(try take(dealer, atDealer) == [text])
        }
    }

    @Test func `what comes on a patient socket is found when something else ends the wait`() throws {
        let context = try Context()
        let patient = try context.socket(.pair)
        let urgent = try context.socket(.pair)
        try patient.bind("inproc://patient")
        try urgent.bind("inproc://urgent")
        let (slow, fast) = (try context.socket(.pair), try context.socket(.pair))
        try slow.connect("inproc://patient")
        try fast.connect("inproc://urgent")
        let set = PollSet()
        set.add(patient, for: .readable)
        set.add(urgent, for: .readable)
        // Both are asked once when they are new; after that only what happens to them counts.
        while set.wait(milliseconds: 0) != .ready(0) {}
        set.setPatient(true, at: 0)
        slow.send([1])
        slow.send([2])
        fast.send([3])
        #expect(set.wait(milliseconds: -1) == .ready(2))
        let frame = Message()
        #expect(patient.receive(into: frame) == .done)
        #expect(urgent.receive(into: frame) == .done)
        // What was left is not forgotten: the socket was used, so it is asked before the wait begins.
        #expect(set.wait(milliseconds: -1) == .ready(1))
        #expect(patient.receive(into: frame) == .done)
        #expect(frame.array == [2])
        #expect(set.wait(milliseconds: 0) == .ready(0))
        set.setPatient(false, at: 0)
        slow.send([4])
        #expect(set.wait(milliseconds: -1) == .ready(1))
    }

    @Test func `options read back what was set, and closing never lingers`() throws {
        let socket = try Context().socket(.pub)
        #expect(socket.get(.linger) == 0)
        try socket.set(.sendHighWaterMark, 131_072)
        #expect(socket.get(.sendHighWaterMark) == 131_072)
    }

    @Test func `a message can be used again and moved`() {
        let message = Message(Array("first".utf8))
        Array("second, longer than what fits inside of the structure itself".utf8).withUnsafeBytes {
            message.set($0)
        }
        #expect(message.count == 60)
        let other = Message()
        other.take(from: message)
        #expect(other.count == 60)
        #expect(message.count == 0)
        #expect(other.array.starts(with: "second".utf8))
    }

    @Test func `a monitor tells of connections and of their end`() throws {
        let context = try Context()
        let dealer = try context.socket(.dealer)
        let monitor = try ConnectionMonitor(dealer, context: context)
        let router = try context.socket(.router)
        try dealer.connect(try router.bind("tcp://127.0.0.1:0"))
        #expect(next(of: monitor) == .connected)
        router.close()
        #expect(next(of: monitor) == .disconnected)
    }

    @Test func `a closed monitor of a socket that goes on trying leaves the context at work`() throws {
        let context = try Context()
        let dealer = try context.socket(.dealer)
        try dealer.set(.reconnectInterval, 1)
        let monitor = try ConnectionMonitor(dealer, context: context)
        // Nobody listens there.
        let gone = try context.socket(.router)
        let endpoint = try gone.bind("tcp://127.0.0.1:0")
        gone.unbind(endpoint)
        try dealer.connect(endpoint)
        for _ in 0..<3 { #expect(wait(for: monitor.socket) && monitor.next() != nil) }
        monitor.close()
        // Time for many more events.
        usleep(50_000)
        let router = try context.socket(.router)
        let other = try context.socket(.dealer)
        try other.connect(try router.bind("tcp://127.0.0.1:0"))
        #expect(other.send(Array("one".utf8)) == .done)
        #expect(wait(for: router))
    }

    private func next(of monitor: ConnectionMonitor) -> ConnectionEvent? {
        while wait(for: monitor.socket) {
            if let event = monitor.next(), event != .other, event != .retried { return event }
        }
        return nil
    }

    @Test func `the library is the version that the notes were measured on, or newer`() {
        #expect(Context.libraryVersion.hasPrefix("4."))
    }
}

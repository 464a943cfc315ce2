import Synchronization
import Testing
import ZeroMQ

@testable import Messaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct BusTests {
    @Test func `a message wakes its handler, and the hook after the round sees what it did`() throws {
        let bus = try Bus()
        let (left, right) = (try bus.socket(.pair), try bus.socket(.pair))
        try left.bind("inproc://pair")
        try right.connect("inproc://pair")
        var log: [String] = []
        let frame = Message()
        bus.watch(right) { _ in
            while right.receive(into: frame) == .done {
                log.append(String(decoding: frame.bytes, as: UTF8.self))
            }
        }
        bus.afterPoll { log.append("hook") }
        left.send([0x61])
        left.send([0x62])
        drive([bus]) { log.contains("a") }
        #expect(log.filter { $0 != "hook" } == ["a", "b"])
        #expect(log.last == "hook")
        bus.close()
    }

    @Test func `timers fire in order of their time, repeat, and can be taken back, by another timer too`()
        throws
    {
        let bus = try Bus()
        var log: [String] = []
        var doomed: Bus.Token?
        bus.timer(after: .milliseconds(8)) { log.append("late") }
        bus.timer(after: .milliseconds(2)) {
            log.append("early")
            if let doomed { bus.cancel(doomed) }
        }
        doomed = bus.timer(after: .milliseconds(5)) { log.append("never") }
        var count = 0
        let again = bus.timer(every: .milliseconds(1)) { count += 1 }
        drive([bus]) { log.contains("late") && count >= 5 }
        bus.cancel(again)
        let seen = count
        bus.timer(after: .milliseconds(5)) { log.append("end") }
        drive([bus]) { log.contains("end") }
        #expect(log == ["early", "late", "end"])
        #expect(count == seen)
        bus.close()
    }

    @Test func `waiting for a timer does not poll busily`() throws {
        let bus = try Bus()
        var rounds = 0
        var isDone = false
        bus.afterPoll { rounds += 1 }
        bus.timer(after: .milliseconds(50)) { isDone = true }
        while !isDone { bus.poll() }
        // One round for the timer, and a few when the wait was cut short.
        #expect(rounds <= 3)
        bus.close()
    }

    @Test func `work posted by other threads runs in order on the bus thread and wakes it`() async throws {
        let bus = try Bus()
        let seen = Mutex<[Int]>([])
        async let running: Void = bus.runOnThread { _ in }
        for number in 0..<1_000 {
            while !bus.post({ seen.withLock { $0.append(number) } }) { await Task.yield() }
        }
        while !bus.post({ bus.stop() }) { await Task.yield() }
        try await running
        #expect(seen.withLock { $0 } == Array(0..<1_000))
        #expect(!bus.post {})
    }

    @Test func `posted work has a limit, and beyond it the caller is told`() throws {
        let bus = try Bus()
        var taken = 0
        while bus.post({}) { taken += 1 }
        #expect(taken == MessagingLimit.postedWork)
        bus.poll(timeout: .zero)
        #expect(bus.post {})
        bus.close()
    }

    @Test func `what setting up throws is thrown to whoever started the bus`() async throws {
        struct Refused: Error {}
        let bus = try Bus()
        await #expect(throws: Refused.self) { try await bus.runOnThread { _ in throw Refused() } }
        #expect(!bus.post {})
    }

    @Test func `stop closes everything within two seconds, with messages queued and a peer that never reads`()
        throws
    {
        let folder = try TemporaryFolder()
        let bus = try Bus()
        let router = try bus.socket(.router)
        try router.bind(folder.endpoint("stuck"))
        let dealer = try bus.socket(.dealer)
        try dealer.set(.sendHighWaterMark, 0)
        try dealer.connect(folder.endpoint("stuck"))
        for _ in 0..<100_000 { dealer.send([1, 2, 3]) }
        var isToldFirst = false
        bus.onStop { isToldFirst = !dealer.isClosed }
        let start = MonotonicTime.now()
        bus.stop()
        bus.run()
        #expect(MonotonicTime.now() - start < .seconds(2))
        #expect(isToldFirst)
        #expect(dealer.isClosed)
    }

    @Test func `the end of the context ends the bus`() async throws {
        let bus = try Bus()
        async let running: Void = bus.runOnThread { bus in
            let socket = try bus.socket(.router)
            try socket.bind("tcp://127.0.0.1:0")
            bus.watch(socket) { _ in }
            bus.timer(after: .milliseconds(1)) { bus.context.shutdown() }
        }
        try await running
        #expect(bus.isStopping)
    }

    @Test func `a file descriptor is watched like a socket, and its end is told`() throws {
        let bus = try Bus()
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let reading = ends[0]
        var received: [UInt8] = []
        var isAtEnd = false
        var token: Bus.Token?
        token = bus.watch(descriptor: reading) { _ in
            var buffer = [UInt8](repeating: 0, count: 16)
            let count = read(reading, &buffer, 16)
            if count > 0 { received.append(contentsOf: buffer[..<count]) }
            if count == 0 {
                isAtEnd = true
                if let token { bus.unwatch(token) }
            }
        }
        var bytes: [UInt8] = [1, 2, 3]
        #expect(write(ends[1], &bytes, 3) == 3)
        drive([bus]) { received.count == 3 }
        _ = close(ends[1])
        drive([bus]) { isAtEnd }
        _ = close(reading)
        bus.close()
    }

    @Test func `a watch that is paused or taken back by an earlier handler of the same round is not called`()
        throws
    {
        let bus = try Bus()
        var pairs: [Socket] = []
        for number in 0..<2 {
            let (left, right) = (try bus.socket(.pair), try bus.socket(.pair))
            try left.bind("inproc://\(number)")
            try right.connect("inproc://\(number)")
            left.send([0])
            pairs += [left, right]
        }
        var log: [Int] = []
        var second: Bus.Token?
        bus.watch(pairs[1]) { _ in
            log.append(1)
            _ = pairs[1].receive(into: Message())
            if let second { bus.setInterest([], of: second) }
        }
        second = bus.watch(pairs[3]) { _ in
            log.append(2)
            _ = pairs[3].receive(into: Message())
        }
        drive([bus]) { log == [1] }
        bus.poll(timeout: .zero)
        #expect(log == [1])
        if let second { bus.setInterest(.readable, of: second) }
        drive([bus]) { log == [1, 2] }
        bus.close()
    }
}

import Contracts
import Testing
import ZeroMQ

@testable import Messaging

@Suite struct PacingTests {
    @Test func `a publisher that waits for its reader stays within the window, and the reader loses nothing`()
        throws
    {
        let folder = try TemporaryFolder()
        let publisher = try LossyPublisher(folder, bus: try Bus())
        let bus = try Bus()
        let recorder = Recorder()
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.checkpoint = 0
        configuration.reader = "runner-1"
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
        recorder.onDeliver = { subscriber.reportPosition($0) }
        let window: UInt64 = 200
        var pacer = Pacer(window: window)
        publisher.server.onPosition = { pacer.report($0, position: $1, at: .now()) }
        try publisher.publish("A")
        drive([publisher.bus, bus]) {
            publisher.heartbeat()
            return pacer.slowest == 1
        }
        var furthest: UInt64 = 0
        let total: UInt64 = 1_000
        drive([publisher.bus, bus]) {
            var allowance = pacer.allowance(published: publisher.journal.lastSeq)
            while allowance > 0, publisher.journal.lastSeq < total {
                try? publisher.publish("A")
                allowance -= 1
            }
            furthest = max(furthest, publisher.journal.lastSeq - (pacer.slowest ?? 0))
            publisher.heartbeat()
            return recorder.seqs.count == total
        }
        #expect(furthest <= window)
        #expect(recorder.seqs == Array(1...total))
        // A reader at rest goes on reporting, so that a restarted publisher learns of it.
        pacer.forget("runner-1")
        drive([publisher.bus, bus]) { pacer.slowest == total }
        publisher.close()
        bus.close()
    }

    @Test func `the first position is reported at once, others at most every 50 ms or 4,096 events`() throws {
        let folder = try TemporaryFolder()
        let publisher = try LossyPublisher(folder, bus: try Bus())
        let bus = try Bus()
        let recorder = Recorder()
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.reader = "runner-1"
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
        var reports: [UInt64] = []
        publisher.server.onPosition = { reports.append($1) }
        for seq in 1...UInt64(10_000) { subscriber.reportPosition(seq) }
        drive([publisher.bus, bus]) { reports.last == 10_000 }
        #expect(reports == [1, 4_097, 8_193, 10_000])
        publisher.close()
        bus.close()
    }
}

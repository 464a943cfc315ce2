import Contracts
import Testing
import ZeroMQ

@testable import Messaging

@Suite struct CureTests {
    @Test(arguments: ["ipc", "tcp"])
    func `a frame that is too large cuts a subscription off for good, and the watchdog mends it`(
        transport: String
    ) throws {
        let folder = try TemporaryFolder()
        let publisher = try LossyPublisher(folder, transport: transport, bus: try Bus())
        let bus = try Bus()
        let recorder = Recorder()
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.checkpoint = 0
        configuration.maximumFrameBytes = 64 << 10
        configuration.silence = .milliseconds(400)
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
        var next = MonotonicTime.now()
        func beat() {
            guard MonotonicTime.now() >= next else { return }
            publisher.heartbeat()
            next = .now() + .milliseconds(50)
        }
        drive([publisher.bus, bus]) {
            beat()
            return subscriber.counters.received > 0
        }
        for round in 1...3 as ClosedRange<UInt64> {
            try publisher.publish("IBM", "IBM")
            publisher.send(topic: "tick/IBM/", [UInt8](repeating: 0x20, count: 128 << 10))
            try publisher.publish("IBM", "IBM")
            drive([publisher.bus, bus]) {
                beat()
                return subscriber.counters.watchdogCures == round && subscriber.complete == round * 4
                    && subscriber.isLive
            }
        }
        // That the messages behind the large frame came live, not by replay, would mean that nothing was cut.
        #expect(subscriber.counters.replayed >= 6)
        #expect(recorder.seqs == Array(1...12))
        publisher.close()
        bus.close()
    }

    @Test func `a frame above the message limit but below the connection's is rejected with its size`() throws
    {
        let folder = try TemporaryFolder()
        let publisher = try LossyPublisher(folder, bus: try Bus())
        let bus = try Bus()
        let recorder = Recorder()
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.checkpoint = 0
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
        drive([publisher.bus, bus]) {
            publisher.heartbeat()
            return subscriber.counters.received > 0
        }
        let size = MessagingLimit.messageBytes + 1
        publisher.send(topic: "tick/IBM/", [UInt8](repeating: 0x20, count: size))
        try publisher.publish("IBM")
        drive([publisher.bus, bus]) { recorder.seqs == [1] }
        #expect(recorder.rejections.map(\.size) == [size])
        #expect(subscriber.counters.watchdogResets == 0)
        publisher.close()
        bus.close()
    }

    @Test func `an answer that does not come is asked for again, and what comes late is dropped`() throws {
        let folder = try TemporaryFolder()
        let publisher = try LossyPublisher(folder, bus: try Bus())
        for _ in 0..<10 { try publisher.publish("IBM") }
        let bus = try Bus()
        let recorder = Recorder()
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.checkpoint = 0
        configuration.replayAnswer = .milliseconds(100)
        let subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
        drive([bus]) { subscriber.counters.replayTimeouts >= 2 }
        drive([publisher.bus, bus]) { subscriber.isLive }
        #expect(recorder.seqs == Array(1...10))
        publisher.close()
        bus.close()
    }
}

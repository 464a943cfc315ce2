import Contracts
import Testing
import ZeroMQ

@testable import Messaging

/// A publisher with losses, a subscriber, and a recorder, on two buses stepped by hand.
private final class Feed {
    let folder: TemporaryFolder
    var publisher: LossyPublisher
    let bus: Bus
    let recorder = Recorder()
    var subscriber: Subscriber
    var buses: [Bus] { [publisher.bus, bus] }

    init(
        checkpoint: UInt64? = 0, prefixes: [String]? = nil, folder: TemporaryFolder? = nil,
        prepare: (LossyPublisher) throws -> Void = { _ in },
        configure: (inout SubscriberConfiguration) -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? TemporaryFolder()
        publisher = try LossyPublisher(self.folder, bus: try Bus())
        bus = try Bus()
        try prepare(publisher)
        var configuration = SubscriberConfiguration(
            endpoint: publisher.endpoint, replayEndpoint: publisher.server.endpoint)
        configuration.checkpoint = checkpoint
        configuration.prefixes = prefixes?.map { Array($0.utf8) }
        configure(&configuration)
        subscriber = try Subscriber(bus: bus, configuration: configuration, receiver: recorder)
    }

    deinit {
        publisher.close()
        bus.close()
    }

    /// Heartbeats until the subscription stands and everything journalled is complete.
    func settle(saysSince: Bool = true) {
        var next = MonotonicTime.now()
        MessagingTests.drive(buses) {
            if MonotonicTime.now() >= next {
                publisher.heartbeat(saysSince: saysSince)
                next = .now() + .milliseconds(20)
            }
            return recorder.failure != nil
                || (subscriber.isLive && subscriber.counters.received > 0
                    && subscriber.complete == publisher.journal.lastSeq)
        }
    }

    func drive(until condition: () -> Bool) { MessagingTests.drive(buses, until: condition) }
}

@Suite struct SubscriberTests {
    @Test func `a slow joiner gets by replay what was sent before it came, then goes on live`() throws {
        let feed = try Feed(prepare: { for _ in 0..<100 { try $0.publish("IBM", "AAPL") } })
        feed.settle()
        #expect(feed.recorder.seqs == Array(1...200))
        let replayed = feed.subscriber.counters.replayed
        try feed.publisher.publish("IBM", "AAPL", "MSFT")
        feed.drive { feed.recorder.seqs.count == 203 }
        #expect(feed.recorder.seqs == Array(1...203))
        #expect(feed.recorder.topics.suffix(3) == ["tick/IBM/", "tick/AAPL/", "tick/MSFT/"])
        #expect(feed.subscriber.counters.replayed == replayed)
    }

    @Test func `lost messages are repaired before anything later is handed over`() throws {
        let feed = try Feed()
        feed.settle()
        feed.publisher.sends = { $0 % 7 != 0 && !(20...40).contains($0) }
        for _ in 0..<100 { try feed.publisher.publish("IBM", "AAPL", "MSFT") }
        feed.settle()
        #expect(feed.recorder.seqs == Array(1...300))
        #expect(feed.subscriber.counters.gaps > 0)
        #expect(feed.subscriber.counters.replayed > 0)
    }

    @Test func `a lost tail is found by the heartbeat`() throws {
        let feed = try Feed()
        feed.settle()
        feed.publisher.sends = { $0 <= 5 }
        for _ in 0..<10 { try feed.publisher.publish("IBM") }
        feed.drive { feed.recorder.seqs.count == 5 }
        feed.publisher.heartbeat()
        feed.drive { feed.recorder.seqs.count == 10 }
        #expect(feed.recorder.seqs == Array(1...10))
    }

    @Test func `duplicates are dropped and counted`() throws {
        let feed = try Feed()
        feed.settle()
        try feed.publisher.publish("IBM", "AAPL", "MSFT")
        try feed.publisher.resend(1...3)
        try feed.publisher.resend(2...2)
        try feed.publisher.publish("IBM")
        feed.drive { feed.recorder.seqs.count >= 4 }
        #expect(feed.recorder.seqs == [1, 2, 3, 4])
        #expect(feed.subscriber.counters.duplicates == 4)
    }

    @Test func `narrow prefixes get their topics only, and find their losses by prev and by heartbeat`()
        throws
    {
        let feed = try Feed(prefixes: ["tick/IBM/", "tick/MSFT/"])
        feed.settle()
        // 4 and 7 are the last of their topics, so that only the heartbeat tells.
        feed.publisher.sends = { $0 != 4 && $0 != 7 }
        try feed.publisher.publish("IBM", "AAPL", "IBMX", "MSFT", "AAPL", "IBM", "IBM", "AAPL")
        feed.drive { feed.recorder.seqs.count == 2 }
        feed.settle()
        #expect(feed.recorder.seqs == [1, 6, 4, 7])
        #expect(feed.recorder.topics == ["tick/IBM/", "tick/IBM/", "tick/MSFT/", "tick/IBM/"])
        #expect(feed.subscriber.complete == 8)
        // And by prev: 9 is lost, 10 follows on the same topic.
        feed.publisher.sends = { $0 != 9 }
        try feed.publisher.publish("MSFT", "MSFT")
        feed.drive { feed.recorder.seqs.count == 6 }
        #expect(feed.recorder.seqs.suffix(2) == [9, 10])
    }

    @Test func `with prefixes a loss on one topic never lets the checkpoint past it`() throws {
        let feed = try Feed(prefixes: ["tick/"])
        feed.settle()
        feed.publisher.sends = { $0 != 1 }
        try feed.publisher.publish("LOST", "IBM", "IBM", "IBM")
        feed.drive { feed.recorder.seqs.count == 3 }
        #expect(feed.recorder.seqs == [2, 3, 4])
        #expect(feed.subscriber.complete == 0)
        feed.settle()
        #expect(feed.recorder.seqs == [2, 3, 4, 1])
        #expect(feed.subscriber.complete == 4)
    }

    @Test func `a publisher whose heartbeats do not say since is complete by replay`() throws {
        let feed = try Feed(prefixes: ["tick/IBM/"])
        feed.settle()
        try feed.publisher.publish("AAPL", "IBM", "AAPL")
        feed.settle(saysSince: false)
        #expect(feed.recorder.seqs == [2])
        #expect(feed.subscriber.complete == 3)
    }

    @Test func `without a checkpoint a reader begins with the first message and then misses nothing`() throws
    {
        let feed = try Feed(checkpoint: nil, prepare: { for _ in 0..<50 { try $0.publish("IBM") } })
        feed.settle()
        #expect(feed.recorder.seqs.isEmpty)
        feed.publisher.sends = { $0 != 52 }
        try feed.publisher.publish("IBM", "IBM", "IBM")
        feed.settle()
        #expect(feed.recorder.seqs == [51, 52, 53])
    }

    @Test func `a restart of the publisher in mid-stream loses nothing`() throws {
        let feed = try Feed()
        feed.settle()
        for round in 1...4 {
            for _ in 0..<50 { try feed.publisher.publish("IBM", "AAPL") }
            if round % 2 == 0 { feed.settle() }
            feed.publisher.close()
            feed.publisher = try LossyPublisher(feed.folder, bus: try Bus())
        }
        feed.settle()
        #expect(feed.recorder.seqs == Array(1...400))
        #expect(feed.recorder.failure == nil)
    }

    @Test func `another epoch ends the feed with an error that names the ways out`() throws {
        let feed = try Feed()
        feed.settle()
        try feed.publisher.publish("IBM")
        feed.settle()
        feed.publisher.close()
        feed.publisher = try LossyPublisher(feed.folder, journal: "another", epoch: "zzzzz9", bus: try Bus())
        feed.settle()
        #expect(feed.recorder.failure?.code == .epochChanged)
        #expect(feed.recorder.failure?.description.contains("--fresh") == true)
        #expect(feed.recorder.failure?.description.contains("zzzzz9") == true)
        #expect(feed.subscriber.failure == feed.recorder.failure)
    }

    @Test func `an epoch other than the one stored with the checkpoint is refused from the start`() throws {
        let feed = try Feed(
            checkpoint: 1, prepare: { try $0.publish("IBM", "IBM") }, configure: { $0.epoch = "older1" })
        feed.settle()
        #expect(feed.recorder.failure?.code == .epochChanged)
        #expect(feed.recorder.seqs.isEmpty)
    }

    @Test func `a seq that the publisher's journal does not hold is refused, and the feed goes on`() throws {
        let feed = try Feed()
        feed.settle()
        try feed.publisher.publish("IBM")
        var json = JSONWriter()
        let stamp = EventStamp(seq: 1_000_000, prev: 999_999, publishedAt: Timestamp(seconds: 1))
        feed.publisher.header.begin("tick", stamp, into: &json)
        json.field("symbol", "IBM")
        json.endObject()
        json.withBytes { feed.publisher.send(topic: "tick/IBM/", Array($0)) }
        try feed.publisher.publish("IBM")
        feed.settle()
        #expect(feed.recorder.seqs == [1, 2])
        #expect(feed.recorder.rejections.map(\.isSkipped) == [true])
        #expect(feed.recorder.failure == nil)
    }

    @Test func `a reader of notices takes a new epoch as a new beginning`() throws {
        let feed = try Feed(
            checkpoint: nil,
            configure: {
                $0.acceptsNewEpochs = true; $0.replayEndpoint = nil
            })
        feed.settle()
        try feed.publisher.publish("IBM", "IBM")
        feed.settle()
        feed.publisher.close()
        feed.publisher = try LossyPublisher(feed.folder, journal: "another", epoch: "zzzzz9", bus: try Bus())
        feed.settle()
        try feed.publisher.publish("IBM")
        feed.settle()
        #expect(feed.recorder.seqs == [1, 2, 1])
        #expect(feed.recorder.failure == nil)
    }

    @Test(arguments: [true, false])
    func `a checkpoint beyond the publisher's last seq is a source that was rewound`(hasReplay: Bool) throws {
        let feed = try Feed(
            checkpoint: 10, prepare: { try $0.publish("IBM", "IBM") },
            configure: { if !hasReplay { $0.replayEndpoint = nil } })
        feed.settle()
        #expect(feed.recorder.failure?.code == .sourceRewound)
        #expect(feed.recorder.failure?.description.contains("10") == true)
        #expect(feed.recorder.seqs.isEmpty)
    }

    @Test func `history that is no longer kept is an error, not a hole`() throws {
        let folder = try TemporaryFolder()
        var configuration = JournalConfiguration()
        configuration.segmentBytes = 1
        let journal = try JournalWriter(
            directory: folder.path + "/journal", configuration: configuration, makeEpoch: { "k3v9q2" })
        let header = try EnvelopeHeader(source: "gateway", epoch: "k3v9q2")
        for _ in 0..<10 {
            journal.append(topic: journal.topicID(Array("tick/IBM/".utf8))) { seq, prev, json in
                let stamp = EventStamp(seq: seq, prev: prev, publishedAt: Timestamp(seconds: 1))
                header.begin("tick", stamp, into: &json)
                json.field("symbol", "IBM")
                json.endObject()
            }
            try journal.flush()
        }
        try journal.removeSegments(before: 6)
        #expect(journal.firstSeq == 6)
        journal.close()
        let feed = try Feed(checkpoint: 2, folder: folder)
        feed.settle()
        #expect(feed.recorder.failure?.code == .historyGone)
    }

    @Test func `a malformed message is handed over with its bytes and never stops the feed`() throws {
        let feed = try Feed()
        feed.settle()
        try feed.publisher.publish("IBM")
        feed.publisher.send(topic: "tick/IBM/", Array("{\"type\":\"tick\",".utf8))
        feed.publisher.send(topic: "tick/IBM/", [0xff, 0x00])
        feed.publisher.send(topic: "", [])
        try feed.publisher.publish("IBM")
        feed.drive { feed.recorder.seqs.count == 2 }
        #expect(feed.recorder.seqs == [1, 2])
        #expect(feed.recorder.rejections.map(\.size) == [15, 2, 0])
        #expect(feed.recorder.rejections.allSatisfy { !$0.isSkipped && $0.seq == nil })
    }

    @Test func `a message damaged on its way is repaired by replay`() throws {
        let feed = try Feed()
        feed.settle()
        feed.publisher.sends = { $0 != 2 }
        try feed.publisher.publish("IBM", "IBM")
        feed.publisher.send(topic: "tick/IBM/", Array("{\"type\":\"ti".utf8))
        try feed.publisher.publish("IBM")
        feed.settle()
        #expect(feed.recorder.seqs == [1, 2, 3])
        #expect(feed.subscriber.counters.rejected == 1)
        #expect(feed.subscriber.counters.skipped == 0)
    }

    @Test func `a message that its receiver cannot read is skipped by its seq, without a replay`() throws {
        final class Picky: FeedReceiver {
            struct Refused: Error {}
            var seqs: [UInt64] = []
            var skipped: [UInt64?] = []
            func decode(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer) throws -> EventHead {
                let head = try EventHead.read(json).head
                if head.stamp.seq == 2 { throw Refused() }
                return head
            }
            func deliver(topic: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, seq: UInt64) {
                seqs.append(seq)
            }
            func rejected(_ message: RejectedMessage) { skipped.append(message.seq) }
            func stopped(_ failure: FeedFailure) {}
        }
        let feed = try Feed()
        feed.settle()
        let picky = Picky()
        feed.subscriber.close()
        feed.subscriber = try Subscriber(
            bus: feed.bus, configuration: feed.subscriber.configuration, receiver: picky)
        try feed.publisher.publish("IBM", "IBM", "IBM")
        feed.settle()
        #expect(picky.seqs == [1, 3])
        #expect(picky.skipped == [2])
    }

    @Test func `back-pressure stops reading at once and loses nothing`() throws {
        let feed = try Feed(prepare: { for _ in 0..<2_000 { try $0.publish("IBM") } })
        // A window of 100: full, rest, go on.
        feed.recorder.onDeliver = { if $0 % 100 == 0 { feed.subscriber.pause() } }
        var largest = 0
        var before = 0
        feed.drive {
            largest = max(largest, feed.recorder.seqs.count - before)
            before = feed.recorder.seqs.count
            feed.subscriber.resume()
            return before == 2_000
        }
        #expect(largest <= 100)
        feed.settle()
        feed.publisher.sends = { $0 % 3 != 0 }
        for _ in 0..<1_000 { try feed.publisher.publish("IBM") }
        feed.publisher.heartbeat()
        feed.drive {
            feed.subscriber.resume()
            return feed.recorder.seqs.count == 3_000
        }
        #expect(feed.recorder.seqs == Array(1...3_000))
        feed.recorder.onDeliver = { _ in }
    }

    @Test func `more than can be held during a repair is dropped and replayed`() throws {
        let feed = try Feed()
        feed.settle()
        // The replay server does not answer while the publisher's bus rests.
        feed.publisher.sends = { $0 != 1 }
        let count = MessagingLimit.heldMessages + 3_000
        for _ in 0..<count { try feed.publisher.publish("I") }
        MessagingTests.drive([feed.bus]) { feed.subscriber.counters.dropped > 2_000 }
        #expect(feed.recorder.seqs.isEmpty)
        feed.settle()
        #expect(feed.recorder.seqs == Array(1...UInt64(count)))
    }
}

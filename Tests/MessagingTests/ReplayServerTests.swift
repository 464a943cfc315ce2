import Contracts
import Testing
import ZeroMQ

@testable import Messaging

/// A client of a replay server that speaks plain frames.
private final class Client {
    var answers: [[String]] = []
    let socket: Socket
    var isReading = true
    private let frame = Message()

    init(_ bus: Bus, _ endpoint: String, kind: Socket.Kind = .dealer, queue: Int32 = 0) throws {
        socket = try bus.socket(kind)
        try socket.set(.receiveHighWaterMark, queue)
        try socket.connect(endpoint)
        bus.watch(socket) { [unowned self] _ in if self.isReading { self.read() } }
    }

    func ask(_ request: String) { socket.send(Array(request.utf8)) }

    func read() {
        while socket.receive(into: frame) == .done {
            var frames = [String(decoding: frame.bytes, as: UTF8.self)]
            while frame.hasMore, socket.receive(into: frame) == .done {
                frames.append(String(decoding: frame.bytes, as: UTF8.self))
            }
            answers.append(frames)
            // A REQ takes one answer to a request.
            if socket.kind == .req { return }
        }
    }

    var seqs: [UInt64] {
        answers.filter { $0.count == 2 }.compactMap { answer in
            Array(answer[1].utf8).withUnsafeBytes { try? EventHead.read($0).head.stamp.seq }
        }
    }

    var ends: [ReplayEnd] {
        answers.filter { $0.count == 1 }.compactMap { answer in
            Array(answer[0].utf8).withUnsafeBytes { try? ReplayEnd.read($0)?.get() }
        }
    }
}

@Suite struct ReplayServerTests {
    private func world(_ symbols: [String]) throws -> (publisher: LossyPublisher, bus: Bus) {
        let bus = try Bus()
        let publisher = try LossyPublisher(try TemporaryFolder(), bus: bus)
        for symbol in symbols { try publisher.publish(symbol) }
        return (publisher, bus)
    }

    @Test(
        arguments: [
            (#"{"type":"replay","from":1}"#, [1, 2, 3, 4, 5, 6], 1, 6),
            (#"{"type":"replay","from":2,"to":4}"#, [2, 3, 4], 2, 4),
            (#"{"type":"replay","from":2,"to":400}"#, [2, 3, 4, 5, 6], 2, 6),
            (#"{"type":"replay","from":1,"topics":["tick/A/"]}"#, [1, 3], 1, 6),
            (#"{"type":"replay","from":2,"to":5,"topics":["tick/A/","tick/B"]}"#, [2, 3, 4, 5], 2, 5),
            (#"{"type":"replay","from":1,"topics":[],"to":null}"#, [1, 2, 3, 4, 5, 6], 1, 6),
            (#"{"type":"replay","from":7}"#, [], 7, 6),
            (#"{"type":"replay","from":1000,"to":2000}"#, [], 1_000, 999),
        ] as [(String, [UInt64], UInt64, UInt64)])
    func `a range is answered byte for byte, and with what was covered`(
        request: String, seqs: [UInt64], first: UInt64, last: UInt64
    ) throws {
        let (publisher, bus) = try world(["A", "B", "A", "B", "BX", "C"])
        let client = try Client(bus, publisher.server.endpoint)
        client.ask(request)
        drive([bus]) { !client.ends.isEmpty }
        #expect(client.seqs == seqs)
        #expect(
            client.ends == [ReplayEnd(first: first, last: last, epoch: "k3v9q2", keptFirst: 1, keptLast: 6)])
        var journalled: [String] = []
        try JournalReader(directory: publisher.server.journalPath).read(from: 1, through: 6) { seq, record in
            if seqs.contains(seq) { journalled.append(String(decoding: record, as: UTF8.self)) }
            return true
        }
        #expect(client.answers.filter { $0.count == 2 }.map { $0[1] } == journalled)
        publisher.close()
    }

    @Test(arguments: [
        "", "nonsense", "[]", "{}", #"{"type":"other"}"#, #"{"type":"replay"}"#,
        #"{"type":"replay","from":0}"#,
        #"{"type":"replay","from":-1}"#, #"{"type":"replay","from":1,"to":"x"}"#,
        #"{"type":"replay","from":1,"topics":[1]}"#, #"{"type":"position","reader":"a b","seq":1}"#,
    ])
    func `a request that cannot be read is answered with a reason and counted`(request: String) throws {
        let (publisher, bus) = try world([])
        let client = try Client(bus, publisher.server.endpoint)
        client.ask(request)
        drive([bus]) { !client.answers.isEmpty }
        let answer = try JSONValue(parsing: client.answers[0][0])
        #expect(try answer.string("type") == "error")
        #expect(try !answer.string("reason").isEmpty)
        #expect(publisher.server.counters.malformed == 1)
        publisher.close()
    }

    @Test func `a long range ends early at the limit, and the client asks on`() throws {
        let count = UInt64(MessagingLimit.replayMessages) + 100
        let (publisher, bus) = try world(Array(repeating: "A", count: Int(count)))
        let client = try Client(bus, publisher.server.endpoint)
        client.ask(#"{"type":"replay","from":1}"#)
        drive([bus]) { client.ends.count == 1 }
        let end = try #require(client.ends.first)
        #expect(end.last == UInt64(MessagingLimit.replayMessages))
        client.ask(#"{"type":"replay","from":\#(end.last + 1)}"#)
        drive([bus]) { client.ends.count == 2 }
        #expect(client.seqs == Array(1...count))
        publisher.close()
    }

    @Test func `a client that does not read holds up nobody, and gets all of it later`() throws {
        let (publisher, bus) = try world([])
        for _ in 0..<6_000 {
            try publisher.publish(type: "tick", symbol: "A", extra: String(repeating: "x", count: 600))
        }
        let slowBus = try Bus()
        let slow = try Client(slowBus, publisher.server.endpoint, queue: 1)
        slow.isReading = false
        slow.ask(#"{"type":"replay","from":1,"to":5500}"#)
        drive([bus]) { publisher.server.counters.requests == 1 }
        let quick = try Client(bus, publisher.server.endpoint)
        quick.ask(#"{"type":"replay","from":1,"to":3000}"#)
        drive([bus]) { quick.ends.count == 1 }
        #expect(quick.seqs == Array(1...3_000))
        #expect(slow.ends.isEmpty)
        slow.isReading = true
        drive([bus, slowBus]) { slow.ends.count == 1 }
        #expect(slow.seqs == Array(1...5_500))
        slowBus.close()
        publisher.close()
    }

    @Test func `a client that has gone is forgotten`() throws {
        let (publisher, bus) = try world(Array(repeating: "A", count: 3_000))
        let clientBus = try Bus()
        let client = try Client(clientBus, publisher.server.endpoint, queue: 1)
        client.isReading = false
        client.ask(#"{"type":"replay","from":1}"#)
        drive([bus]) { publisher.server.counters.requests == 1 }
        clientBus.close()
        let other = try Client(bus, publisher.server.endpoint)
        other.ask(#"{"type":"replay","from":1,"to":2}"#)
        drive([bus]) { other.ends.count == 1 }
        publisher.close()
    }

    @Test func `the empty frame of a REQ is tolerated`() throws {
        let (publisher, bus) = try world(["A"])
        let client = try Client(bus, publisher.server.endpoint, kind: .req)
        client.ask(#"{"type":"replay","from":9}"#)
        drive([bus]) { client.ends.count == 1 }
        publisher.close()
    }

    @Test func `positions of readers are handed on and not answered`() throws {
        let (publisher, bus) = try world([])
        var positions: [String] = []
        publisher.server.onPosition = { positions.append("\($0) \($1)") }
        let client = try Client(bus, publisher.server.endpoint)
        client.ask(#"{"type":"position","reader":"runner-1","seq":4096}"#)
        client.ask(#"{"type":"position","reader":"runner-1","seq":8192}"#)
        drive([bus]) { positions.count == 2 }
        #expect(positions == ["runner-1 4096", "runner-1 8192"])
        #expect(client.answers.isEmpty)
        publisher.close()
    }

    @Test func `unpublished records are replayed only when they are asked for by name`() throws {
        let (publisher, bus) = try world(["A"])
        publisher.journal.append(topic: publisher.journal.topicID(Array("session/x/".utf8))) {
            seq, prev, json in
            let stamp = EventStamp(seq: seq, prev: prev, publishedAt: Timestamp(seconds: 1))
            publisher.header.begin("session", stamp, into: &json)
            json.field("strategy_id", "x")
            json.endObject()
        }
        try publisher.journal.flush()
        let client = try Client(bus, publisher.server.endpoint)
        client.ask(#"{"type":"replay","from":1}"#)
        drive([bus]) { client.ends.count == 1 }
        #expect(client.seqs == [1])
        client.ask(#"{"type":"replay","from":1,"topics":["session/"]}"#)
        drive([bus]) { client.ends.count == 2 }
        #expect(client.seqs == [1, 2])
        publisher.close()
    }
}

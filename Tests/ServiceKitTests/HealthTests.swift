import Foundation
import Synchronization
import Testing

@testable import ServiceKit

/// Nanoseconds that a test moves by hand.
private final class HandClock: Sendable {
    private let nanoseconds = Atomic<Int64>(1)
    func advance(seconds: Int64) { nanoseconds.wrappingAdd(seconds * 1_000_000_000, ordering: .relaxed) }
    var now: Int64 { nanoseconds.load(ordering: .relaxed) }
}

@Suite struct HealthTests {
    @Test("ready needs every part; failed parts end being alive; degraded ones do not")
    func parts() {
        let health = Health()
        #expect(!health.report().isReady)
        health.set("market data", .starting("no event yet"))
        health.set("bus", .ready)
        #expect(health.report().waiting == ["market data: no event yet"])
        #expect(health.report().isAlive)
        health.set("market data", .degraded("2 s behind"))
        #expect(health.report().isReady)
        health.set("journal", .failed("disk full"))
        #expect(!health.report().isAlive)
        let start = #"{"status":"failed","service":"s","instance":"i","#
        let rest = #""reasons":["journal: disk full","market data: 2 s behind"]}"#
        #expect(health.report().json(service: "s", instance: "i") == start + rest + "\n")
    }

    @Test("a bus thread that stops turning is a fault, one that ended is not")
    func beat() {
        let clock = HandClock()
        let health = Health { clock.now }
        health.set("bus", .ready)
        clock.advance(seconds: 60)
        #expect(health.report().isAlive)
        health.beat()
        clock.advance(seconds: 10)
        #expect(health.report().isAlive)
        clock.advance(seconds: 1)
        #expect(health.report().failed == ["bus: the thread has not turned for 11 s"])
        health.beat()
        #expect(health.report().isAlive)
        clock.advance(seconds: 60)
        health.stopBeating()
        #expect(health.report().isAlive)
    }

    @Test("health, readiness and figures are served, and the server ends with its group")
    func server() async throws {
        let (health, metrics, stop) = (Health(), MetricsRegistry(), StopSignal())
        metrics.counter("events_total").add(7)
        health.set("bus", .starting("soon"))
        let (addresses, found) = AsyncStream.makeStream(of: HTTPAddress.self)
        let server = try HealthServer(
            address: HTTPAddress(port: 0), ifTaken: .refuse,
            style: LogStyle(service: "s", instance: "i", format: .human), health: health, metrics: metrics
        ) { found.yield($0) }
        let group = Task { try await runGroup([], beside: server, stop: stop) }
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        // The server answers on threads that all tests of this process share, and some hold one for long.
        let client = HealthClient(timeout: .seconds(60))
        #expect(client.get("/health", at: address)?.status == 200)
        #expect(client.get("/ready", at: address)?.status == 503)
        #expect(client.get("/ready", at: address)?.body.contains("\"bus: soon\"") == true)
        health.set("bus", .ready)
        #expect(client.isReady(address))
        #expect(client.metrics(address)?["events_total"] == 7)
        #expect(client.get("/elsewhere", at: address)?.status == 404)
        health.set("bus", .failed("x"))
        #expect(client.get("/health", at: address)?.status == 503)

        let taken = #expect(throws: Failure.self) {
            try HealthServer(
                address: address, ifTaken: .refuse,
                style: LogStyle(service: "s", instance: "i", format: .human),
                health: health, metrics: metrics)
        }
        #expect(taken?.code == "port_taken")
        #expect(throws: Never.self) {
            try HealthServer(
                address: address, ifTaken: .next(50),
                style: LogStyle(service: "s", instance: "i", format: .human),
                health: health, metrics: metrics)
        }
        // A scraper keeps its connection open; that must not hold up the end.
        guard let idle = LoopbackSocket.connected(host: address.host, port: address.port, milliseconds: 5000)
        else { throw Failure("connect", "The server is reached.") }
        #expect(write("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", to: idle.descriptor))
        let isAnswered = idle.wait(for: Int32(POLLIN), milliseconds: 60_000)
        #expect(isAnswered)
        stop.stop()
        try await group.value
        #expect(client.get("/health", at: address) == nil)
    }

    @Test("a silent server costs the timeout, not more")
    func silent() {
        guard let socket = LoopbackSocket.bound(host: HTTPAddress.loopback, port: 0) else {
            Issue.record("a free port is found")
            return
        }
        // It returns at all: nobody ever answers.
        #expect(
            HealthClient(timeout: .milliseconds(50)).get("/health", at: HTTPAddress(port: socket.port)) == nil
        )
    }

    @Test(
        "addresses are http, host and port",
        arguments: [
            ("http://127.0.0.1:9101", HTTPAddress(port: 9101)),
            ("localhost:1/", HTTPAddress(host: "localhost", port: 1)),
            ("0.0.0.0:0", HTTPAddress(host: "0.0.0.0", port: 0)), ("http://a", nil), ("https://a:1", nil),
            (":1", nil),
            ("a:65536", nil), ("http://a/b:1", nil), ("", nil),
        ])
    func addresses(_ text: String, _ expected: HTTPAddress?) {
        #expect(HTTPAddress(text) == expected)
    }

    @Test(
        "an answer is its status and body",
        arguments: [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", HTTPAnswer(status: 200, body: "body")),
            ("HTTP/1.1 503 No\r\n\r\n", HTTPAnswer(status: 503, body: "")), ("HTTP/1.1 200 OK\r\n", nil),
            ("", nil),
            ("SMTP 200\r\n\r\n", nil),
        ])
    func answers(_ text: String, _ expected: HTTPAnswer?) {
        #expect(HealthClient.parse(Array(text.utf8)) == expected)
    }
}

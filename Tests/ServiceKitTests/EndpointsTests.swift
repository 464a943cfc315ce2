import Testing

@testable import ServiceKit

@Suite struct EndpointsTests {
    @Test("a base port moves every port by the same distance")
    func basePort() throws {
        #expect(try Endpoints.tcp() == Endpoints())
        let moved = try Endpoints.tcp(basePort: 6550)
        #expect(moved.marketData == "tcp://127.0.0.1:6550")
        #expect(moved.ingest == "tcp://127.0.0.1:6571")
        #expect(moved.trackerHealth == "http://127.0.0.1:10103")
        #expect(moved.firstHealthEndpoint(ofRunner: 2) == "http://127.0.0.1:10112")
        for wrong in [-1, 62_000] {
            #expect(throws: WrongUse.self) { try Endpoints.tcp(basePort: wrong) }
        }
    }

    @Test("base port 0 finds free ports, all different")
    func freePort() throws {
        let endpoints = try Endpoints.tcp(basePort: 0, runners: 3)
        let ports = endpoints.named.map(\.endpoint).compactMap {
            $0.split(separator: ":").last.flatMap { Int($0) }
        }
        #expect(ports.count == 13)
        #expect(Set(ports).count == 13)
        #expect(!ports.contains(0))
    }

    @Test("ipc sockets lie in the data folder, and a path too long is refused")
    func ipc() throws {
        let folder = try TemporaryFolder()
        let endpoints = try Endpoints.ipc(dataDirectory: folder.path)
        #expect(endpoints.marketDataReplay == "ipc://\(folder.path)/ipc/market-data-replay")
        #expect(endpoints.gatewayHealth == "http://127.0.0.1:9101")
        let long = folder.path + "/" + String(repeating: "x", count: 80)
        let error = #expect(throws: WrongUse.self) { try Endpoints.ipc(dataDirectory: long) }
        #expect(error?.description.contains("shorter --data-dir") == true)
    }

    @Test("what is written is read back, unknown names are skipped")
    func file() throws {
        let folder = try TemporaryFolder()
        var endpoints = try Endpoints.tcp(basePort: 7000)
        endpoints.runnerHealth = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
        try endpoints.write(toDataDirectory: folder.path)
        #expect(try Endpoints(dataDirectory: folder.path) == endpoints)
        try folder.write("{\"later\": \"x\", \"trades-endpoint\": \"tcp://a:1\"}", to: "endpoints.json")
        #expect(try Endpoints(dataDirectory: folder.path).trades == "tcp://a:1")
        try folder.write("[]", to: "endpoints.json")
        #expect(throws: Failure.self) { try Endpoints(dataDirectory: folder.path) }
        let missing = #expect(throws: Failure.self) { try Endpoints(dataDirectory: folder.path + "/no") }
        #expect(missing?.code == "no_endpoints")
    }
}

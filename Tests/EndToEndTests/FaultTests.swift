// P2: services that are killed without warning at any moment lose nothing and trade nothing twice.

import Foundation
import Testing

/// Kills services in the middle of a run and holds the ledger against the one of an undisturbed run.
struct FaultRun {
    var sample: Sample
    var expected: Expected
    /// Who is killed, and when: how many bytes the simulator's journal holds by then.
    var kills: [(service: Service, bytes: Int)]
    /// At the greatest speed the gateway is through with short data before anybody else has begun.
    var speed = "max"
    var flags: [String] = []
    var seconds = 60.0

    /// Runs `up` to the end and kills on the way. A run that is through before a kill has come is repeated
    /// with all kills earlier; what it left must be right all the same.
    func perform(at place: SourceLocation = #_sourceLocation) async throws {
        for haste in 1...4 {
            var run = self
            for index in run.kills.indices { run.kills[index].bytes /= haste }
            if try await run.performOnce(at: place) { return }
        }
        Issue.record("four runs were through before the kills came", sourceLocation: place)
    }

    /// False when the run was through before the last kill.
    private func performOnce(at place: SourceLocation) async throws -> Bool {
        let run = try TemporaryFolder()
        let story = kills.map { "\($0.service.rawValue) at \($0.bytes)" }.joined(separator: ", ")
        let stack = try Stack(in: run.path, sample.replay(speed: speed) + flags + ["--exit-when-done"])
        var killed = 0
        do {
            for (service, bytes) in kills.sorted(by: { $0.bytes < $1.bytes }) {
                try await stack.wait(orderBytes: bytes)
                try await stack.kill9(service)
                killed += 1
            }
        } catch let late as Awaited where late.isOver {}
        let outcome = try await stack.up.wait(seconds: seconds)
        try #require(outcome.code == 0, "\(story): \(stack.story)", sourceLocation: place)
        // Every kill was one. The last may come when all is done, and then nobody is started again.
        let restarts = Service.allCases.reduce(0) { $0 + stack.restarts(of: $1) }
        #expect(
            (max(0, killed - 1)...killed).contains(restarts), "\(story): \(stack.story)",
            sourceLocation: place)
        let differs = difference(try await ledger(of: run.path), expected.ledger)
        #expect(differs == nil, "\(sample.name), \(story): \(differs ?? "")", sourceLocation: place)
        try await expectVerified(run.path, at: place)
        try await expectMetrics(run.path, of: sample.flags, at: place)
        #expect(try await Stack.leftovers(of: run.path, after: 1) == [], sourceLocation: place)
        print("\(sample.name), \(killed) kills of \(story): \(outcome.seconds) s")
        return killed == kills.count
    }
}

extension Expected {
    /// A moment in the middle of the run.
    func moment(using random: inout SplitMix) -> Int {
        Int.random(in: orderBytes / 50...orderBytes * 9 / 10, using: &random)
    }
}

extension EndToEnd {
    @Suite struct FaultTests {
        @Test(
            "A service killed in the middle of a run of made data changes nothing",
            arguments: Service.allCases)
        func oneKill(_ service: Service) async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("\(service.rawValue) killed")
            for speed in ["max", "600"] {
                let kills = (0..<2).map { _ in (service, expected.moment(using: &random)) }
                try await FaultRun(sample: sample, expected: expected, kills: kills, speed: speed).perform()
            }
        }

        @Test(
            "Every service killed once in the middle of a run of real rows changes nothing",
            .enabled(if: Place.data != nil, "\(Place.noData)"), arguments: ["max", "1000"])
        func everyService(_ speed: String) async throws {
            let sample = try await Samples.current.slice()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("every service killed, speed \(speed)")
            let kills = Service.allCases.map { ($0, expected.moment(using: &random)) }
            try await FaultRun(sample: sample, expected: expected, kills: kills, speed: speed).perform()
        }

        @Test("With two runners, killing both changes nothing")
        func bothRunners() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("two runners killed")
            let kills = (0..<4).map { _ in (Service.runner, expected.moment(using: &random)) }
            try await FaultRun(sample: sample, expected: expected, kills: kills, flags: ["--runners", "2"])
                .perform()
        }

        @Test("up killed without warning takes its services with it; a second up goes on to the same ledger")
        func killedUp() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("up killed")
            let run = try TemporaryFolder()
            for _ in 1...2 {
                let stack = try Stack(in: run.path, sample.replay + ["--exit-when-done"])
                let made = Stack.orderBytes(run.path)
                let more = max(1, Int.random(in: 0...(expected.orderBytes - made) / 2, using: &random))
                try await stack.wait(orderBytes: made + more)
                try await stack.waitForServices()
                stack.up.send(SIGKILL)
                _ = try await stack.up.wait()
                #expect(try await Stack.leftovers(of: run.path, after: 3) == [])
            }
            try await runToEnd(in: run.path, sample.replay)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
            try await expectMetrics(run.path, of: sample.flags)
        }
    }
}

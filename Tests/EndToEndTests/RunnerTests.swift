// Runners that share strategies: any number of them, killed, stopped and joined, give the one ledger.

import Foundation
import Testing

/// Strategies of every kind on the two made symbols.
private func many(_ count: Int) async throws -> Sample {
    manyStrategies(count, on: try await Samples.current.made())
}

extension Stack {
    /// The runners that run now.
    var runners: [RunningProcess] {
        services.filter { $0.name == Service.runner.rawValue }.sorted { $0.id < $1.id }
    }

    /// What `strategies list --json` says: state by strategy.
    func standing(_ key: String) async throws -> [String: String] {
        let outcome = try await robot("strategies", "list", "--json", "--data-dir", folder)
        var standing: [String: String] = [:]
        for line in outcome.output.split(separator: "\n") {
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let id = value?["id"] as? String else { continue }
            standing[id] = value?[key].map { "\($0)" } ?? ""
        }
        return standing
    }

    /// Waits until `strategies list` says so.
    func wait(_ what: String, _ key: String, until condition: ([String: String]) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        var standing: [String: String] = [:]
        while ContinuousClock.now < deadline {
            standing = try await self.standing(key)
            if condition(standing) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Awaited(description: "\(what): \(key) is \(standing): \(story)")
    }
}

extension EndToEnd {
    @Suite struct RunnerTests {
        @Test("With 1, 2, 4 and 8 runners the ledger is the same", arguments: [1, 2, 4, 8])
        func anyNumber(_ runners: Int) async throws {
            let sample = try await many(9)
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay + ["--runners", "\(runners)"], seconds: 120)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test(
            "Strategies are spread over the runners that are there, and a stopped runner's go to the others")
        func spreadAndTakenOver() async throws {
            let sample = try await many(6)
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            let stack = try Stack(
                in: run.path,
                sample.replay(speed: "2") + ["--runners", "2", "--lease-term", "1s"])
            try await stack.waitForServices()
            try await stack.wait("both runners hold three", "owner") { owners in
                Set(owners.values) == ["runner-1", "runner-2"]
                    && owners.values.count { $0 == "runner-1" } == 3
            }
            let asleep = try #require(stack.runners.first)
            kill(asleep.id, SIGSTOP)
            try await stack.wait("one runner holds all", "owner") { owners in
                Set(owners.values).count == 1 && owners.values.allSatisfy { $0.hasPrefix("runner-") }
            }
            kill(asleep.id, SIGCONT)
            try await stack.wait("both hold three again", "owner") { owners in
                Set(owners.values).count == 2 && owners.values.count { $0 == "runner-1" } == 3
            }
            #expect(try await stack.standing("fence").values.contains { (Int($0) ?? 0) > 1 })
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay, seconds: 120)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test("Of two runners that both believe to own a strategy exactly one trades, again and again")
        func ownedTwice() async throws {
            let sample = try await many(1)
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            // Renewed every ten seconds: until then a runner whose lease was taken away does not know.
            let stack = try Stack(
                in: run.path, sample.replay(speed: "60") + ["--runners", "2", "--lease-term", "30s"])
            try await stack.waitForServices()
            var owners: [String] = []
            for claim in 1...5 {
                try await stack.wait("claim \(claim)", "fence") { Int($0["q0"] ?? "") == claim }
                try await stack.wait("claim \(claim) is at work", "state") {
                    ["running", "rebuilding", "done"].contains($0["q0"] ?? "")
                }
                owners.append(try await stack.standing("owner")["q0"] ?? "")
                // Forged: for the database the lease has run out, for its owner it has not.
                let outcome = try await python([
                    "-c",
                    "import sqlite3, sys; base = sqlite3.connect(sys.argv[1], timeout=30);"
                        + " base.execute('UPDATE strategies SET lease_expires_us = 0'); base.commit()",
                    run.file("trading.db"),
                ])
                try #require(outcome.code == 0, "\(outcome.errors)")
            }
            #expect(zip(owners, owners.dropFirst()).allSatisfy { $0 != $1 }, "\(owners)")
            let logs = try ["1", "2"].map {
                try String(contentsOfFile: run.file("logs/strategy-runner-\($0).log"), encoding: .utf8)
            }
            #expect(logs.allSatisfy { $0.contains("another runner has taken it over") })
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test("A strategy that is removed and added again goes on, though its fence begins anew")
        func addedAgain() async throws {
            let sample = try await many(1)
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            let stack = try Stack(in: run.path, sample.replay(speed: "60") + ["--lease-term", "30s"])
            // Killed before it has claimed, the next runner's claim would be the first.
            try await stack.wait("the first claim", "fence") { Int($0["q0"] ?? "") == 1 }
            for claim in 2...6 {
                try await stack.kill9(.runner)
                try await stack.wait("claim \(claim)", "fence") { Int($0["q0"] ?? "") ?? 0 >= claim }
            }
            for words in [["stop", "q0"], ["remove", "q0"], ["add", sample.strategies[0]]] {
                var outcome = try await robot(["strategies"] + words + ["--data-dir", run.path])
                // It is given back within a second.
                for _ in 1...100 where outcome.code != 0 {
                    try await Task.sleep(for: .milliseconds(100))
                    outcome = try await robot(["strategies"] + words + ["--data-dir", run.path])
                }
                try #require(outcome.code == 0, "\(words): \(outcome.errors)")
            }
            // Within less than the term of a lease: the refused claim is not waited for.
            try await stack.wait("it is at work again", "fence") { Int($0["q0"] ?? "") ?? 0 > 6 }
            try await stack.wait("it runs", "state") { ["running", "done"].contains($0["q0"] ?? "") }
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test(
            "A strategy stopped and started again, and one added late, are verified, restarts included"
        )
        func operated() async throws {
            let sample = try await many(2)
            let run = try TemporaryFolder()
            let stack = try Stack(in: run.path, sample.replay(speed: "2") + ["--lease-term", "1s"])
            func command(_ words: String...) async throws {
                let outcome = try await robot(["strategies"] + words + ["--data-dir", run.path])
                #expect(outcome.code == 0, "\(words): \(outcome.errors)")
            }
            try await stack.waitForServices()
            try await stack.wait("s1 runs", "state") { $0["s1"] == "running" }
            try await stack.kill9(.runner)
            try await command("stop", "s1")
            try await stack.wait("nobody holds s1", "owner") { $0["s1"] == "<null>" }
            try await command("start", "s1")
            try await command("add", "late=sma-crossover:BOLT:fast=2,slow=5", "--start", "live")
            try await stack.wait("late runs", "state") { $0["late"] == "running" }
            try await stack.kill9(.simulator)
            try await stack.wait("late runs with the new simulator", "state") { $0["late"] == "running" }
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay, seconds: 120)
            try await expectVerified(run.path)
        }
    }
}

extension Stack {
    /// Stops the stack as Ctrl-C does; what it was made of goes on with another `up`.
    func end() async throws {
        up.send(SIGTERM)
        let outcome = try await up.wait(seconds: 60)
        #expect([0, 130].contains(outcome.code), "\(story)")
    }
}

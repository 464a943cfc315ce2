// What operators do to strategies that run: it comes in force at an event, survives every crash, and `verify`
// runs the session again with it.

import Foundation
import Testing

private func sample() async throws -> Sample {
    var sample = try await Samples.current.made()
    sample.name = "made with a quoter and a crossover"
    sample.strategies = [
        "q=quoter:ACME:half_spread=0.02", "s=sma-crossover:BOLT:fast=3,slow=9",
        "alone=sma-crossover:ACME:fast=3,slow=9",
    ]
    return sample
}

extension Stack {
    /// Runs `trading-robot strategies …` on this stack and expects it to succeed.
    fileprivate func operate(_ words: String...) async throws {
        let outcome = try await robot(["strategies"] + words + ["--data-dir", folder, "--wait", "60"])
        #expect(outcome.code == 0, "\(words): \(outcome.output) \(outcome.errors)")
    }
}

/// The kinds of the inputs in the simulator's journal, by strategy, halts too.
private func journalledInputs(_ folder: String) async throws -> [String: [String]] {
    let outcome = try await robot("journal", "cat", folder + "/orders")
    var kinds: [String: [String]] = [:]
    for line in outcome.output.split(separator: "\n") {
        guard line.contains("\"type\":\"input\"") || line.contains("\"type\":\"halt\"") else { continue }
        let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let kind = record?["kind"] as? String ?? record?["type"] as? String ?? "?"
        kinds[record?["strategy_id"] as? String ?? "?", default: []].append(kind)
    }
    return kinds
}

/// Whether a simulator went on from a snapshot after it was started again.
private func restoredFromSnapshots(_ folder: String) -> Bool {
    let path = folder + "/logs/order-simulator.log"
    let log = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return log.split(separator: "\n").contains { $0.contains("restored") && !$0.contains("snapshot=0") }
}

private func hasTraded(_ strategy: String, _ folder: String) -> Bool {
    let orders = folder + "/orders/"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: orders)) ?? []
    return names.filter { $0.hasSuffix(".journal") }.contains { name in
        let text = (try? String(contentsOfFile: orders + name, encoding: .utf8)) ?? ""
        return text.contains("\"trade_id\":\"\(strategy):")
    }
}

extension EndToEnd {
    @Suite struct OperatorTests {
        @Test("Pause, set, swap and halt under load, with kills: the ledger is what verify makes again")
        func operated() async throws {
            let sample = try await sample()
            let expected = try await Samples.current.expected(sample).ledger
            let run = try TemporaryFolder()
            let flags = ["--lease-term", "1s", "--runners", "2", "--snapshot-every", "50"]
            let stack = try Stack(in: run.path, sample.replay(speed: "4") + flags)
            try await stack.waitForServices()
            try await stack.wait("all run", "state") { states in states.values.allSatisfy { $0 == "running" }
            }
            try await stack.operate("pause", "q", "--reason", "a look")
            try await stack.wait("q is paused", "state") { $0["q"] == "paused" }
            try await stack.kill9(.runner)
            try await stack.operate("set", "s", "fast=4")
            try await stack.kill9(.simulator)
            try await stack.wait("q is paused still", "state") { $0["q"] == "paused" }
            try await stack.operate("start", "q")
            try await stack.operate("swap", "q", "--plugin", "sma-crossover", "fast=3", "slow=9")
            try await stack.kill9(.runner)
            try await stack.operate("halt", "q")
            try await stack.wait("q is halted", "state") { $0["q"] == "halted" }
            try await stack.kill9(.simulator)
            try await stack.wait("q is halted still", "state") { $0["q"] == "halted" }
            try await stack.operate("start", "q")
            #expect(try await stack.standing("plugin")["q"] == "sma-crossover")
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay, seconds: 120)
            let inputs = try await journalledInputs(run.path)
            #expect(inputs == ["q": ["pause", "resume", "swap", "halt", "resume"], "s": ["set"]])
            try await expectVerified(run.path)
            let ledger = try await ledger(of: run.path)
            func lines(_ text: String) -> [Substring] {
                text.split(separator: "\n").filter { $0.contains("\"strategy_id\":\"alone\"") }
            }
            #expect(lines(ledger) == lines(expected), "a strategy that nobody touched trades as ever")
            #expect(ledger != expected)
            #expect(restoredFromSnapshots(run.path), "a simulator with inputs goes on from a snapshot")
        }

        @Test("A strategy of a pruned folder is paused; its session goes on from snapshots, and is proven")
        func pruned() async throws {
            let sample = try await sample()
            let run = try TemporaryFolder()
            let flags = ["--snapshot-every", "200", "--journal-segment", "65536"]
            let stack = try Stack(in: run.path, sample.replay(speed: "20") + flags)
            try await stack.wait("there are snapshots to prune by") {
                let names = try? FileManager.default.contentsOfDirectory(atPath: run.path + "/snapshots")
                return (names ?? []).count == 3
            }
            let prune = ["journal", "prune", "--data-dir", run.path, "--before", "999999999"]
            let first = try await robot(prune)
            #expect(first.code == 0, "\(first.output)\(first.errors)")
            try await stack.operate("pause", "q")
            try await stack.kill9(.simulator)
            try await stack.wait("q is paused still", "state") { $0["q"] == "paused" }
            try await stack.operate("start", "q")
            try await stack.kill9(.runner)
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay + flags, seconds: 120)
            try await expectVerified(run.path)
            let again = try await robot(prune)
            #expect(again.code == 0, "\(again.output)\(again.errors)")
            let verified = try await robot("verify", "--data-dir", run.path)
            #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
            #expect(first.output.contains("deleted") == verified.output.contains("from trade"))
            #expect(restoredFromSnapshots(run.path))
        }

        @Test("What a plugin does not take is refused before anything is noted")
        func refused() async throws {
            let sample = try await sample()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            for (words, sentence) in [
                (["set", "s", "fast=0"], "fast=0"), (["set", "s", "speed=3"], "speed"),
                (["set", "s", "fast=3"], "already"), (["swap", "s", "--plugin", "no-such"], "no-such"),
                (["pause", "nobody"], "there is no strategy nobody"),
            ] {
                let outcome = try await robot(["strategies"] + words + ["--data-dir", run.path])
                #expect(
                    [1, 2].contains(outcome.code) && outcome.errors.contains(sentence),
                    "\(words): \(outcome.errors)")
            }
            let inputs = try await robot("strategies", "inputs", "--data-dir", run.path)
            #expect(inputs.output == "")
        }

        @Test(
            "A strategy that decides otherwise when run again is paused with the difference, and resumes",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func notDeterministic() async throws {
            let folder = try TemporaryFolder()
            // Fifths of a second: the first order made again some seconds later is never the same.
            _ = try folder.write(
                """
                import time
                from tradingrobotplug import TradingStrategyPlugin
                class Clock(TradingStrategyPlugin):
                    seen = 0
                    def on_market_data(self, data):
                        self.seen += 1
                        if self.seen % 20 == 0:
                            self.context.buy("ACME", 1 + int(time.time() * 5) % 97)
                """, to: "clock.py")
            let sample = try await Samples.current.made()
            let flags = ["--plugins", folder.path, "--strategy", "c=clock:ACME", "--lease-term", "1s"]
            let run = try TemporaryFolder()
            let stack = try Stack(in: run.path, sample.replay(speed: "4") + flags)
            try await stack.wait("c has traded") { hasTraded("c", run.path) }
            try await stack.kill9(.runner)
            try await stack.wait("c is paused", "state") { $0["c"] == "paused" }
            let reason = try await stack.standing("reason")["c"] ?? ""
            for part in ["in the journal is submit", "and now it is submit", "after event"] {
                #expect(reason.contains(part), "\(reason)")
            }
            try await stack.operate("start", "c", "--recovery", "resume", "--plugins", folder.path)
            try await stack.wait("c runs", "state") { ["running", "done"].contains($0["c"] ?? "") }
            try await stack.kill9(.runner)
            try await stack.wait("c runs by itself", "state") { ["running", "done"].contains($0["c"] ?? "") }
            try await stack.end()
            try await runToEnd(in: run.path, sample.replay + flags, seconds: 120)
            let verified = try await robot("verify", "--data-dir", run.path, "--plugins", folder.path)
            #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
            #expect(verified.output.contains("Its decisions were taken from the journal"))
        }
    }
}

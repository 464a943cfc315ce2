// Strategies in processes of their own, through the whole stack: one ledger in four forms, and others on the
// same runner that notice nothing of one that misbehaves.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct PluginTests {
        private let folder: TemporaryFolder
        init() throws { folder = try TemporaryFolder() }

        static var hasPython: Bool {
            let names = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            return names.contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }
        }

        /// The lines of one strategy, under another's name.
        private func lines(_ ledger: String, _ id: String, as name: String = "s") -> [String] {
            ledger.split(separator: "\n").map(String.init).filter { $0.contains("\"strategy_id\":\"\(id)\"") }
                .map {
                    $0.replacing("\"\(id):", with: "\"\(name):").replacing("\"\(id)\"", with: "\"\(name)\"")
                }
        }

        /// A plugin directory with the crossover in Python and in C.
        private func makePlugins() async throws {
            let program = folder.file("crossover-c")
            try FileManager.default.createDirectory(atPath: program, withIntermediateDirectories: true)
            let sources = Place.package + "/Services/Strategies/CrossoverC/"
            let compiled = try await Program(
                "/usr/bin/env", ["cc", "-O2", "-o", program + "/crossover", sources + "crossover.c"]
            ).wait()
            try #require(compiled.code == 0, "\(compiled.errors)")
            try FileManager.default.copyItem(
                atPath: sources + "plugin.json", toPath: program + "/plugin.json")
            try FileManager.default.copyItem(
                atPath: Place.package + "/Shared/Python/examples/sma-crossover-python.py",
                toPath: folder.file("sma-crossover-python.py"))
        }

        @Test(
            "The crossover in Swift, isolated Swift, Python and C: one ledger, in backtest and stack",
            .enabled(if: hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func oneLedger() async throws {
            try await makePlugins()
            let data = try await Samples.current.made().data
            let rule = "ACME+BOLT:fast=3,slow=9"
            let swift = lines(
                try await backtestLedger(
                    data + ["--isolation", "none", "--strategy", "s=sma-crossover:\(rule)"]), "s")
            try #require(swift.count > 100)
            let flags =
                data + ["--isolation", "process", "--plugins", folder.path]
                + ["s=sma-crossover", "p=sma-crossover-python", "c=sma-crossover-c"].flatMap {
                    ["--strategy", "\($0):\(rule)"]
                }
            let backtest = try await backtestLedger(flags)
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, ["--provider", "replay", "--speed", "max"] + flags)
            for ledger in [backtest, try await ledger(of: run.path)] {
                for id in ["s", "p", "c"] { #expect(lines(ledger, id) == swift, "\(id)") }
            }
            let verified = try await robot("verify", "--data-dir", run.path, "--plugins", folder.path)
            #expect(verified.code == 0, "\(verified.errors)")
        }

        @Test(
            "A plugin's process that is killed is begun again, and its ledger is the same",
            .enabled(if: hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func killed() async throws {
            try await makePlugins()
            let data = try await Samples.current.made().data
            let flags =
                data + [
                    "--plugins", folder.path, "--strategy", "p=sma-crossover-python:ACME:fast=3,slow=9",
                    "--strategy", "quotes=quoter:BOLT:half_spread=0.02",
                ]
            let expected = try await backtestLedger(flags)
            let run = try TemporaryFolder()
            let stack = try Stack(
                in: run.path, ["--provider", "replay", "--speed", "60", "--exit-when-done"] + flags)
            try await stack.wait(orderBytes: 5_000)
            for part in 1...2 {
                var plugins: [RunningProcess] = []
                try await stack.wait("the plugin runs", seconds: 60) {
                    plugins = RunningProcess.all(mentioning: folder.file("sma-crossover-python.py"))
                        .filter { $0.name.hasPrefix("python") }
                    return !plugins.isEmpty
                }
                for plugin in plugins { kill(plugin.id, SIGKILL) }
                try await stack.wait("the strategy begins again", seconds: 60) {
                    log(run.path).components(separatedBy: "strategy begins again").count > part
                }
            }
            let outcome = try await stack.up.wait(seconds: 120)
            #expect(outcome.code == 0, "\(stack.story)")
            #expect(difference(try await ledger(of: run.path), expected) == nil)
        }

        @Test(
            "Plugins that hang and exit are stopped and said; others on the runner trade as if they were not",
            .enabled(if: hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func misbehaviour() async throws {
            for (name, deed) in [("hangs", "while True: pass"), ("exits", "print('farewell'); os._exit(4)")] {
                _ = try folder.write(
                    """
                    import os
                    from tradingrobotplug import TradingStrategyPlugin
                    class Bad(TradingStrategyPlugin):
                        seen = 0
                        def on_market_data(self, data):
                            self.seen += 1
                            if self.seen == 50: self.context.buy("ACME", 10)
                            if self.seen > 300:
                                \(deed)
                    """, to: name + ".py")
            }
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample).ledger
            let run = try TemporaryFolder()
            let stack = try Stack(
                in: run.path,
                sample.replay + [
                    "--exit-when-done", "--plugins", folder.path, "--plugin-deadline", "1", "--strategy",
                    "hangs=hangs:ACME", "--strategy", "exits=exits:ACME",
                ])
            let outcome = try await stack.up.wait(seconds: 240)
            #expect(outcome.code == 1, "a strategy failed: \(stack.story)")
            let ledger = try await ledger(of: run.path)
            for id in ["sma", "quotes", "both"] { #expect(lines(ledger, id) == lines(expected, id)) }
            for id in ["hangs", "exits"] {
                #expect(lines(ledger, id).count == 1, "what it did before stands")
            }
            let said = log(run.path)
            for part in ["gave no answer within 1000 ms", "ended by itself with code 4", "farewell"] {
                #expect(said.contains(part), "\(part)")
            }
            // More often where one got further, because its events came in other messages.
            let begun = said.components(separatedBy: "strategy begins again").count - 1
            #expect((6...24).contains(begun), "three times each, not \(begun)")
            #expect(RunningProcess.all(mentioning: folder.path) == [], "no process is left")
            let journal = try await robot("journal", "cat", run.path + "/orders").output
            for id in ["hangs", "exits"] {
                let stops = journal.split(separator: "\n").filter {
                    $0.contains("\"type\":\"input\"") && $0.contains("\"kind\":\"stop\"")
                        && $0.contains("\"strategy_id\":\"\(id)\"")
                }
                #expect(stops.count == 1, "the stop of \(id) is an input in the journal")
            }
            // Run again they are not handed the event at which they failed.
            let verified = try await robot(
                "verify", "--data-dir", run.path, "--plugins", folder.path, "--plugin-deadline", "1")
            #expect(verified.code == 0, "\(verified.errors)")
        }

        private func log(_ folder: String) -> String {
            (try? String(contentsOfFile: folder + "/logs/strategy-runner-1.log", encoding: .utf8)) ?? ""
        }
    }
}

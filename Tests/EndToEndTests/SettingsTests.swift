// The same flags mean the same in `up` and in `backtest`, and the ways of running that change no trade.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct SettingsTests {
        @Test(
            "A simulation setting changes both ledgers alike",
            arguments: [
                ["--latency", "250"], ["--fee", "per-value", "--fee-per-value", "150"], ["--short", "false"],
                ["--fee", "none", "--slippage", "0.01", "--cash", "250000"],
                ["--latency", "1500", "--max-position", "150", "--order-rate", "3", "--fill", "touch"],
            ])
        func simulationSetting(_ settings: [String]) async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay + settings)
            let backtest = try await backtestLedger(sample.flags + settings)
            #expect(difference(try await ledger(of: run.path), backtest) == nil)
            try await expectVerified(run.path)
            // The setting does something, or the comparison proves nothing.
            #expect(backtest != (try await Samples.current.expected(sample)).ledger)
        }

        @Test("Over sockets in the data folder the ledger is the same")
        func sockets() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay + ["--transport", "ipc"])
            #expect(
                difference(try await ledger(of: run.path), try await Samples.current.expected(sample).ledger)
                    == nil)
            let endpoints = try String(contentsOfFile: run.file("endpoints.json"), encoding: .utf8)
            #expect(endpoints.contains("ipc://" + run.path))
        }

        @Test("Settings from the environment and from a file are those of flags")
        func environmentAndFile() async throws {
            let sample = try await Samples.current.made()
            let folder = try TemporaryFolder()
            let file = try folder.write("simulation:\n  latency: 250\n  fee: none\n", to: "robot.yaml")
            let fromFile = try await backtestLedger(sample.flags + ["--config", file])
            let fromFlags = try await backtestLedger(sample.flags + ["--latency", "250", "--fee", "none"])
            #expect(difference(fromFile, fromFlags) == nil)
            let run = folder.file("run")
            try await runToEnd(in: run, sample.replay + ["--config", file])
            #expect(difference(try await ledger(of: run), fromFlags) == nil)
            let environment = ["LATENCY": "250", "FEE": "none"]
            let program = try Program(
                "trading-robot", ["backtest", "--ledger", "-"] + sample.flags, environment: environment)
            #expect(difference(try await program.wait().output, fromFlags) == nil)
        }

        @Test("Synthetic data of a given length end, and their journal backtests to the same ledger")
        func synthetic() async throws {
            let run = try TemporaryFolder()
            let strategies = [
                "--strategy", "one=quoter:ACME:half_spread=0.02", "--strategy",
                "two=sma-crossover:ACME+BOLT:fast=3,slow=7",
            ]
            let flags = [
                "--provider", "synthetic", "--symbols", "ACME,BOLT", "--events", "2000", "--speed", "max",
            ]
            try await runToEnd(in: run.path, flags + strategies)
            let ledger = try await ledger(of: run.path)
            #expect(ledger.split(separator: "\n").count > 50)
            let backtest = try await backtestLedger(["--data", run.file("market-data")] + strategies)
            #expect(difference(ledger, backtest) == nil)
            try await expectVerified(run.path)
            // Going on with the same flags is the same run, not new data.
            try await runToEnd(in: run.path, flags + strategies)
            #expect(difference(try await EndToEndTests.ledger(of: run.path), ledger) == nil)
        }

        @Test("A run over the journal of another gives its ledger again")
        func journalAsData() async throws {
            let sample = try await Samples.current.made()
            let folder = try TemporaryFolder()
            try await runToEnd(in: folder.file("first"), sample.replay)
            var again = sample
            again.data = ["--data", folder.file("first/market-data")]
            try await runToEnd(in: folder.file("second"), again.replay)
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: folder.file("second")), expected.ledger) == nil)
        }
    }
}

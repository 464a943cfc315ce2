// Metrics as a user has them: published, printed, and counted again from files.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct MetricsTests {
        @Test("performance/ and equity/ are published, and metrics prints what they say")
        func published() async throws {
            let run = try TemporaryFolder()
            let stack = try Stack(
                in: run.path,
                [
                    "--provider", "synthetic", "--symbols", "ACME", "--rate", "400", "--speed", "60",
                    "--strategy", "sma=sma-crossover:ACME:fast=1,slow=2",
                ])
            try await stack.waitForServices()
            try await stack.wait("orders were made") { Stack.orderBytes(run.path) > 5_000 }
            let performance = try await events(["tail", "performance/", "--count", "24"], run.path)
            #expect(Set(performance.compactMap { $0["strategy_id"] as? String }) == ["sma", "portfolio"])
            let periods = Set(performance.compactMap { $0["period"] as? String })
            #expect(periods == ["1d", "7d", "30d", "90d", "1y", "all"])
            for event in performance {
                let metrics = try #require(event["metrics"] as? [String: Any])
                #expect(metrics["end_equity"] is Double && metrics["sharpe"] is NSNull)
                #expect(event["periods_per_year"] as? Int == 252)
            }
            let marks = try await events(["tail", "equity/sma/", "--count", "2"], run.path)
            #expect(marks.count == 2)
            for mark in marks {
                let cash = try #require(mark["cash"] as? Double)
                let held = try #require(mark["positions"] as? [[String: Any]]).reduce(0.0) { sum, holding in
                    sum + (holding["position"] as? Double ?? 0) * (holding["price"] as? Double ?? 0)
                }
                #expect(abs(cash + held - (mark["equity"] as? Double ?? 0)) < 1e-6)
            }
            stack.up.send(SIGTERM)
            #expect(try await stack.up.wait(seconds: 10).code == 0)
            let report = try await robot("metrics", "--data-dir", run.path)
            #expect(report.code == 0 && report.output.contains("sma (USD, 252 days a year)"))
            #expect(report.output.contains("252; 365 for an account with crypto only"))
        }

        /// The JSON of what `tail` prints.
        private func events(_ arguments: [String], _ folder: String) async throws -> [[String: Any]] {
            let tail = try await robot(arguments + ["--data-dir", folder], seconds: 60)
            #expect(tail.code == 0, "\(tail.errors)")
            return try tail.output.split(separator: "\n").map { line in
                let json = line.split(separator: " ", maxSplits: 1).last ?? ""
                return try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
            }
        }

        @Test("verify names a figure of the database that is not the backtest's")
        func changedFigure() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            try await expectVerified(run.path)
            let change = "UPDATE performance_days SET equity_e8 = equity_e8 + 1 WHERE strategy_id = 'quotes'"
            let script =
                "import sqlite3\nwith sqlite3.connect(\"\(run.file("trading.db"))\") as database:\n"
                + " database.execute(\"\(change)\")\n"
            let changed = try await python(["-c", script])
            #expect(changed.code == 0, "\(changed.errors)")
            let outcome = try await robot("verify", "--data-dir", run.path)
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("quotes: end_equity of 1d is "), "\(outcome.errors)")
            let dry = try await robot("ledger", "rebuild", "--dry-run", "--data-dir", run.path)
            #expect(dry.code == 1 && dry.output.contains("the metrics of quotes do not follow"))
            let rebuilt = try await robot("ledger", "rebuild", "--data-dir", run.path)
            #expect(rebuilt.code == 0 && rebuilt.output.contains("Metrics of 1 strategies made anew"))
            try await expectVerified(run.path)
            try await expectMetrics(run.path, of: sample.flags)
        }

        @Test("metrics of the files of a backtest are those of the backtest")
        func files() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            let (trades, marks) = (run.file("trades"), run.file("marks"))
            let backtest = try await robot(
                ["backtest", "--json", "--ledger", trades, "--equity", marks] + sample.flags)
            let counted = try await robot(["metrics", "--json", marks, trades])
            #expect(backtest.code == 0 && counted.code == 0, "\(backtest.errors)\(counted.errors)")
            func portfolio(_ outcome: Outcome) throws -> NSDictionary? {
                let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
                return (report as? [String: Any])?["portfolio"] as? NSDictionary
            }
            let expected = try #require(try portfolio(backtest))
            #expect(try portfolio(counted) == expected)
            let one = try await robot(["metrics", trades, "--strategy", "quotes"])
            #expect(one.code == 0 && one.output.contains("quotes (") && !one.output.contains("sma ("))
        }

        @Test("what cannot be read is named, with its line")
        func wrongFiles() async throws {
            let run = try TemporaryFolder()
            let bad = try run.write("{\"type\":\"order\"}\n\n{\"type\":\"trade\",\"version\":1}\n", to: "bad")
            for (arguments, sentence) in [
                ([run.file("none")], "\(run.file("none")) cannot be read"),
                ([bad], "line 3 of \(bad) cannot be read"),
                (["--strategy", "ghost", try run.write("", to: "empty")], "of a strategy ghost"),
                (["--data-dir", run.path], "there is no database"),
            ] {
                let outcome = try await robot(["metrics"] + arguments)
                #expect(outcome.code == 1 && outcome.errors.contains(sentence), "\(outcome.errors)")
            }
        }

        @Test("no strategy may have the name under which all are published")
        func reservedName() async throws {
            let outcome = try await robot(
                "backtest", "--events", "10", "--strategy", "portfolio=sma-crossover:ACME")
            #expect(outcome.code == 2 && outcome.errors.contains("another id than portfolio"))
        }
    }
}

// What the commands that look at a run tell, and that damage does not stay hidden.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct InspectionTests {
        /// Objects of JSON lines.
        private func objects(_ text: some StringProtocol) throws -> [[String: Any]] {
            try text.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                return try #require(object as? [String: Any], "\(line)")
            }
        }

        @Test("journal cat prints every event as JSON, in order, and journal check finds it whole")
        func journals() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            for name in ["market-data", "orders"] {
                let folder = run.file(name)
                let cat = try await robot("journal", "cat", folder)
                #expect(cat.code == 0, "\(cat.errors)")
                let events = try objects(cat.output)
                #expect(events.map { $0["seq"] as? Int } == (1...events.count).map { $0 })
                let some = try await robot("journal", "cat", folder, "--from", "3", "--to", "5")
                #expect(try objects(some.output).map { $0["seq"] as? Int } == [3, 4, 5])
                let check = try await robot("journal", "check", folder)
                #expect(check.code == 0)
                #expect(check.output.contains("\(events.count) records") && check.output.contains("whole"))
            }
            let market = try objects(try await robot("journal", "cat", run.file("market-data")).output)
            #expect(market.first?["type"] as? String == "instrument")
            #expect(market.last?["type"] as? String == "end")
        }

        @Test("journal check names file and offset of a changed byte, and nobody goes on over it")
        func changedByteInJournal() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            var random = SplitMix.seeded("changed byte")
            for name in ["orders", "market-data"] {
                let files = try FileManager.default.contentsOfDirectory(atPath: run.file(name))
                let file =
                    run.file(name) + "/" + (try #require(files.sorted().first { $0.hasSuffix(".journal") }))
                let whole = try Data(contentsOf: URL(filePath: file))
                let lines = whole.split(separator: 10, omittingEmptySubsequences: false)
                // Not the header and not the end of the file, which is empty.
                let line = Int.random(in: 1..<lines.count - 1, using: &random)
                let start = lines[line].startIndex
                var damaged = whole
                damaged[start + lines[line].count / 2] ^= 1
                try damaged.write(to: URL(filePath: file))
                let check = try await robot("journal", "check", run.file(name))
                #expect(check.code == 1)
                #expect(check.errors.contains(file), "\(check.errors)")
                #expect(check.errors.contains("\(start)"), "offset \(start): \(check.errors)")
                #expect(try await robot("journal", "cat", run.file(name)).code == 1)
                #expect(try await robot("verify", "--data-dir", run.path).code == 1)
                let up = try await robot(
                    ["up", "--data-dir", run.path, "--base-port", "0", "--exit-when-done"] + sample.replay,
                    seconds: 20)
                #expect(up.code == 1, "\(up.errors)")
                #expect(up.errors.contains(file), "\(up.errors)")
                #expect(try await Stack.leftovers(of: run.path, after: 1) == [])
                try whole.write(to: URL(filePath: file))
            }
            try await expectVerified(run.path)
        }

        @Test("verify names the trade whose bytes were changed in the database")
        func changedTrade() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let changes = [
                "UPDATE trades SET price_e8 = price_e8 + 1 WHERE trade_id = ?",
                "UPDATE trades SET cash_e8 = cash_e8 - 100000000 WHERE trade_id = ?",
                "UPDATE trades SET side = CASE side WHEN 'buy' THEN 'sell' ELSE 'buy' END WHERE trade_id = ?",
                "DELETE FROM trades WHERE trade_id = ?",
            ]
            let script = """
                import shutil, sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as database:
                    ids = [row[0] for row in database.execute('SELECT trade_id FROM trades ORDER BY id')]
                    trade = ids[len(ids) * int(sys.argv[3]) // 10]
                    assert database.execute(sys.argv[2], (trade,)).rowcount == 1
                    print(trade)
                """
            for (number, change) in changes.enumerated() {
                let copy = run.file("copy-\(number)")
                let original = FileManager.default
                try original.createDirectory(atPath: copy, withIntermediateDirectories: true)
                for name in ["market-data", "orders", "trading.db"] {
                    try original.copyItem(atPath: run.file(name), toPath: copy + "/" + name)
                }
                let changed = try await python([
                    "-c", script, copy + "/trading.db", change, "\(2 + number * 2)",
                ])
                try #require(changed.code == 0, "\(changed.errors)")
                let trade = changed.output.trimmingCharacters(in: .whitespacesAndNewlines)
                let verify = try await robot("verify", "--data-dir", copy)
                #expect(verify.code == 1, "\(change): \(verify.output)")
                #expect(verify.errors.contains("trade \(trade) "), "\(change) of \(trade): \(verify.errors)")
            }
            try await expectVerified(run.path)
        }

        @Test("tail prints topic and JSON of what is being published, and ends after --count")
        func tail() async throws {
            let run = try TemporaryFolder()
            let flags = ["--provider", "synthetic", "--symbols", "ACME", "--rate", "400"]
            let stack = try Stack(
                in: run.path, flags + ["--strategy", "sma=sma-crossover:ACME:fast=1,slow=2"])
            try await stack.waitForServices()
            try await stack.wait("orders were made") { Stack.orderBytes(run.path) > 5_000 }
            let kinds = [
                "tick/": "tick", "order/": "order", "trade/sma/": "trade", "performance/": "performance",
            ]
            for (topic, type) in kinds.sorted(by: { $0.key < $1.key }) {
                let tail = try await robot("tail", topic, "--count", "3", "--data-dir", run.path, seconds: 20)
                #expect(tail.code == 0, "\(tail.errors)")
                let lines = tail.output.split(separator: "\n")
                #expect(lines.count == 3, "\(topic): \(tail.output)")
                for line in lines {
                    let parts = line.split(separator: " ", maxSplits: 1)
                    #expect(parts[0].hasPrefix(topic) && parts[0].hasSuffix("/"))
                    #expect(try objects(parts[1]).first?["type"] as? String == type)
                }
            }
            stack.up.send(SIGTERM)
            #expect(try await stack.up.wait(seconds: 10).code == 0)
        }

        @Test("backtest --json has the shape of the design, and its figures are those of the ledger")
        func backtestJSON() async throws {
            let sample = try await Samples.current.made()
            let outcome = try await robot(["backtest", "--json"] + sample.flags)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let report = try #require(try objects(outcome.output).first)
            #expect(Set(report.keys) == ["strategies", "portfolio", "conventions", "data"])
            let data = try #require(report["data"] as? [String: Any])
            #expect(Set(data.keys) == ["events", "first", "last"])
            // Every row, an instrument event for each symbol.
            let cat = try await Samples.current.expected(sample)
            let strategies = try #require(report["strategies"] as? [[String: Any]])
            #expect(strategies.map { $0["id"] as? String } == ["sma", "quotes", "both"])
            let trades = try objects(cat.ledger)
            for strategy in strategies {
                let id = try #require(strategy["id"] as? String)
                let own = trades.filter { $0["strategy_id"] as? String == id }
                #expect(strategy["trades"] as? Int == own.count)
                let fees = own.reduce(0) { $0 + ($1["fee"] as? Double ?? 0) }
                #expect(abs((strategy["fees"] as? Double ?? -1) - fees) < 1e-6)
                for key in ["end_equity", "total_return", "max_drawdown"] {
                    #expect(strategy[key] is Double, "\(id): \(key) is \(strategy[key] ?? "absent")")
                }
            }
        }

        @Test("ledger --strategy prints the lines of one strategy")
        func ledgerOfOne() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let all = try await ledger(of: run.path).split(separator: "\n")
            let one = try await robot("ledger", "--data-dir", run.path, "--strategy", "quotes")
            #expect(
                one.output.split(separator: "\n") == all.filter { $0.contains("\"strategy_id\":\"quotes\"") })
        }

        @Test("ledger check finds a run whole, and a noted head again")
        func chain() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let heads = try objects(
                try await robot("ledger", "head", "--json", "--data-dir", run.path).output)
            let trades = try await ledger(of: run.path).split(separator: "\n").count
            #expect(heads.reduce(0) { $0 + ($1["trades"] as? Int ?? 0) } == trades)
            let head = try #require(heads.first?["head"] as? String)
            let check = try await robot("ledger", "check", "--head", head, "--data-dir", run.path)
            #expect(check.code == 0, "\(check.errors)")
            #expect(check.output.contains("\(trades) trades of \(heads.count) strategies: whole"))
            let other = try await robot(
                "ledger", "check", "--head", String(head.reversed()), "--data-dir", run.path)
            #expect(other.code == 1 && other.errors.contains("no trade of the ledger has the noted hash"))
            let rebuild = try await robot("ledger", "rebuild", "--dry-run", "--data-dir", run.path)
            #expect(rebuild.code == 0)
            #expect(
                rebuild.output
                    == "The positions follow from the trades.\nThe metrics follow from trades and marks.\n")
        }

        @Test("doctor finds nothing wrong with a finished run")
        func doctor() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let outcome = try await robot("doctor", "--data-dir", run.path)
            #expect(outcome.code == 0, "\(outcome.output)")
            for part in [
                "memory", "processor time", "open files", "reading files", "writing files", "new processes",
                "network", "signals to others",
            ] {
                let said = outcome.output.split(separator: "\n").filter { $0.contains("isolated") }
                #expect(said.count { $0.contains(": \(part) (") } == 1, "\(part): \(outcome.output)")
            }
        }
    }
}

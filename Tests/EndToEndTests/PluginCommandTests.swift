// `trading-robot plugins`: what is found, what is wrong with a plugin, and a new one from nothing to a
// backtest.

import Foundation
import Testing

/// Compiles plugins from C into a folder.
struct PluginBench {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// - Parameters:
    ///   - head: functions before the table; `data` is called with each event.
    ///   - table: statements that change the table.
    @discardableResult
    func compile(
        _ file: String, metadata: String, data: String = "", head: String = "", table: String = ""
    ) async throws -> String {
        let source = """
            #include <CStrategyABI.h>
            static const tr_host *host;
            \(head)
            static int64_t buy(uint32_t symbol) {
                tr_order_request r = {0};
                r.struct_size = sizeof r; r.symbol = symbol; r.quantity_e8 = 100000000;
                return host->submit(host->context, &r);
            }
            static int32_t create(void *c, const tr_host *h, const char *j, void **i)
            { (void)c; (void)j; (void)buy; host = h; *i = 0; return 0; }
            static int32_t on_data(void *i, const tr_market_data *d) { (void)i; (void)d; \(data) return 0; }
            static void destroy(void *i) { (void)i; }
            static tr_strategy table;
            const tr_strategy *trading_robot_strategy_v1(void) {
                table.abi_version = TR_STRATEGY_ABI_VERSION;
                table.struct_size = sizeof table;
                table.metadata_json = "\(metadata.replacing("\"", with: "\\\""))";
                table.create = create; table.on_market_data = on_data; table.destroy = destroy;
                \(table)
                return &table;
            }
            """
        return try await compile(file, source: source)
    }

    @discardableResult
    func compile(_ file: String, source: String) async throws -> String {
        let code = try folder.write(source, to: file + ".c")
        let library = folder.file(file)
        let outcome = try await Program(
            "/usr/bin/env",
            [
                "cc", "-std=c99", "-D_GNU_SOURCE", "-O1", "-fPIC", "-shared", "-I",
                Place.package + "/Shared/CStrategyABI/include", "-o", library, code,
            ]
        ).wait()
        try #require(outcome.code == 0, "\(outcome.errors)")
        return library
    }
}

extension EndToEnd {
    @Suite struct PluginCommandTests {
        private let bench: PluginBench
        private var folder: String { bench.folder.path }

        init() throws { bench = try PluginBench() }

        @Test("plugins list shows what can be used, and for each other file the exact reason")
        func list() async throws {
            let good = #"{"id":"mine","version":"2.1","warm_up":{"events":5}}"#
            try await bench.compile("libmine.so", metadata: good)
            try await bench.compile("libother.so", metadata: good)
            try await bench.compile("libold.so", metadata: good, table: "table.abi_version = 9;")
            try await bench.compile("libhalf.so", metadata: good, table: "table.on_market_data = 0;")
            try await bench.compile("libodd.so", metadata: #"{"id":"odd one","version":"1"}"#)
            try await bench.compile("libplain.so", source: "int nothing;")
            _ = try bench.folder.write("no library", to: "libtext.so")
            let rows: [(file: String, state: String, code: String, parts: [String])] = [
                ("libhalf.so", "failed", "incomplete_table", ["on_market_data"]),
                ("libmine.so", "ready", "", []),
                ("libodd.so", "failed", "invalid_metadata", ["odd one"]),
                ("libold.so", "failed", "wrong_abi_version", ["version 9", "version 1"]),
                ("libother.so", "hidden", "same_id", ["libmine.so"]),
                ("libplain.so", "failed", "missing_symbol", ["trading_robot_strategy_v1"]),
                ("libtext.so", "failed", "not_a_shared_library", ["libtext.so"]),
            ]
            let outcome = try await robot("plugins", "list", "--plugins", folder, "--json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let found = try #require(object?["plugins"] as? [[String: Any]])
            let text = try await robot("plugins", "list", "--plugins", folder).output
            for row in rows {
                let path = folder + "/" + row.file
                let entry = try #require(found.first { $0["path"] as? String == path }, "\(row.file)")
                #expect(entry["state"] as? String == row.state, "\(row.file)")
                #expect(entry["kind"] as? String == "native")
                #expect(entry["code"] as? String ?? "" == row.code, "\(row.file)")
                for part in row.parts {
                    #expect((entry["reason"] as? String)?.contains(part) == true, "\(entry)")
                    #expect(text.contains(part))
                }
                #expect(text.contains("(native, \(row.state)) \(path)"), "\(text)")
            }
            let mine = try #require(found.first { $0["path"] as? String == folder + "/libmine.so" })
            #expect(mine["id"] as? String == "mine" && mine["version"] as? String == "2.1")
            #expect((mine["warm_up"] as? [String: Int]) == ["events": 5])
            let built = try #require(found.first { $0["id"] as? String == "sma-crossover" })
            let schema = try #require(built["parameters"] as? [String: Any])
            #expect(
                (schema["properties"] as? [String: Any])?.keys.sorted() == [
                    "direction", "fast", "quantity", "slow",
                ])
        }

        @Test("a wrong name and a wrong folder are two sentences")
        func wrongNames() async throws {
            try await bench.compile("libmine.so", metadata: #"{"id":"mine","version":"1"}"#)
            let run = ["backtest", "--events", "100", "--symbols", "ACME", "--strategy"]
            let name = try await robot(run + ["a=mien:ACME", "--plugins", folder])
            #expect(name.code == 2)
            #expect(name.errors.contains("there is no plugin \"mien\"") && name.errors.contains("mine"))
            let place = try await robot(run + ["a=mine:ACME", "--plugins", folder + "x"])
            #expect(place.code == 2)
            #expect(
                place.errors.contains("plugins is \"\(folder)x\"") && place.errors.contains("no such folder"))
        }

        @Test("plugins check finds what a plugin does wrong")
        func check() async throws {
            let good = try await bench.compile(
                "libgood.so", metadata: #"{"id":"good","version":"1"}"#,
                data: "if (d->seq % 100 == 0) buy(d->symbol);")
            let random = try await bench.compile(
                "librandom.so", metadata: #"{"id":"random","version":"1"}"#,
                data: """
                    if (d->seq % 500 == 0) {
                        tr_order_request r = {0};
                        r.struct_size = sizeof r; r.symbol = d->symbol; r.quantity_e8 = getpid() * 1000000LL;
                        host->submit(host->context, &r);
                    }
                    """, head: "extern int getpid(void);")
            let failing = try await bench.compile(
                "libfailing.so", metadata: #"{"id":"failing","version":"1"}"#,
                data: "host->fail(host->context, \"no idea\"); return 1;")
            let well = try await robot("plugins", "check", good)
            #expect(well.code == 0 && well.output.hasPrefix("ok: good 1 handled"), "\(well.output)")
            let rows = [
                (random, "decides differently"), (failing, "no idea"), (folder + "/none.so", "no such file"),
            ]
            for (path, part) in rows {
                let outcome = try await robot("plugins", "check", path, good)
                #expect(outcome.code == 1)
                #expect(
                    outcome.output.contains("WRONG: ") && outcome.output.contains(part), "\(outcome.output)")
                #expect(outcome.output.contains("ok: good"))
            }
        }

        /// The blocks of commands in a section of README.md, a block a script.
        private func scripts(_ heading: String) throws -> [String] {
            let text = try String(contentsOfFile: Place.package + "/README.md", encoding: .utf8)
            let section = try #require(text.components(separatedBy: "### \(heading)\n").last)
            var blocks: [[Substring]] = [[]]
            for line in section.components(separatedBy: "\n## ")[0].split(
                separator: "\n", omittingEmptySubsequences: false)
            {
                if line.hasPrefix("    $ ") {
                    blocks[blocks.count - 1].append(line.dropFirst(6))
                } else if !line.hasPrefix("    "), blocks.last?.isEmpty == false {
                    blocks.append([])
                }
            }
            return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
        }

        @Test("README's way to a strategy of one's own, typed as it stands, in both languages")
        func readme() async throws {
            let scripts = try scripts("Write one")
            try #require(scripts.count == 2)
            let wanted = [("my-first", "Ran 1 test"), ("my-next", "2 tests")]
            for (script, (name, tests)) in zip(scripts, wanted) {
                #expect(script.contains("plugins new \(name)"))
                let place = folder + "/" + name + "-place"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
                let run = try await Program(
                    "/usr/bin/env", ["bash", "-euxc", "cd '\(place)'\n" + script],
                    environment: ["PATH": Place.executables + ":" + path, "PYTHONDONTWRITEBYTECODE": "1"]
                ).wait(seconds: 540)
                #expect(run.code == 0, "\(run.output.suffix(4_000)) \(run.errors.suffix(4_000))")
                for part in [tests, "ok: \(name) 0.1.0 handled", "\(name): "] {
                    #expect((run.output + run.errors).contains(part), "\(part): \(run.output.suffix(2_000))")
                }
                #expect(!run.output.contains("\(name): 0 trades"))
                let again = try await robot("plugins", "new", name, "--dir", place)
                #expect(again.code == 1 && again.errors.contains("exists already"))
            }
        }

        @Test("an import that fails and a file without a strategy are two more sentences")
        func pythonMistakes() async throws {
            _ = try bench.folder.write("import nothing_like_this\n", to: "broken.py")
            _ = try bench.folder.write("class Strategy:\n    pass\n", to: "plain.py")
            let listed = try await robot("plugins", "list", "--plugins", folder, "--json")
            let object = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [String: Any]
            let found = try #require(object?["plugins"] as? [[String: Any]])
            let rows = [
                ("broken", "import_error", "No module named 'nothing_like_this'"),
                ("plain", "wrong_class", "TradingStrategyPlugin"),
            ]
            for (name, code, part) in rows {
                let entry = try #require(found.first { $0["path"] as? String == "\(folder)/\(name).py" })
                #expect(entry["kind"] as? String == "python")
                #expect(entry["code"] as? String == code, "\(entry)")
                #expect((entry["reason"] as? String)?.contains(part) == true, "\(entry)")
                let run = try await robot(
                    "backtest", "--events", "100", "--symbols", "ACME", "--plugins", folder, "--strategy",
                    "a=\(name):ACME")
                #expect(run.code == 2 && run.errors.contains(part), "\(run.errors)")
                #expect(!run.errors.contains("there is no plugin"))
            }
        }

        @Test("a strategy whose plugin is missing waits, and starts when the file appears")
        func waitingForPlugin() async throws {
            let path = try await bench.compile(
                "libpatient.so", metadata: #"{"id":"patient","version":"1"}"#,
                data:
                    "if (host->open_orders(host->context, d->symbol) == 0 && d->seq % 7 == 0) buy(d->symbol);"
            )
            let sample = try await Samples.current.made()
            let strategy = [
                "--strategy", "p=patient:ACME", "--strategy", "q=quoter:BOLT", "--cash", "10000000",
            ]
            let replay = ["--provider", "replay", "--plugins", folder] + sample.data
            let run = folder + "/run"
            let first = try Stack(in: run, replay + strategy + ["--speed", "60"])
            try await first.wait("orders were made") { Stack.orderBytes(run) > 5_000 }
            first.up.send(SIGTERM)
            #expect(try await first.up.wait(seconds: 60).code == 0)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
            let second = try Stack(in: run, replay + ["--speed", "max"])
            let log = run + "/logs/strategy-runner-1.log"
            try await second.wait("the runner says what it waits for", seconds: 120) {
                let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                return text.contains("strategy cannot run") && text.contains("there is no plugin")
            }
            try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
            let expected = try await backtestLedger(sample.data + ["--plugins", folder] + strategy)
            let deadline = ContinuousClock.now + .seconds(120)
            while try await ledger(of: run) != expected, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(difference(try await ledger(of: run), expected) == nil, "\(second.story)")
            second.up.send(SIGTERM)
            #expect(try await second.up.wait(seconds: 60).code == 0)
        }

        @Test("a name that cannot be a type is refused", arguments: ["1st", "my_first", "", "a b", "-x"])
        func wrongNewNames(name: String) async throws {
            let outcome = try await robot("plugins", "new", "--dir", folder, "--", name)
            #expect(outcome.code == 2 && outcome.errors.contains("NAME is"), "\(outcome.errors)")
        }

        @Test("a strategy that warms up has one ledger, in the backtest, in the stack and in verify")
        func warmUp() async throws {
            // It would buy at once; five hundred events of each symbol come before.
            try await bench.compile(
                "libeager.so", metadata: #"{"id":"eager","version":"1","warm_up":{"events":500}}"#,
                data:
                    "if (host->open_orders(host->context, d->symbol) == 0 && d->seq % 7 == 0) buy(d->symbol);"
            )
            let sample = try await Samples.current.made()
            let flags =
                sample.data + ["--plugins", folder, "--strategy", "e=eager:ACME+BOLT", "--cash", "10000000"]
            let run = folder + "/run"
            try await runToEnd(in: run, ["--provider", "replay", "--speed", "max"] + flags)
            let ledger = try await ledger(of: run)
            #expect(ledger.split(separator: "\n").count > 100)
            #expect(ledger == (try await backtestLedger(flags)))
            let verify = try await robot("verify", "--data-dir", run, "--plugins", folder)
            #expect(verify.code == 0, "\(verify.output) \(verify.errors)")
            let journal = try await robot("journal", "cat", run + "/orders")
            #expect(journal.output.contains(#""warm_up":"events=500""#))
            // Without a warm-up it trades from the first quotes on.
            try await bench.compile(
                "libeager.so", metadata: #"{"id":"eager","version":"1"}"#,
                data:
                    "if (host->open_orders(host->context, d->symbol) == 0 && d->seq % 7 == 0) buy(d->symbol);"
            )
            let eager = try await backtestLedger(flags)
            #expect(eager.split(separator: "\n").count > ledger.split(separator: "\n").count + 50)
        }
    }
}

// Plugins of every kind that cannot be used, in `plugins list`, and that do something wrong, in `plugins
// check`: the exact reason each time.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct PluginKindTests {
        private let folder: TemporaryFolder
        init() throws { folder = try TemporaryFolder() }

        /// A program in the shell that answers each question but hello by `answer`, in which `$id` is the
        /// question's id.
        private func program(
            _ name: String, hello: String = #"{"type":"hello","protocol":1,"batch":4,"metadata":METADATA}"#,
            metadata: String? = nil, answer: String = #"echo "{\"type\":\"done\",\"id\":$id}""#
        ) throws {
            let metadata = metadata ?? #"{"id":"\#(name)","version":"1"}"#
            try FileManager.default.createDirectory(
                atPath: folder.file(name), withIntermediateDirectories: true)
            _ = try folder.write(#"{"command":["sh","say.sh"]}"#, to: name + "/plugin.json")
            _ = try folder.write(
                """
                while read -r line; do
                    case "$line" in
                        *'"type":"hello"'*) echo '\(hello.replacing("METADATA", with: metadata))' ;;
                        *) id=${line#*'"id":'}; id=${id%%,*}; id=${id%%\\}*}
                           \(answer) ;;
                    esac
                done
                """, to: name + "/say.sh")
        }

        private func python(_ name: String, _ lines: String) throws {
            _ = try folder.write(
                "from tradingrobotplug import Parameter, TradingStrategyPlugin\nimport os, time\n\n"
                    + "class Mine(TradingStrategyPlugin):\n"
                    + lines.split(separator: "\n").map { "    \($0)\n" }.joined(), to: name + ".py")
        }

        @Test(
            "plugins list says of every program and Python file exactly why it cannot be used",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func list() async throws {
            try program("good")
            try program("older", hello: #"{"type":"hello","protocol":7,"metadata":METADATA}"#)
            try program("chatty", hello: "hello there")
            try program("newer", metadata: #"{"id":"newer","version":"1","requires":{"platform":"99.1"}}"#)
            try program("typo", hello: #"{"type":"hello","protocol":1,"metadata":METADATA,"bach":4}"#)
            try program(
                "schema",
                metadata: #"{"id":"schema","version":"1","parameters":{"properties":{"a":{"type":"float"}}}}"#
            )
            try program("ends")
            _ = try folder.write("echo farewell >&2; exit 3", to: "ends/say.sh")
            for (name, manifest) in [
                ("empty", "{}"), ("absent", #"{"command":["./nothing"]}"#),
                ("unknown", #"{"command":["no-such-program"]}"#),
            ] {
                try FileManager.default.createDirectory(
                    atPath: folder.file(name), withIntermediateDirectories: true)
                _ = try folder.write(manifest, to: name + "/plugin.json")
            }
            let decides = "def on_market_data(self, data): pass"
            try python("modules", "requires = {'modules': ['no_such_module']}\n" + decides)
            try python("platform", "requires = {'platform': '99.1'}\n" + decides)
            try python("bounds", "parameters = {'fast': Parameter(5, minimum=10)}\n" + decides)
            try python("syntax", "def on_market_data(self data): pass")
            let rows: [(path: String, code: String, parts: [String])] = [
                ("good/plugin.json", "", []),
                ("older/plugin.json", "wrong_abi_version", ["version 7", "version 1"]),
                ("chatty/plugin.json", "protocol_violation", ["hello there"]),
                ("newer/plugin.json", "missing_requirement", ["99.1"]),
                ("typo/plugin.json", "protocol_violation", ["bach"]),
                ("schema/plugin.json", "invalid_metadata", ["parameter a", "integer, number"]),
                ("ends/plugin.json", "protocol_violation", ["code 3", "farewell"]),
                ("empty/plugin.json", "invalid_metadata", ["command"]),
                ("absent/plugin.json", "invalid_metadata", ["./nothing"]),
                ("unknown/plugin.json", "invalid_metadata", ["no-such-program"]),
                ("modules.py", "missing_requirement", ["no_such_module", "pip install"]),
                ("platform.py", "missing_requirement", ["99.1"]),
                ("bounds.py", "invalid_metadata", ["fast", "10"]),
                ("syntax.py", "import_error", ["syntax.py", "line 5", "SyntaxError"]),
            ]
            let outcome = try await robot("plugins", "list", "--plugins", folder.path, "--json")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let found = try #require(object?["plugins"] as? [[String: Any]])
            for row in rows {
                let entry = try #require(
                    found.first { $0["path"] as? String == folder.file(row.path) }, "\(row.path)")
                #expect(entry["code"] as? String ?? "" == row.code, "\(entry)")
                #expect(entry["kind"] as? String == (row.path.hasSuffix(".py") ? "python" : "executable"))
                for part in row.parts {
                    #expect((entry["reason"] as? String)?.contains(part) == true, "\(row.path): \(entry)")
                }
            }
        }

        @Test(
            "plugins check says what a program or a Python file does wrong",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func check() async throws {
            func done(_ more: String) -> String { #"echo "{\"type\":\"done\",\"id\":$id\#(more)}""# }
            let order =
                #",\"actions\":[{\"action\":\"submit\",\"symbol\":\"SYMBOL\",\"side\":\"buy\","#
                + #"\"quantity\":1}]"#
            try program("number", answer: #"echo "{\"type\":\"done\",\"id\":99}""#)
            try program("counts", answer: done(#",\"handled\":3"#))
            try program("foreign", answer: done(order.replacing("SYMBOL", with: "XYZ")))
            try program("talks", answer: "echo I am here")
            try program("leaves", answer: "echo farewell >&2; exit 5")
            try program("silent", answer: "sleep=1; while :; do :; done")
            try program("twice", answer: done("") + "; " + done(""))
            try python("raises", "def on_market_data(self, data): return 1 / 0")
            try python("hangs", "def on_market_data(self, data):\n    while True: pass")
            try python(
                "random",
                "def on_market_data(self, data):\n    if data.seq % 99 == 0: "
                    + "self.context.buy(data.symbol, os.getpid())")
            try python(
                "keeps",
                """
                seen = 0
                def on_market_data(self, data):
                    self.seen += 1
                    if self.seen % 50 == 0: self.context.buy(data.symbol, 1)
                def snapshot(self): return 1
                def restore(self, state): pass
                """)
            try python(
                "good",
                """
                seen = 0
                def on_market_data(self, data):
                    self.seen += 1
                    if self.seen % 50 == 0: self.context.buy(data.symbol, 1)
                def snapshot(self): return self.seen
                def restore(self, state): self.seen = state
                """)
            let rows: [(path: String, part: String)] = [
                ("number", "message 99, which was not asked"), ("counts", "counts events in an answer"),
                ("foreign", "symbol"), ("talks", "I am here"), ("leaves", "farewell"),
                ("silent", "gave no answer within 6000 ms"), ("twice", "which was not asked or is answered"),
                ("raises.py", "division by zero (raises.py:5)"),
                ("hangs.py", "gave no answer within 2000 ms"),
                ("random.py", "decides differently on the same market"),
                ("keeps.py", "decides differently when it is begun from its snapshot"),
            ]
            for row in rows {
                let outcome = try await robot(
                    "plugins", "check", "--plugin-deadline", "2", folder.file(row.path))
                #expect(outcome.code == 1, "\(row.path): \(outcome.output)")
                #expect(
                    outcome.output.contains("WRONG: ") && outcome.output.contains(row.part),
                    "\(row.path): \(outcome.output) \(outcome.errors)")
            }
            let good = try await robot("plugins", "check", folder.file("good.py"))
            #expect(good.code == 0 && good.output.contains("ok: good"), "\(good.output) \(good.errors)")
            #expect(good.output.contains("begun from its snapshot 8 times"), "\(good.output)")
        }

        @Test("Wrong parameters of a file are named by file, line and key, all at once, in YAML and JSON")
        func configuration() async throws {
            let yaml = try folder.write(
                """
                symbols: [ACME]
                events: 100
                strategies:
                  a:
                    plugin: sma-crossover
                    symbols: [ACME]
                    parameters:
                      fast: 0
                      direction: up
                  b:
                    plugin: sma-crosover
                    symbols: [ACME]
                  c:
                    symbols: [ACME]
                """, to: "wrong.yaml")
            let json = try folder.write(
                """
                {"symbols": ["ACME"], "events": 100, "strategies": {
                  "a": {"plugin": "sma-crossover", "symbols": ["ACME"], "parameters": {
                    "fast": 0,
                    "direction": "up"}},
                  "b": {"plugin": "sma-crosover", "symbols": ["ACME"]},
                  "c": {"symbols": ["ACME"]}}}
                """, to: "wrong.json")
            let parts = { (file: String, fast: Int, direction: Int, plugin: Int) in
                [
                    "\(file), line \(fast): strategies.a.parameters.fast=0: use a whole number from 1 to",
                    "\(file), line \(direction): strategies.a.parameters.direction=up: use one of both, long",
                    "\(file), line \(plugin): strategies.b.plugin: there is no plugin \"sma-crosover\"",
                    "strategies.c names no plugin",
                ]
            }
            for (file, wanted) in [(yaml, parts(yaml, 8, 9, 11)), (json, parts(json, 3, 4, 5))] {
                for command in ["backtest", "up"] {
                    let run = try TemporaryFolder()
                    let place = command == "up" ? ["--data-dir", run.file("run"), "--base-port", "0"] : []
                    let outcome = try await robot([command, "--config", file] + place)
                    #expect(outcome.code == 2, "\(outcome.errors)")
                    for part in wanted {
                        #expect(outcome.errors.contains(part), "\(part): \(outcome.errors)")
                    }
                    #expect(!FileManager.default.fileExists(atPath: run.file("run")), "nothing was started")
                }
            }
        }
    }
}

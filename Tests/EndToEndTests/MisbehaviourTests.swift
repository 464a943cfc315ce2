// Every way to misbehave, by real plugins in C and in Python, all on one runner with strategies that behave:
// each is stopped, marked failed with its reason and last words, and begun again a bounded number of times;
// the others trade as if nothing had happened, get every event, and never wait for as long as the deadline.

import Foundation
import Testing

/// A plugin that misbehaves, in both languages, from its 40th event on.
private struct Misdeed {
    var name: String
    var c: String
    var python: String
    /// What is said of it.
    var parts: [String]
    /// What else is said of the plugin in C.
    var partsC: [String] = []

    static let all = [
        Misdeed(
            name: "traps", c: #"puts("farewell"); __builtin_trap();"#,
            python: "print('farewell'); os.abort()",
            parts: ["ended by signal", "farewell"], partsC: ["signal 4"]),
        Misdeed(
            name: "loops", c: "for (;;) {}", python: "while True: pass",
            parts: ["gave no answer within 5000 ms"]),
        Misdeed(
            name: "hoards",
            c: "for (;;) { char *p = malloc(1 << 22); if (!p) abort(); memset(p, 1, 1 << 22); }",
            python: "hoard = []\nwhile True: hoard.append(bytearray(1 << 22))",
            parts: ["strategy"], partsC: ["signal 6"]),
        Misdeed(
            name: "floods", c: "for (int n = 0; n < 3000; n++) buy(d->symbol);",
            python: "for n in range(3000): self.context.buy('ACME', 1)", parts: ["actions"]),
        Misdeed(
            name: "babbles", c: #"for (int n = 3; n < 9; n++) if (write(n, "garbage\n", 8)) continue;"#,
            python: "for n in range(3, 9):\n try: os.write(n, b'garbage\\n')\n except OSError: pass",
            parts: ["not of the protocol", "garbage"]),
        Misdeed(
            name: "exits", c: #"puts("farewell"); exit(7);"#, python: "print('farewell'); os._exit(7)",
            parts: ["ended by itself with code 7", "farewell"]),
        Misdeed(
            name: "sleeps", c: "sleep(60);", python: "time.sleep(60)",
            parts: ["gave no answer within 5000 ms"]),
        Misdeed(
            name: "prints", c: #"for (;;) puts("one line of very many lines that nobody will ever read");"#,
            python: "while True: print('one line of very many lines that nobody will ever read')",
            parts: ["more than 4194304 bytes", "nobody will ever read"]),
        Misdeed(
            name: "escapes",
            c: """
                if (fork() >= 0 || socket(2, 1, 0) >= 0 || socket(1, 1, 0) >= 0 || open("/etc/passwd", 0) >= 0
                    || open("/tmp/escaped", 0x41, 0600) >= 0 || kill(getppid(), 0) == 0) abort();
                puts("it was refused"); exit(9);
                """,
            python: """
                import socket, subprocess
                for deed in (os.fork, socket.socket, lambda: subprocess.run(['/bin/true']),
                             lambda: open('/etc/passwd'), lambda: open('/tmp/escaped', 'w'),
                             lambda: os.kill(os.getppid(), 0)):
                    try: deed()
                    except OSError: continue
                    os.abort()
                print('it was refused'); os._exit(9)
                """,
            parts: ["ended by itself with code 9", "it was refused"]),
    ]
}

extension EndToEnd {
    @Suite struct MisbehaviourTests {
        private let bench: PluginBench
        private var folder: String { bench.folder.path }

        init() throws { bench = try PluginBench() }

        private func log(_ run: String) -> String {
            (try? String(contentsOfFile: run + "/logs/strategy-runner-1.log", encoding: .utf8)) ?? ""
        }

        private func makeMisdeeds() async throws -> [(id: String, deed: Misdeed, isC: Bool)] {
            let head = """
                #include <fcntl.h>
                #include <signal.h>
                #include <stdio.h>
                #include <stdlib.h>
                #include <string.h>
                #include <sys/socket.h>
                #include <unistd.h>
                static int seen;
                """
            for deed in Misdeed.all {
                try await bench.compile(
                    "libc-\(deed.name).so", metadata: #"{"id":"c-\#(deed.name)","version":"1"}"#,
                    data: "seen++; if (seen == 20) buy(d->symbol); if (seen >= 40) { \(deed.c) }", head: head)
                let lines = deed.python.split(separator: "\n").map { "            \($0)\n" }.joined()
                _ = try bench.folder.write(
                    """
                    import os, time
                    from tradingrobotplug import TradingStrategyPlugin
                    class Bad(TradingStrategyPlugin):
                        seen = 0
                        def on_market_data(self, data):
                            self.seen += 1
                            if self.seen == 20: self.context.buy("ACME", 1)
                            if self.seen >= 40:
                    \(lines)
                    """, to: "p-\(deed.name).py")
            }
            return Misdeed.all.flatMap { [("c-\($0.name)", $0, true), ("p-\($0.name)", $0, false)] }
        }

        /// Counts its events and the longest time between two of them, and says both at the end.
        private func makeWitness() async throws {
            try await bench.compile(
                "libwitness.so", metadata: #"{"id":"witness","version":"1"}"#,
                data: """
                    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
                    long now = t.tv_sec * 1000 + t.tv_nsec / 1000000;
                    if (seen && now - last > gap) gap = now - last;
                    last = now; seen++;
                    """,
                head: """
                    #include <stdio.h>
                    #include <time.h>
                    static long seen, last, gap;
                    static int32_t cleanup(void *i) {
                        char text[100]; (void)i;
                        snprintf(text, sizeof text, "witness of %ld events, %ld ms at most", seen, gap);
                        host->log(host->context, TR_LOG_INFO, text); return 0;
                    }
                    """, table: "table.cleanup = cleanup;")
        }

        /// The numbers of the witness's last words.
        private func testimony(_ text: String) -> [Int] {
            guard let said = text.range(of: "witness of ", options: .backwards) else { return [] }
            return text[said.upperBound...].prefix { $0 != "\n" }.split { !$0.isNumber }.prefix(2)
                .compactMap { Int($0) }
        }

        @Test(
            "Every misdeed, in C and Python on one runner: all are stopped, nobody else notices",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func everyMisdeed() async throws {
            let bad = try await makeMisdeeds()
            try await makeWitness()
            let sample = try await Samples.current.made()
            let good = sample.flags + ["--plugins", folder, "--strategy", "w=witness:ACME+BOLT"]
            let backtest = try await robot(["backtest", "--ledger", "-"] + good)
            #expect(backtest.code == 0, "\(backtest.errors)")
            let events = try #require(testimony(backtest.errors).first, "\(backtest.errors)")
            #expect(events > 2_000)
            let run = folder + "/run"
            let flags = [
                "--provider", "replay", "--speed", "30", "--plugin-deadline", "5", "--plugin-memory", "400",
            ]
            let stack = try Stack(
                in: run, flags + good + bad.flatMap { ["--strategy", "\($0.id)=\($0.id):ACME"] })
            // Each fails, is begun again three times, and stays failed; one that fails at a later event than
            // before, because its events came in other messages, has earned more.
            var begun: [Int] = []
            for _ in 0..<1_200 where begun.contains(where: { $0 < 3 }) || begun.isEmpty {
                try await Task.sleep(for: .milliseconds(250))
                let lines = log(run).split(separator: "\n").filter { $0.contains("strategy begins again") }
                begun = bad.map { misdeed in lines.count { $0.contains("strategy=\(misdeed.id)") } }
            }
            #expect(begun.allSatisfy { (3...12).contains($0) }, "\(begun) of \(bad.map(\.id))")
            try await stack.wait("all misdeeds are stopped, all others done", "state") { state in
                bad.allSatisfy { state[$0.id] == "stopped" }
                    && ["sma", "quotes", "both", "w"].allSatisfy { state[$0] == "done" }
            }
            let reasons = try await stack.standing("reason")
            for (id, deed, isC) in bad {
                for part in deed.parts + (isC ? deed.partsC : []) {
                    #expect(reasons[id]?.contains(part) == true, "\(id): \(reasons[id] ?? "no reason")")
                }
            }
            stack.up.send(SIGTERM)
            _ = try await stack.up.wait(seconds: 60)
            let said = testimony(log(run))
            try #require(said.count == 2, "the witness said \(said)")
            #expect(said[0] == events, "the others get every event")
            #expect(said[1] < 5_000, "the longest gap stays below the deadline")
            print("longest gap between two events beside \(bad.count) misdeeds: \(said[1]) ms")
            let ledger = try await ledger(of: run).split(separator: "\n")
            let others = ledger.filter { line in
                !bad.contains { line.contains("\"strategy_id\":\"\($0.id)\"") }
            }
            let expected = backtest.output.split(separator: "\n")
            #expect(difference(others.joined(separator: "\n"), expected.joined(separator: "\n")) == nil)
            #expect(ledger.count == others.count + bad.count, "what each did before stands, once")
            #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
            #expect(RunningProcess.all(mentioning: folder) == [], "no process is left")
        }

        @Test(
            "The deadline of an answer counts only while the runner itself runs",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func stoppedRunner() async throws {
            _ = try bench.folder.write(
                """
                import os, time
                from tradingrobotplug import TradingStrategyPlugin
                class Waiter(TradingStrategyPlugin):
                    seen = 0
                    def on_market_data(self, data):
                        self.seen += 1
                        if self.seen % 20 == 0 and not self.context.open_orders(): self.context.buy("ACME", 1)
                        if self.seen == 100:
                            print("it waits")
                            while not os.path.exists(os.path.dirname(os.path.abspath(__file__)) + "/go"):
                                time.sleep(0.005)
                """, to: "waiter.py")
            let sample = try await Samples.current.made()
            let flags = sample.flags + ["--plugins", folder, "--strategy", "p=waiter:ACME"]
            let run = folder + "/run"
            let stack = try Stack(
                in: run,
                ["--provider", "replay", "--speed", "30", "--plugin-deadline", "4", "--exit-when-done"]
                    + flags)
            try await stack.wait("the plugin waits", seconds: 60) { log(run).contains("it waits") }
            let runner = try #require(stack.runners.first)
            kill(runner.id, SIGSTOP)
            // On purpose: longer than the deadline.
            try await Task.sleep(for: .seconds(6))
            kill(runner.id, SIGCONT)
            let size = Stack.orderBytes(run)
            try await stack.wait("the others go on, so time counts again") {
                Stack.orderBytes(run) > size + 2_000
            }
            _ = try bench.folder.write("", to: "go")
            let outcome = try await stack.up.wait(seconds: 120)
            #expect(outcome.code == 0, "\(stack.story)")
            #expect(!log(run).contains("strategy stopped"), "\(log(run))")
            #expect(difference(try await ledger(of: run), try await backtestLedger(flags)) == nil)
        }

        @Test(
            "A strategy that was stopped begins afresh with its mended file when it is started",
            .enabled(if: PluginTests.hasPython, "SKIP python: Python 3.9 or newer is needed"))
        func mended() async throws {
            let source = """
                from tradingrobotplug import TradingStrategyPlugin
                class Slip(TradingStrategyPlugin):
                    seen = 0
                    def on_market_data(self, data):
                        self.seen += 1
                        if self.seen % 20 == 0 and not self.context.open_orders():
                            self.context.buy(data.symbol, 1)
                        if self.seen == 100: SLIP

                """
            _ = try bench.folder.write(source.replacing("SLIP", with: "return 1 / 0"), to: "slip.py")
            let sample = try await Samples.current.made()
            let flags = sample.flags + ["--plugins", folder, "--strategy", "p=slip:ACME"]
            let run = folder + "/run"
            let stack = try Stack(in: run, ["--provider", "replay", "--speed", "max"] + flags)
            try await stack.wait("it was begun again three times, and fails", seconds: 120) {
                log(run).components(separatedBy: "strategy stopped").count == 5
            }
            try await stack.wait("its reason is told", "reason") {
                $0["p"]?.contains("ZeroDivisionError") == true
            }
            try await stack.wait("it is stopped", "state") { $0["p"] == "stopped" && $0["sma"] == "done" }
            let before = try await ledger(of: run)
            #expect(before.contains("\"strategy_id\":\"p\""), "what it did before stands")
            _ = try bench.folder.write(source.replacing("SLIP", with: "pass"), to: "slip.py")
            let started = try await robot(
                "strategies", "start", "p", "--data-dir", run, "--plugins", folder, "--wait", "60")
            #expect(started.code == 0, "\(started.output)\(started.errors)")
            try await stack.wait("it is done", "state") { $0["p"] == "done" && $0["sma"] == "done" }
            stack.up.send(SIGTERM)
            _ = try await stack.up.wait(seconds: 60)
            let verified = try await robot("verify", "--data-dir", run, "--plugins", folder)
            #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
        }
    }
}

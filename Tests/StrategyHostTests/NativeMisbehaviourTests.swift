// Native plugins that misbehave in a process of their own: each is stopped with the reason and its last
// words.

import Contracts
import Foundation
import Testing

@testable import StrategyHost

@Suite(.serialized) struct NativeMisbehaviourTests {
    private let workshop: PluginWorkshop

    init() throws { workshop = try PluginWorkshop() }

    /// Runs a C plugin over a few quotes; `body` is its `on_market_data`.
    private func run(
        _ body: String, deadline: Int = 60_000, cpu: UInt64 = 86_400,
        _ log: @escaping (String) -> Void = { _ in }
    ) throws {
        let source = """
            #define _GNU_SOURCE
            #include <CStrategyABI.h>
            #include <fcntl.h>
            #include <signal.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <sys/mman.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <unistd.h>
            static const tr_host *host;
            static int32_t create(void *c, const tr_host *h, const char *j, void **i)
            { (void)c; (void)j; host = h; *i = 0; return 0; }
            static int64_t buy(uint32_t symbol) {
                tr_order_request r = {0};
                r.struct_size = sizeof r; r.symbol = symbol; r.quantity_e8 = 100000000;
                return host->submit(host->context, &r);
            }
            static int32_t data(void *i, const tr_market_data *d) {
                (void)i; (void)d; (void)buy;
                \(body)
                return 0;
            }
            static void destroy(void *i) { (void)i; }
            static tr_strategy table;
            const tr_strategy *trading_robot_strategy_v1(void) {
                table.abi_version = TR_STRATEGY_ABI_VERSION; table.struct_size = sizeof table;
                table.metadata_json = "{\\"id\\":\\"bad\\",\\"version\\":\\"1\\"}";
                table.create = create; table.on_market_data = data; table.destroy = destroy;
                return &table;
            }
            """
        let path = try workshop.compile("bad", source)
        var limits = ProcessLimits()
        limits.answerMilliseconds = deadline
        limits.startMilliseconds = 120_000
        limits.processorSeconds = cpu
        limits.memory = 512 << 20
        let plugin = try ProcessPlugin(path: path, limits: limits)
        let strategy = try HostedStrategy(
            id: "bad", instance: plugin.makeInstance(waits: true), symbols: [SymbolIndex(3)], names: ["A"],
            parameters: ParameterValues(), cash: Money(whole: 1_000)
        ) { _, text in log(text) }
        for seq in 1...3 { try strategy.handle(quote(UInt64(seq), at: Int64(seq) * 10)) }
    }

    @Test(
        "A native plugin that misbehaves is stopped with the reason",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no plugin-host"),
        arguments: [
            (#"puts("last words"); __builtin_trap();"#, ["signal 4", "last words"]),
            ("int *volatile nowhere = 0; *(volatile int *)nowhere = 1;", ["signal 11"]),
            (#"puts("last words"); exit(3);"#, ["code 3", "last words"]),
            (
                "for (;;) { char *p = malloc(1 << 24); if (!p) { puts(\"no more\"); abort(); } "
                    + "memset(p, 1, 1 << 24); }",
                ["signal 6", "no more"]
            ),
            ("for (int n = 0; n < 2000; n++) buy(d->symbol);", ["actions"]),
            ("for (;;) buy(d->symbol);", ["signal"]),
            (
                #"for (int n = 3; n < 9; n++) if (write(n, "garbage\n", 8)) continue;"#,
                ["not of the protocol"]
            ),
            ("for (;;) puts(\"many lines\");", ["more than 4194304 bytes", "many lines"]),
            (#"for (;;) host->log(host->context, 1, "many lines");"#, ["more than 4194304 bytes"]),
            (#"host->fail(host->context, "no good"); return 5;"#, ["no good"]),
        ])
    func misbehaviour(body: String, expected: [String]) throws {
        let failure = #expect(throws: StrategyFailure.self) { try run(body) }
        for part in expected {
            #expect(failure?.sentence.contains(part) == true, "\(part): \(failure?.sentence ?? "nothing")")
        }
    }

    @Test(
        "One that loops or sleeps is stopped at its deadline, one that burns time by the kernel",
        .enabled(if: MisbehaviourTests.hasPython, "SKIP python: no plugin-host"))
    func late() throws {
        for body in ["for (;;) {}", "sleep(60);"] {
            let failure = #expect(throws: StrategyFailure.self) { try run(body, deadline: 500) }
            #expect(
                failure?.sentence.contains("no answer within 500 ms") == true, "\(failure?.sentence ?? "")")
        }
        let burnt = #expect(throws: StrategyFailure.self) { try run("for (;;) {}", cpu: 1) }
        #expect(burnt?.sentence.contains("signal 24") == true, "\(burnt?.sentence ?? "")")
    }

    @Test(
        "A native plugin reaches no file, no network and no other process, root or not",
        .enabled(
            if: MisbehaviourTests.hasPython && MisbehaviourTests.isEnforced,
            "SKIP sandbox: not enforced by this kernel"))
    func sandbox() throws {
        let attempts = [
            ("read", #"open("/etc/passwd", O_RDONLY)"#),
            ("create", #"open("/tmp/escaped-native", O_CREAT | O_WRONLY, 0600)"#),
            ("own", "open(\"\(workshop.folder)/new\", O_CREAT | O_WRONLY, 0600)"),
            ("fork", "fork()"),
            ("socket", "socket(AF_INET, SOCK_STREAM, 0)"), ("local", "socket(AF_UNIX, SOCK_STREAM, 0)"),
            ("signal", "kill(getppid(), 0)"), ("everyone", "kill(-1, 0)"),
            ("limit", "setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY})"),
        ]
        let body = attempts.map {
            "if (\($0.1) >= 0) puts(\"\($0.0) possible\"); else puts(\"\($0.0) no\");"
        }.joined(separator: "\n")
        var said: [String] = []
        try run(body) { said.append($0) }
        #expect(said.filter { $0.contains("possible") } == [])
        for (name, _) in attempts { #expect(said.contains("\(name) no"), "\(name): \(said)") }
    }
}

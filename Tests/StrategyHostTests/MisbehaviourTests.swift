// Plugins that misbehave, as real files in real processes: each is stopped with the reason and its last lines
// of output, and harms nothing.

import Contracts
import ChildProcesses
import Foundation
import Testing

@testable import StrategyHost

@Suite(.serialized) struct MisbehaviourTests {
    private let workshop: PluginWorkshop
    private var folder: String { workshop.folder }

    init() throws { workshop = try PluginWorkshop() }

    static var hasPython: Bool {
        PluginFolders.executableFolder.map { access($0 + "/plugin-host", X_OK) == 0 } == true
            && (try? PluginRuntime.shared.program(for: "/x.py")) != nil
    }

    /// Runs a Python plugin over a few quotes; `body` is its `on_market_data`.
    private func run(
        _ body: String, deadline: Int = 60_000, cpu: UInt64 = 86_400,
        _ log: @escaping (String) -> Void = { _ in }
    ) throws {
        let lines = body.split(separator: "\n").map { "        \($0)" }.joined(separator: "\n")
        let source = """
            import os, sys, signal, socket, subprocess, threading, time
            from tradingrobotplug import TradingStrategyPlugin

            class Bad(TradingStrategyPlugin):
                def on_market_data(self, data):
            \(lines)
            """
        let path = folder + "/bad.py"
        try source.write(toFile: path, atomically: true, encoding: .utf8)
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
        "A plugin that misbehaves is stopped with the reason",
        .enabled(if: hasPython, "SKIP python: no Python 3.9 or no plugin-host"),
        arguments: [
            ("print('last words')\nraise ValueError('no good')", ["ValueError: no good", "bad.py:"]),
            ("print('last words')\nos.abort()", ["signal 6", "last words"]),
            ("print('last words')\nos._exit(3)", ["code 3", "last words"]),
            ("os.kill(os.getpid(), signal.SIGSEGV)", ["signal 11"]),
            ("hoard = []\nwhile True: hoard.append(bytearray(1 << 24))", ["MemoryError"]),
            (
                "for n in range(3, 9):\n try: os.write(n, b'garbage\\n')\n except OSError: pass",
                ["not of the protocol"]
            ),
            (
                "for n in range(3, 9):\n try: os.write(n, b'x' * (1 << 21))\n except OSError: pass",
                ["line of more than"]
            ),
            ("for _ in range(2000): self.context.buy('A', 1)", ["actions"]),
            ("return 17", ["return a TradeSignal"]),
            ("self.context.buy('B', 1)", ["not one of the strategy's symbols"]),
        ])
    func misbehaviour(body: String, expected: [String]) throws {
        let failure = #expect(throws: StrategyFailure.self) { try run(body) }
        for part in expected {
            #expect(failure?.sentence.contains(part) == true, "\(part): \(failure?.sentence ?? "nothing")")
        }
    }

    @Test(
        "A plugin that loops for ever is stopped at its deadline, one that burns time by the kernel",
        .enabled(if: hasPython, "SKIP python: no Python 3.9 or no plugin-host"))
    func loops() throws {
        let late = #expect(throws: StrategyFailure.self) { try run("while True: pass", deadline: 500) }
        #expect(late?.sentence.contains("no answer within 500 ms") == true)
        let burnt = #expect(throws: StrategyFailure.self) { try run("while True: pass", cpu: 2) }
        #expect(burnt?.sentence.contains("signal") == true, "\(burnt?.sentence ?? "")")
    }

    @Test(
        "A plugin reaches no file, no network and no other process, root or not",
        .enabled(if: hasPython && MisbehaviourTests.isEnforced, "SKIP sandbox: not enforced by this kernel"))
    func sandbox() throws {
        let secret = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)")
            .path
        try "secret".write(toFile: secret, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: secret) }
        let attempts = [
            ("read", "open('\(secret)').read()"), ("write", "open('\(secret)', 'w')"),
            ("create", "open('\(folder)/new', 'w')"), ("remove", "os.unlink('\(secret)')"),
            ("fork", "os.fork()"), ("spawn", "subprocess.run(['/bin/true'])"),
            ("socket", "socket.socket()"), ("local", "socket.socket(socket.AF_UNIX)"),
            ("signal", "os.kill(os.getppid(), 0)"),
            ("limits", "__import__('resource').setrlimit(__import__('resource').RLIMIT_AS, (-1, -1))"),
            ("environment", "os.environ['HOME']"),
        ]
        var body = ""
        for (name, attempt) in attempts {
            body +=
                "try:\n \(attempt)\n print('\(name) possible')\nexcept Exception: print('\(name) no')\n"
        }
        // What a strategy may do all the same.
        body += "t = threading.Thread(target=print, args=('thread yes',)); t.start(); t.join()\n"
        body += "open(__file__).read(); print('own yes')"
        var said: [String] = []
        try run(body) { said.append($0) }
        #expect(said.filter { $0.contains("possible") } == [])
        for (name, _) in attempts { #expect(said.contains("\(name) no"), "\(name): \(said)") }
        #expect(said.contains("thread yes") && said.contains("own yes"), "\(said)")
        #expect(try String(contentsOfFile: secret, encoding: .utf8) == "secret")
    }

    static var isEnforced: Bool {
        let host = ChildProgram(
            (PluginFolders.executableFolder ?? ".") + "/plugin-host", ["--probe"], output: .nothing,
            errors: .nothing)
        guard let (_, output) = try? host.run() else { return false }
        let text = String(decoding: output, as: UTF8.self)
        return !text.contains("no ")
    }

    @Test(
        "What is wrong with a Python file has a code of its own",
        .enabled(if: hasPython, "SKIP python: no Python 3.9 or no plugin-host"),
        arguments: [
            (
                "import nowhere_to_be_found", PluginError.Code.importError,
                "No module named 'nowhere_to_be_found'"
            ),
            ("class Other: pass", .wrongClass, "it has Other"),
            (
                "from tradingrobotplug import *\nclass A(BaseStrategy):\n def on_market_data(self, d): pass\n"
                    + "class B(BaseStrategy):\n def on_market_data(self, d): pass", .wrongClass,
                "more than one"
            ),
            (
                "from tradingrobotplug import *\nclass A(TradingStrategyPlugin): pass", .wrongClass,
                "no on_market_data"
            ),
            (
                "from tradingrobotplug import *\nclass A(BaseStrategy):\n id = 'a b'\n"
                    + " def on_market_data(self, d): pass", .invalidMetadata, "its id \"a b\""
            ),
        ])
    func files(source: String, code: PluginError.Code, part: String) throws {
        let path = folder + "/file.py"
        try source.write(toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: PluginError.self) { try ProcessPlugin(path: path) }
        #expect(error?.code == code, "\(error?.sentence ?? "")")
        #expect(error?.sentence.contains(part) == true, "\(error?.sentence ?? "")")
    }
}

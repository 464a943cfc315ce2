// Whatever is wrong in what a user gives, one sentence says what it is and what to do, the exit code is 2 for
// wrong use and 1 for what failed, nothing goes on running, and nothing is damaged.

import Foundation
import Testing

/// One mistake.
private struct Mistake: Sendable, CustomTestStringConvertible {
    var what: String
    /// Of `up`; DIR stands for the folder of the test, which holds what `files` lists.
    var flags: String
    var code: Int32
    /// What the sentence has to name.
    var naming: [String]

    init(_ what: String, _ flags: String, code: Int32, naming: String...) {
        self.what = what
        self.flags = flags
        self.code = code
        self.naming = naming
    }

    var testDescription: String { what }
}

private let replay = "--provider replay --speed max --data DIR/good.csv --strategy "
private let good = replay + "a=sma-crossover:IBM:fast=2,slow=3"

private let mistakes = [
    Mistake(
        "a column that there is not",
        "--provider replay --data DIR/column.csv --strategy a=sma-crossover:IBM", code: 1,
        naming: "column.csv, line 1", "prize"),
    Mistake(
        "a value that is no number", "--provider replay --data DIR/value.csv --strategy a=sma-crossover:IBM",
        code: 1,
        naming: "value.csv, line 2"),
    Mistake(
        "a zip that is cut off",
        "--provider replay --data DIR/20131008_quote.zip --strategy a=sma-crossover:IBM", code: 1,
        naming: "20131008_quote.zip", "cut off"),
    Mistake(
        "no such data", "--provider replay --data DIR/nothing.csv --strategy a=sma-crossover:IBM", code: 1,
        naming: "nothing.csv", "No such file"),
    Mistake("replay without data", "--provider replay", code: 2, naming: "--data"),
    Mistake(
        "a symbol that is not in the data", replay + "a=sma-crossover:MSFT", code: 2, naming: "MSFT", "IBM"),
    Mistake("an unknown flag", good + " --spee max", code: 2, naming: "--spee", "--speed"),
    Mistake("a flag given twice", good + " --speed real", code: 2, naming: "--speed", "twice"),
    Mistake("a flag without its value", good + " --cash", code: 2, naming: "--cash"),
    Mistake("a setting out of range", good + " --cash -1", code: 2, naming: "cash", "-1"),
    Mistake("a port out of range", good + " --base-port 70000", code: 2, naming: "base-port", "70000"),
    Mistake(
        "a strategy that cannot be read", replay + "sma-crossover", code: 2, naming: "strategy",
        "ID=PLUGIN:SYMBOL"),
    Mistake("an unknown plugin", replay + "a=sma:IBM", code: 2, naming: "sma", "sma-crossover"),
    Mistake("an unknown parameter", replay + "a=sma-crossover:IBM:fats=3", code: 2, naming: "fats", "fast"),
    Mistake("a parameter out of range", replay + "a=sma-crossover:IBM:fast=0", code: 2, naming: "fast", "1"),
    Mistake(
        "one id for two strategies", good + " --strategy a=quoter:IBM", code: 2, naming: "strategy a", "twice"
    ),
    Mistake("an operand too many", good + " now", code: 2, naming: "now"),
    Mistake(
        "a configuration file that is not there", good + " --config DIR/none.yaml", code: 2,
        naming: "none.yaml"),
    Mistake(
        "an unknown key in the file", good + " --config DIR/key.yaml", code: 2, naming: "latancy", "latency"),
]

/// The words of a command line; DIR stands for the folder.
private func words(_ line: String, in folder: TemporaryFolder) -> [String] {
    line.split(separator: " ").map { $0.replacingOccurrences(of: "DIR", with: folder.path) }
}

extension EndToEnd {
    @Suite struct WrongInputTests {
        private static let header = "timestamp,symbol,bid,ask,bid_size,ask_size\n"

        private func folder() throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            let rows = (0..<40).map { "\(1_381_239_000 + $0),IBM,\(180 + $0 % 7),\(181 + $0 % 7),100,100" }
            _ = try folder.write(Self.header + rows.joined(separator: "\n") + "\n", to: "good.csv")
            _ = try folder.write("timestamp,symbol,bid,prize\n1381239000,IBM,1,2\n", to: "column.csv")
            _ = try folder.write(Self.header + "1381239000,IBM,one,2,100,100\n", to: "value.csv")
            // A zip's directory stands at its end.
            _ = try folder.write(
                "PK\u{3}\u{4}" + String(repeating: "x", count: 500), to: "20131008_quote.zip")
            _ = try folder.write("simulation:\n  latancy: 5\n", to: "key.yaml")
            return folder
        }

        /// One sentence, the right code, nothing left running.
        private func expectRefusal(
            _ outcome: Outcome, code: Int32, naming: [String], at place: SourceLocation = #_sourceLocation
        ) {
            #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: place)
            #expect(outcome.output == "", sourceLocation: place)
            let sentences = outcome.errors.split(separator: "\n").filter {
                $0.hasPrefix("trading-robot") && !$0.contains(": see `trading-robot")
                    || $0.hasPrefix("market-data-gateway")
            }
            #expect(sentences.count == 1, "\(outcome.errors)", sourceLocation: place)
            let sentence = String(sentences.first ?? "")
            for name in naming {
                #expect(sentence.contains(name), "\(name) is not in: \(sentence)", sourceLocation: place)
            }
            // Signs of an error that was only passed on.
            for sign in ["NSCocoa", "Error Domain", "could not be completed", "Optional(", "rawValue"] {
                #expect(!outcome.errors.contains(sign), "\(outcome.errors)", sourceLocation: place)
            }
        }

        @Test(
            "What is wrong on the command line or in the data is said before anything starts",
            arguments: mistakes)
        fileprivate func mistake(_ mistake: Mistake) async throws {
            let folder = try folder()
            let run = folder.file("run")
            var flags = ["up", "--data-dir", run, "--exit-when-done"]
            if !mistake.flags.contains("--base-port") { flags += ["--base-port", "0"] }
            let outcome = try await robot(flags + words(mistake.flags, in: folder), seconds: 30)
            expectRefusal(outcome, code: mistake.code, naming: mistake.naming)
            // Nothing was begun yet, so there is nothing else to say, but where help is.
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == (mistake.code == 2 ? 2 : 1), "\(outcome.errors)")
            #expect(Stack.services(of: folder.path) == [])
        }

        @Test("A command or a topic that there is not is named, with the nearest")
        func commands() async throws {
            expectRefusal(try await robot("bactest"), code: 2, naming: ["bactest", "backtest"])
            expectRefusal(try await robot("journal", "chek", "x"), code: 2, naming: ["chek", "check"])
            let none = try TemporaryFolder().file("none")
            expectRefusal(try await robot("ledger", "--data-dir", none), code: 1, naming: [none])
            expectRefusal(try await robot("verify", "--data-dir", none), code: 1, naming: [none])
            expectRefusal(try await robot("journal", "check", none), code: 1, naming: [none])
            expectRefusal(try await robot("journal", "cat", none), code: 1, naming: [none])
            expectRefusal(try await robot("tail", "trade/", "--data-dir", none), code: 1, naming: [none])
        }

        @Test("Parameters that are wrong together are refused with the strategy's own sentence")
        func refusedTogether() async throws {
            let folder = try folder()
            let sentence = "fast (60) must be less than slow (50)"
            let flags = words(replay + "a=sma-crossover:IBM:fast=60", in: folder)
            let run = ["up", "--data-dir", folder.file("run"), "--base-port", "0"]
            expectRefusal(
                try await robot(run + flags, seconds: 20), code: 2, naming: ["strategy a", sentence])
            #expect(Stack.services(of: folder.path) == [])
            expectRefusal(try await robot(["backtest"] + flags), code: 2, naming: ["strategy a", sentence])
        }

        @Test("A ledger file that cannot be written is named")
        func unwritableLedger() async throws {
            let folder = try folder()
            let flags = ["backtest", "--ledger", folder.path]
            let outcome = try await robot(flags + words(good, in: folder))
            expectRefusal(outcome, code: 1, naming: [folder.path, "--ledger"])
        }

        @Test(
            "A data folder that cannot be made or written is named",
            arguments: ["/dev/null/x", "FILE", "FILE/x"])
        func unwritableFolder(_ path: String) async throws {
            let folder = try folder()
            let path = path.replacingOccurrences(of: "FILE", with: folder.file("good.csv"))
            let flags = words(good, in: folder)
            let outcome = try await robot(
                ["up", "--data-dir", path, "--base-port", "0"] + flags, seconds: 10)
            expectRefusal(outcome, code: 1, naming: [path, "--data-dir"])
        }

        @Test("A port in use is named, nothing goes on running, and a run on free ports follows well")
        func portInUse() async throws {
            let folder = try folder()
            let run = folder.file("run")
            let flags = words(good, in: folder)
            let socket = try BusyPort()
            let outcome = try await robot(
                ["up", "--data-dir", run, "--base-port", "\(socket.port)"] + flags, seconds: 20)
            expectRefusal(outcome, code: 1, naming: ["\(socket.port)", "--base-port"])
            #expect(try await Stack.leftovers(of: run, after: 1) == [])
            try await runToEnd(in: run, flags)
            try await expectVerified(run)
        }

        @Test("A second up on a folder in use is refused and does not disturb the first")
        func secondUp() async throws {
            let folder = try folder()
            let run = folder.file("run")
            let sample = try await Samples.current.made()
            let stack = try Stack(
                in: run, ["--provider", "replay", "--speed", "600", "--exit-when-done"] + sample.flags)
            try await stack.waitForServices()
            let second = try await robot(
                ["up", "--data-dir", run, "--base-port", "0", "--provider", "replay"] + sample.flags,
                seconds: 10)
            expectRefusal(second, code: 1, naming: [run, "--data-dir"])
            let outcome = try await stack.up.wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(
                difference(try await ledger(of: run), try await Samples.current.expected(sample).ledger)
                    == nil)
        }

        @Test("A second gateway on a journal in use is refused and does not disturb the first")
        func secondGateway() async throws {
            let run = try TemporaryFolder()
            let sample = try await Samples.current.made()
            let flags = ["--provider", "replay", "--speed", "600"]
            let stack = try Stack(in: run.path, flags + ["--exit-when-done"] + sample.flags)
            try await stack.waitForServices()
            try await stack.wait("the first gateway works") { Stack.orderBytes(run.path) > 2_000 }
            let ports = [
                "--market-data-endpoint", "tcp://127.0.0.1:*", "--market-data-replay-endpoint",
                "tcp://127.0.0.1:*",
                "--health-endpoint", "http://127.0.0.1:0",
            ]
            let second = try await Program(
                "market-data-gateway", ["--data-dir", run.path] + flags + sample.data + ports
            ).wait(seconds: 10)
            expectRefusal(second, code: 1, naming: [run.path + "/market-data"])
            let outcome = try await stack.up.wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(stack.restarts(of: .gateway) == 0)
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
        }

        @Test(
            "A known strategy with other terms, or data other than the journal's, is refused unharmed"
        )
        func otherTerms() async throws {
            let folder = try folder()
            let run = folder.file("run")
            let flags = words(good, in: folder)
            try await runToEnd(in: run, flags)
            let before = try await ledger(of: run)
            #expect(before.contains("\"trade_id\":\"a:1:1\""))
            let up = ["up", "--data-dir", run, "--base-port", "0"]

            let parameters = flags.dropLast() + ["a=sma-crossover:IBM:fast=2,slow=4"]
            let other = try await robot(up + parameters, seconds: 20)
            expectRefusal(other, code: 2, naming: ["strategy a", "slow", "strategies set", "--fresh"])
            // A refused one leaves nothing of the others behind.
            let both = try await robot(up + parameters + ["--strategy", "b=quoter:IBM"], seconds: 20)
            expectRefusal(both, code: 2, naming: ["strategy a", "--fresh"])
            let cash = try await robot(up + flags + ["--cash", "5000"], seconds: 20)
            expectRefusal(cash, code: 2, naming: ["strategy a", "cash", "--fresh"])

            let rows = (0..<40).map { "\(1_381_239_000 + $0),IBM,\(190 + $0 % 5),\(191 + $0 % 5),100,100" }
            _ = try folder.write(Self.header + rows.joined(separator: "\n") + "\n", to: "other.csv")
            let data = flags.map { $0.replacingOccurrences(of: "good.csv", with: "other.csv") }
            let otherData = try await robot(up + data, seconds: 20)
            expectRefusal(otherData, code: 1, naming: ["market-data", "--fresh"])

            #expect(try await Stack.leftovers(of: run, after: 1) == [])
            try await runToEnd(in: run, flags)
            #expect(difference(try await ledger(of: run), before) == nil)
            try await expectVerified(run)
        }
    }
}

/// A port of this machine that somebody listens on.
private final class BusyPort {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        #if os(Linux)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        try #require(result, "a port can be had")
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}

// Market data of the tests: some that they make themselves, and, where there are recorded data, real rows.

import Foundation
import Testing

/// Market data with the strategies that trade them, as flags of `up` and `backtest` alike.
struct Sample: Sendable {
    var name: String
    /// `--data` and what belongs to it.
    var data: [String]
    /// `--strategy`, each of them.
    var strategies: [String]

    var flags: [String] { data + strategies.flatMap { ["--strategy", $0] } }

    /// As flags of `up`, at the greatest speed.
    var replay: [String] { replay(speed: "max") }

    /// As flags of `up`.
    func replay(speed: String) -> [String] { ["--provider", "replay", "--speed", speed] + flags }
}

/// What an undisturbed run of a sample comes to.
struct Expected: Sendable {
    var ledger: String
    /// Size of the simulator's journal in the end.
    var orderBytes: Int
}

/// The samples of one test run, made when they are first asked for, and gone with it.
actor Samples {
    @TaskLocal static var shared: Samples?

    private let folder: TemporaryFolder
    private var known: [String: Expected] = [:]

    init() throws { folder = try TemporaryFolder() }

    static var current: Samples {
        guard let shared else { preconditionFailure("the samples belong to the suite EndToEnd") }
        return shared
    }

    /// Quotes and trades of two symbols from a seeded walk: one-sided and crossed quotes among them, sizes
    /// that run out, several rows of one moment.
    func made(rows: Int = 3_000) throws -> Sample {
        let path = folder.file("made-\(rows).csv")
        if !FileManager.default.fileExists(atPath: path) {
            _ = try folder.write(madeRows(rows, seed: 8), to: "made-\(rows).csv")
        }
        return Sample(
            name: "made \(rows) rows", data: ["--data", path],
            strategies: [
                "sma=sma-crossover:ACME:fast=3,slow=9", "quotes=quoter:BOLT:half_spread=0.02",
                "both=sma-crossover:ACME+BOLT:fast=5,slow=21,quantity=30",
            ])
    }

    /// The first rows of the IBM day from half past nine on.
    func slice(rows: Int = 10_000) async throws -> Sample {
        let path = folder.file("slice-\(rows)")
        if !FileManager.default.fileExists(atPath: path) {
            let script = Place.package + "/Tests/Python/lean_slice.py"
            let outcome = try await python([script, Place.ibm, path, "--rows", "\(rows)"])
            try #require(outcome.code == 0, "\(outcome.errors)")
        }
        // A quoter that does not rest after a rejection waits for an answer at every other event.
        return Sample(
            name: "slice", data: ["--data", path],
            strategies: ["sma-ibm=sma-crossover:IBM", "quotes=quoter:IBM:rest=0"])
    }

    /// The whole IBM day.
    static func day(_ strategies: [String]) -> Sample {
        Sample(name: "day", data: ["--data", Place.ibm, "--hours", "all"], strategies: strategies)
    }

    /// What a sample comes to, from one run that nobody disturbs and that must agree with the backtest.
    func expected(_ sample: Sample) async throws -> Expected {
        if let expected = known[sample.name] { return expected }
        let run = try TemporaryFolder()
        try await runToEnd(in: run.path, sample.replay)
        let ledger = try await ledger(of: run.path)
        let backtest = try await backtestLedger(sample.flags)
        let differs = difference(ledger, backtest)
        try #require(differs == nil, "\(sample.name): up and backtest differ: \(differs ?? "")")
        try #require(ledger.utf8.count > 10_000, "\(sample.name) trades enough to prove something")
        let expected = Expected(ledger: ledger, orderBytes: Stack.orderBytes(run.path))
        known[sample.name] = expected
        return expected
    }
}

/// Makes the samples once for all suites in it.
struct SharedSamples: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Samples.$shared.withValue(Samples()) { try await function() }
    }
}

/// All tests with the real executables. One after the other: each of them keeps the machine busy by itself.
@Suite(.serialized, SharedSamples())
struct EndToEnd {}

/// Runs a Python program to its end.
func python(_ arguments: [String]) async throws -> Outcome {
    try await Program("/usr/bin/env", ["python3"] + arguments).wait()
}

/// A small random generator, the same everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The seed of this run: SEED, or a new one. Printed, so that a failure can be had again.
    static func seeded(_ name: String) -> SplitMix {
        let seed = Place.number("SEED") ?? UInt64.random(in: 0...999_999)
        print("\(name): SEED=\(seed)")
        return SplitMix(seed: seed)
    }
}

/// CSV rows of two symbols on a random walk.
func madeRows(_ count: Int, seed: UInt64) -> String {
    var random = SplitMix(seed: seed)
    var mid = [18_200, 4_500]
    var time: Int64 = 1_381_239_000_000
    var text = "timestamp,symbol,bid,bid_size,ask,ask_size,price,size\n"
    func decimal(_ cents: Int) -> String {
        "\(cents / 100)." + (cents % 100 < 10 ? "0" : "") + "\(cents % 100)"
    }
    for _ in 0..<count {
        time += Int64.random(in: 0...400, using: &random)
        let place = Int.random(in: 0...1, using: &random)
        mid[place] += Int.random(in: -3...3, using: &random)
        let half = Int.random(in: -1...4, using: &random)
        let sizes = [Int.random(in: 1...9, using: &random) * 20, Int.random(in: 1...9, using: &random) * 20]
        var fields = ["", "", "", "", "", ""]
        switch Int.random(in: 0...9, using: &random) {
        case 0: (fields[0], fields[1]) = (decimal(mid[place] - half), "\(sizes[0])")
        case 1...3: (fields[4], fields[5]) = (decimal(mid[place]), "\(sizes[0])")
        default:
            fields = [
                decimal(mid[place] - half), "\(sizes[0])", decimal(mid[place] + half), "\(sizes[1])", "", "",
            ]
        }
        let stamp = "\(time / 1000)." + String(String(1000 + time % 1000).dropFirst())
        text += "\(stamp),\(["ACME", "BOLT"][place])," + fields.joined(separator: ",") + "\n"
    }
    return text
}

// The session protocol under faults: whatever crashes, sleeps or is lost, the distributed run is the
// backtester's. `SEEDS=N` runs more worlds, `SEED=N` that one alone; a failure names its seed.

import Foundation
import Testing

private func number(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
}

/// Worlds run side by side.
private let lanes: UInt64 = 2

/// Worlds are minutes of computing. On threads of their own they leave those of Swift's tasks, of which there
/// is one for each core, to the other tests.
private let threads: OperationQueue = {
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = Int(lanes)
    return queue
}()

private func computed<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        threads.addOperation { continuation.resume(returning: body()) }
    }
}

/// Runs this lane's share of the worlds: what went wrong, with its seed, and how often each fault struck.
private func run(_ seeds: ClosedRange<UInt64>, lane: UInt64) async -> (wrong: [String], [String: Int]) {
    await computed {
        var (wrong, totals) = ([String](), [String: Int]())
        for seed in seeds where seed % lanes == lane {
            let world = World(seed: seed)
            let problems = world.run()
            totals.merge(world.counts, uniquingKeysWith: +)
            if !problems.isEmpty {
                wrong.append("SEED=\(seed): \(problems.prefix(3).joined(separator: "; "))")
            }
        }
        return (wrong, totals)
    }
}

@Suite struct ProtocolTests {
    private static let seeds = number("SEED").map { $0...$0 } ?? 1...max(1, number("SEEDS") ?? 1_000)

    @Test(arguments: 0..<lanes)
    func everyWorldEqualsTheBacktester(lane: UInt64) async {
        let (wrong, totals) = await run(Self.seeds, lane: lane)
        for problem in wrong { Issue.record("\(problem)") }
        guard Self.seeds.count >= 1_000 else { return }
        for fault in World.faults { #expect(totals[fault, default: 0] > 0, "no world had \(fault)") }
    }

    @Test func aSeedMakesTheSameWorldAgain() {
        for seed in 1...UInt64(5) {
            let (first, second) = (World(seed: seed), World(seed: seed))
            #expect(first.run() == second.run())
            #expect(first.counts == second.counts)
            #expect(first.journal.records == second.journal.records)
        }
    }

    @Test(arguments: BrokenRule.allCases.filter(\.isNoticed))
    func aWorldWithoutARuleIsNoticed(rule: BrokenRule) async {
        let limit = number("VARIANT_SEEDS") ?? 3_000
        let seed = await computed { (1...limit).first { !World(seed: $0, breaking: rule).run().isEmpty } }
        #expect(seed != nil, "\(limit) worlds did not notice that \(rule.rawValue)")
    }

    /// Rules that stand behind others, see `BrokenRule.isNoticed`: should one of them begin to matter, this
    /// says so.
    @Test(arguments: BrokenRule.allCases.filter { !$0.isNoticed })
    func aRuleBehindOthersChangesNothing(rule: BrokenRule) async {
        for seed in 1...(number("VARIANT_SEEDS") ?? 40) {
            let problems = await computed { World(seed: seed, breaking: rule).run() }
            #expect(problems.isEmpty, "seed \(seed) notices that \(rule.rawValue): list the rule as noticed")
        }
    }
}

/// The long form: `make chaos`, 500 worlds a round that the suite above does not run.
@Suite(.enabled(if: number("ROUNDS") != nil, "ROUNDS names how many; see make chaos"))
struct ProtocolChaosTests {
    @Test(arguments: 0..<lanes)
    func everyWorldEqualsTheBacktester(lane: UInt64) async {
        let (wrong, _) = await run(1_001...1_000 + 500 * max(1, number("ROUNDS") ?? 1), lane: lane)
        for problem in wrong { Issue.record("\(problem)") }
    }
}

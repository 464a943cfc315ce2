// The session protocol under faults: whatever crashes, sleeps or is lost, the distributed run is the
// backtester's. `SEEDS=N` runs more worlds, `SEED=N` that one alone; a failure names its seed.

import Foundation
import Testing

private func number(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
}

/// Worlds run side by side.
private let lanes: UInt64 = 2

/// Runs this lane's share of the worlds; each problem is an issue that names its seed. Returns how often each
/// fault struck.
private func run(_ seeds: ClosedRange<UInt64>, lane: UInt64) -> [String: Int] {
    var totals: [String: Int] = [:]
    for seed in seeds where seed % lanes == lane {
        let world = World(seed: seed)
        let problems = world.run()
        totals.merge(world.counts, uniquingKeysWith: +)
        if !problems.isEmpty { Issue.record("SEED=\(seed): \(problems.prefix(3).joined(separator: "; "))") }
    }
    return totals
}

@Suite struct ProtocolTests {
    private static let seeds = number("SEED").map { $0...$0 } ?? 1...max(1, number("SEEDS") ?? 1_000)

    @Test(arguments: 0..<lanes)
    func everyWorldEqualsTheBacktester(lane: UInt64) {
        let totals = run(Self.seeds, lane: lane)
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
    func aWorldWithoutARuleIsNoticed(rule: BrokenRule) {
        let limit = number("VARIANT_SEEDS") ?? 3_000
        let seed = (1...limit).first { !World(seed: $0, breaking: rule).run().isEmpty }
        #expect(seed != nil, "\(limit) worlds did not notice that \(rule.rawValue)")
    }

    /// Rules that stand behind others, see `BrokenRule.isNoticed`: should one of them begin to matter, this
    /// says so.
    @Test(arguments: BrokenRule.allCases.filter { !$0.isNoticed })
    func aRuleBehindOthersChangesNothing(rule: BrokenRule) {
        for seed in 1...(number("VARIANT_SEEDS") ?? 40) {
            let problems = World(seed: seed, breaking: rule).run()
            #expect(problems.isEmpty, "seed \(seed) notices that \(rule.rawValue): list the rule as noticed")
        }
    }
}

/// The long form: `make chaos`, 500 worlds a round that the suite above does not run.
@Suite(.enabled(if: number("ROUNDS") != nil, "ROUNDS names how many; see make chaos"))
struct ProtocolChaosTests {
    @Test(arguments: 0..<lanes)
    func everyWorldEqualsTheBacktester(lane: UInt64) {
        _ = run(1_001...1_000 + 500 * max(1, number("ROUNDS") ?? 1), lane: lane)
    }
}

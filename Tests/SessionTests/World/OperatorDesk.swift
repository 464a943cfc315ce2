// What operators want of the strategies of a world, as rows that runners look at and settle: the database's
// side of the inputs from outside.

import Contracts
import StrategyHost

/// One row.
struct OperatorWish {
    enum Kind {
        case input(StrategyInput.Kind)
        case halt
    }

    var id: String
    var strategy: StrategyKind
    var kind: Kind
    /// When the operator wants it.
    var time: Int
    var version: StrategyInput.Version?
    var beginning = StrategyInput.Beginning.replay

    var input: StrategyInput? {
        guard case .input(let kind) = kind else { return nil }
        return StrategyInput(id: id, kind: kind, version: version, beginning: beginning)
    }
}

final class OperatorDesk {
    private(set) var wishes: [OperatorWish]
    private(set) var settled: [String: WishOutcome] = [:]

    init(_ wishes: [OperatorWish]) { self.wishes = wishes }

    /// What is wanted of a strategy now, in order.
    func open(_ strategy: String, at now: Int) -> [OperatorWish] {
        wishes.filter { $0.strategy.id == strategy && $0.time <= now && settled[$0.id] == nil }
    }

    func settle(_ id: String, _ outcome: WishOutcome) {
        if outcome == .needsReplay {
            for index in wishes.indices where wishes[index].id == id { wishes[index].beginning = .replay }
        } else {
            settled[id] = outcome
        }
    }
}

/// The wishes of a world: some strategies are left alone, others get a few.
struct OperatorPlan {
    static func wishes(_ random: inout SplitMix64, until last: Int) -> [OperatorWish] {
        var wishes: [OperatorWish] = []
        for kind in StrategyKind.allCases where random.chance(0.5) {
            var time = random.within(100...last)
            for _ in 0..<random.pick([1, 1, 2, 4]) {
                for (wanted, version) in some(kind, &random) {
                    var wish = OperatorWish(id: "w\(wishes.count)", strategy: kind, kind: wanted, time: time)
                    wish.version = version
                    if version != nil, random.chance(0.5) { wish.beginning = .snapshot }
                    wishes.append(wish)
                    time += random.pick([0, 300, 2_000, 9_000])
                }
            }
        }
        return wishes
    }

    private static func some(
        _ kind: StrategyKind, _ random: inout SplitMix64
    ) -> [(OperatorWish.Kind, StrategyInput.Version?)] {
        let other = kind.version(extra: random.within(1...9), isOther: random.chance(0.5))
        let failing = kind.version(extra: 3, isOther: true, failsAt: random.within(1...12))
        return random.pick([
            [(.input(.pause), nil), (.input(.resume), nil)],
            [(.input(.set), kind.version(extra: random.within(1...9)))],
            [(.input(.swap), other)],
            [(.input(.swap), failing)],
            [(.halt, nil), (.input(.resume), nil)],
            [(.halt, nil)],
            [(.input(.pause), nil), (.input(.set), other), (.input(.resume), nil)],
            [(.input(.restart), kind.version(extra: 2))],
        ])
    }
}

extension StrategyKind {
    /// A version: the same rule with larger orders, or another rule on the same symbols; one that fails does
    /// so at its n-th event.
    func version(extra: Int = 0, isOther: Bool = false, failsAt: Int = 0) -> StrategyInput.Version {
        StrategyInput.Version(
            pluginID: isOther ? "other" : "\(self)", pluginVersion: "2", pluginSHA256: "",
            parameters: [.init("extra", "\(extra)"), .init("fails_at", "\(failsAt)")], warmUp: "")
    }

    func makeInstance(_ habits: Habits, version: StrategyInput.Version) -> any StrategyInstance {
        var habits = habits
        habits.extra = Int64(version.parameters[0].value) ?? 0
        habits.failsAt = Int(version.parameters[1].value) ?? 0
        guard version.pluginID == "other" else { return makeInstance(habits) }
        return self == .quoter
            ? StrategyKind.crossover.makeInstance(habits) : StrategyKind.quoter.makeInstance(habits)
    }
}

// How a runner of a world takes what operators want, makes versions, and goes on when a strategy fails. As
// the service does it, without plugins to load.

import Contracts
import TradingCore

@testable import StrategyHost

extension RunnerProcess {
    private func kind(_ id: String) -> StrategyKind { StrategyKind.allCases.first { $0.id == id }! }

    private func version(_ kind: StrategyKind, _ version: StrategyInput.Version) -> HostedStrategy? {
        do { return try world.makeStrategy(kind, symbols: symbols, version: version).strategy } catch {
            world.wrong("\(error)")
            return nil
        }
    }

    func provide(_ id: String, _ inputs: [Command]) {
        let versions = inputs.compactMap { command in
            command.input?.version.flatMap { version(kind(id), $0) }
        }
        core.withStrategy(id) { $0.session.provide(versions) }
    }

    /// Takes what is wanted of the strategies held.
    func obey() {
        for running in core.strategies where running.failure == nil && running.session.state == .attached {
            for wish in world.operators.open(running.id, at: world.now) {
                guard let input = wish.input else {
                    core.halt(running.id, HaltWish(id: wish.id, reason: ""), symbols)
                    continue
                }
                // One after the other: what comes later may be about what comes first.
                let session = running.session
                if !session.knows(wish: wish.id), !session.hasWaitingWishes { want(wish, input, running) }
                break
            }
        }
    }

    private func want(_ wish: OperatorWish, _ input: StrategyInput, _ running: RunningStrategy) {
        guard let version = wish.version else {
            core.withStrategy(running.id) { $0.session.want(input) }
            return
        }
        if input.kind == .restart || wish.beginning == .replay {
            world.count("replays")
            let blind = input.kind == .restart || world.hasDice(wish.strategy)
            begin(wish.strategy, fence: running.session.fence, blind: blind, fromStart: true)
        }
        guard let made = self.version(wish.strategy, version) else { return }
        core.withStrategy(running.id) { $0.session.want(input, version: made) }
    }

    func settle() {
        for (_, id, outcome) in core.takeOutcomes() {
            if case .applied = outcome { world.count(outcomeName(id)) }
            world.operators.settle(id, outcome)
        }
    }

    private func outcomeName(_ id: String) -> String {
        if id.hasPrefix("revert") { return "reverts" }
        if id.hasPrefix("stop") { return "stops" }
        let isHalt = world.operators.wishes.contains { $0.id == id && $0.input == nil }
        return isHalt ? "halts" : "inputs"
    }

    /// As `RunnerLoop.stopped`.
    func failed(_ id: String, _ reason: Reason) {
        let kind = kind(id)
        guard let running = core.strategies.first(where: { $0.id == id }) else { return }
        let (fence, attach) = (running.session.fence, running.session.attachID)
        switch reason.code {
        case "strategy_failed":
            if core.stop(id, reason.sentence) { return }
            world.count("blind stops")
            begin(kind, fence: fence, blind: true)
            let stop = StrategyInput(
                id: "stop-\(fence)-\(attach)", kind: .stop, reason: reason.sentence, sinceEvent: .max)
            core.withStrategy(id) { $0.session.want(stop) }
        case "not_deterministic" where !world.hasDice(kind) && isRestartWanted(id):
            // A runner before this one had taken the session up blindly for it: what the strategy asked, and
            // had not sent, does not count any more.
            world.count("restarts begun again")
            begin(kind, fence: fence, blind: true)
        case "not_deterministic" where world.hasDice(kind):
            world.count("not deterministic")
            begin(kind, fence: fence, blind: true)
            let fresh = StrategyInput(
                id: "restart-\(fence)-\(attach)", kind: .restart, reason: reason.sentence,
                version: kind.version())
            guard let made = version(kind, kind.version()) else { return }
            core.withStrategy(id) { $0.session.want(fresh, version: made) }
        default: world.wrong("\(id) stopped: \(reason.sentence)")
        }
    }

    private func isRestartWanted(_ id: String) -> Bool {
        world.operators.open(id, at: world.now).contains { $0.input?.kind == .restart }
    }

    /// Takes away a rule of the inputs.
    func breakInputRules() {
        guard world.isBroken(.inputAnytime) || world.isBroken(.inputWhileRebuilding) else { return }
        for running in core.strategies {
            core.withStrategy(running.id) {
                $0.session.inputFloor = 0
                if world.isBroken(.inputWhileRebuilding) { $0.session.goal = Progress() }
            }
        }
    }
}

// What operators want of the strategies held: taken from the rows that the database shows, one after the
// other for each strategy, and settled there. What is in the journal already is only settled.

import Contracts
import Foundation
import Logging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

extension RunnerLoop {
    /// Takes what can be taken now.
    func obeyWanted() {
        var served: Set<String> = []
        for input in wanted where served.insert(input.strategy).inserted {
            guard let item = claimed[input.strategy], !preparing.contains(input.strategy) else { continue }
            obey(input, item)
        }
    }

    private func obey(_ input: OperatorInput, _ item: ClaimedStrategy) {
        let id = input.strategy
        if input.kind == .retry {
            settle(InputSettlement(id: input.id, state: .applied))
            policies[id] = nil
            start(item)
            return
        }
        guard let running = core.strategy(id) else { return }
        if input.kind == .halt {
            core.halt(id, HaltWish(id: input.id, reason: input.reason), feed.symbols)
            return
        }
        let session = running.session
        if running.failure != nil {
            // It stands still: only another version, or a fresh one, helps.
            guard input.version != nil else { return }
            begin(input, item)
            return
        }
        guard session.state == .attached, !session.knows(wish: input.id), !session.hasWaitingWishes else {
            return
        }
        guard input.version != nil else {
            core.withStrategy(id) { $0.session.want(input.asInput(.replay)) }
            return
        }
        if input.kind != .restart, session.strategy.instanceSnapshot() != nil {
            prepare(input, item) { [unowned self] version in
                core.withStrategy(id) { $0.session.want(input.asInput(.snapshot), version: version) }
            }
        } else {
            begin(input, item)
        }
    }

    /// Begins the session anew with the new version watching from its start. What was decided before is not
    /// decided again where it does not matter or cannot be.
    private func begin(_ input: OperatorInput, _ item: ClaimedStrategy) {
        let blind = input.kind == .restart || item.strategy.recovery == .resume
        prepare(input, item) { [unowned self] version in
            start(item, blind: blind, fromStart: true) { [unowned self] in
                core.withStrategy(input.strategy) {
                    $0.session.want(input.asInput(.replay), version: version)
                }
            }
        }
    }

    /// Makes the version of a wish; what cannot be made is refused.
    private func prepare(
        _ input: OperatorInput, _ item: ClaimedStrategy, _ body: @escaping (HostedStrategy) -> Void
    ) {
        guard let version = input.version else { return }
        preparing.insert(input.strategy)
        makeVersion(version, item) { [unowned self] made in
            preparing.remove(input.strategy)
            switch made {
            case .success(let strategy): body(strategy)
            case .failure(let error):
                let reason = sentence(for: error)
                context.log.error(
                    "new version cannot be made",
                    metadata: ["strategy": "\(input.strategy)", "reason": "\(reason)"])
                settle(InputSettlement(id: input.id, state: .refused, sentence: reason))
            }
        }
    }

    /// A strategy that watches, of another plugin or with other parameters; `body` gets it on the bus thread,
    /// unless the strategy was given up meanwhile.
    private func makeVersion(
        _ version: StrategyInput.Version, _ item: ClaimedStrategy,
        _ body: @escaping (Result<HostedStrategy, any Error>) -> Void
    ) {
        loader.load(version.pluginID) { [unowned self] found in
            guard claimed[item.strategy.id] == item else { return }
            body(
                Result {
                    let plugin = try found.get()
                    let terms = try SessionTerms.of(item.strategy, version: version)
                    let symbols = try feed.symbols.intern(all: terms.symbols)
                    let strategy = try HostedStrategy.make(
                        terms, plugin: plugin, symbols: symbols, waits: false, watches: true,
                        onLog: logger(terms.strategyID))
                    processes.add(strategy)
                    return strategy
                })
        }
    }

    func logger(_ id: String) -> (UInt32, String) -> Void {
        let log = context.log
        return { level, text in
            let severity: Logger.Level = level > 2 ? .error : level > 1 ? .warning : .info
            log.log(level: severity, "\(text)", metadata: ["strategy": "\(id)"])
        }
    }

    /// A session begins with inputs of its journal: the versions that they name are made, in their order.
    func provide(_ strategy: String, _ inputs: [Contracts.Command]) {
        guard let item = claimed[strategy] else { return }
        provide(inputs[...], [], item)
    }

    private func provide(
        _ inputs: ArraySlice<Contracts.Command>, _ made: [HostedStrategy], _ item: ClaimedStrategy
    ) {
        let id = item.strategy.id
        guard let version = inputs.first?.input?.version else {
            core.withStrategy(id) { running in
                // Begun anew meanwhile: its own answer asks again.
                if running.session.lacking.count == made.count { running.session.provide(made) }
            }
            return
        }
        makeVersion(version, item) { [unowned self] result in
            switch result {
            case .success(let strategy): provide(inputs.dropFirst(), made + [strategy], item)
            case .failure(let error): refuse(item, error)
            }
        }
    }

    // MARK: what became of it

    func became(_ outcome: WishOutcome, of id: String, _ strategy: String) {
        let prefix = "revert-"
        switch outcome {
        case .applied(let event):
            context.log.info(
                "input", metadata: ["strategy": "\(strategy)", "input": "\(id)", "event": "\(event)"])
            if id.hasPrefix(prefix) {
                settle(
                    InputSettlement(
                        id: String(id.dropFirst(prefix.count)), state: .reverted,
                        sentence: "the new version failed, and the old one went on", event: event))
            } else {
                settle(InputSettlement(id: id, state: .applied, event: event))
            }
        case .refused(let sentence):
            settle(InputSettlement(id: id, state: .refused, sentence: sentence))
        case .needsReplay:
            guard let input = wanted.first(where: { $0.id == id }), let item = claimed[strategy] else {
                return
            }
            begin(input, item)
        }
    }

    // MARK: failure

    /// A strategy that does not begin again: its session goes on without it, and the journal says where.
    func stopForGood(_ item: ClaimedStrategy, _ reason: Reason) {
        let id = item.strategy.id
        if core.stop(id, reason.sentence) { return }
        guard let session = core.strategy(id)?.session else { return }
        let input = StrategyInput(
            id: "stop-\(item.fence)-\(session.attachID)", kind: .stop, reason: reason.sentence,
            sinceEvent: .max)
        start(item, blind: true) { [unowned self] in
            core.withStrategy(id) { $0.session.want(input) }
        }
    }

    /// A strategy that does not decide the same again begins afresh where its session stands.
    func resume(_ item: ClaimedStrategy, _ reason: Reason) {
        let id = item.strategy.id
        guard let session = core.strategy(id)?.session else { return }
        context.log.warning(
            "strategy begins afresh", metadata: ["strategy": "\(id)", "reason": "\(reason.sentence)"])
        guard let version = session.currentVersion ?? (try? item.strategy.version) else { return }
        begin(
            OperatorInput(
                id: "restart-\(item.fence)-\(session.attachID)", strategy: id, kind: .restart,
                version: version, reason: reason.sentence), item)
    }
}

extension OperatorInput {
    /// As it is made in the session.
    fileprivate func asInput(_ beginning: StrategyInput.Beginning) -> StrategyInput {
        let kinds: [OperatorInput.Kind: StrategyInput.Kind] = [
            .pause: .pause, .resume: .resume, .set: .set, .swap: .swap, .restart: .restart,
        ]
        guard let kind = kinds[kind] else { preconditionFailure("\(kind) is no input of a session") }
        return StrategyInput(id: id, kind: kind, reason: reason, version: version, beginning: beginning)
    }
}

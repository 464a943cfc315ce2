// What becomes of a claimed strategy: its plugin is looked for, it is made, and one whose process has failed
// is begun again, a bounded number of times.

import Contracts
import Foundation
import Logging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

extension RunnerLoop {
    /// A strategy cannot go on. Its session stands still; one whose process has failed is begun again.
    func stopped(_ strategy: String, _ reason: Reason) {
        context.log.error(
            "strategy stopped", metadata: ["strategy": "\(strategy)", "reason": "\(reason.sentence)"])
        context.health.set("strategy \(strategy)", .degraded(reason.sentence))
        guard let item = claimed[strategy] else { return }
        if reason.code == "not_deterministic", item.strategy.recovery == .resume {
            resume(item, reason)
            return
        }
        guard reason.code == "strategy_failed" || reason.code == "report_out_of_place",
            let hosted = core.strategy(strategy)?.session.strategy
        else { return }
        // What a strategy in this process did wrong it would do again.
        let isItsOwn = reason.code == "strategy_failed"
        if hosted.process != nil || !isItsOwn, beginAgain(item, failedAt: hosted.lastEvent) { return }
        if isItsOwn { stopForGood(item, reason) }
    }

    /// Begins a strategy again a little later, unless that was tried often enough; false then.
    @discardableResult
    func beginAgain(_ item: ClaimedStrategy, failedAt event: UInt64) -> Bool {
        let id = item.strategy.id
        guard let seconds = policies[id, default: RestartPolicy()].failed(at: event) else {
            restarting.remove(id)
            return false
        }
        restarting.insert(id)
        context.log.warning(
            "strategy begins again", metadata: ["strategy": "\(id)", "seconds": "\(seconds)"])
        again.append((.now + .seconds(seconds), item))
        return true
    }

    /// Begins those again whose time has come.
    func beginDue() {
        let due = again.filter { $0.due <= .now }
        again.removeAll { $0.due <= .now }
        for (_, item) in due where claimed[item.strategy.id] == item { start(item) }
    }

    /// Looks for the plugin of a strategy and makes it.
    ///
    /// - Parameters:
    ///   - blind: whether what the journal holds of it is not to be decided again.
    ///   - fromStart: whether a version is to watch from the session's start, so that no snapshot will do.
    ///   - body: called when it is made.
    func start(
        _ item: ClaimedStrategy, blind: Bool = false, fromStart: Bool = false,
        _ body: @escaping () -> Void = {}
    ) {
        loader.load(item.strategy.plugin) { [unowned self] found in
            // Given up or claimed anew while the plugin was looked for.
            guard claimed[item.strategy.id] == item else { return }
            do {
                let plugin = try found.get()
                let terms = try SessionTerms.of(item.strategy, plugin: plugin)
                let symbols = try feed.symbols.intern(all: terms.symbols)
                let id = terms.strategyID
                let (strategy, snapshot) = try make(
                    terms, plugin: plugin, symbols: symbols, fromStart: blind || fromStart)
                core.add(
                    terms, strategy, symbols: symbols, fence: item.fence, beginsBlind: blind, from: snapshot)
                files[id] = plugin.path
                body()
                processes.add(strategy)
                if refused.removeValue(forKey: id) != nil { context.health.set("strategy \(id)", .ready) }
                if restarting.remove(id) != nil { context.health.set("strategy \(id)", .ready) }
                context.log.info(
                    "ready",
                    metadata: [
                        "strategy": "\(id)", "fence": "\(item.fence)",
                        "from": "\(snapshot?.position.event ?? 0)",
                    ])
            } catch {
                refuse(item, error)
            }
            if connection.isConnected { core.attachDetached(feed.symbols) }
        }
    }

    /// Tries again what could not be made, when a file in the plugin folders has come or changed, and what
    /// has failed, when one beside its own plugin has. What runs keeps the plugin that it has loaded.
    func lookForPlugins() {
        let changes = watch.changes()
        guard !changes.isEmpty else { return }
        context.log.info("plugin files have changed", metadata: ["files": "\(changes.listed("and"))"])
        for id in refused.keys.sorted() {
            if let item = claimed[id] { start(item) }
        }
        let folders = Set(changes.map(folder(of:)))
        for running in core.strategies where running.failure?.code == "strategy_failed" {
            guard !restarting.contains(running.id), let item = claimed[running.id],
                let file = files[running.id], folders.contains(folder(of: file))
            else { continue }
            policies[running.id] = nil
            restarting.insert(running.id)
            start(item)
        }
    }

    private func folder(of path: String) -> Substring {
        path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    }

    /// Lets the time count for which plugins have not answered, while this process itself runs: a process
    /// that was stopped, or whose machine slept, wakes up at most `longestCount` later than it went on.
    func countTime() {
        let passed = min(Self.longestCount, .now - countedAt)
        countedAt = .now
        core.count(milliseconds: Int(passed / .milliseconds(1)))
    }

    /// A claimed strategy cannot be made. A plugin whose process ended while it was asked may do better
    /// later.
    func refuse(_ item: ClaimedStrategy, _ error: any Error) {
        let (id, reason) = (item.strategy.id, sentence(for: error))
        context.log.error("strategy cannot run", metadata: ["strategy": "\(id)", "reason": "\(reason)"])
        context.health.set("strategy \(id)", .degraded(reason))
        let code = (error as? PluginError)?.code
        let isPassing = code == .protocolViolation || code == .cannotStart
        if isPassing, beginAgain(item, failedAt: 0) { return }
        restarting.remove(id)
        // What the core has is counted by its own failure.
        if core.strategy(id) == nil { refused[id] = reason }
    }
}

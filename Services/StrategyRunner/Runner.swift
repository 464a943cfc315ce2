// The strategy runner: claims strategies, runs their plugins on the gateway's stream, sends their commands.

import Contracts
import Foundation
import Logging
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import TradingCore

@main
enum Runner {
    static let number = Setting<Int>(
        "number", default: 1, placeholder: "N", help: "Number of this runner; chooses its health port.",
        allowed: Setting<Int>.within(1...10_000))

    static func main() async {
        var program = ServiceProgram(
            name: "strategy-runner",
            summary: "Finds, loads and runs strategy plugins, and sends their orders to the simulator.",
            source: "runner", healthPort: 9111,
            settings: [
                number.declaration, StackSettings.marketData.declaration,
                StackSettings.marketDataReplay.declaration, StackSettings.orderEntry.declaration,
                StackSettings.database.declaration,
            ] + StrategySettings.pluginDeclarations,
            tolerated: ["simulation", "strategies", "instruments"] + DataSettings.declarations.map(\.name))
        program.health = { settings in
            (HTTPAddress(port: Endpoints.firstRunnerHealthPort + settings[number]), .next(50))
        }
        await runService(program) { context in try run(context) }
    }

    private static func run(_ context: ServiceContext) throws {
        let settings = context.settings
        let name = context.isNamed ? context.instance : "\(context.instance)-\(settings[number])"
        let bus = try Bus()
        context.stop.onStop { bus.stop() }
        let store = try openStore(StackSettings.databaseLocation(settings))
        let feed = MarketFeed(
            bus: bus, endpoint: settings[StackSettings.marketData],
            replayEndpoint: settings[StackSettings.marketDataReplay], reader: name, epoch: nil)
        let connection = try CommandConnection(bus: bus, endpoint: settings[StackSettings.orderEntry])
        let plugins = StrategySettings.folders(settings)
        let loop = RunnerLoop(
            bus: bus, name: name, store: store, feed: feed, connection: connection, plugins: plugins,
            context: context)
        try loop.start()
        bus.run()
        loop.release()
        if let failure = loop.failure { throw failure }
    }
}

/// The turn of the bus: messages and events come in, strategies decide, one batch leaves.
private final class RunnerLoop {
    private let bus: Bus
    private let name: String
    private let store: any Store
    private let feed: MarketFeed
    private let connection: CommandConnection
    private let loader: PluginLoader
    private let processes: ProcessWatch
    private let context: ServiceContext
    private let core: RunnerCore
    private let lines = OrderEntryReader()
    private var claims: [Claim] = []
    private var isProgressDue = true
    private var isProgressPlanned = false
    private static let progressEvery = Duration.milliseconds(2)
    private var claimed: [String: ClaimedStrategy] = [:]
    private var policies: [String: RestartPolicy] = [:]
    /// Strategies that will be begun again.
    private var restarting: Set<String> = []
    private var again: [(due: ContinuousClock.Instant, item: ClaimedStrategy)] = []
    private var lookedAt = ContinuousClock.now
    private let figures: RunnerFigures
    private(set) var failure: (any Error)?
    private var looks = 0
    /// Claimed strategies that could not even be made.
    private var refused: Set<String> = []
    /// Notices that a plugin may be there now.
    private var watch: PluginWatch
    /// An unanswered attach, and the progress, are repeated after so many looks of 500 ms.
    private static let looksPerAttach = 6
    /// Whether this process has claimed before: only then its own name in the database is its own doing.
    private var hasClaimed = false

    init(
        bus: Bus, name: String, store: any Store, feed: MarketFeed, connection: CommandConnection,
        plugins: PluginFolders, context: ServiceContext
    ) {
        self.bus = bus
        self.name = name
        self.store = store
        self.feed = feed
        self.connection = connection
        loader = PluginLoader(plugins, bus: bus)
        watch = PluginWatch(plugins.folders)
        processes = ProcessWatch(bus)
        self.context = context
        figures = RunnerFigures(context.metrics)
        core = RunnerCore { _, _ in }
    }

    func start() throws {
        core.onFailure = { [unowned self] strategy, reason in self.stopped(strategy, reason) }
        connection.onReset = { [unowned self] in self.core.connectionReset(self.feed.symbols) }
        connection.onLine = { [unowned self] line in self.receive(line) }
        context.health.set("market data", .starting("the gateway was not heard yet"))
        context.health.set("order entry", .starting("the simulator is not connected"))
        try claim()
        try feed.start()
        bus.afterPoll { [unowned self] in self.turn() }
        bus.timer(every: .milliseconds(500)) { [unowned self] in self.look() }
    }

    /// Claims what is free. A runner that has just started takes back what its predecessor of the same name
    /// held.
    private func claim() throws {
        let free = RunnerCore.maximumStrategies - core.strategies.count
        let found = try store.claim(
            runner: name, limit: free, term: nil, takingBackOwn: !hasClaimed)
        hasClaimed = true
        for item in found {
            claims.append(item.claim)
            claimed[item.strategy.id] = item
            start(item)
        }
    }

    /// A strategy cannot go on. Its session stands still; one whose process has failed is begun again.
    private func stopped(_ strategy: String, _ reason: Reason) {
        context.log.error(
            "strategy stopped", metadata: ["strategy": "\(strategy)", "reason": "\(reason.sentence)"])
        context.health.set("strategy \(strategy)", .degraded(reason.sentence))
        guard reason.code == "strategy_failed", let item = claimed[strategy],
            let hosted = core.strategies.first(where: { $0.id == strategy })?.session.strategy,
            hosted.process != nil
        else { return }
        beginAgain(item, failedAt: hosted.lastEvent)
    }

    /// Begins a strategy again a little later, unless that was tried often enough; false then.
    @discardableResult
    private func beginAgain(_ item: ClaimedStrategy, failedAt event: UInt64) -> Bool {
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
    private func beginDue() {
        let due = again.filter { $0.due <= .now }
        again.removeAll { $0.due <= .now }
        for (_, item) in due where claimed[item.strategy.id] == item { start(item) }
    }

    /// Looks for the plugin of a strategy and makes it.
    private func start(_ item: ClaimedStrategy) {
        loader.load(item.strategy.plugin) { [unowned self] found in
            do {
                let plugin = try found.get()
                let terms = try SessionTerms.of(item.strategy, plugin: plugin)
                var symbols: [SymbolIndex] = []
                for symbol in terms.symbols { symbols.append(try feed.symbols.intern(symbol)) }
                let log = context.log
                let id = terms.strategyID
                let strategy = try HostedStrategy.make(terms, plugin: plugin, symbols: symbols, waits: false)
                {
                    level, text in
                    let severity: Logger.Level = level > 2 ? .error : level > 1 ? .warning : .info
                    log.log(level: severity, "\(text)", metadata: ["strategy": "\(id)"])
                }
                core.add(terms, strategy, symbols: symbols, fence: item.fence)
                processes.add(strategy)
                if refused.remove(id) != nil { context.health.set("strategy \(id)", .ready) }
                if restarting.remove(id) != nil { context.health.set("strategy \(id)", .ready) }
                context.log.info("claimed", metadata: ["strategy": "\(id)", "fence": "\(item.fence)"])
            } catch {
                refuse(item, error)
            }
            if connection.isConnected { core.attachDetached(feed.symbols) }
        }
    }

    /// Tries again what could not be made, when a file in the plugin folders has come or changed.
    private func lookForPlugins() {
        let changes = watch.changes()
        guard !changes.isEmpty else { return }
        context.log.info("plugin files have changed", metadata: ["files": "\(changes.listed("and"))"])
        for id in refused.sorted() {
            if let item = claimed[id] { start(item) }
        }
    }

    /// A claimed strategy cannot be made. A plugin whose process ended while it was asked may do better
    /// later.
    private func refuse(_ item: ClaimedStrategy, _ error: any Error) {
        let (id, reason) = (item.strategy.id, sentence(for: error))
        context.log.error("strategy cannot run", metadata: ["strategy": "\(id)", "reason": "\(reason)"])
        context.health.set("strategy \(id)", .degraded(reason))
        let code = (error as? PluginError)?.code
        let isPassing = code == .protocolViolation || code == .cannotStart
        if isPassing, beginAgain(item, failedAt: 0) { return }
        restarting.remove(id)
        // What the core has is counted by its own failure.
        if !core.strategies.contains(where: { $0.id == id }) { refused.insert(id) }
    }

    private func receive(_ line: UnsafeRawBufferPointer) {
        do throws(JSONError) {
            try core.receive(try lines.read(line, symbols: &feed.symbols), symbols: &feed.symbols)
        } catch {
            context.log.error("a line of the simulator cannot be read: \(error)")
        }
    }

    private func turn() {
        context.health.beat()
        core.pump(feed.window, feed.symbols, isProgressDue: isProgressDue)
        isProgressDue = false
        if !isProgressPlanned, core.hasUnsaidProgress { planProgress() }
        processes.turn()
        core.flush { connection.send($0) == .done }
        let oldest = core.oldestNeeded
        do { try feed.require(oldest) } catch { fail(error) }
        feed.makeRoom(keeping: oldest)
        feed.reportPosition(oldest.map { $0 - 1 } ?? feed.window.next - 1)
        figures.update(core, feed, refused: refused.count, isRestarting: restarting.contains)
        if let stopped = feed.failure { fail(stopped) }
    }

    /// Progress that nobody waits for is said now and then, so that not every event costs the simulator a
    /// message.
    private func planProgress() {
        isProgressPlanned = true
        bus.timer(after: Self.progressEvery) { [unowned self] in
            self.isProgressPlanned = false
            self.isProgressDue = true
        }
    }

    private func fail(_ error: any Error) {
        failure = error
        bus.stop()
    }

    private func look() {
        // A process that slept, or whose machine did, has not run for longer than two looks.
        let now = ContinuousClock.now
        let passed = min(.milliseconds(1_000), now - lookedAt)
        lookedAt = now
        core.look(milliseconds: Int(passed / .milliseconds(1)))
        beginDue()
        lookForPlugins()
        context.health.set(
            "market data", feed.epoch == nil ? .starting("the gateway was not heard yet") : .ready)
        let connected = connection.isConnected
        context.health.set("order entry", connected ? .ready : .starting("the simulator is not connected"))
        // An answer that did not come is asked for again, slowly: a busy simulator must be able to answer the
        // last.
        looks += 1
        if connected, looks.isMultiple(of: Self.looksPerAttach) {
            core.attachDetached(feed.symbols)
            core.repeatProgress()
        }
        do { try claim() } catch {
            context.log.warning("the database cannot be asked for strategies: \(sentence(for: error))")
        }
    }

    /// Gives the strategies back at a clean stop.
    func release() {
        for strategy in core.strategies { try? strategy.session.strategy.cleanup() }
        try? store.release(runner: name, claims: claims)
        try? store.close()
    }
}

/// What `/metrics` shows.
private struct RunnerFigures {
    let messages: CounterCell
    let handed: CounterCell
    let roundTrips: CounterCell
    let lag: GaugeCell
    let lastTime: GaugeCell
    let strategies: GaugeCell
    let failed: GaugeCell
    let gaps: CounterCell

    init(_ metrics: MetricsRegistry) {
        messages = metrics.counter("messages_total", help: "Market events received.")
        handed = metrics.counter("events_handed_total", help: "Events handed to strategies.")
        roundTrips = metrics.counter("matched_total", help: "Answers \"matched through\" of the simulator.")
        lag = metrics.gauge(
            "lag_events", help: "Market events received that the slowest strategy has not handled.")
        lastTime = metrics.gauge("last_event_seconds", help: "Market time of the last event received.")
        strategies = metrics.gauge("strategies", help: "Strategies claimed.")
        failed = metrics.gauge("strategies_failed", help: "Strategies that cannot go on.")
        gaps = metrics.counter("gaps_total", help: "Gaps found in the market data, and repaired.")
    }

    func update(_ core: RunnerCore, _ feed: MarketFeed, refused: Int, isRestarting: (String) -> Bool) {
        messages.set(total: Int64(feed.counters.delivered))
        handed.set(total: Int64(core.eventsHanded))
        roundTrips.set(total: Int64(core.roundTrips))
        lag.set(Int(feed.window.next - min(core.oldestNeeded ?? feed.window.next, feed.window.next)))
        if feed.window.next > feed.window.first {
            lastTime.set(Double(feed.window[feed.window.next - 1].timestamp.microseconds) / 1e6)
        }
        strategies.set(core.strategies.count)
        failed.set(refused + core.strategies.count { $0.failure != nil && !isRestarting($0.id) })
        gaps.set(total: Int64(feed.counters.gaps))
    }
}

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
                StackSettings.database.declaration, StrategySettings.plugins.declaration,
            ], tolerated: ["simulation", "strategies", "instruments"] + DataSettings.declarations.map(\.name))
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
        let plugins = PluginFolders(settings[StrategySettings.plugins])
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
    private let plugins: PluginFolders
    private let context: ServiceContext
    private let core: RunnerCore
    private let lines = OrderEntryReader()
    private var claims: [Claim] = []
    private var isProgressDue = true
    private var isProgressPlanned = false
    private static let progressEvery = Duration.milliseconds(2)
    private let figures: RunnerFigures
    private(set) var failure: (any Error)?
    private var looks = 0
    /// Claimed strategies that could not even be made.
    private var refused = 0
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
        self.plugins = plugins
        self.context = context
        figures = RunnerFigures(context.metrics)
        let log = context.log
        let health = context.health
        core = RunnerCore { strategy, reason in
            log.error(
                "strategy stopped", metadata: ["strategy": "\(strategy)", "reason": "\(reason.sentence)"])
            health.set("strategy \(strategy)", .degraded(reason.sentence))
        }
    }

    func start() throws {
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
        let claimed = try store.claim(
            runner: name, limit: free, term: nil, takingBackOwn: !hasClaimed)
        hasClaimed = true
        for item in claimed {
            claims.append(item.claim)
            do {
                let plugin = try plugins.plugin(id: item.strategy.plugin)
                let terms = try SessionTerms.of(item.strategy, plugin: plugin)
                var symbols: [SymbolIndex] = []
                for symbol in terms.symbols { symbols.append(try feed.symbols.intern(symbol)) }
                let log = context.log
                let id = terms.strategyID
                let strategy = try HostedStrategy.make(terms, plugin: plugin, symbols: symbols) {
                    level, text in
                    let severity: Logger.Level = level > 2 ? .error : level > 1 ? .warning : .info
                    log.log(level: severity, "\(text)", metadata: ["strategy": "\(id)"])
                }
                core.add(terms, strategy, symbols: symbols, fence: item.fence)
                context.log.info("claimed", metadata: ["strategy": "\(id)", "fence": "\(item.fence)"])
            } catch {
                refused += 1
                context.log.error(
                    "strategy cannot run",
                    metadata: ["strategy": "\(item.strategy.id)", "reason": "\(sentence(for: error))"])
                context.health.set("strategy \(item.strategy.id)", .degraded(sentence(for: error)))
            }
        }
        if !claimed.isEmpty, connection.isConnected { core.attachDetached(feed.symbols) }
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
        core.flush { connection.send($0) == .done }
        let oldest = core.oldestNeeded
        do { try feed.require(oldest) } catch { fail(error) }
        feed.makeRoom(keeping: oldest)
        feed.reportPosition(oldest.map { $0 - 1 } ?? feed.window.next - 1)
        figures.update(core, feed, refused: refused)
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
        core.look()
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

    func update(_ core: RunnerCore, _ feed: MarketFeed, refused: Int) {
        messages.set(total: Int64(feed.counters.delivered))
        handed.set(total: Int64(core.eventsHanded))
        roundTrips.set(total: Int64(core.roundTrips))
        lag.set(Int(feed.window.next - min(core.oldestNeeded ?? feed.window.next, feed.window.next)))
        if feed.window.next > feed.window.first {
            lastTime.set(Double(feed.window[feed.window.next - 1].timestamp.microseconds) / 1e6)
        }
        strategies.set(core.strategies.count)
        failed.set(refused + core.strategies.count { $0.failure != nil })
        gaps.set(total: Int64(feed.counters.gaps))
    }
}

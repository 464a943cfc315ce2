import Contracts
import ServiceKit
import StrategyHost

/// What `/metrics` shows.
struct RunnerFigures {
    let messages: CounterCell
    let handed: CounterCell
    let roundTrips: CounterCell
    let lag: GaugeCell
    let lastTime: GaugeCell
    let strategies: GaugeCell
    let failed: GaugeCell
    let stopped: GaugeCell
    let gaps: CounterCell
    let claimed: CounterCell
    let lost: CounterCell
    let snapshots: CounterCell
    let restored: CounterCell

    init(_ metrics: MetricsRegistry) {
        messages = metrics.counter("messages_total", help: "Market events received.")
        handed = metrics.counter("events_handed_total", help: "Events handed to strategies.")
        roundTrips = metrics.counter("matched_total", help: "Answers \"matched through\" of the simulator.")
        lag = metrics.gauge(
            "lag_events", help: "Market events received that the slowest strategy has not handled.")
        lastTime = metrics.gauge("last_event_seconds", help: "Market time of the last event received.")
        strategies = metrics.gauge("strategies", help: "Strategies claimed.")
        failed = metrics.gauge("strategies_failed", help: "Strategies that cannot go on.")
        stopped = metrics.gauge(
            "strategies_stopped", help: "Strategies that failed and whose sessions go on without them.")
        gaps = metrics.counter("gaps_total", help: "Gaps found in the market data, and repaired.")
        claimed = metrics.counter("leases_claimed_total", help: "Strategies claimed since the start.")
        lost = metrics.counter(
            "leases_lost_total", help: "Leases that ran out here or were taken over by another runner.")
        snapshots = metrics.counter("snapshots_total", help: "Snapshots of strategies kept in the database.")
        restored = metrics.counter("restored_total", help: "Strategies made from a snapshot.")
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
        failed.set(refused + core.failed.count { !isRestarting($0) })
        stopped.set(core.stoppedCount)
        gaps.set(total: Int64(feed.counters.gaps))
    }
}

// What `/metrics` shows of the tracker.

import Messaging
import Persistence
import ServiceKit

struct TrackerFigures {
    private let messages: CounterCell
    private let booked: CounterCell
    private let duplicates: CounterCell
    private let deadLetters: CounterCell
    private let checkpoint: GaugeCell
    /// The same of further simulators, by name.
    private let others: [GaugeCell]
    private let lag: GaugeCell
    private let gaps: CounterCell
    private let ingested: CounterCell
    private let unanswered: CounterCell
    private let held: GaugeCell
    private let open: [(reason: DeadLetterReason, cell: GaugeCell)]
    private let oldest: GaugeCell
    private let overLimit: GaugeCell

    init(_ metrics: MetricsRegistry, simulators: [String]) {
        messages = metrics.counter("messages_total", help: "Trades, marks and orders received.")
        booked = metrics.counter("trades_booked_total", help: "Trades booked.")
        duplicates = metrics.counter(
            "trades_duplicate_total", help: "Trades that were in the ledger already.")
        deadLetters = metrics.counter("dead_letters_total", help: "Messages that could not be booked.")
        checkpoint = metrics.gauge(
            "checkpoint_seq", help: "Everything up to this seq of the simulator is booked.")
        others = simulators.dropFirst().map { name in
            metrics.gauge(
                "checkpoint_seq_of", labels: [("simulator", name)],
                help: "Everything up to this seq of a further simulator is booked.")
        }
        lag = metrics.gauge("lag_events", help: "Seq received that is not booked yet.")
        gaps = metrics.counter("gaps_total", help: "Gaps found in the trades, and repaired.")
        ingested = metrics.counter("ingest_messages_total", help: "Messages of other robots received.")
        unanswered = metrics.counter(
            "ingest_unanswered_total", help: "Answers that the sender did not take: it sends again.")
        held = metrics.gauge(
            "ingest_held", help: "Trades of other robots that wait for the one before them.")
        open = DeadLetterReason.allCases.map { reason in
            (
                reason,
                metrics.gauge(
                    "dead_letters_open", labels: [("reason", reason.rawValue)],
                    help: "Dead letters that nobody has dealt with.")
            )
        }
        oldest = metrics.gauge(
            "dead_letters_oldest_seconds", help: "Age of the oldest dead letter that nobody has dealt with.")
        overLimit = metrics.gauge(
            "dead_letters_over_limit", help: "1 while there are more dead letters than are kept with ease.")
    }

    func update(_ core: TrackerCore, _ feeds: [SimulatorFeed], _ ingest: IngestServer) {
        let counters = feeds.compactMap(\.subscriber?.counters)
        messages.set(total: counters.reduce(0) { $0 + Int64($1.delivered) })
        booked.set(total: core.counts.booked)
        duplicates.set(total: core.counts.duplicates)
        deadLetters.set(total: core.counts.deadLetters)
        checkpoint.set(Int(core.streams[0].booked))
        for (stream, cell) in zip(core.streams.dropFirst(), others) { cell.set(Int(stream.booked)) }
        lag.set(core.streams.reduce(0) { $0 + Int($1.complete - $1.booked) })
        gaps.set(total: counters.reduce(0) { $0 + Int64($1.gaps) })
        ingested.set(total: Int64(ingest.counters.received))
        unanswered.set(total: Int64(ingest.counters.unanswered))
        held.set(core.desk.held.count)
        let box = core.letterBox
        for (reason, cell) in open { cell.set(box.figures.unresolved[reason] ?? 0) }
        let age = box.figures.oldest.map { (wallClock().microseconds - $0.microseconds) / 1_000_000 } ?? 0
        oldest.set(Int(max(0, age)))
        overLimit.set(box.isOverLimit ? 1 : 0)
    }
}

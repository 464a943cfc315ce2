// What `make bench` measures of ours, one figure a call: `benchmarks NAME ARGUMENT…`. Each prints JSON lines
// on standard output. `run.py` beside this file runs them in alternation with their peers and makes the
// ratios.
//
// Nothing is asserted by time: a figure is a figure.

import Foundation

@main
enum Benchmarks {
    private static let all: [(name: String, arguments: String, run: @Sendable ([String]) throws -> Void)] = [
        ("messages", "FOLDER", CodecBenchmark.writeMessages),
        ("codec", "FOLDER REPEATS", CodecBenchmark.run),
        ("foundation", "FOLDER REPEATS", FoundationBenchmark.run),
        ("journal", "FOLDER RECORDS BATCH process|group|record", JournalBenchmark.run),
        ("backtest", "TICKS.csv PLUGIN LAPS REPEATS", BacktestBenchmark.run),
        ("metrics", "RETURNS REPEATS", MetricsBenchmark.run),
        ("host", "PLUGIN REPEATS", HostBenchmark.run),
        ("isolated", "PLUGIN EVENTS", IsolatedBenchmark.run),
        ("publish", "ENDPOINT REPLAY-ENDPOINT FOLDER TICKS", FeedBenchmark.publish),
        ("follow", "ENDPOINT REPLAY-ENDPOINT PLUGIN TICKS", FeedBenchmark.follow),
        ("trades", "FILE COUNT", StoreBenchmark.write),
        ("make-store", "DATABASE", StoreBenchmark.make),
        ("store", "DATABASE COUNT BATCH process|power", StoreBenchmark.run),
        ("query", "DATABASE TRADES", TrackerBenchmark.query),
        (
            "simulate", "ENDPOINT REPLAY-ENDPOINT FOLDER TRADES RATE [DATABASE [SECONDS]]",
            TrackerBenchmark.publish
        ),
        ("observe", "TRADES-ENDPOINT SECONDS", TradeObserver.run),
    ]

    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard let name = arguments.first, let benchmark = all.first(where: { $0.name == name }),
            arguments.count - 1
                >= benchmark.arguments.prefix(while: { $0 != "[" }).split(separator: " ").count
        else {
            let lines = all.map { "  benchmarks \($0.name) \($0.arguments)\n" }.joined()
            FileHandle.standardError.write(
                Data("One benchmark a call; run.py beside the sources runs them all:\n\(lines)".utf8))
            exit(2)
        }
        arguments.removeFirst()
        do { try benchmark.run(arguments) } catch {
            FileHandle.standardError.write(Data("benchmarks \(name): \(error)\n".utf8))
            exit(1)
        }
    }
}

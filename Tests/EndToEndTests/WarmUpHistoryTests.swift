// A strategy that is added to a running stack is warm at its first live event: its warm-up is fed from the
// journal, and no order of it is taken before.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct WarmUpHistoryTests {
        private let bench: PluginBench
        private var folder: String { bench.folder.path }

        init() throws { bench = try PluginBench() }

        @Test(
            "A strategy added live is warmed up on the history before it, in events and in time",
            arguments: [#"{"events":300}"#, #"{"seconds":60}"#])
        func addedLive(warmUp: String) async throws {
            try await bench.compile(
                "libeager.so", metadata: #"{"id":"eager","version":"1","warm_up":\#(warmUp)}"#,
                data: """
                    if (host->open_orders(host->context, d->symbol) == 0 && d->seq % 7 == 0) buy(d->symbol);
                    """)
            let sample = try await Samples.current.made()
            let run = folder + "/run"
            let stack = try Stack(
                in: run, sample.replay(speed: "40") + ["--plugins", folder, "--lease-term", "1s"])
            try await stack.wait("there is some history", "event") {
                Int($0["both"] ?? "").map { $0 > 1_200 } ?? false
            }
            let added = try await robot(
                "strategies", "add", "e=eager:ACME+BOLT", "--start", "live", "--plugins", folder, "--cash",
                "10000000", "--data-dir", run)
            #expect(added.code == 0, "\(added.errors)")
            let numbers = added.output.split { !$0.isNumber }.compactMap { UInt64($0) }
            try #require(numbers.count == 2 && added.output.contains("warmed up"), "\(added.output)")
            let (live, start) = (numbers[0], numbers[1])
            #expect(start < live && start + 1_100 > live, "\(added.output)")
            try await stack.wait("it is done", "state") { $0["e"] == "done" }
            try await stack.end()
            let journal = try await robot("journal", "cat", run + "/orders")
            let first = try #require(
                journal.output.split(separator: "\n").first {
                    $0.contains("\"type\":\"command\"") && $0.contains("\"strategy_id\":\"e\"")
                })
            let command = try #require(
                try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
            let decided = try #require(command["after_event"] as? NSNumber).uint64Value
            #expect(decided >= live && decided < live + 60, "\(first)")
            let verify = try await robot("verify", "--data-dir", run, "--plugins", folder)
            #expect(verify.code == 0, "\(verify.output) \(verify.errors)")
        }
    }
}

// Snapshots and pruning with the real services: what goes on from a snapshot trades what it would have traded,
// and what was pruned is missed by nobody.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct SnapshotTests {
        /// Small segments and frequent snapshots, so that short data have many of both.
        private static let flags = ["--snapshot-every", "400", "--journal-segment", "65536"]

        private func log(_ folder: String, _ service: String) -> String {
            (try? String(contentsOfFile: folder + "/logs/\(service).log", encoding: .utf8)) ?? ""
        }

        @Test("Killed simulators and runners go on from snapshots to the same ledger")
        func restored() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("snapshots, killed")
            let run = try TemporaryFolder()
            let stack = try Stack(in: run.path, sample.replay + Self.flags + ["--exit-when-done"])
            do {
                for part in [3, 5, 7] {
                    let bytes = expected.orderBytes * part / 10
                    try await stack.wait(orderBytes: bytes + Int.random(in: 0...expected.orderBytes / 20, using: &random))
                    try await stack.kill9(.simulator)
                    try await stack.kill9(.runner)
                }
            } catch let late as Awaited where late.isOver {}
            let outcome = try await stack.up.wait(seconds: 60)
            try #require(outcome.code == 0, "\(stack.story)")
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
            try await expectMetrics(run.path, of: sample.flags)
            let restarts = log(run.path, "order-simulator").split(separator: "\n").filter { $0.contains("restored") }
            #expect(restarts.contains { !$0.contains("snapshot=0") && !$0.contains("\"snapshot\":\"0\"") }, "\(restarts)")
        }

        @Test("After pruning, the stack goes on, and verify begins with the oldest snapshots")
        func pruned() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay + Self.flags)
            let dry = try await robot(
                "journal", "prune", "--data-dir", run.path, "--before", "999999999", "--dry-run")
            #expect(dry.code == 0 && dry.output.contains("would be deleted"), "\(dry.output)\(dry.errors)")
            try await expectVerified(run.path)
            let done = try await robot("journal", "prune", "--data-dir", run.path, "--before", "999999999")
            #expect(done.code == 0 && done.output.contains("deleted"), "\(done.output)\(done.errors)")
            for journal in ["market-data", "orders"] {
                let check = try await robot("journal", "check", run.path + "/" + journal)
                #expect(check.code == 0 && !check.output.contains("seq 1 to"), "\(check.output)\(check.errors)")
            }
            let verified = try await robot("verify", "--data-dir", run.path)
            #expect(verified.code == 0 && verified.output.contains("from trade"), "\(verified.output)\(verified.errors)")
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await runToEnd(in: run.path, sample.replay + Self.flags)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
        }
    }
}

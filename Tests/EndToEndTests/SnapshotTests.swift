// Snapshots and pruning with the real services: what goes on from a snapshot trades what it would have
// traded, and what was pruned is missed by nobody.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct SnapshotTests {
        /// Small segments and frequent snapshots, so that short data have many of both.
        private static let flags = ["--snapshot-every", "400", "--journal-segment", "65536"]

        private func log(_ folder: String, _ service: String) -> String {
            (try? String(contentsOfFile: folder + "/logs/\(service).log", encoding: .utf8)) ?? ""
        }

        private func prune(_ folder: String, _ more: String...) async throws -> Outcome {
            let flags = ["journal", "prune", "--data-dir", folder, "--before", "999999999"]
            return try await robot(flags + more)
        }

        @Test(
            "Killed simulators and runners go on from snapshots to the same ledger, pruned meanwhile or not",
            arguments: [false, true])
        func restored(pruned: Bool) async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            var random = SplitMix.seeded("snapshots, killed\(pruned ? ", pruned" : "")")
            let run = try TemporaryFolder()
            let data = sample.replay(speed: pruned ? "120" : "max")
            let stack = try Stack(in: run.path, data + Self.flags + ["--exit-when-done"])
            do {
                for part in [3, 5, 7] {
                    let bytes = expected.orderBytes * part / 10
                    let more = Int.random(in: 0...expected.orderBytes / 20, using: &random)
                    try await stack.wait(orderBytes: bytes + more)
                    try await stack.kill9(.simulator)
                    try await stack.kill9(.runner)
                    guard pruned else { continue }
                    let outcome = try await prune(run.path)
                    #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
                }
            } catch let late as Awaited where late.isOver {}
            let outcome = try await stack.up.wait(seconds: 60)
            try #require(outcome.code == 0, "\(stack.story)")
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
            try await expectMetrics(run.path, of: sample.flags)
            let lines = log(run.path, "order-simulator").split(separator: "\n")
            let restarts = lines.filter { $0.contains("restored") }
            #expect(restarts.contains { !$0.contains("snapshot=0") }, "\(restarts)")
        }

        @Test("After pruning, the stack goes on, and verify begins with the oldest snapshots")
        func pruned() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            // So slow that there is time for many snapshots.
            try await runToEnd(in: run.path, sample.replay(speed: "120") + Self.flags)
            let dry = try await prune(run.path, "--dry-run")
            #expect(dry.code == 0 && dry.output.contains("would be deleted"), "\(dry.output)\(dry.errors)")
            try await expectVerified(run.path)
            let done = try await prune(run.path)
            #expect(done.code == 0 && done.output.contains("deleted"), "\(done.output)\(done.errors)")
            for journal in ["market-data", "orders"] {
                let check = try await robot("journal", "check", run.path + "/" + journal)
                let isPruned = check.code == 0 && !check.output.contains("seq 1 to")
                #expect(isPruned, "\(check.output)\(check.errors)")
            }
            let verified = try await robot("verify", "--data-dir", run.path)
            let isVerified = verified.code == 0 && verified.output.contains("from trade")
            #expect(isVerified, "\(verified.output)\(verified.errors)")
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            let other = try TemporaryFolder()
            for arguments in [
                ["backup", "--data-dir", run.path, "--output", other.file("backup.tar")],
                ["restore", other.file("backup.tar"), "--data-dir", other.path],
            ] {
                let outcome = try await robot(arguments)
                #expect(outcome.code == 0, "\(outcome.errors)")
            }
            for folder in [run.path, other.path] {
                try await runToEnd(in: folder, sample.replay + Self.flags)
                #expect(difference(try await EndToEndTests.ledger(of: folder), expected.ledger) == nil)
                try await expectVerified(folder)
            }
        }
    }
}

// How a stack ends when it is asked to, and what a second one finds.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct StopTests {
        @Test(
            "Asked to stop, up and all its services are gone within two seconds",
            arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(0))])
        func stop(_ signal: Int32, code: Int32) async throws {
            let run = try TemporaryFolder()
            let flags = [
                "--provider", "synthetic", "--symbols", "ACME", "--strategy", "quotes=quoter:ACME", "--rate",
                "500",
            ]
            let stack = try Stack(in: run.path, flags)
            try await stack.waitForServices()
            try await stack.wait("orders were made") { Stack.orderBytes(run.path) > 5_000 }
            let begin = ContinuousClock.now
            stack.up.send(signal)
            let outcome = try await stack.up.wait(seconds: 10)
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            #expect(outcome.code == code, "\(outcome.errors)")
            // Two seconds are the promise. After four up would kill what does not stop by itself.
            #expect(seconds < 4)
            #expect(stack.services == [])
            // What was stopped in an orderly way is whole.
            try await expectVerified(run.path)
        }

        @Test("A stopped run goes on where it was, and ends with the ledger of one that was never stopped")
        func goOn() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            let stack = try Stack(in: run.path, sample.replay)
            try await stack.wait(orderBytes: expected.orderBytes / 3)
            stack.up.send(SIGTERM)
            #expect(try await stack.up.wait(seconds: 10).code == 0)
            #expect(stack.services == [])
            try await runToEnd(in: run.path, sample.replay)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
        }

        @Test("A finished run started again ends at once with the same ledger")
        func finishedRun() async throws {
            let sample = try await Samples.current.made()
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let again = try await runToEnd(in: run.path, sample.replay)
            #expect(again.seconds < 10)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test("Without --strategy a known folder goes on with the strategies that it has")
        func knownStrategies() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            try await runToEnd(in: run.path, ["--provider", "replay", "--speed", "max"] + sample.data)
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
        }

        @Test("--fresh keeps the old folder and begins anew")
        func fresh() async throws {
            let sample = try await Samples.current.made()
            let parent = try TemporaryFolder()
            let folder = parent.file("run")
            try await runToEnd(in: folder, sample.replay)
            let other = ["--provider", "synthetic", "--events", "200", "--speed", "max", "--fresh"]
            let outcome = try await runToEnd(in: folder, other)
            #expect(outcome.errors.contains("The old data folder is now"))
            let folders = try FileManager.default.contentsOfDirectory(atPath: parent.path)
            #expect(folders.count == 2, "\(folders)")
            let old = try #require(folders.first { $0 != "run" })
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: parent.file(old)), expected.ledger) == nil)
        }
    }
}

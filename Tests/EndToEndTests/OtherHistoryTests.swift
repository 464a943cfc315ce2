// A publisher that no longer has the journal that was followed is refused with the ways out: what was traded
// on one history is never continued on another.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct OtherHistoryTests {
        private func goOn(_ folder: String, _ sample: Sample, speed: String = "max") async throws -> Outcome {
            try await robot(
                ["up", "--data-dir", folder, "--base-port", "0", "--exit-when-done"]
                    + sample.replay(speed: speed), seconds: 60)
        }

        private func expectRefused(
            _ outcome: Outcome, by service: Service, in folder: String, naming: [String],
            at place: SourceLocation = #_sourceLocation
        ) async throws {
            #expect(outcome.code == 1, "\(outcome.errors)", sourceLocation: place)
            let sentence = String(outcome.errors.split(separator: "\n").last ?? "")
            for name in [service.rawValue, "--fresh"] + naming {
                #expect(sentence.contains(name), "\(name) is not in: \(sentence)", sourceLocation: place)
            }
            #expect(try await Stack.leftovers(of: folder, after: 1) == [], sourceLocation: place)
        }

        @Test(
            "Another journal than the one followed before is refused; the old one put back goes on",
            arguments: [("market-data", Service.simulator), ("orders", .tracker)])
        func otherJournal(_ name: String, refusedBy service: Service) async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let files = FileManager.default
            try files.moveItem(atPath: run.file(name), toPath: run.file("kept"))
            let outcome = try await goOn(run.path, sample)
            try await expectRefused(
                outcome, by: service, in: run.path, naming: ["now publishes journal", "old data folder"])
            try files.removeItem(atPath: run.file(name))
            try files.moveItem(atPath: run.file("kept"), toPath: run.file(name))
            try await runToEnd(in: run.path, sample.replay)
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test("Market data that had been seen and are gone stop the simulator: its source was rewound")
        func rewound() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay)
            let folder = run.file("market-data")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            let file = URL(filePath: folder + "/" + (try #require(names.first { $0.hasSuffix(".journal") })))
            let whole = try Data(contentsOf: file)
            let third = whole[..<(whole.count / 3)]
            try third[...(try #require(third.lastIndex(of: 10)))].write(to: file)
            // At the market's own pace, so that the lost events do not come again meanwhile.
            let outcome = try await goOn(run.path, sample, speed: "real")
            try await expectRefused(
                outcome, by: .simulator, in: run.path,
                naming: ["lost after they had been seen", "restore the publisher's journal"])
            try whole.write(to: file)
            try await runToEnd(in: run.path, sample.replay)
            let expected = try await Samples.current.expected(sample)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }
    }
}

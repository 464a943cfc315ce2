// Many strategies under random faults and at every named crash point, in a form short enough for each change;
// the long form is in `ChaosTests`.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct StressTests {
        @Test("Thirty strategies and four runners under faults and at every crash point make one ledger")
        func sqlite() async throws {
            try await perform("stress on SQLite", nil)
        }

        @Test(
            "The same with PostgreSQL as the store",
            .enabled(if: RunDatabase.isThere, "\(RunDatabase.missing)"))
        func postgreSQL() async throws {
            try await RunDatabase.with { url in try await perform("stress on PostgreSQL", url) }
        }

        private func perform(_ name: String, _ database: String?) async throws {
            var random = SplitMix.seeded(name)
            let sample = manyStrategies(30, on: try await Samples.current.made(rows: 9_000))
            let run = StressRun(
                sample: sample, ledger: try await backtestLedger(sample.flags), database: database,
                speed: "30", hitsWanted: 2, strikesWanted: 12, longestStop: 2, time: .seconds(60))
            let hits = try await run.perform(&random)
            for point in CrashPoint.allCases {
                #expect(hits[point, default: 0] >= 2, "\(point.rawValue) was not hit twice within a minute")
            }
        }

        @Test(
            "A crash point that does not exist ends the program at its start",
            arguments: ["nonsense:1", "booked", "booked:0", "booked:x", ":3"])
        func unknownPoint(_ wish: String) async throws {
            let outcome = try await robot(["--help"], environment: ["CRASH_POINT": wish])
            #expect(outcome.code == 2 && outcome.errors.contains("CRASH_POINT=\(wish)"))
        }
    }
}

// The long form of the fault tests: `make chaos`, ROUNDS times. In each round every service is killed once,
// at a random moment, in a run of the whole IBM day with both example strategies (of made data where there
// are no recorded ones). SEED replays a round.

import Foundation
import Testing

extension EndToEnd {
    @Suite(.enabled(if: Place.number("ROUNDS") != nil, "SKIP chaos: ROUNDS names how many; see make chaos"))
    struct ChaosTests {
        @Test("Killing every service once changes nothing, in ROUNDS rounds")
        func everyServiceInEveryRound() async throws {
            var random = SplitMix.seeded("chaos")
            let sample = try await longSample()
            let expected = try await Samples.current.expected(sample)
            for round in 1...max(1, Place.number("ROUNDS") ?? 1) {
                let kills = Service.allCases.map { service in
                    (service, Int.random(in: 0...expected.orderBytes * 19 / 20, using: &random))
                }
                print("round \(round)")
                try await FaultRun(sample: sample, expected: expected, kills: kills, seconds: 300).perform()
            }
        }

        @Test("Killing up and starting it again changes nothing, ROUNDS times in one run")
        func upAgainAndAgain() async throws {
            var random = SplitMix.seeded("chaos of up")
            let sample = try await longSample()
            let expected = try await Samples.current.expected(sample)
            let run = try TemporaryFolder()
            let rounds = Int(max(1, Place.number("ROUNDS") ?? 1))
            for round in 1...rounds {
                let stack = try Stack(in: run.path, sample.replay + ["--exit-when-done"])
                let share = expected.orderBytes * round / (rounds + 1)
                try await stack.wait(orderBytes: Int.random(in: share / 2...share, using: &random))
                try await stack.waitForServices()
                stack.up.send(SIGKILL)
                _ = try await stack.up.wait()
                #expect(try await Stack.leftovers(of: run.path, after: 3) == [], "round \(round)")
            }
            try await runToEnd(in: run.path, sample.replay, seconds: 300)
            #expect(difference(try await ledger(of: run.path), expected.ledger) == nil)
            try await expectVerified(run.path)
        }

        @Test("Thirty strategies under faults: every crash point is hit twenty times, and the ledger is one")
        func stress() async throws {
            try await stress("chaos of many on SQLite") { run, random in try await run.perform(&random) }
        }

        @Test(
            "The same with PostgreSQL as the store",
            .enabled(if: RunDatabase.isThere, "\(RunDatabase.missing)"))
        func stressOnPostgreSQL() async throws {
            try await stress("chaos of many on PostgreSQL") { run, random in
                var (run, hits, next) = (run, [CrashPoint: Int](), random)
                try await RunDatabase.with { url in
                    run.database = url
                    hits = try await run.perform(&next)
                }
                random = next
                return hits
            }
        }

        /// Runs of at most two minutes of faults each, until every crash point has had its hits.
        private func stress(
            _ name: String,
            _ perform: (StressRun, inout SplitMix) async throws -> [CrashPoint: Int]
        ) async throws {
            var random = SplitMix.seeded(name)
            let wanted = 20
            let sample = manyStrategies(30, on: try await Samples.current.made(rows: 30_000))
            let ledger = try await backtestLedger(sample.flags)
            var hits: [CrashPoint: Int] = [:]
            for _ in 1...max(1, (Place.number("ROUNDS") ?? 1) / 2)
            where CrashPoint.allCases.contains(where: { hits[$0, default: 0] < wanted }) {
                let run = StressRun(
                    sample: sample, ledger: ledger, database: nil, speed: "50", hitsWanted: 10,
                    strikesWanted: 60, longestStop: 15, time: .seconds(120))
                hits.merge(try await perform(run, &random), uniquingKeysWith: +)
            }
            for point in CrashPoint.allCases {
                #expect(hits[point, default: 0] >= wanted, "\(point.rawValue) was hit too seldom")
            }
        }

        /// With a quoter that does not rest after a rejection: it waits for an answer at every other event.
        private func longSample() async throws -> Sample {
            Place.data == nil
                ? try await Samples.current.made(rows: 30_000)
                : Samples.day(["sma-ibm=sma-crossover:IBM", "quotes=quoter:IBM:rest=0"])
        }
    }
}

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

        private func longSample() async throws -> Sample {
            Place.data == nil
                ? try await Samples.current.made(rows: 30_000)
                : Samples.day(["sma-ibm=sma-crossover:IBM", "quotes=quoter:IBM"])
        }
    }
}

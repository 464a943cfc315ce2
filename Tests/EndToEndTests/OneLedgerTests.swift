// P1: the same market data, strategies and parameters give the same trades, byte for byte, in one process or
// in five, at every speed, with one runner or several.

import Foundation
import Testing

extension EndToEnd {
    @Suite struct OneLedgerTests {
        @Test("A run of made data gives the ledger of the backtest, at every speed, and verify agrees")
        func madeData() async throws {
            // 3,000 rows of about 200 ms each: ten minutes of market time.
            try await expectOneLedger(Samples.current.made(), multiple: 600)
        }

        @Test(
            "A run of real rows gives the ledger of the backtest, at every speed, and verify agrees",
            .enabled(if: Place.data != nil, "\(Place.noData)"))
        func realRows() async throws {
            try await expectOneLedger(Samples.current.slice(), multiple: 1_500)
        }

        /// Once each; three times each with FULL=1.
        @Test(
            "The IBM day with both strategies gives one ledger at speed max and at 10,000 times real time",
            .enabled(if: Place.data != nil, "\(Place.noData)"))
        func wholeDay() async throws {
            let sample = Samples.day(["sma-ibm=sma-crossover:IBM", "quotes=quoter:IBM"])
            let backtest = try await backtestLedger(sample.flags)
            #expect(backtest.split(separator: "\n").count > 10_000)
            for speed in ["max", "10000"].flatMap({ Array(repeating: $0, count: Place.isFull ? 3 : 1) }) {
                let run = try TemporaryFolder()
                let flags = sample.replay(speed: speed)
                let outcome = try await runToEnd(in: run.path, flags, seconds: 300)
                print("IBM day, both strategies, speed \(speed): \(outcome.seconds) s")
                #expect(difference(try await ledger(of: run.path), backtest) == nil, "speed \(speed)")
                try await expectVerified(run.path)
            }
        }

        @Test("Three runners make the ledger of one")
        func severalRunners() async throws {
            let sample = try await Samples.current.made()
            let run = try TemporaryFolder()
            try await runToEnd(in: run.path, sample.replay + ["--runners", "3"])
            #expect(
                difference(try await ledger(of: run.path), try await Samples.current.expected(sample).ledger)
                    == nil)
        }

        /// Three runs at the greatest speed and three at a multiple of real time.
        private func expectOneLedger(_ sample: Sample, multiple: Int) async throws {
            let expected = try await Samples.current.expected(sample)
            // The greatest speed was run once for the expected ledger.
            for speed in ["max", "max", "\(multiple)", "\(multiple)", "\(multiple)"] {
                let run = try TemporaryFolder()
                let outcome = try await runToEnd(
                    in: run.path, sample.replay(speed: speed))
                #expect(difference(try await ledger(of: run.path), expected.ledger) == nil, "speed \(speed)")
                try await expectVerified(run.path)
                try await expectMetrics(run.path, of: sample.flags)
                print("\(sample.name), speed \(speed): \(outcome.seconds) s")
            }
        }
    }
}

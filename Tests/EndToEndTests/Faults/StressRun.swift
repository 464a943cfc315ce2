// Thirty strategies and four runners while everything is killed, stopped and started at random, each service
// in its turn armed with a crash point. At the end the ledger is the backtest's, and `verify` says so.
//
// What happens follows from the seed; when it happens in the run depends on the machine. So a seed that has
// failed is a hint, and the data folder that is kept says what happened.

import Foundation
import Testing

/// Strategies of every kind on the two made symbols.
func manyStrategies(_ count: Int, on sample: Sample) -> Sample {
    var sample = sample
    sample.name += " with \(count) strategies"
    sample.strategies = (0..<count).map { number in
        let symbol = number % 2 == 0 ? "ACME" : "BOLT"
        return number % 3 == 0
            ? "q\(number)=quoter:\(symbol):half_spread=0.0\(1 + number % 7)"
            : "s\(number)=sma-crossover:\(symbol):fast=\(2 + number % 5),slow=\(9 + number % 11)"
    }
    return sample
}

struct StressRun {
    var sample: Sample
    /// The ledger that it must come to.
    var ledger: String
    /// Nil for the database in the data folder.
    var database: String?
    var runners = 4
    var snapshotEvery = 100
    /// How many times real time the data are replayed meanwhile: they should outlast the faults.
    var speed: String
    /// Every crash point is hit this often, and random faults strike this often, unless time runs out.
    var hitsWanted: Int
    var strikesWanted: Int
    var longestStop: Double
    var time: Duration

    /// - Returns: how often each crash point was hit.
    func perform(
        _ random: inout SplitMix, at place: SourceLocation = #_sourceLocation
    ) async throws -> [CrashPoint: Int] {
        let run = try TemporaryFolder()
        let environment = database.map { ["DATABASE_URL": $0] } ?? [:]
        try await begin(in: run.path, environment)
        let group = ServiceGroup(
            in: run.path, source: sample.data + ["--speed", speed], runners: runners, leaseTerm: "1s",
            snapshotEvery: snapshotEvery, environment: environment)
        let strikes = try await strike(group, &random)
        try await group.endAll()
        #expect(group.troubles == [], sourceLocation: place)
        let hits = CrashPoint.allCases.map { "\($0.rawValue) \(group.hits[$0, default: 0])" }
        print(
            "\(sample.name), \(database == nil ? "SQLite" : "PostgreSQL"): \(strikes) faults,"
                + " \(group.starts) starts, \(Stack.orderBytes(run.path)) bytes of orders;"
                + " crash points: \(hits.joined(separator: ", "))")
        try await finish(in: run.path, environment, place)
        return group.hits
    }

    /// Lets `up` write the strategies and begin, and kills it there.
    private func begin(in folder: String, _ environment: [String: String]) async throws {
        let stack = try Stack(
            in: folder, sample.replay(speed: speed) + ["--runners", "\(runners)"], environment: environment)
        try await stack.wait("up has begun") { stack.up.printed.errors.contains("Trades are published") }
        stack.up.send(SIGKILL)
        _ = try await stack.up.wait()
        #expect(try await Stack.leftovers(of: folder, after: 5) == [])
    }

    // MARK: faults

    private func strike(_ group: ServiceGroup, _ random: inout SplitMix) async throws -> Int {
        let deadline = ContinuousClock.now + time
        var next = ContinuousClock.now + .milliseconds(300)
        var strikes = 0
        while ContinuousClock.now < deadline, group.troubles.isEmpty {
            try group.look(
                arm: { arm($0, group, &random) },
                pause: { _ in .milliseconds(Int.random(in: 0...150, using: &random)) })
            let isDone =
                strikes >= strikesWanted
                && CrashPoint.allCases.allSatisfy { group.hits[$0, default: 0] >= hitsWanted }
            if isDone { return strikes }
            if next <= .now {
                next = .now + .milliseconds(Int.random(in: 50...900, using: &random))
                strikes += 1
                strikeOnce(group, &random)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return strikes
    }

    private func strikeOnce(_ group: ServiceGroup, _ random: inout SplitMix) {
        let member = group.members[Int.random(in: 0..<group.members.count, using: &random)]
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: group.end(member)
        case 5: group.end(member, SIGTERM)
        default:
            let seconds = Double.random(in: 0.5...longestStop, using: &random)
            group.stop(member, for: .seconds(seconds))
        }
    }

    /// The point of this service that was hit least, most of the time.
    private func arm(
        _ member: ServiceGroup.Member, _ group: ServiceGroup, _ random: inout SplitMix
    ) -> (point: CrashPoint, visit: Int)? {
        let points = CrashPoint.of(member.service)
        let least = points.map { group.hits[$0, default: 0] }.min() ?? 0
        let rare = points.filter { group.hits[$0, default: 0] == least }
        // Beyond what is wanted some of them may live.
        if least >= hitsWanted, Int.random(in: 0..<3, using: &random) > 0 { return nil }
        let point = rare[Int.random(in: 0..<rare.count, using: &random)]
        // A message on which the tracker dies three times is blamed for it: the first after a start lives.
        let first = member.service == .tracker ? 2 : 1
        return (point, Int.random(in: first...point.mostVisits, using: &random))
    }

    // MARK: the end

    private func finish(
        in folder: String, _ environment: [String: String], _ place: SourceLocation
    ) async throws {
        try await runToEnd(
            in: folder, sample.replay + ["--runners", "\(runners)", "--lease-term", "1s"], seconds: 240,
            environment: environment, at: place)
        let found = try await EndToEndTests.ledger(of: folder, environment: environment, at: place)
        #expect(difference(found, ledger) == nil, "\(sample.name)", sourceLocation: place)
        try await expectVerified(folder, environment: environment, at: place)
        let letters = try await robot(
            ["dead-letters", "list", "--json", "--data-dir", folder], environment: environment)
        #expect(letters.code == 0 && letters.output.isEmpty, "\(letters.output)", sourceLocation: place)
    }
}

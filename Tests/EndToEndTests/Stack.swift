// A running `up` with its four services, and what the tests do to it.

import Foundation
import Testing

/// The services of a stack, by their executables.
enum Service: String, CaseIterable {
    case gateway = "market-data-gateway"
    case simulator = "order-simulator"
    case runner = "strategy-runner"
    case tracker = "performance-tracker"
}

/// Something that a test waited for and that did not come.
struct Awaited: Error, CustomStringConvertible {
    var description: String
    /// Whether `up` has ended, so that nothing more is to be waited for.
    var isOver = false
}

/// One `trading-robot up` in a data folder. Nothing of it outlives its last reference.
final class Stack {
    let folder: String
    let up: Program

    /// - Parameter flags: of `up`, besides the folder and the ports.
    init(in folder: String, _ flags: [String], environment: [String: String] = [:]) throws {
        self.folder = folder
        up = try Program(
            "trading-robot", ["up", "--data-dir", folder, "--base-port", "0"] + flags,
            environment: environment)
    }

    deinit {
        up.send(SIGKILL)
        for process in services { kill(process.id, SIGKILL) }
    }

    /// The services that run now.
    var services: [RunningProcess] { Stack.services(of: folder) }

    /// Whatever runs in this data folder, except `trading-robot` itself.
    static func services(of folder: String) -> [RunningProcess] {
        RunningProcess.all(mentioning: folder).filter { $0.name != "trading-robot" }
    }

    /// Waits until `condition` holds.
    func wait(
        _ what: String, seconds: Double = 30, until condition: () throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try !condition() {
            guard up.isRunning else {
                throw Awaited(description: "\(what): up has ended before: \(story)", isOver: true)
            }
            guard ContinuousClock.now < deadline else {
                throw Awaited(description: "\(what): not within \(seconds) s: \(story)")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Waits until all services run.
    func waitForServices() async throws {
        try await wait("all services run") { Set(services.map(\.name)).count == Service.allCases.count }
    }

    /// Waits until the simulator's journal holds so many bytes: a moment of the run that is the same on a
    /// fast machine and on a slow one.
    func wait(orderBytes bytes: Int) async throws {
        try await wait("\(bytes) bytes of orders") { Stack.orderBytes(folder) >= bytes }
    }

    /// Size of the simulator's journal.
    static func orderBytes(_ folder: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/orders")) ?? []
        return names.filter { $0.hasSuffix(".journal") }.reduce(0) { sum, name in
            let status = try? FileManager.default.attributesOfItem(atPath: folder + "/orders/" + name)
            return sum + (status?[.size] as? Int ?? 0)
        }
    }

    /// Kills one service without warning, as soon as it runs.
    func kill9(_ service: Service) async throws {
        var victim: RunningProcess?
        try await wait("\(service.rawValue) runs") {
            victim = services.first { $0.name == service.rawValue }
            return victim != nil
        }
        guard let victim else { return }
        kill(victim.id, SIGKILL)
        // So that the next kill meets another one.
        while services.contains(victim) { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// How often `up` said that it starts this service again after a signal.
    func restarts(of service: Service) -> Int {
        up.printed.errors.split(separator: "\n").count {
            $0.hasPrefix(service.rawValue) && $0.contains("was ended by signal 9")
        }
    }

    /// What `up` said, at its end what happened last, and the last line of every log: for the sentence of a
    /// test that failed.
    var story: String {
        var lines = up.printed.errors.split(separator: "\n").suffix(12).map(String.init)
        let logs = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/logs")) ?? []
        for log in logs.sorted() {
            let text = (try? String(contentsOfFile: folder + "/logs/" + log, encoding: .utf8)) ?? ""
            lines.append("\(log): \(text.split(separator: "\n").last ?? "")")
        }
        return lines.joined(separator: "\n")
    }

    /// Waits until nothing runs in the folder any more, and says what still does after `seconds`.
    static func leftovers(of folder: String, after seconds: Double) async throws -> [RunningProcess] {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if RunningProcess.all(mentioning: folder).isEmpty { return [] }
            try await Task.sleep(for: .milliseconds(20))
        }
        return RunningProcess.all(mentioning: folder)
    }
}

/// Runs `up` to the end of its data; fails the test unless it ends with 0 and leaves nothing behind.
@discardableResult
func runToEnd(
    in folder: String, _ flags: [String], seconds: Double = 60, environment: [String: String] = [:],
    at place: SourceLocation = #_sourceLocation
) async throws -> Outcome {
    let stack = try Stack(in: folder, flags + ["--exit-when-done"], environment: environment)
    let outcome = try await stack.up.wait(seconds: seconds)
    #expect(outcome.code == 0, "after \(outcome.seconds) s: \(stack.story)", sourceLocation: place)
    #expect(stack.services == [], sourceLocation: place)
    return outcome
}

/// The canonical ledger of a data folder.
func ledger(
    of folder: String, environment: [String: String] = [:], at place: SourceLocation = #_sourceLocation
) async throws -> String {
    let outcome = try await robot(["ledger", "--data-dir", folder], environment: environment)
    #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: place)
    return outcome.output
}

/// The canonical ledger of a backtest with these flags.
func backtestLedger(_ flags: [String], at place: SourceLocation = #_sourceLocation) async throws -> String {
    let outcome = try await robot(["backtest", "--ledger", "-"] + flags)
    #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: place)
    return outcome.output
}

/// `verify` says that all ledgers are the same.
func expectVerified(
    _ folder: String, environment: [String: String] = [:], at place: SourceLocation = #_sourceLocation
) async throws {
    let outcome = try await robot(["verify", "--data-dir", folder], environment: environment)
    #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: place)
}

/// The tracker's metrics are those of a backtest with these flags, every figure of them.
func expectMetrics(
    _ folder: String, of flags: [String], at place: SourceLocation = #_sourceLocation
) async throws {
    func figures(_ arguments: [String]) async throws -> [String: NSDictionary] {
        let outcome = try await robot(arguments)
        #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: place)
        let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        var found: [String: NSDictionary] = ["portfolio": report?["portfolio"] as? NSDictionary ?? [:]]
        for strategy in report?["strategies"] as? [NSDictionary] ?? [] {
            found[strategy["id"] as? String ?? ""] = strategy
        }
        return found
    }
    let live = try await figures(["metrics", "--json", "--data-dir", folder])
    let backtest = try await figures(["backtest", "--json"] + flags)
    #expect(live.count > 1 && Set(live.keys) == Set(backtest.keys), sourceLocation: place)
    for (id, expected) in backtest {
        let differing = (expected.allKeys as? [String] ?? []).sorted().filter { name in
            live[id]?[name] as? NSObject != expected[name] as? NSObject
        }
        #expect(
            differing == [] && live[id] == expected, "\(id): the tracker has other figures than the backtest",
            sourceLocation: place)
    }
}

/// Where two ledgers differ, as a short sentence; nil when they are the same to the last byte.
func difference(_ left: String, _ right: String) -> String? {
    guard left != right else { return nil }
    let (first, second) = (left.split(separator: "\n"), right.split(separator: "\n"))
    let counts = "\(first.count) and \(second.count) lines"
    guard let index = zip(first, second).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
        return counts
    }
    return "\(counts); line \(index + 1):\n\(first[index])\n\(second[index])"
}

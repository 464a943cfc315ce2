// What the services say of themselves, for the status lines of `up` and to know when a finite run is done.

import Foundation
import ServiceKit

/// One service's figures at one moment.
struct ServiceFigures {
    var name: String
    var isUp = false
    var messages = 0.0
    var perSecond = 0.0
    var lag = 0.0
    var lastEvent = 0.0
}

struct StackStatus {
    private let endpoints: Endpoints
    private let names: [(name: String, address: HTTPAddress)]
    private let client = HealthClient(timeout: .milliseconds(300))
    private(set) var figures: [ServiceFigures]
    private var measuredAt = ContinuousClock.now
    private var drawn = 0
    /// Strategies that failed in their runners, at the last look, and when the next one is.
    private var failedInRunners = 0
    /// Strategies whose sessions go on without them because they failed, at the same look.
    private var stoppedInRunners = 0
    private var nextFailures = ContinuousClock.now
    private static let failuresEvery = Duration.milliseconds(500)

    init(_ endpoints: Endpoints) {
        self.endpoints = endpoints
        var list = [
            ("market-data-gateway", endpoints.gatewayHealth), ("order-simulator", endpoints.simulatorHealth),
            ("performance-tracker", endpoints.trackerHealth),
        ]
        for (index, endpoint) in endpoints.runnerHealth.enumerated() {
            list.append(("strategy-runner \(index + 1)", endpoint))
        }
        names = list.compactMap { name, endpoint in HTTPAddress(endpoint).map { (name, $0) } }
        figures = names.map { ServiceFigures(name: $0.name) }
    }

    /// Asks every service for its figures. Takes a few milliseconds.
    mutating func measure() {
        let now = ContinuousClock.now
        let seconds = max(
            0.001,
            Double((now - measuredAt).components.attoseconds) / 1e18
                + Double((now - measuredAt).components.seconds))
        measuredAt = now
        for index in names.indices {
            guard let metrics = client.metrics(names[index].address) else {
                figures[index].isUp = false
                continue
            }
            let messages = metrics["messages_total"] ?? 0
            figures[index].perSecond = max(0, messages - figures[index].messages) / seconds
            figures[index].messages = messages
            figures[index].lag = metrics["lag_events"] ?? 0
            figures[index].lastEvent = metrics["last_event_seconds"] ?? 0
            figures[index].isUp = true
        }
    }

    /// Redraws the lines in place on standard error.
    mutating func draw() {
        var text = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
        for line in figures {
            text += "\u{1b}[2K" + Self.line(line) + "\n"
        }
        drawn = figures.count
        writeToStandardError(text)
    }

    /// A sentence was printed between two drawings: begin anew below it.
    mutating func interrupted() { drawn = 0 }

    static func line(_ figures: ServiceFigures) -> String {
        let name = figures.name.padding(toLength: 22, withPad: " ", startingAt: 0)
        guard figures.isUp else { return "\(name)  starting" }
        var line = "\(name)  \(count(figures.perSecond)) messages/s  lag \(count(figures.lag))"
        if figures.lastEvent > 0 {
            line += "  last event " + UTCTime.text(microseconds: Int64(figures.lastEvent * 1e6))
        }
        return line
    }

    private static func count(_ value: Double) -> String {
        String(format: "%8.0f", value)
    }

    /// Whether every session has handled the end of the data and the tracker has booked all of it. Mostly
    /// asks the simulator alone: a machine that is busy with the run has better things to do than tell of it.
    mutating func completion(strategies: Int) -> Completion {
        guard let simulator = HTTPAddress(endpoints.simulatorHealth).flatMap({ client.metrics($0) }) else {
            return .running
        }
        let finished = Int(simulator["sessions_done"] ?? 0)
        let stopped = Int(simulator["sessions_stopped"] ?? 0)
        if finished + max(stopped, failedInRunners) >= strategies || nextFailures <= .now {
            nextFailures = .now + Self.failuresEvery
            (failedInRunners, stoppedInRunners) = (0, 0)
            for endpoint in endpoints.runnerHealth {
                guard let metrics = HTTPAddress(endpoint).flatMap({ client.metrics($0) }) else { continue }
                failedInRunners += Int(metrics["strategies_failed"] ?? 0)
                stoppedInRunners += Int(metrics["strategies_stopped"] ?? 0)
            }
        }
        // A session that the simulator stopped has failed in its runner too.
        let failed = max(stopped, failedInRunners)
        guard finished + failed >= strategies else { return .running }
        guard let tracker = HTTPAddress(endpoints.trackerHealth).flatMap({ client.metrics($0) }),
            let booked = tracker["checkpoint_seq"], let last = simulator["last_seq"], booked >= last
        else { return .running }
        // The sessions of stopped strategies have come to the end without them.
        return failed + stoppedInRunners > 0 ? .doneWithFailures : .done
    }
}

enum Completion { case running, done, doneWithFailures }

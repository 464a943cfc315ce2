// Whether this process is alive and ready, and why not. Each part of a program reports its own state; the
// answers are made of all of them, sorted by name. The bus thread shows that it turns with one relaxed
// store a turn.

import Synchronization

/// The state of one part of a program.
package enum PartState: Equatable, Sendable {
    /// Not ready yet; the reason says what it waits for.
    case starting(String)
    case ready
    /// Works, but somebody should look.
    case degraded(String)
    /// Cannot go on without help.
    case failed(String)
}

/// The health of one process. Safe from any thread.
package final class Health: Sendable {
    /// A bus thread that has not turned for so long counts as stuck.
    package static let stuckAfter: Duration = .seconds(10)

    private struct Content {
        var parts: [String: PartState] = [:]
        var watchesBeat = false
    }

    private let content = Mutex(Content())
    private let turned = Atomic<Int64>(0)
    private let clock: @Sendable () -> Int64

    /// - Parameter clock: nanoseconds of a clock that never goes back.
    package init(clock: @escaping @Sendable () -> Int64 = Health.monotonicNanoseconds) {
        self.clock = clock
    }

    /// Sets the state of a part. A part that has never reported does not count.
    package func set(_ part: String, _ state: PartState) {
        content.withLock { $0.parts[part] = state }
    }

    /// The state of a part, nil if it never reported.
    package subscript(part: String) -> PartState? { content.withLock { $0.parts[part] } }

    /// The bus thread calls this once a turn, with the time if it has it at hand. From the first call on,
    /// silence counts as stuck.
    package func beat() {
        if turned.exchange(clock(), ordering: .relaxed) == 0 { content.withLock { $0.watchesBeat = true } }
    }

    /// The bus thread has ended as it should: its silence is no longer a fault.
    package func stopBeating() { content.withLock { $0.watchesBeat = false } }

    /// What `/health` and `/ready` say.
    package func report() -> HealthReport {
        let (parts, watches) = content.withLock { ($0.parts, $0.watchesBeat) }
        var report = HealthReport()
        for (name, state) in parts.sorted(by: { $0.key < $1.key }) {
            switch state {
            case .starting(let reason): report.waiting.append("\(name): \(reason)")
            case .ready: break
            case .degraded(let reason): report.degraded.append("\(name): \(reason)")
            case .failed(let reason): report.failed.append("\(name): \(reason)")
            }
        }
        let silence = Duration.nanoseconds(clock() - turned.load(ordering: .relaxed))
        if watches, silence > Self.stuckAfter {
            report.failed.append("bus: the thread has not turned for \(silence.components.seconds) s")
        }
        report.isReady = report.failed.isEmpty && report.waiting.isEmpty && !parts.isEmpty
        return report
    }

    /// Nanoseconds since some fixed moment of this boot.
    package static func monotonicNanoseconds() -> Int64 {
        let time = ContinuousClock.now.duration(to: Self.start)
        return -(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000) + 1
    }

    private static let start = ContinuousClock.now
}

/// The reasons behind an answer.
package struct HealthReport: Equatable, Sendable {
    package var failed: [String] = []
    package var waiting: [String] = []
    package var degraded: [String] = []
    package var isReady = false
    /// Alive means that a restart would not help.
    package var isAlive: Bool { failed.isEmpty }

    /// One JSON object on one line.
    package func json(service: String, instance: String) -> String {
        let status = !isAlive ? "failed" : !isReady ? "starting" : degraded.isEmpty ? "ready" : "degraded"
        let reasons = (failed + waiting + degraded).map(JSONText.quoted).joined(separator: ",")
        return "{\"status\":\"\(status)\",\"service\":\(JSONText.quoted(service)),"
            + "\"instance\":\(JSONText.quoted(instance)),\"reasons\":[\(reasons)]}\n"
    }
}

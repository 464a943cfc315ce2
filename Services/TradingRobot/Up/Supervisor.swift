// Keeps the services running: starts them, restarts one that ended with a growing pause, stops all of them
// within a bounded time. Runs on one thread; time is the monotonic clock.

import ChildProcesses
import Foundation
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One supervised service.
struct SupervisedChild {
    let command: ChildCommand
    var process: ChildProcess?
    var restarts = 0
    /// When a child that ended is started again.
    var dueAt = ContinuousClock.now
    var startedAt = ContinuousClock.now
    var pause = Supervisor.shortestPause
}

struct Supervisor {
    static let shortestPause = Duration.milliseconds(100)
    static let longestPause = Duration.seconds(5)
    /// A child that ran this long is restarted without a grown pause.
    static let steadyAfter = Duration.seconds(10)
    /// How long a child has between SIGTERM and SIGKILL.
    static let stopTime = Duration.seconds(4)

    private(set) var children: [SupervisedChild]
    /// Told what a person should know, one sentence at a time.
    let announce: (String) -> Void
    private var announced = 0

    init(_ commands: [ChildCommand], announce: @escaping (String) -> Void) {
        children = commands.map { SupervisedChild(command: $0) }
        self.announce = announce
    }

    /// Starts every child for the first time.
    mutating func start() throws(Failure) {
        for index in children.indices {
            children[index].process = try children[index].command.start()
            children[index].startedAt = .now
        }
    }

    /// Looks after the children once. A child that refuses its own settings (exit code 2) or fails at once
    /// the first time is not started again: the sentence in its log says what to do.
    ///
    /// - Returns: whether anything was announced.
    @discardableResult
    mutating func look() throws(Failure) -> Bool {
        let before = announced
        // All that ended, first: of several that cannot run, the first in the order of starting tells the
        // cause.
        for index in children.indices {
            if let end = children[index].process?.poll() { try ended(index, end) }
        }
        for index in children.indices {
            let child = children[index]
            guard child.process == nil, child.dueAt <= .now else { continue }
            children[index].process = try child.command.start()
            children[index].startedAt = .now
            children[index].restarts += 1
        }
        return announced != before
    }

    private mutating func ended(_ index: Int, _ end: ChildEnd) throws(Failure) {
        let child = children[index]
        children[index].process = nil
        let steady = ContinuousClock.now - child.startedAt > Self.steadyAfter
        let refused = end == .exited(2) || (end == .exited(1) && child.restarts == 0 && !steady)
        if refused {
            throw Failure("child_failed", lastLine(child.command.logFile))
        }
        let pause = steady ? Self.shortestPause : child.pause
        children[index].pause = min(pause * 2, Self.longestPause)
        children[index].dueAt = .now + pause
        announced += 1
        announce("\(child.command.name) \(end.sentence); it is started again. Log: \(child.command.logFile)")
    }

    /// Stops every child, the last one started first, and waits until all have ended.
    mutating func stop() {
        for child in children.reversed() { child.process?.send(SIGTERM) }
        let deadline = ContinuousClock.now + Self.stopTime
        while children.contains(where: { $0.process != nil }) {
            for index in children.indices where children[index].process?.poll() != nil {
                children[index].process = nil
            }
            if ContinuousClock.now > deadline {
                for child in children { child.process?.send(SIGKILL) }
            }
            usleep(5_000)
        }
    }

    private func lastLine(_ path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? "its log \(path) is empty"
    }
}

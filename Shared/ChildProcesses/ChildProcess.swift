// A program that was started, and how it ended.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a child ended.
package enum ChildEnd: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    fileprivate init(status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    /// The exit code; 128 + the signal where a signal ended it, as a shell says it.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .killed(let signal): 128 + signal
        }
    }

    package var sentence: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .killed(let signal): "was ended by signal \(signal)"
        }
    }
}

/// A child of this process. It goes on when this goes away.
package final class ChildProcess: Sendable {
    package let id: pid_t
    private let end = Mutex<ChildEnd?>(nil)

    init(id: pid_t) { self.id = id }

    package var isRunning: Bool { poll() == nil }

    /// How it ended, or nil while it runs.
    package func poll() -> ChildEnd? {
        end.withLock { end in
            var status: Int32 = 0
            if end == nil, waitpid(id, &status, WNOHANG) == id { end = ChildEnd(status: status) }
            return end
        }
    }

    /// Waits for its end, on this thread.
    package func waitForEnd() -> ChildEnd {
        while true {
            if let end = poll() { return end }
            usleep(1_000)
        }
    }

    /// Does nothing once its end is known: the number may be another's by then.
    package func send(_ signal: Int32) {
        end.withLock { end in if end == nil { kill(id, signal) } }
    }
}

// The one way in which a program is told to stop: by a signal, by its parent's end, by a fault, or by
// itself. Stopping happens once; whoever registers later is called at once.

import Synchronization

/// Tells the threads of a program that it is time to stop.
package final class StopSignal: Sendable {
    /// Why a program stops.
    package enum Cause: Equatable, Sendable {
        /// SIGTERM, or asked from inside.
        case asked
        /// SIGINT, Ctrl-C.
        case interrupted
        /// The parent process is gone.
        case orphaned
    }

    private struct Content {
        var cause: Cause?
        var handlers: [@Sendable () -> Void] = []
    }

    private let content = Mutex(Content())
    private let flag = Atomic<Bool>(false)

    package init() {}

    /// One relaxed load: for loops that poll.
    package var isStopping: Bool { flag.load(ordering: .relaxed) }
    /// Nil while the program goes on.
    package var cause: Cause? { content.withLock { $0.cause } }
    /// Whether anything would be called by `stop`.
    package var hasHandlers: Bool { content.withLock { !$0.handlers.isEmpty } }

    /// Calls `handler` once, from any thread, when stopping begins; at once if it has begun.
    /// It must not block.
    package func onStop(_ handler: @escaping @Sendable () -> Void) {
        let late = content.withLock { content in
            if content.cause == nil { content.handlers.append(handler) }
            return content.cause != nil
        }
        if late { handler() }
    }

    /// Begins to stop. Later calls do nothing.
    package func stop(_ cause: Cause = .asked) {
        let handlers = content.withLock { content -> [@Sendable () -> Void] in
            guard content.cause == nil else { return [] }
            content.cause = cause
            flag.store(true, ordering: .relaxed)
            defer { content.handlers = [] }
            return content.handlers
        }
        for handler in handlers { handler() }
    }
}

// The bus thread as a service of the group. Sockets belong to one thread and block; Swift's cooperative
// pool must not. So the work runs on a thread of its own, and the group only waits for its end.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
import Dispatch
import Foundation
import ServiceLifecycle

/// Runs a blocking closure on a dedicated thread until it returns or the group shuts down.
package struct BusService: Service {
    /// The thread's stack: the journal reader and JSON codec recurse to depth 32 only.
    private static let stackBytes = 4 << 20
    private let name: String
    private let stop: StopSignal
    private let body: @Sendable () throws -> Void

    /// - Parameters:
    ///   - name: the thread's name.
    ///   - stop: is stopped when the group shuts down; `body` must return soon after.
    ///   - body: runs on the thread. What it throws ends the group.
    package init(name: String, stop: StopSignal, body: @escaping @Sendable () throws -> Void) {
        self.name = name
        self.stop = stop
        self.body = body
    }

    package func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                let (body, name) = (body, name)
                let started = DispatchSemaphore(value: 0)
                let thread = Thread {
                    // From inside, since on Linux a name given before the start is not the system's, and
                    // after `start` has returned, since without the handle that it stores the name is lost.
                    started.wait()
                    Thread.current.name = name
                    continuation.resume(with: Result { try body() })
                }
                thread.stackSize = Self.stackBytes
                thread.start()
                started.signal()
            }
        } onCancelOrGracefulShutdown: {
            stop.stop()
        }
    }
}

// The thread of a bus: blocking waits belong on a thread of their own, never on Swift's cooperative pool.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Bus {
    /// Bytes of the bus thread's stack: handlers decode nested messages and call strategies.
    package static let stackBytes = 8 << 20

    /// Runs this bus on a thread of its own. `setUp` runs there first and makes publishers, subscribers and
    /// the rest; whatever it throws is thrown here and ends the bus. Returns when the bus has stopped and is
    /// closed.
    package func runOnThread(_ setUp: @escaping @Sendable (Bus) throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let start = ThreadStart {
                do {
                    try setUp(self)
                    self.run()
                    continuation.resume()
                } catch {
                    self.close()
                    continuation.resume(throwing: error)
                }
            }
            start.launch(stackBytes: Self.stackBytes)
        }
    }
}

/// What a new thread is to do.
private final class ThreadStart: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func launch(stackBytes: Int) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let argument = Unmanaged.passRetained(self).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                // The one retain made at launch is given back here.
                let raw: UnsafeMutableRawPointer? = argument
                Unmanaged<ThreadStart>.fromOpaque(raw!).takeRetainedValue().body()
                return nil
            }, argument)
        pthread_attr_destroy(&attributes)
        precondition(result == 0, "a process can start its bus thread")
    }
}

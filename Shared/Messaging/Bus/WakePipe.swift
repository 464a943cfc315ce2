// How other threads wake the bus out of its poll: one byte in a pipe that the poll waits for.

import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pipe that never blocks. Closed with its last reference.
///
/// Sendable: two descriptors that do not change; reading and writing them is thread safe.
final class WakePipe: Sendable {
    let reading: Int32
    private let writing: Int32

    init() throws(ZeroMQError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ZeroMQError(
                code: .outOfResources,
                description: "cannot open a pipe: \(String(cString: strerror(errno))); "
                    + "raise the limit of open files (ulimit -n)")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        _ = close(reading)
        _ = close(writing)
    }

    /// Wakes. A full pipe is fine: it wakes too.
    func signal() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Takes all wake-ups.
    func drain() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(reading, &bytes, 16) > 0 {}
    }
}

/// Which thread this is.
struct ThreadIdentity: Equatable {
    private let number: UInt

    static var current: ThreadIdentity {
        #if canImport(Glibc)
            ThreadIdentity(number: pthread_self())
        #else
            ThreadIdentity(number: UInt(bitPattern: pthread_self()))
        #endif
    }
}

// Looking again for a moment before falling asleep.
//
// A small question to another process is answered in a few microseconds; falling asleep and being woken costs
// about as many. So both ends look for `span` first. Where that finds nothing (a plugin that thinks longer,
// events that come one by one, a single processor), each failure doubles the waits in which it is not tried,
// so that it costs at most a few per cent of a processor.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

package struct BriefLook {
    /// Nanoseconds for which it is looked.
    package static let span: Int64 = 50_000
    /// Waits without a look after a failure, doubled with each further one up to 2 to this power.
    static let mostDoublings = 10

    private var failures = 0
    private var left = 0

    package init() {}

    /// Calls `look` until it has found something, which this returns, or the time is up.
    package mutating func find(_ look: () -> Bool) -> Bool {
        guard left == 0 else {
            left -= 1
            return false
        }
        let end = MonotonicTime.nanoseconds() + Self.span
        repeat {
            if look() {
                failures = 0
                return true
            }
        } while MonotonicTime.nanoseconds() < end
        failures = min(failures + 1, Self.mostDoublings)
        left = 1 << failures
        return false
    }
}

/// A clock that only grows.
enum MonotonicTime {
    static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func microseconds() -> Int { Int(nanoseconds() / 1_000) }
}

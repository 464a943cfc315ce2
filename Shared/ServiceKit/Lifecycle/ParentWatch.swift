// A service must not outlive the program that started it. The parent's death is found by asking for it four
// times a second, which is the same everywhere; the kernel's own notice would fire when the parent's
// *thread* ends.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
import Foundation
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Watches the parent process.
enum ParentWatch {
    private static let interval = 0.25

    /// Stops when `parent` is no longer the parent of this process. Does nothing for 0.
    static func start(_ parent: Int, stop: StopSignal) {
        guard parent > 0 else { return }
        let thread = Thread {
            while !stop.isStopping {
                guard getppid() == pid_t(parent) else { return stop.stop(.orphaned) }
                Thread.sleep(forTimeInterval: interval)
            }
        }
        thread.name = "parent watch"
        thread.start()
    }
}

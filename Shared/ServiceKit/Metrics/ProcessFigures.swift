// What the process uses, looked up at each scrape. Linux only; elsewhere only the start time is shown.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension MetricsRegistry {
    /// Adds memory, processor time, open files and start time under their customary names.
    package func addProcessFigures() {
        gauge("process_start_time_seconds", help: "Start of the process since 1970.")
            .set(Double(UTCTime.now() / 1_000_000))
        let memory = gauge("process_resident_memory_bytes", help: "Resident memory.")
        let processor = gauge("process_cpu_seconds_total", help: "User and system time.")
        let files = gauge("process_open_fds", help: "Open file descriptors.")
        beforeScrape { _ in
            if let text = textOfFile("/proc/self/statm"), let pages = Double(text.split(separator: " ")[1]) {
                memory.set(pages * Double(sysconf(Int32(_SC_PAGESIZE))))
            }
            var usage = rusage()
            // RUSAGE_SELF, which each C library types differently.
            getrusage(0, &usage)
            processor.set(seconds(usage.ru_utime) + seconds(usage.ru_stime))
            if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
                files.set(open.count)
            }
        }
    }
}

private func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

// Clocks, counters and the line that a benchmark prints.

import Contracts
import Foundation

/// Wall time and the time that this process spent in user mode, both in nanoseconds.
struct Stopwatch {
    private let wall = Self.clock(CLOCK_MONOTONIC)
    private let user = Self.userTime()

    var wallNanoseconds: Int64 { Self.clock(CLOCK_MONOTONIC) - wall }
    var userNanoseconds: Int64 { Self.userTime() - user }

    static func clock(_ id: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(id, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func userTime() -> Int64 {
        var usage = rusage()
        // The constant is an enumeration in Glibc, whose type is not that of the argument everywhere.
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int64(usage.ru_utime.tv_sec) * 1_000_000_000 + Int64(usage.ru_utime.tv_usec) * 1_000
    }
}

/// Calls of malloc and its kin so far; nil unless the counting library is preloaded (see run.py).
enum Allocations {
    private typealias Counter = @convention(c) () -> Int
    /// Unsafe: the symbol is looked up by name in a library that defines it with this type.
    private static let counter: Counter? = dlsym(nil, "mcount_get").map {
        unsafeBitCast($0, to: Counter.self)
    }
    static var count: Int? { counter?() }
}

/// Memory of this process that is in use now, in bytes.
func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// One line of JSON.
struct Figures: ~Copyable {
    private var writer = JSONWriter()

    init(_ name: String) {
        writer.beginObject()
        writer.field("bench", name)
    }

    mutating func add(_ name: String, _ value: Int) {
        writer.key(name)
        writer.value(Int64(value))
    }

    mutating func add(_ name: String, _ value: Double) {
        writer.key(name)
        writer.value(double: value)
    }

    mutating func add(_ name: String, _ value: String) {
        writer.key(name)
        writer.value(value)
    }

    consuming func print() {
        writer.endObject()
        Swift.print(writer.string)
        fflush(nil)
    }
}

/// Nanoseconds an item of `body`, which handles `count` items: the median of so many repeats after one to
/// warm up. With the counting library also how many allocations an item made.
func measure(
    _ name: String, count: Int, repeats: Int, rounds: Int, bytes: Int, _ body: () throws -> Void
) rethrows {
    var times: [Double] = []
    times.reserveCapacity(repeats + 1)
    var allocations = 0
    for _ in 0...repeats {
        let before = Allocations.count ?? 0
        let start = Stopwatch.clock(CLOCK_MONOTONIC)
        for _ in 0..<rounds { try body() }
        times.append(Double(Stopwatch.clock(CLOCK_MONOTONIC) - start) / Double(rounds * count))
        allocations = (Allocations.count ?? 0) - before
    }
    let sorted = times.dropFirst().sorted()
    var figures = Figures(name)
    figures.add("ns", sorted[sorted.count / 2])
    figures.add("ns_min", sorted[0])
    figures.add("ns_max", sorted[sorted.count - 1])
    figures.add("bytes", Double(bytes) / Double(count))
    if Allocations.count != nil { figures.add("allocations", Double(allocations) / Double(rounds * count)) }
    figures.print()
}

/// What a benchmark cannot go on without.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func number(_ text: String) throws -> Int {
    guard let value = Int(text), value > 0 else { throw BenchmarkError("\(text) is not a number above 0") }
    return value
}

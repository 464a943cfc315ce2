// `order_rate`: submits and replaces accepted within one second of session time, that is in (t − 1 s, t].
// Cancels are never limited, and a rejected command does not count.

import Contracts

struct OrderRate: Sendable {
    /// The largest limit that can be set; it bounds the memory.
    static let largest = 10_000
    private static let window: Int64 = 1_000_000

    /// Times of the last accepted commands, at most as many as the limit, in a ring.
    private var times: [Int64] = []
    private var oldest = 0
    private let limit: Int?

    init(limit: Int?) { self.limit = limit }

    /// Why a command at this time is one too many, or nil.
    func violation(at time: Timestamp) -> Reason? {
        guard let limit, times.count == limit else { return nil }
        let (age, overflow) = time.microseconds.subtractingReportingOverflow(times[oldest])
        guard !overflow, age < Self.window else { return nil }
        return Reason(
            code: "order_rate", sentence: "more than \(limit) orders within one second of market time")
    }

    mutating func note(_ time: Timestamp) {
        guard let limit else { return }
        if times.count < limit {
            times.append(time.microseconds)
        } else {
            times[oldest] = time.microseconds
            oldest = (oldest + 1) % limit
        }
    }
}

extension OrderRate {
    /// The oldest first, so that the place in the ring need not be stored.
    func write(into state: inout StateWriter) {
        state.put(each: times.indices) { $1.put(times[(oldest + $0) % times.count]) }
    }

    init(limit: Int?, from state: inout StateReader) throws(StateError) {
        self.limit = limit
        times = try state.take { (reader) throws(StateError) in try reader.take() }
        guard times.count <= limit ?? 0 else { throw StateError() }
    }
}

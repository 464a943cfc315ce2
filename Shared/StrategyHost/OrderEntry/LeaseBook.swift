// What one runner holds, by its own clock, and how many it should hold: the runner's side of the leases as a
// pure state machine. The database decides who owns a strategy; this decides what the runner may believe.
//
// Guarantees: a lease counts from before the database was asked, so it ends here before it ends there, and a
// runner that slept through the end of a lease finds that out from its own clock before it says anything.
// A runner that holds too many strategies gives back just so many that all hold as many as each other, give
// or take one. Times are microseconds of one monotonic clock that goes on while the process is stopped.

/// A strategy that is held, by its fence.
package struct HeldLease: Sendable, Equatable {
    package let strategy: String
    package let fence: UInt64
    /// When it must be given up unless it was renewed.
    package fileprivate(set) var end: Int64
}

package struct LeaseBook: Sendable {
    /// Leases are renewed when this part of their term has passed.
    package static let renewals: Int64 = 3

    /// In byte order of the strategies' ids.
    package private(set) var leases: [HeldLease] = []
    private let term: Int64
    private var renewedAt: Int64?

    /// - Parameter term: microseconds.
    package init(term: Int64) {
        precondition(term > 0, "a lease lasts some time")
        self.term = term
    }

    /// Strategies that one of so many runners holds at most, so that all are held.
    package static func fairShare(strategies: Int, runners: Int) -> Int {
        (strategies + max(1, runners) - 1) / max(1, runners)
    }

    package func holds(_ strategy: String, fence: UInt64) -> Bool {
        leases.contains { $0.strategy == strategy && $0.fence == fence }
    }

    /// Whether it is time to renew.
    package func isRenewalDue(at now: Int64) -> Bool {
        renewedAt.map { now >= $0 + term / Self.renewals } ?? true
    }

    /// The database gave a lease, asked at `asked`.
    package mutating func claimed(_ strategy: String, fence: UInt64, asked: Int64) {
        drop(strategy)
        let lease = HeldLease(strategy: strategy, fence: fence, end: asked + term)
        let place = leases.firstIndex { !$0.strategy.utf8.lexicographicallyPrecedes(strategy.utf8) }
        leases.insert(lease, at: place ?? leases.count)
    }

    /// The database renewed these leases, asked at `asked`; the others that were named are lost.
    package mutating func renewed(_ answers: [(strategy: String, fence: UInt64, isHeld: Bool)], asked: Int64)
        -> [String]
    {
        renewedAt = asked
        var lost: [String] = []
        for answer in answers {
            guard
                let index = leases.firstIndex(where: {
                    $0.strategy == answer.strategy && $0.fence == answer.fence
                })
            else { continue }
            if answer.isHeld {
                leases[index].end = max(leases[index].end, asked + term)
            } else {
                leases.remove(at: index)
                lost.append(answer.strategy)
            }
        }
        return lost
    }

    /// Gives up what has run out by this clock.
    package mutating func takeEnded(at now: Int64) -> [String] {
        guard leases.contains(where: { $0.end <= now }) else { return [] }
        defer { leases.removeAll { $0.end <= now } }
        return leases.filter { $0.end <= now }.map(\.strategy)
    }

    /// The runner holds a strategy no more.
    package mutating func drop(_ strategy: String) { leases.removeAll { $0.strategy == strategy } }

    /// Gives up what is beyond the fair share, the last in byte order first.
    package mutating func takeSurplus(strategies: Int, runners: Int) -> [HeldLease] {
        let share = Self.fairShare(strategies: strategies, runners: runners)
        guard leases.count > share else { return [] }
        let surplus = Array(leases[share...])
        leases.removeLast(surplus.count)
        return surplus
    }
}

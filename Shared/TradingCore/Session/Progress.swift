import Contracts

/// How far a strategy has come: everything up to these numbers is handled, and this was its last command.
///
/// Ordered by (event, report): a strategy handles a report after the event it names and before the next.
package struct Progress: Sendable, Equatable {
    /// Last market event handled; 0 before the first.
    package var event: UInt64
    /// Last report handled; 0 before the first.
    package var report: UInt64
    /// Number of the last command made; 0 before the first.
    package var command: UInt64

    package init(event: UInt64 = 0, report: UInt64 = 0, command: UInt64 = 0) {
        self.event = event
        self.report = report
        self.command = command
    }

    /// Whether this lies beyond the other in what was handled.
    @inlinable
    package func isBeyond(_ other: Progress) -> Bool {
        event != other.event ? event > other.event : report > other.report
    }
}

// Where the older records of a session lie in the simulator's journal, without a number for each of them.

import TradingCore

/// Positions of a session at some places of the journal, ascending, at most `limit` of them.
package struct JournalLandmarks: Equatable {
    /// Kept at most; then every other one is dropped. Looking for a record reads the journal from the
    /// landmark before it, so fewer of them only make that longer.
    static let limit = 1_024

    package struct Landmark: Equatable {
        /// Everything of the session up to the numbers below is at or before this `seq`, all else behind it.
        package var seq: UInt64
        /// The next market event of the session.
        package var event: UInt64
        package var report: UInt64
        package var command: UInt64
    }

    package private(set) var all: [Landmark] = []

    package init() {}

    package mutating func add(_ landmark: Landmark) {
        guard (all.last?.seq ?? 0) < landmark.seq else { return }
        if all.count >= Self.limit {
            all = all.indices.filter { ($0 - all.count) % 2 != 0 }.map { all[$0] }
        }
        all.append(landmark)
    }

    /// The first `seq` from which on a report is to be looked for.
    package func place(ofReport number: UInt64) -> UInt64 {
        (all.last { $0.report < number }?.seq ?? 0) + 1
    }

    /// The first `seq` from which on a command is to be looked for.
    package func place(ofCommand number: UInt64) -> UInt64 {
        (all.last { $0.command < number }?.seq ?? 0) + 1
    }

    func write(into state: inout StateWriter) {
        state.put(each: all) { landmark, state in
            state.put(landmark.seq)
            state.put(landmark.event)
            state.put(landmark.report)
            state.put(landmark.command)
        }
    }

    init(from state: inout StateReader) throws(StateError) {
        all = try state.take { (reader) throws(StateError) in
            Landmark(
                seq: try reader.take(), event: try reader.take(), report: try reader.take(),
                command: try reader.take())
        }
    }
}

// What of a data folder's journals may be deleted: `journal prune` and the setting `journal.keep`.
//
// Never deleted: what the oldest good snapshot of the sessions still needs, so that a restart can fall back
// on any of them and `verify` can begin there; what a strategy needs to be rebuilt from its oldest
// snapshot, or from its session's start when it has none; what the tracker has not booked; the newest
// segment. Only whole segments go. The plan is made from files and database alone, so it is the same beside
// a running stack, whose needs only move forward: new snapshots lie later than those that the plan was made
// of.

import Contracts
import Messaging
import Persistence
import StrategyHost
import TradingCore

/// How far the user wants to prune.
package enum PruneBound: Sendable, Equatable {
    /// What was journalled before this time.
    case time(Timestamp)
    /// Market events before this one, and of the orders what lies before them.
    case event(UInt64)
}

/// What may go of one journal, and why not more.
package struct JournalPlan: Sendable, Equatable {
    package let directory: String
    /// Everything before this seq may go as far as others need it.
    package var floor: UInt64
    /// Who needs what lies behind the floor, as a sentence.
    package var reason: String
    /// Segments that go.
    package var removed: [JournalSegment] = []
    /// The oldest seq that is kept.
    package var keptFrom: UInt64 = 1

    /// Lowers the floor when somebody needs more.
    mutating func need(_ seq: UInt64, _ reason: String) {
        guard seq < floor else { return }
        floor = seq
        self.reason = reason
    }
}

package struct PrunePlan: Sendable {
    package private(set) var marketData: JournalPlan
    package private(set) var orders: JournalPlan
    /// Sentences on snapshots that are passed over.
    package private(set) var remarks: [String] = []

    /// Reads snapshots, journals and database of a data folder.
    package init(dataDirectory: String, database: String, bound: PruneBound) throws {
        marketData = JournalPlan(
            directory: dataDirectory + "/market-data", floor: .max, reason: "nobody needs older events")
        orders = JournalPlan(
            directory: dataDirectory + "/orders", floor: .max, reason: "nobody needs older records")
        let journal = try JournalReader(directory: orders.directory)
        var symbols = SymbolTable()
        var passedOver: [String] = []
        let snapshots = try readSnapshots(
            in: SnapshotFolder(path: dataDirectory + "/snapshots"), of: journal, symbols: &symbols
        ) { passedOver.append("\($0)") }
        remarks = passedOver
        let store = try openStore(database, options: StoreOptions(access: .readOnly))
        defer { try? store.close() }
        try needOfTracker(store, journal)
        try needOfSessions(snapshots, store, journal)
        try bind(bound, snapshots)
    }

    private mutating func needOfTracker(_ store: any Store, _ journal: JournalReader) throws {
        guard journal.lastSeq > 0 else { return }
        var source = ""
        try journal.read(from: journal.firstSeq, through: journal.firstSeq) { _, json in
            source = try EventHead.read(json).head.source.string
            return false
        }
        let checkpoint = try store.checkpoint(source: source)
        let booked = checkpoint?.epoch == journal.epoch ? checkpoint?.seq ?? 0 : 0
        orders.need(booked + 1, "the tracker has booked up to record \(booked)")
    }

    private mutating func needOfSessions(
        _ snapshots: [SimulatorSnapshot], _ store: any Store, _ journal: JournalReader
    ) throws {
        guard let newest = snapshots.first, let oldest = snapshots.last else {
            orders.need(1, "there is no snapshot of the sessions yet")
            marketData.need(1, "there is no snapshot of the sessions yet")
            return
        }
        orders.need(oldest.seq + 1, "the oldest snapshot of the sessions ends with record \(oldest.seq)")
        let strategies = try store.strategies().map(\.strategy)
        let wanted = Set(strategies.map(\.id))
        let (moved, new, inputs) = try found(behind: oldest.seq, journal)
        // Their strategies are rebuilt from the beginning (`RunnerSession.isUntouched`).
        let before = oldest.sessions.filter { !$0.served.isUntouched }.map(\.terms.strategyID)
        let pending = try store.inputs(strategy: nil).filter { $0.state == .pending }.map(\.strategy)
        let resumed = strategies.filter { $0.recovery == .resume }.map(\.id)
        let touched = inputs.union(before).union(pending).union(resumed)
        for session in newest.sessions {
            let id = session.terms.strategyID
            // That of a strategy that was removed is kept as it stands, and is rerun if it was at work.
            guard wanted.contains(id) || moved.contains(id) else { continue }
            let first = snapshots.lazy.reversed().compactMap { snapshot in
                snapshot.sessions.first { $0.terms.strategyID == id }
            }.first
            let event = (first ?? session).served.next
            marketData.need(event, "session \(id) stands at event \(event) there")
            guard wanted.contains(id) else { continue }
            if touched.contains(id) {
                needOfBeginning(session, "has inputs from outside or may begin afresh")
            } else {
                try needOfStrategy(session, store)
            }
        }
        for terms in new {
            marketData.need(terms.start, "session \(terms.strategyID) is not in every snapshot yet")
        }
    }

    /// What the strategy of a session needs to be rebuilt.
    private mutating func needOfStrategy(_ session: StoredSession, _ store: any Store) throws {
        let id = session.terms.strategyID
        guard let snapshot = try oldestUsable(session, store) else {
            return needOfBeginning(session, "has no snapshot")
        }
        let place = snapshot.position
        let why = "strategy \(id) has its oldest snapshot after event \(place.event)"
        marketData.need(place.event + 1, why)
        let landmarks = session.journal.landmarks
        orders.need(landmarks.place(ofReport: place.report + 1), why)
        orders.need(landmarks.place(ofCommand: place.command + 1), why)
    }

    private mutating func needOfBeginning(_ session: StoredSession, _ because: String) {
        let why = "strategy \(session.terms.strategyID) \(because) and is rebuilt from its session's start"
        marketData.need(session.terms.start, why)
        orders.need(1, why)
    }

    /// The oldest snapshot of a strategy that is not beyond what its session had come to.
    private mutating func oldestUsable(
        _ session: StoredSession, _ store: any Store
    ) throws -> StrategySnapshot? {
        try usableSnapshots(of: session, in: store) { remarks.append($0) }.last
    }

    /// The sessions that have made reports since, those that have begun since, and those to which something
    /// came from outside since.
    private func found(
        behind seq: UInt64, _ journal: JournalReader
    ) throws -> (moved: Set<String>, new: [SessionTerms], inputs: Set<String>) {
        var (moved, new, inputs) = (Set<String>(), [SessionTerms](), Set<String>())
        guard seq < journal.lastSeq else { return (moved, new, inputs) }
        try journal.read(from: seq + 1, through: journal.lastSeq) { _, json in
            let type = try EventHead.read(json).type
            if type.equals("session") {
                new.append(try SessionTerms(try JSONValue(parsing: json)))
            } else if type.equals("order") {
                moved.insert(try OrderEvent.decode(json).order.strategyID)
            } else if type.equals("input") || type.equals("halt") {
                inputs.insert(try JSONValue(parsing: json).string("strategy_id"))
            }
            return true
        }
        moved.formUnion(inputs)
        return (moved, new, inputs)
    }

    // MARK: what goes

    private mutating func bind(_ bound: PruneBound, _ snapshots: [SimulatorSnapshot]) throws {
        switch bound {
        case .time(let time):
            try choose(&marketData, try Self.seq(at: time, marketData.directory))
            try choose(&orders, try Self.seq(at: time, orders.directory))
        case .event(let event):
            try choose(&marketData, event)
            let landmarks = snapshots.first?.sessions.map { session in
                (session.journal.landmarks.all.last { $0.event <= event }?.seq ?? 0) + 1
            }
            try choose(&orders, landmarks?.min() ?? 1)
        }
    }

    private func choose(_ plan: inout JournalPlan, _ bound: UInt64) throws {
        let segments = try journalSegments(plan.directory)
        let limit = min(bound, plan.floor)
        plan.removed = segments.prefix { $0.lastSeq.map { $0 < limit } ?? false }
        plan.keptFrom = segments[plan.removed.count].firstSeq
    }

    /// The seq before which every record was journalled before a time, as far as whole segments go.
    private static func seq(at time: Timestamp, _ directory: String) throws -> UInt64 {
        let reader = try JournalReader(directory: directory)
        var bound = reader.firstSeq
        for segment in try journalSegments(directory) where segment.firstSeq <= reader.lastSeq {
            var begun = Timestamp(microseconds: .max)
            try reader.read(from: segment.firstSeq, through: segment.firstSeq) { _, json in
                begun = try EventHead.read(json).head.stamp.publishedAt
                return false
            }
            guard begun <= time else { break }
            bound = segment.firstSeq
        }
        return bound
    }

    /// Deletes what the plan says. Whoever reads on is told what is kept.
    package func carryOut() throws {
        for plan in [marketData, orders] where !plan.removed.isEmpty {
            try removeJournalSegments(plan.directory, before: plan.keptFrom)
        }
    }
}

/// The snapshots of a session's strategy that the session covers, the newest first; the others are named.
package func usableSnapshots(
    of session: StoredSession, in store: any Store, onRefused: (String) -> Void
) throws -> [StrategySnapshot] {
    let id = session.terms.strategyID
    let key = session.terms.snapshotKey(marketDataEpoch: session.terms.marketDataEpoch)
    var usable: [StrategySnapshot] = []
    for row in try store.snapshots(strategy: id) {
        do throws(SnapshotFrame.Refusal) {
            let snapshot = try StrategySnapshot(bytes: row.state)
            let place = snapshot.position
            guard snapshot.key == key else {
                throw SnapshotFrame.Refusal("belongs to another session or version of the plugin")
            }
            let driver = session.served.driver
            // Beyond this snapshot of the session it may be good, and is not needed.
            guard place.command <= driver.lastCommand, place.report <= driver.lastReport else { continue }
            usable.append(snapshot)
        } catch {
            onRefused("the snapshot of strategy \(id) after event \(row.event) \(error)")
        }
    }
    return usable
}

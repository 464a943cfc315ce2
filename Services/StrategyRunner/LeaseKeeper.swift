// The runner's word with the database, on a thread of its own: a database that is slow or away must not stop
// the bus. One request is under way at a time; its answer comes back on the bus thread.

import CCrashPoint
import Foundation
import Messaging
import Persistence
import ServiceKit
import StrategyHost
import Synchronization

/// What the runner wants of the database.
struct LeaseRequest: Sendable {
    /// Leases to renew and how their strategies stand; nil when that is not due.
    var standings: [(claim: Claim, standing: StrategyStanding)]?
    /// Leases to give back.
    var released: [Claim] = []
    /// Leases to give up because their fence was refused.
    var surrendered: [Surrender] = []
    /// What became of operators' wishes.
    var settled: [InputSettlement] = []
    /// Leases that are held besides.
    var held = 0
    /// Whether strategies under the runner's own name are those of its predecessor.
    var takesBackOwn = false
    /// Snapshots to keep, each with the fence by which its strategy is held.
    var snapshots: [(row: SnapshotRow, fence: UInt64)] = []
}

/// What came of it; after a failure what was done before it.
struct LeaseAnswer: Sendable {
    /// When renewal was asked for, by the runner's clock.
    var renewalAsked: Int64 = 0
    var renewals: [(claim: Claim, renewal: LeaseRenewal)]?
    var released: [Claim] = []
    var surrendered: [Surrender] = []
    /// Settlements that the database has.
    var settled: [InputSettlement] = []
    /// What operators want to come to strategies from outside; nil when that was not asked.
    var inputs: [OperatorInput]?
    /// What operators want of the strategies, when no renewal was due.
    var wishes: [StrategyWish] = []
    var share: RunnerShare?
    var claimAsked: Int64 = 0
    var claimed: [ClaimedStrategy] = []
    /// Snapshots of the claimed strategies, the newest first.
    var snapshots: [String: [SnapshotRow]] = [:]
    var snapshotsKept = 0
    var hasClaimed = false
    var problem: String?
}

/// Confined to the bus thread, except for `work`, which is the keeper's thread alone.
final class LeaseKeeper: @unchecked Sendable {
    // @unchecked: what both threads touch is behind `box` and the semaphores.
    private struct Box {
        var request: LeaseRequest?
        var isStopping = false
    }

    /// Microseconds of the clock that leases count by: it goes on while the process is stopped.
    static func now() -> Int64 { Health.monotonicNanoseconds() / 1_000 }

    private(set) var isBusy = false
    private let bus: Bus
    private let store: any Store
    private let name: String
    private let term: Duration
    private let onAnswer: (LeaseAnswer) -> Void
    private let box = Mutex(Box())
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter onAnswer: called on the bus thread.
    init(
        bus: Bus, store: any Store, name: String, term: Duration, onAnswer: @escaping (LeaseAnswer) -> Void
    ) {
        self.bus = bus
        self.store = store
        self.name = name
        self.term = term
        self.onAnswer = onAnswer
        let thread = Thread { [self] in
            while let request = next() { post(answer(request)) }
            ended.signal()
        }
        thread.name = "leases"
        thread.start()
    }

    /// Asks the database; only when not busy.
    func ask(_ request: LeaseRequest) {
        precondition(!isBusy, "one request is under way at a time")
        isBusy = true
        box.withLock { $0.request = request }
        work.signal()
    }

    /// Ends the thread after the request under way, whose answer is not waited for on the bus.
    func stop() {
        box.withLock { $0.isStopping = true }
        work.signal()
        ended.wait()
    }

    private func next() -> LeaseRequest? {
        while true {
            work.wait()
            let (request, isStopping) = box.withLock { box in
                defer { box.request = nil }
                return (box.request, box.isStopping)
            }
            if isStopping { return nil }
            if let request { return request }
        }
    }

    private func post(_ answer: LeaseAnswer) {
        let deliver: @Sendable () -> Void = { [self] in
            isBusy = false
            onAnswer(answer)
        }
        // Refused only while very much waits, or at the end.
        while !bus.post(deliver), !bus.isStopping { Thread.sleep(forTimeInterval: 0.05) }
    }

    private func answer(_ request: LeaseRequest) -> LeaseAnswer {
        var answer = LeaseAnswer()
        do {
            if !request.released.isEmpty {
                try store.release(runner: name, claims: request.released)
                answer.released = request.released
            }
            for surrender in request.surrendered {
                try store.surrender(runner: name, surrender)
                answer.surrendered.append(surrender)
            }
            if let standings = request.standings {
                answer.share = try store.heartbeat(runner: name, term: term)
                try store.note(runner: name, standings)
                answer.renewalAsked = Self.now()
                let claims = standings.map(\.claim)
                let renewals = try store.renew(runner: name, claims: claims, term: term)
                answer.renewals = Array(zip(claims, renewals)).map { ($0, $1) }
            } else {
                answer.share = try store.share(runner: name)
                answer.wishes = try store.wishes(runner: name)
            }
            if !request.settled.isEmpty {
                try store.settle(request.settled)
                answer.settled = request.settled
            }
            try claim(request, &answer)
            answer.inputs = try store.openInputs(runner: name)
            // Last: they take the longest, and nobody waits for them.
            for (row, fence) in request.snapshots where try store.keep(row, runner: name, fence: fence) {
                answer.snapshotsKept += 1
            }
        } catch {
            answer.problem = sentence(for: error)
        }
        return answer
    }

    private func claim(_ request: LeaseRequest, _ answer: inout LeaseAnswer) throws {
        guard let share = answer.share else { return }
        let fair = LeaseBook.fairShare(strategies: share.strategies, runners: share.runners)
        let room = min(fair, RunnerCore.maximumStrategies) - request.held
        guard request.takesBackOwn || (room > 0 && share.free > 0) else { return }
        answer.claimAsked = Self.now()
        // What was held under the own name comes back whole; the surplus is given away later.
        let limit = request.takesBackOwn ? max(room, share.own) : room
        answer.claimed = try store.claim(
            runner: name, limit: limit, term: term, takingBackOwn: request.takesBackOwn)
        if !answer.claimed.isEmpty { crash_point(CRASH_POINT_CLAIMED) }
        for item in answer.claimed {
            answer.snapshots[item.strategy.id] = try store.snapshots(strategy: item.strategy.id)
        }
        answer.hasClaimed = true
    }
}

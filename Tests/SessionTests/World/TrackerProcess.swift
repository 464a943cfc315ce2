// The performance tracker: the shipped `TrackerCore` on a database in memory, behind a loop like that of the
// service; crashes between any two steps of a booking, and a database that is away now and then.

import Contracts
import Persistence

@testable import performance_tracker

final class TrackerProcess: WorldProcess {
    private unowned let world: World
    private(set) var life = 0
    private(set) var isUp = false
    private var asleepUntil = 0
    let store: MemoryStore
    private var core: TrackerCore!
    private var subscriber: SimulatedSubscriber!
    private var isWaiting = false

    init(_ world: World) {
        self.world = world
        store = MemoryStore(world)
    }

    /// How far the ledger is booked.
    var booked: UInt64 { isUp ? core.streams[0].booked : 0 }
    /// Whether the database holds the whole ledger: a restored one may hold less than a tracker that sleeps
    /// knows.
    var isSettled: Bool {
        let records = UInt64(world.journal.records.count)
        return booked >= records && core.isIdle && (store.tables.checkpoint?.seq ?? 0) >= records
    }
    private var isAwake: Bool { world.now >= asleepUntil }

    var standing: String {
        "tracker\(isUp ? "" : " down")\(isAwake ? "" : " asleep")"
            + " booked \(booked) of \(world.journal.records.count)"
    }

    // MARK: life

    func start() {
        life += 1
        isUp = true
        asleepUntil = 0
        isWaiting = false
        do {
            core = try TrackerCore(store: store, simulators: ["simulator"]) { Timestamp(microseconds: 0) }
        } catch { return world.wrong("the tracker cannot start: \(error)") }
        subscriber = SimulatedSubscriber(world, checkpoint: core.streams[0].booked) { [unowned self] record in
            self.deliver(record)
        }
    }

    private func crash() {
        world.count("tracker crashes")
        isUp = false
        life += 1
        subscriber.close()
        world.plan(in: world.random.within(100...3_000)) { [unowned self] in self.start() }
    }

    func tick() {
        guard isUp else { return }
        if isAwake {
            subscriber.tick()
            turn(isLooking: true)
        }
        if world.strikes(0.5) {
            asleepUntil = world.now + world.random.within(500...4_000)
            world.count("tracker sleeps")
        }
        if isUp, world.strikes(1) { crash() }
    }

    // MARK: what arrives

    func arrive(_ record: PublishedRecord) {
        guard isUp, isAwake else { return }
        subscriber.arrive(record)
        turn()
    }

    func heartbeat(last: UInt64, since: UInt64, topics: [(topic: [UInt8], seq: UInt64)]) {
        guard isUp, isAwake else { return }
        subscriber.heartbeat(last: last, since: since, topics: topics)
        turn()
    }

    private func deliver(_ record: PublishedRecord) {
        record.bytes.withUnsafeBytes { json in
            do {
                if record.topic.starts(with: Array("trade/".utf8)) {
                    var trade = try TradeEvent.decode(json).trade
                    if world.isBroken(.contentChanged) { trade.fee = .zero }
                    core.streams[0].arrived(.trade(trade), seq: record.seq, json: json)
                } else {
                    core.streams[0].arrived(
                        .equity(try EquityEvent.decode(json).equity), seq: record.seq, json: json)
                }
            } catch { world.wrong("record \(record.seq) cannot be read: \(error)") }
        }
    }

    // MARK: the turn

    /// As `TrackerLoop.turn`.
    private func turn(isLooking: Bool = false) {
        guard isUp, isAwake, !isWaiting else { return }
        core.streams[0].arrivedComplete(subscriber.complete, epoch: MemoryJournal.epoch)
        do {
            try core.book()
            if isLooking, !world.isBroken(.rewoundUnnoticed) { try core.confirmCheckpoint() }
        } catch is MemoryStore.Killed {
            crash()
        } catch let error as StoreError where error.code == .rewound {
            world.count("bookings begun again")
            crash()
        } catch let error as StoreError where error.isTransient {
            world.count("bookings tried again")
            isWaiting = true
            let life = life
            world.plan(in: world.random.within(50...1_000)) { [unowned self] in
                guard self.life == life else { return }
                self.isWaiting = false
                self.turn()
            }
        } catch { world.wrong("a booking failed: \(error)") }
    }
}

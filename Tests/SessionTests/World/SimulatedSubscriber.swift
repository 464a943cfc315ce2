// The tracker's end of the simulator's stream: some topics of it, judged by the shipped `FeedOrder`. Around
// that, what `Subscriber` does with sockets: hold what comes during a repair, ask again, drop what is known.

import Contracts

@testable import Messaging

final class SimulatedSubscriber {
    /// Messages held during a repair; beyond it they are dropped and found missing later.
    private static let maximumHeld = 24
    /// An answer that did not come by then is asked for again.
    private static let patience = 1_500
    static let prefixes = ["trade/", "equity/"].map { Array($0.utf8) }

    private struct Repair {
        var number: Int
        /// Nil: through the journal's last.
        var to: UInt64?
        var from: UInt64
        var askedAt: Int
    }

    private unowned let world: World
    private let deliver: (PublishedRecord) -> Void
    private var order: FeedOrder
    private var held: [PublishedRecord] = []
    private var repair: Repair?
    private var repairs = 0
    private var heardLast: UInt64
    private(set) var isClosed = false

    init(_ world: World, checkpoint: UInt64, deliver: @escaping (PublishedRecord) -> Void) {
        self.world = world
        self.deliver = deliver
        order = FeedOrder(isWhole: false, checkpoint: checkpoint)
        heardLast = checkpoint
        beginRepair(to: nil)
    }

    /// Everything up to here has been delivered.
    var complete: UInt64 { order.complete ?? 0 }
    private var isLive: Bool { repair == nil && held.isEmpty && !isClosed }

    func close() { isClosed = true }

    // MARK: live

    func arrive(_ message: PublishedRecord) {
        guard !isClosed, Self.isWanted(message.topic) else { return }
        if world.isBroken(.noDuplicateCheck) { return deliver(message) }
        guard !isLive || !judge(message) else { return }
        if held.count < Self.maximumHeld { held.append(message) }
    }

    private static func isWanted(_ topic: [UInt8]) -> Bool {
        prefixes.contains { topic.starts(with: $0) }
    }

    /// False when it must wait for what is missing before it.
    private func judge(_ message: PublishedRecord) -> Bool {
        switch message.topic.withUnsafeBytes({ order.judge($0, seq: message.seq, prev: message.prev) }) {
        case .duplicate: return true
        case .next:
            order.accept(message.seq, isReplayed: false)
            heardLast = max(heardLast, message.seq)
            deliver(message)
            return true
        case .gap where world.isBroken(.noTradeRepair):
            order.cover(through: message.seq)
            deliver(message)
            return true
        case .gap:
            beginRepair(to: message.seq - 1)
            return false
        }
    }

    func heartbeat(last: UInt64, since: UInt64, topics: [(topic: [UInt8], seq: UInt64)]) {
        guard !isClosed else { return }
        // The channel delivers out of order: a late heartbeat says nothing that is not known.
        guard last >= heardLast else { return }
        heardLast = last
        guard isLive else { return }
        let wanted = topics.filter { Self.isWanted($0.topic) }
        guard order.judge(heartbeatLast: last, since: since, topics: wanted) == .behind else { return }
        if world.isBroken(.noTradeRepair) { return order.cover(through: last) }
        beginRepair(to: last)
    }

    // MARK: repair

    private func beginRepair(to: UInt64?) {
        repair = Repair(number: 0, to: to, from: 0, askedAt: 0)
        ask()
    }

    private func ask() {
        repairs += 1
        repair?.number = repairs
        repair?.from = order.firstMissing
        repair?.askedAt = world.now
        let (number, life) = (repairs, world.simulator.life)
        guard !world.random.chance(world.plan.drop) else { return }
        world.plan(in: world.delay(250)) { [weak self] in
            guard let self, self.world.simulator.isThere(life), self.repair?.number == number else { return }
            self.answered()
        }
    }

    private func answered() {
        guard let repair, !isClosed else { return }
        let kept = UInt64(world.journal.records.count)
        guard kept >= repair.from - 1 else { return world.wrong("the simulator's journal was rewound") }
        let target = repair.to ?? kept
        let last = min(target, kept)
        if last >= repair.from {
            for record in world.journal.published(repair.from...last) where Self.isWanted(record.topic) {
                switch record.topic.withUnsafeBytes({ order.judgeReplayed($0, seq: record.seq) }) {
                case .duplicate, .gap: break
                case .next:
                    order.accept(record.seq, isReplayed: true)
                    deliver(record)
                }
            }
            order.cover(through: last)
        }
        guard last >= target else {
            return world.wrong("record \(target) was published and is not journalled")
        }
        self.repair = nil
        while self.repair == nil, let first = held.first, judge(first) { held.removeFirst() }
    }

    func tick() {
        guard let repair, world.now - repair.askedAt > Self.patience else { return }
        ask()
    }
}

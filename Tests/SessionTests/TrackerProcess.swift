// The tracker's side: trades arrive late, twice or not at all; each is booked once, in order, together with
// the checkpoint. A crash forgets what was not booked.

import Contracts

final class TrackerProcess {
    private unowned let world: World
    /// What the database holds.
    private(set) var ledger: [TradeEvent] = []
    /// Number of the last trade booked.
    private(set) var checkpoint = 0
    private var held: [Int: TradeEvent] = [:]

    init(_ world: World) { self.world = world }

    func arrive(_ number: Int, _ trade: TradeEvent) {
        if world.isBroken(.noDuplicateCheck) {
            ledger.append(trade)
            checkpoint = max(checkpoint, number)
            return
        }
        held[number] = trade
        while let next = held.removeValue(forKey: checkpoint + 1) {
            checkpoint += 1
            ledger.append(next)
        }
    }

    func tick() {
        if world.strikes(1) { held = [:] }
        // After a heartbeat: what is missing is asked for.
        let first = checkpoint
        let missing = world.trades.count
        guard missing > first || world.isBroken(.noDuplicateCheck) else { return }
        world.plan(in: world.delay(300)) { [world] in
            for index in first..<missing { world.tracker.arrive(index + 1, world.trades[index]) }
        }
    }
}

// The market-data gateway: journals what its provider sends, then publishes it, and answers what is asked
// again. A crash loses what is not journalled; then a recorded source goes on behind the last event of the
// journal, and a live one where it has come to meanwhile: what was not journalled never was.

import Contracts

final class GatewayProcess: WorldProcess {
    private unowned let world: World
    private(set) var life = 0
    private(set) var isUp = false
    private var asleepUntil = 0
    /// Event `seq` is at `seq − 1`. Survives.
    private(set) var journal: [MarketEvent] = []
    /// Events that the provider has sent, up to the last one journalled.
    private var journalled = 0
    /// And all of them.
    private var sent = 0
    private var batch: [(event: MarketEvent, place: Int)] = []
    /// What a heartbeat says is the last.
    private var published: UInt64 = 0
    private var channels: [Channel] = []

    init(_ world: World) { self.world = world }

    private var provided: [MarketEvent] { world.plan.events }
    private var isThere: Bool { isUp && world.now >= asleepUntil }
    /// Whether the journal holds the end of the data.
    var isDone: Bool { journal.last?.kind == .end }
    /// Whether a reader hears it now.
    var isHeard: Bool { isThere }

    var standing: String {
        "gateway\(isUp ? "" : " down")\(isThere ? "" : " asleep")"
            + " journal \(journal.count) of \(provided.count)"
    }

    // MARK: life

    func start() {
        life += 1
        isUp = true
        asleepUntil = 0
        batch = []
        published = UInt64(journal.count)
        // The end of the data is said again by every provider.
        sent = world.plan.isLive ? min(sent, provided.count - 1) : journalled
        if isDone { sent = provided.count }
        produceSoon()
    }

    private func crash() {
        guard isUp else { return }
        world.count("gateway crashes")
        isUp = false
        life += 1
        world.plan(in: world.random.within(100...3_000)) { [unowned self] in self.start() }
    }

    func tick() {
        if world.strikes(0.5) {
            asleepUntil = world.now + world.random.within(500...4_000)
            world.count("gateway sleeps")
        }
        if world.strikes(0.5) { crash() }
    }

    // MARK: publishing

    private func produceSoon() {
        guard sent < provided.count else { return }
        let life = life
        world.plan(in: world.delay(world.plan.pace)) { [unowned self] in
            if self.life == life { self.produce() }
        }
    }

    private func produce() {
        guard isThere else {
            let life = life
            return world.plan(in: asleepUntil - world.now) { [unowned self] in
                if self.life == life { self.produce() }
            }
        }
        for _ in 0..<world.random.pick([1, 1, 1, 2, 5]) where sent < provided.count {
            var event = provided[sent]
            sent += 1
            event.seq = UInt64(journal.count + batch.count + 1)
            batch.append((event, sent))
        }
        flush()
        if isUp { produceSoon() }
    }

    private func flush() {
        let events = batch.map(\.event)
        if world.isBroken(.publishedFirst) { publish(events) }
        if let kept = tornBatch() {
            keep(kept)
            return crash()
        }
        keep(batch.count)
        if world.strikes(1) { return crash() }
        if !world.isBroken(.publishedFirst) { publish(events) }
        batch = []
    }

    /// How many events of the batch a crash leaves in the journal; nil when there is none.
    private func tornBatch() -> Int? { world.strikes(1) ? world.random.below(batch.count + 1) : nil }

    private func keep(_ count: Int) {
        for (event, place) in batch.prefix(count) {
            journal.append(event)
            journalled = place
        }
    }

    private func publish(_ events: [MarketEvent]) {
        let readers = world.readers
        while channels.count < readers.count { channels.append(Channel()) }
        for event in events {
            published = max(published, event.seq)
            for (index, arrives) in readers.enumerated() {
                channels[index].send(in: world) { arrives([event]) }
            }
        }
    }

    // MARK: repair

    /// After a heartbeat: a reader asks for what is missing at the end of its feed. The answer comes after a
    /// while, if the gateway is there then.
    func repair(_ feed: SimulatedFeed, _ arrives: @escaping ([MarketEvent]) -> Void) {
        let first = feed.window.next
        guard isThere, first <= published, !feed.window.isFull else { return }
        let last = published
        world.plan(in: world.delay(250)) { [unowned self] in
            guard self.isThere, first <= self.journal.count else { return }
            arrives(Array(self.journal[Int(first) - 1..<min(Int(last), self.journal.count)]))
        }
    }
}

// How a runner comes to its strategies: it asks the table of leases as `RunnerLoop` asks the database.

import StrategyHost

extension HeldLease {
    fileprivate var name: HeldName { HeldName(strategy: strategy, fence: fence) }
}

extension RunnerProcess {
    func look() {
        askForLeases()
        obey()
        ticks += 1
        guard wire != nil else { return }
        if ticks % 3 == 0 {
            core.attachDetached(symbols)
            noteAttaches()
        }
        if ticks % 8 == 0 { core.repeatProgress() }
    }

    /// As `RunnerLoop.askForLeases`: the database answers after a while, or its answer is lost.
    private func askForLeases() {
        guard !isAsking else { return }
        isAsking = true
        let (life, asked) = (life, Int64(world.now))
        let named = leases.isRenewalDue(at: asked) ? leases.leases : nil
        let (released, surrendered) = (self.released, self.surrendered)
        self.surrendered = []
        let unkept = takeUnkept()
        world.plan(in: world.databaseDelay()) { [unowned self] in
            // The database is asked though the runner has crashed meanwhile.
            guard let table = self.world.leases, !table.isAway else {
                if self.life == life { self.isAsking = false }
                return
            }
            for lease in released { table.release(lease.name, runner: self.number) }
            for (lease, seen) in surrendered { table.surrender(lease, runner: self.number, seen: seen) }
            for (fence, snapshot) in unkept { self.keep(snapshot, fence) }
            let answers = named.map { table.renew($0.map(\.name), runner: self.number) }
            let room = table.room(self.leases.leases.count)
            let given = self.life == life ? table.claim(room, runner: self.number) : []
            let kept = self.world.strategySnapshots
            let wait = self.world.databaseDelay()
            self.world.plan(in: wait) { [unowned self] in
                guard self.life == life else { return }
                guard self.isAwake else {
                    // It is heard when the runner wakes, late.
                    self.late.append { self.answered(answers, given, kept, released, asked) }
                    return
                }
                self.answered(answers, given, kept, released, asked)
            }
        }
    }

    private func answered(
        _ answers: [(strategy: String, fence: UInt64, isHeld: Bool)]?, _ given: [HeldName],
        _ kept: [String: [[UInt8]]], _ released: [HeldLease], _ asked: Int64
    ) {
        isAsking = false
        self.released.removeAll { released.contains($0) }
        if let answers { for id in leases.renewed(answers, asked: asked) { core.remove(id) } }
        for name in given {
            leases.claimed(name.strategy, fence: name.fence, asked: asked)
            guard let kind = StrategyKind.allCases.first(where: { $0.id == name.strategy }) else { continue }
            let bytes = world.hasDice(kind) ? [] : kept[name.strategy] ?? []
            snapshots[name.strategy] = bytes.compactMap { try? StrategySnapshot(bytes: $0) }
            unkept[name.strategy] = nil
            begin(kind, fence: name.fence)
        }
        guard answers != nil else { return }
        let runners = world.leases.runners
        for lease in leases.takeSurplus(strategies: StrategyKind.allCases.count, runners: runners) {
            world.count("given back")
            core.remove(lease.strategy)
            self.released.append(lease)
        }
    }
}

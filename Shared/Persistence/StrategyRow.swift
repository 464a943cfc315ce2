// Strategies as rows: their terms, what should become of them, and who holds them.

import Contracts

/// Whether a strategy should run.
package enum DesiredState: String, Sendable, CaseIterable {
    case running, paused, stopped
}

/// How a strategy goes on that does not make the same decisions again from the same data.
package enum Recovery: String, Sendable, CaseIterable {
    /// It stands still and says so.
    case replay
    /// It begins afresh where its session stands; what it decided before is taken from the journal.
    case resume
}

/// A strategy as an operator defines it. Its terms never change under one id: the ledger depends on them.
package struct StrategyRow: Sendable, Equatable {
    package var id: String
    package var plugin: String
    /// In the order given.
    package var symbols: [String]
    /// Canonical JSON, so that equal settings are equal bytes.
    package var parameters: String
    /// Simulation settings as canonical JSON.
    package var simulation: String
    package var desiredState: DesiredState
    /// First market event of its session.
    package var start: UInt64
    package var recovery: Recovery

    package init(
        id: String, plugin: String, symbols: [String], parameters: String, simulation: String,
        desiredState: DesiredState = .running, start: UInt64 = 1, recovery: Recovery = .replay
    ) {
        self.recovery = recovery
        self.id = id
        self.plugin = plugin
        self.symbols = symbols
        self.parameters = parameters
        self.simulation = simulation
        self.desiredState = desiredState
        self.start = start
    }
}

/// One term of a known strategy that was given differently.
package struct StrategyDifference: Sendable, Equatable {
    package enum Term: String, Sendable {
        case plugin, symbols, parameters
        case simulation = "simulation settings"
    }

    package var term: Term
    package var stored: String
    package var given: String
}

/// What adding a strategy came to.
package enum StrategyUpsert: Sendable, Equatable {
    case added
    /// Known with the same terms.
    case unchanged
    /// Known with other terms; nothing was changed.
    case refused([StrategyDifference])
}

/// Who holds a strategy.
package struct Lease: Sendable, Equatable {
    package var owner: String
    /// By the database's clock; nil never runs out.
    package var expires: Timestamp?
}

/// A strategy with its lease.
package struct StrategyRecord: Sendable, Equatable {
    package var strategy: StrategyRow
    /// Grows by one with each claim; 0 before the first.
    package var fence: UInt64
    package var lease: Lease?
    /// Whether the lease has not run out, by the database's clock.
    package var isHeld = false
    /// As its runner said last.
    package var standing = StrategyStanding()
}

/// How a strategy stands with its runner.
package struct StrategyStanding: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// Not attached to the simulator.
        case waiting
        /// Rebuilt by replay after a start or a change of runners.
        case rebuilding
        case running
        /// It has handled the end of the data.
        case done
        /// It cannot go on; `reason` says why.
        case failed
        /// By an operator, or because it does not decide the same again; `reason` says which.
        case paused
        /// The kill switch was pressed.
        case halted
        /// It failed, and its session goes on without it.
        case stopped
    }

    package var state = State.waiting
    package var reason = ""
    /// Last market event handled.
    package var event: UInt64 = 0
    /// Market events received that it has not handled.
    package var lag: UInt64 = 0

    package init(state: State = .waiting, reason: String = "", event: UInt64 = 0, lag: UInt64 = 0) {
        self.state = state
        self.reason = reason
        self.event = event
        self.lag = lag
    }
}

/// What a runner sees of the others when it asks how many strategies it should hold.
package struct RunnerShare: Sendable, Equatable {
    /// Runners that are there, this one included.
    package var runners: Int
    /// Strategies that should be held by somebody.
    package var strategies: Int
    /// Those that nobody holds.
    package var free: Int
    /// Those that are held under the asking runner's name.
    package var own: Int
    /// Until the first lease of another runner ends, unless it is renewed; nil without one.
    package var nextEnd: Duration?

    package init(runners: Int, strategies: Int, free: Int, own: Int, nextEnd: Duration? = nil) {
        self.runners = runners
        self.strategies = strategies
        self.free = free
        self.own = own
        self.nextEnd = nextEnd
    }
}

/// A strategy that a runner may now run, sending this fence in every message.
package struct ClaimedStrategy: Sendable, Equatable {
    package var strategy: StrategyRow
    package var fence: UInt64

    package var claim: Claim { Claim(strategyID: strategy.id, fence: fence) }
}

/// Names a claim when it is renewed or given back.
package struct Claim: Sendable, Equatable {
    package var strategyID: String
    package var fence: UInt64

    package init(strategyID: String, fence: UInt64) {
        self.strategyID = strategyID
        self.fence = fence
    }
}

/// A snapshot of a strategy, with its position in its session.
package struct SnapshotRow: Sendable, Equatable {
    /// Kept of each strategy; the older is for when the newer one cannot be used.
    package static let kept = 2
    /// The largest that is kept.
    package static let maximumBytes = 5 << 20

    package var strategyID: String
    /// Last event handled, last report handled, last command made.
    package var event: UInt64
    package var report: UInt64
    package var command: UInt64
    package var state: [UInt8]

    package init(strategyID: String, event: UInt64, report: UInt64, command: UInt64, state: [UInt8]) {
        self.strategyID = strategyID
        self.event = event
        self.report = report
        self.command = command
        self.state = state
    }
}

/// A claim whose fence the simulator has refused, and the fence that it has seen.
package struct Surrender: Sendable, Equatable {
    package var claim: Claim
    package var seen: UInt64

    package init(claim: Claim, seen: UInt64) {
        self.claim = claim
        self.seen = seen
    }
}

/// What an operator wants of a claimed strategy.
package struct StrategyWish: Sendable, Equatable {
    package var claim: Claim
    package var desiredState: DesiredState

    package init(claim: Claim, desiredState: DesiredState) {
        self.claim = claim
        self.desiredState = desiredState
    }
}

/// What renewing a lease came to.
package enum LeaseRenewal: Sendable, Equatable {
    /// Still held; obey the desired state.
    case held(DesiredState)
    /// Somebody else has it now, or it is gone: stop at once.
    case lost
}

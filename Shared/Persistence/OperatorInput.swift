// What operators want of strategies, as rows: noted by a command, taken by the runner that holds the
// strategy, and kept with what became of it.

import Contracts

/// One wish.
package struct OperatorInput: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case pause, resume, set, swap, restart
        /// The kill switch.
        case halt
        /// A strategy that stands still is begun again; nothing is journalled.
        case retry
    }

    package enum State: String, Sendable, CaseIterable {
        /// No runner has taken it, or it is not in the journal yet.
        case pending
        /// In force after `event`.
        case applied
        /// Nothing was changed; `sentence` says why.
        case refused
        /// The new version failed after `event`, and the one before it went on.
        case reverted
    }

    /// Told again in the journal, so that it is never applied twice.
    package var id: String
    package var strategy: String
    package var kind: Kind
    /// Of `set`, `swap` and `restart`.
    package var version: StrategyInput.Version?
    package var reason: String
    package var state: State
    package var sentence: String
    package var event: UInt64

    package init(
        id: String, strategy: String, kind: Kind, version: StrategyInput.Version? = nil, reason: String = "",
        state: State = .pending, sentence: String = "", event: UInt64 = 0
    ) {
        self.id = id
        self.strategy = strategy
        self.kind = kind
        self.version = version
        self.reason = reason
        self.state = state
        self.sentence = sentence
        self.event = event
    }
}

/// What became of a wish.
package struct InputSettlement: Sendable, Equatable {
    package var id: String
    package var state: OperatorInput.State
    package var sentence: String
    package var event: UInt64

    package init(id: String, state: OperatorInput.State, sentence: String = "", event: UInt64 = 0) {
        self.id = id
        self.state = state
        self.sentence = sentence
        self.event = event
    }
}

/// What operators want, and what became of it.
package protocol OperatorStore: Sendable {
    /// Notes a wish, together with what should become of the strategy where it changes that (`pause`,
    /// `resume`); false when there is no such strategy.
    func want(_ input: OperatorInput) throws -> Bool

    /// Wishes in the order in which they came: of one strategy, or of all.
    func inputs(strategy: String?) throws -> [OperatorInput]

    /// Pending wishes for the strategies that the runner holds, in the order in which they came.
    func openInputs(runner: String) throws -> [OperatorInput]

    /// Notes what became of pending wishes; those settled before are left as they are, but for `reverted`.
    func settle(_ settlements: [InputSettlement]) throws

    /// How a strategy is recovered that does not decide the same again; false when there is none of that id.
    func setRecovery(_ recovery: Recovery, strategy: String) throws -> Bool
}

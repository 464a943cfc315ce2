// What operators want of one strategy, and what became of it. A wish is made at most once: its id is in the
// journal with it.

import Contracts

/// What became of a wish.
package enum WishOutcome: Equatable, Sendable {
    /// In the journal, and in force after this event.
    case applied(event: UInt64)
    /// Nothing was changed.
    case refused(String)
    /// The new version does not take the old one's state: it must have watched the session from its start.
    case needsReplay
}

struct InputWishes {
    /// Why nothing is changed any more.
    static let tooLate = "the data have ended"
    /// In the order in which they came.
    private(set) var waiting: [StrategyInput] = []
    /// Made and not acknowledged: the command's number.
    private var made: [(number: UInt64, id: String, event: UInt64)] = []
    private var outcomes: [(id: String, outcome: WishOutcome)] = []
    /// Ids that the journal holds or will hold.
    private var known: Set<String> = []

    mutating func add(_ input: StrategyInput, first: Bool = false) {
        guard !known.contains(input.id), !waiting.contains(where: { $0.id == input.id }) else { return }
        if first { waiting.insert(input, at: 0) } else { waiting.append(input) }
    }

    /// The journal holds these.
    mutating func journalled(_ inputs: [Command]) {
        for command in inputs {
            guard let id = command.input?.id else { continue }
            known.insert(id)
            outcomes.append((id, .applied(event: command.afterEvent)))
            waiting.removeAll { $0.id == id }
        }
    }

    /// The input of this command was wanted and is made.
    mutating func made(_ command: Command) {
        guard let input = command.input else { return }
        known.insert(input.id)
        made.append((command.number, input.id, command.afterEvent))
        waiting.removeAll { $0.id == input.id }
    }

    /// Whether nothing was ever wanted, as far as this runner and the journal know.
    var isUntouched: Bool { known.isEmpty && waiting.isEmpty }

    /// Whether it waits, or is in the journal, or on its way there.
    func knows(_ id: String) -> Bool { known.contains(id) || waiting.contains { $0.id == id } }

    mutating func acknowledged(_ number: UInt64) {
        guard let place = made.firstIndex(where: { $0.number == number }) else { return }
        let done = made.remove(at: place)
        outcomes.append((done.id, .applied(event: done.event)))
    }

    mutating func settle(_ id: String, _ outcome: WishOutcome) {
        waiting.removeAll { $0.id == id }
        outcomes.append((id, outcome))
    }

    /// Refuses what waits, but for what a session was taken up blindly for.
    mutating func refuseOrdinary(_ sentence: String) {
        for input in waiting where !input.cutsOff { outcomes.append((input.id, .refused(sentence))) }
        waiting.removeAll { !$0.cutsOff }
    }

    mutating func takeOutcomes() -> [(id: String, outcome: WishOutcome)] {
        defer { outcomes = [] }
        return outcomes
    }
}

// One session with what the simulator keeps around the pure state machine: where its records stand in the
// journal, and who is attached.

import Contracts
import TradingCore

/// What the journal holds of a session, for comparing a rerun with it and for sending reports again.
package struct JournalledSession {
    /// `seq` of the order record of each report, but for those so old that `landmarks` lead to them.
    package var reportSeqs = NumberedValues()
    /// Digest of each journalled report; forgotten once the rerun has made them again.
    package var reportDigests = NumberedValues()
    /// Number of executions that have a trade record.
    package var executions: UInt64 = 0
    /// Digest of each journalled execution; forgotten once the rerun has made them again.
    package var executionDigests = NumberedValues()
    /// Number of marks of the account that have a record.
    package var marks: UInt64 = 0
    /// Digest of each journalled mark; forgotten once it was made again.
    package var markDigests = NumberedValues()
    /// `seq` of the record of each command, but for those so old that `landmarks` lead to them.
    package var commandSeqs = NumberedValues()
    /// Number of halts that have a record, and the last of them.
    package var halts: UInt64 = 0
    package var lastHalt: HaltRecord?
    /// Last market event that a restored command, report or snapshot names.
    package private(set) var lastEvent: UInt64 = 0
    /// Whether the journal says that the session has gone through the end of the data.
    package var isEnded = false
    /// Places in the journal from which old reports and commands are looked for.
    package var landmarks = JournalLandmarks()

    /// A restored record belongs after this event.
    mutating func note(event: UInt64) { lastEvent = max(lastEvent, event) }
}

/// Where the events of one symbol of a session are published.
package struct SessionTopics {
    package let symbol: SymbolIndex
    package let name: String
    package let order: Int
    package let trade: Int
}

/// The kill switch as an operator pressed it.
package struct HaltWish: Sendable, Equatable {
    package var id: String
    package var reason: String

    package init(id: String, reason: String) {
        self.id = id
        self.reason = reason
    }
}

package struct SimulatedStrategy {
    package let terms: SessionTerms
    package var served: ServedSession
    package var journal = JournalledSession()
    /// Topics of the session's records, resolved once.
    package let commandTopic: Int
    package let fenceTopic: Int
    package let inputTopic: Int
    package let equityTopic: Int
    /// Order and trade topics by symbol, in the order of the session's symbols.
    package let topics: [SessionTopics]
    /// The process that the served fence belongs to; empty when the journal does not say.
    package var owner = ""
    /// Who is attached.
    package var peer: CommandPeer?
    /// An attach that came while the rerun was under way: answered at its end.
    package var waitingAttach: (peer: CommandPeer, request: AttachRequest)?
    /// Id of the last attach taken with the fence that is served.
    package var lastAttachID: UInt64 = 0
    /// Reports of the last steps that were not sent yet; anything older is read from the journal.
    package var fresh: [OrderEvent] = []
    /// How far nothing is due if the strategy does nothing; nil where it need not be said.
    package var ahead: UInt64?
    /// The last "matched through" (with command 0) or promise that was sent.
    package var sentMatched: (event: UInt64, report: UInt64, command: UInt64) = (0, 0, 0)
    /// Where the last reading of old reports left off.
    var oldReports: (next: UInt64, seq: UInt64)?
    /// Digests of old commands as the journal holds them, read in stretches.
    var oldCommands: (values: NumberedValues, seq: UInt64)?
    /// Why the session does not go on; nil while it does.
    package var stopped: Reason?
    /// The halt that an operator wants and that has not acted yet.
    package var haltWish: HaltWish?
    /// What the runner was told last of what holds the session up; nil when it was told nothing.
    var sentStanding: SessionStanding?
    var hold = WindowHold()

    package var id: String { terms.strategyID }

    /// Whether an attach is that of the owner or of a later one: a fence has one owner.
    func accepts(_ request: AttachRequest) -> Bool {
        if let waiting = waitingAttach?.request {
            guard request.fence >= waiting.fence else { return false }
            if request.fence == waiting.fence, request.owner != waiting.owner { return false }
        }
        guard request.fence == served.fence else { return request.fence > served.fence }
        return owner.isEmpty || owner == request.owner
    }

    /// Whether a later attach of the same owner was taken before: its ids only grow.
    func isStale(_ request: AttachRequest) -> Bool {
        if let waiting = waitingAttach?.request, waiting.fence == request.fence {
            return request.attachID <= waiting.attachID
        }
        return request.fence == served.fence && request.attachID <= lastAttachID
    }

    /// The topics of a symbol. A command for a foreign symbol is refused before it reaches the session.
    package func topics(of symbol: SymbolIndex) -> SessionTopics {
        for topic in topics where topic.symbol == symbol { return topic }
        preconditionFailure("a session reports its own symbols only")
    }
}

// The lines that a runner and the order simulator exchange (DESIGN 7, "Between the processes"): one JSON
// object a line, many lines a message, on one ordered connection.

/// What a runner or the simulator says.
public enum OrderEntryMessage: Sendable, Equatable {
    /// Runner: I own the strategy by this fence and have handled reports up to `report`.
    case attach(AttachRequest)
    /// Runner: the strategy's next command.
    case command(strategy: String, fence: UInt64, Command)
    /// Runner: everything up to these is handled, and this was the last command.
    case progress(strategy: String, fence: UInt64, event: UInt64, report: UInt64, command: UInt64)
    /// Simulator: the answer to `attach`.
    case attached(AttachedAnswer)
    /// Simulator: a report with its executions.
    case report(OrderEvent)
    /// Simulator: nothing but the reports up to `report` is due before the event after `event`.
    case matched(strategy: String, event: UInt64, report: UInt64)
    /// Simulator: the same beyond what the strategy is known to have handled, if it makes no command after
    /// `command`.
    case ahead(strategy: String, event: UInt64, report: UInt64, command: UInt64)
    /// Simulator: something before it is missing here; attach again.
    case attachAgain(strategy: String)
    /// Simulator: a higher fence was seen, or this one with another owner; give the strategy up.
    case fenced(strategy: String, fence: UInt64, seen: UInt64)
    /// Simulator: the strategy cannot go on, and why.
    case refused(strategy: String, attachID: UInt64, Reason)
    /// Anybody: stop the strategy's trading (the kill switch). It acts once a runner has caught up.
    case halt(strategy: String, id: String, reason: String)
    /// Simulator: what the session does not let through, and its last halt.
    case standing(SessionStanding)
}

public struct AttachRequest: Sendable, Equatable {
    public var fence: UInt64
    /// The process that claims it, by a name that no other has: a database that was restored may give a
    /// fence twice.
    public var owner: String
    /// Comes back with the answer.
    public var attachID: UInt64
    /// Last report that the strategy has handled.
    public var report: UInt64
    public var terms: SessionTerms

    public init(fence: UInt64, owner: String, attachID: UInt64, report: UInt64, terms: SessionTerms) {
        self.fence = fence
        self.owner = owner
        self.attachID = attachID
        self.report = report
        self.terms = terms
    }
}

/// What holds a session up, as its runner is told whenever it changes.
public struct SessionStanding: Sendable, Equatable {
    public var strategy: String
    public var isPaused: Bool
    public var isHalted: Bool
    public var isStopped: Bool
    /// Of the last halt, or of one that found the session halted; empty without. Of a wish that came behind
    /// the end of the data too, which is not made: the session is then not halted, and the event is 0.
    public var haltID: String
    /// The last event of the stream before it.
    public var haltEvent: UInt64

    public init(
        strategy: String, isPaused: Bool = false, isHalted: Bool = false, isStopped: Bool = false,
        haltID: String = "", haltEvent: UInt64 = 0
    ) {
        self.strategy = strategy
        self.isPaused = isPaused
        self.isHalted = isHalted
        self.isStopped = isStopped
        self.haltID = haltID
        self.haltEvent = haltEvent
    }
}

public struct AttachedAnswer: Sendable, Equatable {
    public var strategy: String
    public var attachID: UInt64
    /// First market event of the session.
    public var start: UInt64
    /// Last command held, last report made, last event matched.
    public var command: UInt64
    public var report: UInt64
    public var matched: UInt64
    /// The market data that the session is made of.
    public var marketDataEpoch: String
    /// The event after which the last command was decided.
    public var commandEvent: UInt64
    /// Every input from outside, in order: a rebuild applies each at its number and position.
    public var inputs: [Command]

    public init(
        strategy: String, attachID: UInt64, start: UInt64, command: UInt64, report: UInt64, matched: UInt64,
        commandEvent: UInt64 = 0, inputs: [Command] = [], marketDataEpoch: String = ""
    ) {
        self.strategy = strategy
        self.attachID = attachID
        self.start = start
        self.command = command
        self.report = report
        self.matched = matched
        self.marketDataEpoch = marketDataEpoch
        self.commandEvent = commandEvent
        self.inputs = inputs
    }
}

extension OrderEntryMessage {
    /// Appends the message as one line, newline included. `symbols` names the symbol of a command.
    public func write(symbols: SymbolTable, into writer: inout JSONWriter) {
        if case .report(let order) = self {
            if order.isOnInput {
                InputReportCodec.write(order, into: &writer)
            } else {
                order.write(trades: true, into: &writer)
            }
        } else {
            writer.beginObject()
            writeFields(symbols, &writer)
            writer.endObject()
        }
        writer.append(0x0a)
    }

    private func writeFields(_ symbols: SymbolTable, _ writer: inout JSONWriter) {
        switch self {
        case .attach(let request):
            writer.field("type", word: "attach")
            writer.field("fence", request.fence)
            writer.field("owner", request.owner)
            writer.field("attach_id", request.attachID)
            writer.field("report", request.report)
            writer.beginObject("session")
            request.terms.writeFields(into: &writer)
            writer.endObject()
        case .command(let strategy, let fence, let command):
            writer.field("type", word: command.input == nil ? "command" : "input")
            writer.field("fence", fence)
            if command.input != nil {
                writer.key("input")
                InputCodec.write(command, strategy: strategy, into: &writer)
                return
            }
            writer.key("command")
            CommandCodec.write(
                command, strategy: strategy, symbol: symbols.name(of: command.symbol), into: &writer)
        case .progress(let strategy, let fence, let event, let report, let command):
            writer.field("type", word: "progress")
            writer.field("strategy_id", strategy)
            writer.field("fence", fence)
            writer.field("event", event)
            writer.field("report", report)
            writer.field("last_command", command)
        default: writeAnswer(&writer)
        }
    }

    private func writeAnswer(_ writer: inout JSONWriter) {
        switch self {
        case .attached(let answer):
            writer.field("type", word: "attached")
            writer.field("strategy_id", answer.strategy)
            writer.field("attach_id", answer.attachID)
            writer.field("start", answer.start)
            writer.field("last_command", answer.command)
            writer.field("report", answer.report)
            writer.field("event", answer.matched)
            writer.field("market_data_epoch", answer.marketDataEpoch)
            writer.field("command_event", answer.commandEvent)
            guard !answer.inputs.isEmpty else { return }
            writer.beginArray("inputs")
            for command in answer.inputs {
                InputCodec.write(command, strategy: answer.strategy, into: &writer)
            }
            writer.endArray()
        case .matched(let strategy, let event, let report):
            writer.field("type", word: "matched")
            writer.field("strategy_id", strategy)
            writer.field("event", event)
            writer.field("report", report)
        case .ahead(let strategy, let event, let report, let command):
            writer.field("type", word: "ahead")
            writer.field("strategy_id", strategy)
            writer.field("event", event)
            writer.field("report", report)
            writer.field("last_command", command)
        case .attachAgain(let strategy):
            writer.field("type", word: "attach_again")
            writer.field("strategy_id", strategy)
        case .fenced(let strategy, let fence, let seen):
            writer.field("type", word: "fenced")
            writer.field("strategy_id", strategy)
            writer.field("fence", fence)
            writer.field("seen", seen)
        case .refused(let strategy, let attachID, let reason):
            writer.field("type", word: "refused")
            writer.field("strategy_id", strategy)
            writer.field("attach_id", attachID)
            writer.field("reason_code", reason.code)
            writer.field("reason", reason.sentence)
        case .halt(let strategy, let id, let reason):
            writer.field("type", word: "halt")
            writer.field("strategy_id", strategy)
            writer.field("input_id", id)
            writer.field("reason", reason)
        case .standing(let standing):
            writer.field("type", word: "standing")
            writer.field("strategy_id", standing.strategy)
            writer.field("paused", standing.isPaused)
            writer.field("halted", standing.isHalted)
            writer.field("stopped", standing.isStopped)
            writer.field("input_id", standing.haltID)
            writer.field("event", standing.haltEvent)
        case .attach, .command, .progress, .report: preconditionFailure("written before")
        }
    }
}

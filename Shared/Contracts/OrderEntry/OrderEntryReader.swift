/// Reads the lines of `OrderEntryMessage`, keys in any order.
///
/// Commands and reports cost one pass for the frame and one for what is inside; the rest one pass.
public struct OrderEntryReader: Sendable {
    private enum Key: UInt8, WireNamed {
        case type, strategyID, fence, owner, seen, attachID, event, report, lastCommand, start, session,
            command
        case reasonCode, reason, marketDataEpoch
        case commandEvent, inputs, input, inputID, paused, halted, stopped
        var wireName: StaticString {
            switch self {
            case .type: "type"
            case .strategyID: "strategy_id"
            case .fence: "fence"
            case .owner: "owner"
            case .seen: "seen"
            case .attachID: "attach_id"
            case .event: "event"
            case .report: "report"
            case .lastCommand: "last_command"
            case .start: "start"
            case .session: "session"
            case .command: "command"
            case .reasonCode: "reason_code"
            case .reason: "reason"
            case .marketDataEpoch: "market_data_epoch"
            case .commandEvent: "command_event"
            case .inputs: "inputs"
            case .input: "input"
            case .inputID: "input_id"
            case .paused: "paused"
            case .halted: "halted"
            case .stopped: "stopped"
            }
        }
    }

    private enum Kind: UInt8, WireNamed {
        case attach, command, progress, attached, order, matched, ahead, attachAgain, fenced, refused
        case input, inputReport, halt, standing
        var wireName: StaticString {
            switch self {
            case .attach: "attach"
            case .command: "command"
            case .progress: "progress"
            case .attached: "attached"
            case .order: "order"
            case .matched: "matched"
            case .ahead: "ahead"
            case .attachAgain: "attach_again"
            case .fenced: "fenced"
            case .refused: "refused"
            case .input: "input"
            case .inputReport: "input_report"
            case .halt: "halt"
            case .standing: "standing"
            }
        }
    }

    /// What a flat line may hold; what is absent is nil, 0 or empty.
    private struct Fields {
        var kind: Kind?
        var strategy = ""
        var fence: UInt64 = 0
        var owner = ""
        var seen: UInt64 = 0
        var attachID: UInt64 = 0
        var event: UInt64 = 0
        var report: UInt64 = 0
        var lastCommand: UInt64 = 0
        var start: UInt64 = 0
        var terms: SessionTerms?
        var command: (strategy: String, command: Command)?
        var reason = Reason(code: "", sentence: "")
        var marketDataEpoch = ""
        var commandEvent: UInt64 = 0
        var inputs: [Command] = []
        var input: (strategy: String, command: Command)?
        var inputID = ""
        var standing = SessionStanding(strategy: "")
    }

    private let keys = KeyTable<Key>()

    public init() {}

    /// One line without its newline.
    public func read(
        _ line: UnsafeRawBufferPointer, symbols: inout SymbolTable
    ) throws(JSONError) -> OrderEntryMessage {
        var fields = Fields()
        var reader = try JSONReader(line)
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope, of: keys) {
            try Self.read(key, from: &reader, into: &fields, symbols: &symbols)
            // An order event has a layout of its own, and `command` and `report` mean other things there.
            if fields.kind == .order || fields.kind == .inputReport { break }
        }
        if fields.kind == .inputReport {
            return .report(try Self.value(line, "input_report") { try InputReportCodec.read($0) })
        }
        if fields.kind == .order {
            var again = try JSONReader(line)
            let order = try OrderEvent(reading: &again)
            try again.finish()
            return .report(order)
        }
        try reader.finish()
        return try Self.message(fields, end: line.count)
    }

    private static func read(
        _ key: Key, from reader: inout JSONReader, into fields: inout Fields, symbols: inout SymbolTable
    ) throws(JSONError) {
        switch key {
        case .type:
            let offset = reader.offset
            let text = try reader.string()
            fields.kind = text.withBytes { Kind(wireName: $0) }
            if fields.kind == nil { throw JSONError(.unexpectedValue, at: offset, field: "type") }
        case .strategyID: fields.strategy = try reader.string().string
        case .fence: fields.fence = try reader.unsigned()
        case .owner: fields.owner = try reader.string().string
        case .seen: fields.seen = try reader.unsigned()
        case .attachID: fields.attachID = try reader.unsigned()
        case .event: fields.event = try reader.unsigned()
        case .report: fields.report = try reader.unsigned()
        case .lastCommand: fields.lastCommand = try reader.unsigned()
        case .start: fields.start = try reader.unsigned()
        case .session:
            let offset = reader.offset
            let value = try JSONValue(reading: &reader)
            fields.terms = try? SessionTerms(value)
            if fields.terms == nil { throw JSONError(.unexpectedValue, at: offset, field: "session") }
        case .command: fields.command = try CommandCodec.read(&reader, symbols: &symbols)
        case .commandEvent: fields.commandEvent = try reader.unsigned()
        case .inputs:
            var list = try reader.openArray()
            while try reader.nextElement(in: &list) {
                fields.inputs.append(
                    try value(try reader.raw(), "inputs") { try InputCodec.read($0) }.command)
            }
        case .input: fields.input = try value(try reader.raw(), "input") { try InputCodec.read($0) }
        case .inputID: fields.inputID = try reader.string().string
        case .paused: fields.standing.isPaused = try reader.bool()
        case .halted: fields.standing.isHalted = try reader.bool()
        case .stopped: fields.standing.isStopped = try reader.bool()
        case .reasonCode: fields.reason.code = try reader.string().string
        case .reason: fields.reason.sentence = try reader.string().string
        case .marketDataEpoch: fields.marketDataEpoch = try reader.string().string
        }
    }

    /// What is rare and of many fields is read as a value.
    private static func value<Read>(
        _ json: UnsafeRawBufferPointer, _ field: StaticString, _ read: (JSONValue) throws -> Read
    ) throws(JSONError) -> Read {
        guard let value = try? JSONValue(parsing: json), let made = try? read(value) else {
            throw JSONError(.unexpectedValue, at: 0, field: "\(field)")
        }
        return made
    }

    private static func message(_ fields: Fields, end: Int) throws(JSONError) -> OrderEntryMessage {
        guard let kind = fields.kind else { throw JSONError(.missingField, at: end, field: "type") }
        let strategy = fields.strategy
        switch kind {
        case .attach:
            guard let terms = fields.terms else { throw JSONError(.missingField, at: end, field: "session") }
            return .attach(
                AttachRequest(
                    fence: fields.fence, owner: fields.owner, attachID: fields.attachID,
                    report: fields.report, terms: terms))
        case .command:
            guard let inner = fields.command else {
                throw JSONError(.missingField, at: end, field: "command")
            }
            return .command(strategy: inner.strategy, fence: fields.fence, inner.command)
        case .progress:
            return .progress(
                strategy: strategy, fence: fields.fence, event: fields.event, report: fields.report,
                command: fields.lastCommand)
        case .attached:
            return .attached(
                AttachedAnswer(
                    strategy: strategy, attachID: fields.attachID, start: fields.start,
                    command: fields.lastCommand, report: fields.report, matched: fields.event,
                    commandEvent: fields.commandEvent, inputs: fields.inputs,
                    marketDataEpoch: fields.marketDataEpoch))
        case .matched: return .matched(strategy: strategy, event: fields.event, report: fields.report)
        case .ahead:
            return .ahead(
                strategy: strategy, event: fields.event, report: fields.report, command: fields.lastCommand)
        case .attachAgain: return .attachAgain(strategy: strategy)
        case .fenced: return .fenced(strategy: strategy, fence: fields.fence, seen: fields.seen)
        case .refused: return .refused(strategy: strategy, attachID: fields.attachID, fields.reason)
        case .input:
            guard let inner = fields.input else { throw JSONError(.missingField, at: end, field: "input") }
            return .command(strategy: inner.strategy, fence: fields.fence, inner.command)
        case .halt:
            return .halt(strategy: strategy, id: fields.inputID, reason: fields.reason.sentence)
        case .standing:
            var standing = fields.standing
            (standing.strategy, standing.haltID, standing.haltEvent) =
                (strategy, fields.inputID, fields.event)
            return .standing(standing)
        case .order, .inputReport: preconditionFailure("it is read by its own reader")
        }
    }
}

// Inputs from outside in the simulator's journal and on the order entry connection: the input itself, the
// report that acknowledges it, and the halt. They are rare, so they are read as values.

public enum InputCodec {
    /// Appends the whole record of an input command.
    public static func encode(
        _ command: Command, strategy: String, header: EnvelopeHeader, stamp: EventStamp,
        into writer: inout JSONWriter
    ) {
        header.begin("input", stamp, into: &writer)
        writeFields(command, strategy, into: &writer)
    }

    /// Appends the object without an envelope.
    public static func write(_ command: Command, strategy: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "input")
        writer.field("version", contractVersion)
        writeFields(command, strategy, into: &writer)
    }

    private static func writeFields(
        _ command: Command, _ strategy: String, into writer: inout JSONWriter
    ) {
        guard let input = command.input else { preconditionFailure("an input command has an input") }
        writer.field("strategy_id", strategy)
        writer.field("number", command.number)
        writer.field("input_id", input.id)
        writer.field("kind", input.kind)
        if !input.reason.isEmpty { writer.field("reason", input.reason) }
        if let version = input.version {
            version.writeFields(into: &writer)
            writer.field("beginning", input.beginning)
        }
        if input.cutsOff {
            writer.field("since_event", input.sinceEvent)
            writer.field("since_report", input.sinceReport)
        }
        writer.field("after_event", command.afterEvent)
        writer.field("after_report", command.afterReport)
        writer.field("decided", command.decided)
        writer.endObject()
    }

    /// Reads an input, with an envelope or without.
    public static func read(
        _ json: JSONValue
    ) throws(JSONValueError) -> (strategy: String, command: Command) {
        var command = Command(
            action: .input, number: try json.unsigned("number"), order: 0, symbol: .none)
        command.afterEvent = try json.unsigned("after_event")
        command.afterReport = try json.unsigned("after_report")
        command.decided = try json.timestamp("decided")
        guard let kind = StrategyInput.Kind(wireName: try json.string("kind")) else {
            throw JSONValueError(field: "kind", "it is no input that this version knows")
        }
        let version = json["plugin"] == nil ? nil : try StrategyInput.Version(json)
        let hasSince = StrategyInput(id: "", kind: kind).cutsOff
        command.input = StrategyInput(
            id: try json.string("input_id"), kind: kind, reason: json["reason"]?.asString ?? "",
            version: version,
            beginning: json["beginning"]?.asString.flatMap { StrategyInput.Beginning(wireName: $0) }
                ?? .replay, sinceEvent: hasSince ? try json.unsigned("since_event") : 0,
            sinceReport: hasSince ? try json.unsigned("since_report") : 0)
        return (try json.string("strategy_id"), command)
    }
}

extension StrategyInput.Version {
    /// Writes the members of an object that the caller has opened.
    public func writeFields(into writer: inout JSONWriter) {
        writer.beginObject("plugin")
        writer.field("id", pluginID)
        writer.field("version", pluginVersion)
        writer.field("sha256", pluginSHA256)
        writer.endObject()
        SessionTerms.write(parameters, as: "parameters", into: &writer)
        if !warmUp.isEmpty { writer.field("warm_up", warmUp) }
    }

    /// Reads these members of an object.
    public init(_ json: JSONValue) throws(JSONValueError) {
        let plugin = JSONValue.object(try json.object("plugin"))
        self.init(
            pluginID: try plugin.string("id"), pluginVersion: try plugin.string("version"),
            pluginSHA256: try plugin.string("sha256"),
            parameters: SessionTerms.settings(try json.object("parameters")),
            warmUp: json["warm_up"]?.asString ?? "")
    }
}

/// The report on an input: an order event without an order.
public enum InputReportCodec {
    public static func encode(
        _ order: OrderEvent, header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter
    ) {
        header.begin("input_report", stamp, into: &writer)
        writeFields(order, into: &writer)
    }

    /// Appends the object without an envelope.
    public static func write(_ order: OrderEvent, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "input_report")
        writer.field("version", contractVersion)
        writeFields(order, into: &writer)
    }

    private static func writeFields(_ order: OrderEvent, into writer: inout JSONWriter) {
        writer.field("strategy_id", order.strategyID)
        writer.field("number", order.command)
        writer.field("report", order.report)
        writer.field("after", order.after)
        writer.field("fence", order.fence)
        writer.field("timestamp", order.timestamp)
        writer.endObject()
    }

    /// Reads a report on an input, with an envelope or without.
    public static func read(_ json: JSONValue) throws(JSONValueError) -> OrderEvent {
        let report = Report.onInput(
            number: try json.unsigned("report"), command: try json.unsigned("number"),
            after: try json.unsigned("after"), timestamp: try json.timestamp("timestamp"))
        return OrderEvent(
            report, strategy: try json.string("strategy_id"), fence: try json.unsigned("fence"), symbol: "")
    }
}

extension Report {
    /// The report that acknowledges an input.
    public static func onInput(
        number: UInt64, command: UInt64, after: UInt64, timestamp: Timestamp
    ) -> Report {
        Report(
            number: number, status: .accepted, command: command, order: 0, symbol: .none, side: .buy,
            type: .market, timeInForce: .gtc, quantity: .zero, price: .zero, stopPrice: .zero,
            filled: .zero, remaining: .zero, after: after, timestamp: timestamp)
    }

    /// Whether it acknowledges an input from outside: then it is of no order, and the strategy is not told.
    @inlinable public var isOnInput: Bool { order == 0 }
}

/// The halt of a session as the simulator journals it.
public struct HaltRecord: Sendable, Equatable {
    public var strategyID: String
    public var id: String
    public var reason: String
    /// The last event of the stream that the session had taken.
    public var event: UInt64

    public init(strategyID: String, id: String, reason: String, event: UInt64) {
        self.strategyID = strategyID
        self.id = id
        self.reason = reason
        self.event = event
    }

    public func encode(header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter) {
        header.begin("halt", stamp, into: &writer)
        writeFields(into: &writer)
    }

    /// Appends the object without an envelope.
    public func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(into: &writer)
    }

    private func writeFields(into writer: inout JSONWriter) {
        writer.field("strategy_id", strategyID)
        writer.field("input_id", id)
        if !reason.isEmpty { writer.field("reason", reason) }
        writer.field("event", event)
        writer.endObject()
    }

    public init(_ json: JSONValue) throws(JSONValueError) {
        self.init(
            strategyID: try json.string("strategy_id"), id: try json.string("input_id"),
            reason: json["reason"]?.asString ?? "", event: try json.unsigned("event"))
    }
}

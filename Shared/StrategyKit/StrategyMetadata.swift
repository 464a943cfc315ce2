// Who a strategy is and what may be configured, declared once. The JSON that the platform reads, with the
// JSON Schema of the parameters, is derived from it.

import Contracts

/// Who a strategy is.
public struct StrategyMetadata: Sendable {
    /// What the user writes to name the plugin: 1–40 of `[A-Za-z0-9._-]`.
    public var id: String
    public var name: String
    public var version: String
    public var description: String
    /// Seconds of the bars that it wants of symbols that have ticks too. Symbols without ticks hand over all
    /// their bars in any case.
    public var barIntervals: [UInt32]
    /// What the strategy sees before its orders are taken.
    public var warmUp: WarmUp
    public var parameters: [Parameter]
    /// The oldest version of the platform that will do, as in "0.1.0"; nil for any.
    public var minimumPlatform: String?

    public init(
        id: String, name: String, version: String, description: String, barIntervals: [UInt32] = [],
        warmUp: WarmUp = .none, parameters: [Parameter] = [], minimumPlatform: String? = nil
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.description = description
        self.barIntervals = barIntervals
        self.warmUp = warmUp
        self.parameters = parameters
        self.minimumPlatform = minimumPlatform
    }

    /// The metadata as the C ABI hands them over.
    public var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("id", id)
        writer.field("name", name)
        writer.field("version", version)
        writer.field("description", description)
        writer.beginArray("intervals")
        for interval in barIntervals { writer.value(Int64(interval)) }
        writer.endArray()
        warmUp.write(into: &writer)
        if let minimumPlatform {
            writer.beginObject("requires")
            writer.field("platform", minimumPlatform)
            writer.endObject()
        }
        writer.beginObject("parameters")
        writer.field("type", "object")
        writer.beginObject("properties")
        for parameter in parameters { parameter.write(into: &writer) }
        writer.endObject()
        writer.field("additionalProperties", false)
        writer.endObject()
        writer.endObject()
        return writer.string
    }
}

/// How much a strategy sees before its orders are taken. It is called as always meanwhile; signals are
/// dropped, and `context.place` throws `OrderRefused.warmingUp`.
public struct WarmUp: Sendable, Equatable {
    enum Amount: Sendable, Equatable {
        case number(Int64)
        case parameter(String)
    }

    var unit: String
    var amount: Amount

    /// Orders are taken from the first event on.
    public static let none = WarmUp(unit: "events", amount: .number(0))
    /// Orders on a symbol are taken from its `count`-th event on.
    public static func events(_ count: Int64) -> WarmUp { WarmUp(unit: "events", amount: .number(count)) }
    /// As `events`, with the value of a whole-number parameter.
    public static func events(parameter name: String) -> WarmUp {
        WarmUp(unit: "events", amount: .parameter(name))
    }
    /// Orders are taken when so much session time has passed since the first event.
    public static func seconds(_ count: Int64) -> WarmUp { WarmUp(unit: "seconds", amount: .number(count)) }
    /// As `seconds`, with the value of a whole-number parameter.
    public static func seconds(parameter name: String) -> WarmUp {
        WarmUp(unit: "seconds", amount: .parameter(name))
    }

    func write(into writer: inout JSONWriter) {
        guard self != .none else { return }
        writer.beginObject("warm_up")
        writer.key(unit)
        switch amount {
        case .number(let count): writer.value(count)
        case .parameter(let name): writer.value(name)
        }
        writer.endObject()
    }
}

/// One thing that may be configured, with its default and what is allowed.
public struct Parameter: Sendable {
    enum Kind: Sendable {
        case integer(Int64, ClosedRange<Int64>)
        case decimal(Price, ClosedRange<Price>)
        case flag(Bool)
        case choice(String, [String])
        case text(String)
    }

    public let name: String
    public let description: String
    let kind: Kind

    /// A whole number.
    public static func integer(
        _ name: String, default value: Int64, in bounds: ClosedRange<Int64>, _ description: String = ""
    ) -> Parameter {
        precondition(bounds.contains(value), "the default of \(name) is within its bounds")
        return Parameter(name: name, description: description, kind: .integer(value, bounds))
    }

    /// An exact decimal with at most eight places, written as text: `.decimal("tick", default: "0.01", …)`.
    public static func decimal(
        _ name: String, default value: String, from lower: String, through upper: String,
        _ description: String = ""
    ) -> Parameter {
        let value = exact(value)
        let bounds = exact(lower)...exact(upper)
        precondition(bounds.contains(value), "the default of \(name) is within its bounds")
        return Parameter(name: name, description: description, kind: .decimal(value, bounds))
    }

    /// True or false.
    public static func flag(_ name: String, default value: Bool, _ description: String = "") -> Parameter {
        Parameter(name: name, description: description, kind: .flag(value))
    }

    /// One of a few words.
    public static func choice(
        _ name: String, default value: String, of words: [String], _ description: String = ""
    ) -> Parameter {
        precondition(words.contains(value), "the default of \(name) is one of its words")
        return Parameter(name: name, description: description, kind: .choice(value, words))
    }

    /// Any text.
    public static func text(_ name: String, default value: String, _ description: String = "") -> Parameter {
        Parameter(name: name, description: description, kind: .text(value))
    }

    /// A decimal of the source code; what is not one is a programmer's error.
    private static func exact(_ text: String) -> Price {
        let bytes = Array(text.utf8)
        let amount = bytes.withUnsafeBytes { raw -> Int64? in
            guard var reader = try? JSONReader(raw), let amount = try? reader.amount() else { return nil }
            return (try? reader.finish()) == nil ? nil : amount
        }
        guard let amount else { preconditionFailure("\(text) is a decimal with at most eight places") }
        return Price(units: amount)
    }

    /// The parameter as a property of a JSON Schema.
    func write(into writer: inout JSONWriter) {
        writer.key(name)
        writer.beginObject()
        switch kind {
        case .integer(let value, let bounds):
            writer.field("type", "integer")
            writer.field("default", value)
            writer.field("minimum", bounds.lowerBound)
            writer.field("maximum", bounds.upperBound)
        case .decimal(let value, let bounds):
            writer.field("type", "number")
            writer.field("default", value)
            writer.field("minimum", bounds.lowerBound)
            writer.field("maximum", bounds.upperBound)
        case .flag(let value):
            writer.field("type", "boolean")
            writer.field("default", value)
        case .choice(let value, let words):
            writer.field("type", "string")
            writer.field("default", value)
            writer.beginArray("enum")
            for word in words { writer.value(word) }
            writer.endArray()
        case .text(let value):
            writer.field("type", "string")
            writer.field("default", value)
        }
        if !description.isEmpty { writer.field("description", description) }
        writer.endObject()
    }
}

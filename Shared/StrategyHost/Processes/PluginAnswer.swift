// What a plugin says: one line of JSON, read strictly. A field that is not known, a value of the wrong kind,
// a word that does not exist: the line is refused as a whole, because half of an order is another order.
//
// Cost: one pass; actions are appended to a list that the caller uses again.

import Contracts

/// Something a plugin wants done, checked for form and not yet for sense.
package enum PluginAction: Equatable {
    case submit(
        slot: UInt32, Side, OrderType, TimeInForce, quantity: Quantity, price: Price, stopPrice: Price)
    case replace(order: UInt64, quantity: Quantity, price: Price, stopPrice: Price)
    case cancel(order: UInt64)
    /// Microseconds.
    case timer(delay: Int64)
}

/// One line of a plugin.
package enum PluginLine: Equatable {
    case hello(PluginHello)
    /// The answer to message `id`; `handled` counts the events of a batch, `state` is that of a snapshot.
    case done(id: UInt64, handled: UInt64?, state: [UInt8]? = nil)
    case failed(code: String, reason: String)
    case log(level: UInt32, text: String)
}

/// What a plugin says of itself first.
package struct PluginHello: Equatable {
    package var version: UInt64
    package var batch: UInt64
    /// Whether it answers `snapshot` and `restore`.
    package var snapshots: Bool
    package var metadata: String
}

extension PluginLine {
    /// Reads a line; actions are appended to `actions`, and left as they were when it throws.
    ///
    /// - Parameter slot: the slot of a symbol's name.
    package static func read(
        _ line: UnsafeRawBufferPointer, slot: (String) -> UInt32?, into actions: inout [PluginAction]
    ) throws(JSONError) -> PluginLine {
        let before = actions.count
        do throws(JSONError) {
            var reader = try JSONReader(line)
            let fields = try LineFields(reading: &reader, slot, &actions)
            try reader.finish()
            return try fields.line()
        } catch {
            actions.removeLast(actions.count - before)
            throw error
        }
    }
}

/// Everything a line may hold, whatever its type.
private struct LineFields {
    private var type = ""
    private var id: UInt64?
    private var handled: UInt64?
    private var version: UInt64?
    private var batch: UInt64?
    private var code: String?
    private var reason: String?
    private var level: String?
    private var text: String?
    private var metadata: String?
    private var snapshots: Bool?
    private var state: [UInt8]?
    private var hasActions = false
    private var end = 0

    init(
        reading reader: inout JSONReader, _ slot: (String) -> UInt32?, _ actions: inout [PluginAction]
    ) throws(JSONError) {
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope) {
            switch key.string {
            case "type": type = try reader.string().string
            case "id": id = try reader.unsigned()
            case "handled": handled = try reader.unsigned()
            case "protocol": version = try reader.unsigned()
            case "batch": batch = try reader.unsigned()
            case "code": code = try reader.string().string
            case "reason": reason = try reader.string().string
            case "level": level = try reader.string().string
            case "text": text = try reader.string().string
            case "snapshots": snapshots = try reader.bool()
            case "state":
                guard let bytes = bytes(base64: try reader.string().string) else {
                    throw JSONError(.unexpectedValue, at: reader.offset, field: "state")
                }
                state = bytes
            case "metadata": metadata = String(decoding: try reader.raw(), as: UTF8.self)
            case "actions":
                hasActions = true
                var list = try reader.openArray()
                var count = 0
                while try reader.nextElement(in: &list) {
                    count += 1
                    guard count <= ProcessLimits.actions else {
                        throw JSONError(.outOfRange, at: reader.offset, field: "actions")
                    }
                    actions.append(try ActionFields(reading: &reader, slot).action(at: reader.offset))
                }
            default: throw JSONError(.unexpectedValue, at: reader.offset, field: key.string)
            }
        }
        end = reader.offset
    }

    /// The line of this type, with all that belongs to it and nothing else.
    func line() throws(JSONError) -> PluginLine {
        let isPlain = !hasActions && id == nil && handled == nil
        switch type {
        case "hello":
            guard isPlain, code == nil, reason == nil, level == nil, text == nil, state == nil else {
                throw stray
            }
            return .hello(
                PluginHello(
                    version: try need(version, "protocol"), batch: batch ?? 1, snapshots: snapshots ?? false,
                    metadata: try need(metadata, "metadata")))
        case "done":
            guard version == nil, batch == nil, metadata == nil, code == nil, reason == nil, level == nil,
                text == nil, snapshots == nil
            else { throw stray }
            return .done(id: try need(id, "id"), handled: handled, state: state)
        case "failed":
            guard !hasActions, handled == nil, metadata == nil, level == nil, text == nil, isStateless else {
                throw stray
            }
            return .failed(code: code ?? "failed", reason: try need(reason, "reason"))
        case "log":
            guard isPlain, metadata == nil, code == nil, reason == nil, isStateless else { throw stray }
            let levels = ["debug", "info", "warning", "error"]
            guard let number = levels.firstIndex(of: level ?? "info") else {
                throw JSONError(.unknownWord, at: end, field: "level")
            }
            return .log(level: UInt32(number), text: try need(text, "text"))
        default: throw JSONError(.unknownType, at: end, field: "type")
        }
    }

    private var isStateless: Bool { snapshots == nil && state == nil }
    private var stray: JSONError { JSONError(.unexpectedValue, at: end, field: "type") }

    private func need<Value>(_ value: Value?, _ field: String) throws(JSONError) -> Value {
        guard let value else { throw JSONError(.missingField, at: end, field: field) }
        return value
    }
}

/// Everything an action may hold.
private struct ActionFields {
    private var name = ""
    private var slot: UInt32?
    private var side: Side?
    private var type: OrderType?
    private var timeInForce: TimeInForce?
    private var quantity: Int64?
    private var price: Int64?
    private var stopPrice: Int64?
    private var order: UInt64?
    private var delay: Int64?

    init(reading reader: inout JSONReader, _ slotOf: (String) -> UInt32?) throws(JSONError) {
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope) {
            let field = key.string
            switch field {
            case "action": name = try reader.string().string
            case "symbol":
                guard let found = slotOf(try reader.string().string) else {
                    throw JSONError(.unknownWord, at: reader.offset, field: field)
                }
                slot = found
            case "side": side = try Self.word(&reader, field)
            case "order_type": type = try Self.word(&reader, field)
            case "time_in_force": timeInForce = try Self.word(&reader, field)
            case "quantity", "quantity_e8": try Self.amount(&reader, field, into: &quantity)
            case "price", "price_e8": try Self.amount(&reader, field, into: &price)
            case "stop_price", "stop_price_e8": try Self.amount(&reader, field, into: &stopPrice)
            case "order": order = try reader.unsigned()
            case "delay_us": delay = try reader.integer()
            default: throw JSONError(.unexpectedValue, at: reader.offset, field: field)
            }
        }
    }

    /// A float's decimals, or whole units of 1e-8; one of the two.
    private static func amount(
        _ reader: inout JSONReader, _ field: String, into place: inout Int64?
    ) throws(JSONError) {
        guard place == nil else { throw JSONError(.duplicateKey, at: reader.offset, field: field) }
        if field.hasSuffix("_e8") {
            place = try reader.integer()
            return
        }
        guard let units = roundedAmount(try reader.number()) else {
            throw JSONError(.outOfRange, at: reader.offset, field: field)
        }
        place = units
    }

    private static func word<Word: WireNamed>(
        _ reader: inout JSONReader, _ field: String
    ) throws(JSONError) -> Word {
        let text = try reader.string()
        guard let word = text.withBytes({ Word(wireName: $0) }) else {
            throw JSONError(.unknownWord, at: reader.offset, field: field)
        }
        return word
    }

    func action(at end: Int) throws(JSONError) -> PluginAction {
        let terms = (Quantity(units: quantity ?? 0), Price(units: price ?? 0), Price(units: stopPrice ?? 0))
        func need<Value>(_ value: Value?, _ field: String) throws(JSONError) -> Value {
            guard let value else { throw JSONError(.missingField, at: end, field: field) }
            return value
        }
        /// What this kind of action does not have.
        func without(_ isAbsent: Bool) throws(JSONError) {
            guard isAbsent else { throw JSONError(.unexpectedValue, at: end, field: name) }
        }
        let isPlain = slot == nil && side == nil && type == nil && timeInForce == nil
        let hasTerms = quantity != nil || price != nil || stopPrice != nil
        switch name {
        case "submit":
            try without(order == nil && delay == nil)
            _ = try need(quantity, "quantity")
            return .submit(
                slot: try need(slot, "symbol"), try need(side, "side"), type ?? .market, timeInForce ?? .gtc,
                quantity: terms.0, price: terms.1, stopPrice: terms.2)
        case "replace":
            try without(isPlain && delay == nil)
            return .replace(
                order: try need(order, "order"), quantity: terms.0, price: terms.1, stopPrice: terms.2)
        case "cancel":
            try without(isPlain && delay == nil && !hasTerms)
            return .cancel(order: try need(order, "order"))
        case "timer":
            try without(isPlain && order == nil && !hasTerms)
            return .timer(delay: try need(delay, "delay_us"))
        default: throw JSONError(.unknownWord, at: end, field: "action")
        }
    }
}

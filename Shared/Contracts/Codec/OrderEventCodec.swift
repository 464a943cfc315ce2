// Encoding and decoding of `OrderEvent`, in the order of DESIGN 5.

extension OrderEvent {
    /// Appends the whole event; with `trades`, the executions too.
    public func encode(
        header: EnvelopeHeader, stamp: EventStamp, trades: Bool = false, into writer: inout JSONWriter
    ) {
        header.begin("order", stamp, into: &writer)
        writeFields(trades: trades, into: &writer)
    }

    /// Appends the object without an envelope: `{"type":"order","version":1,…}`.
    public func write(trades: Bool = true, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "order")
        writer.field("version", contractVersion)
        writeFields(trades: trades, into: &writer)
    }

    private func writeFields(trades: Bool, into writer: inout JSONWriter) {
        writer.field("order_id", orderID)
        writer.field("strategy_id", strategyID)
        writer.field("symbol", symbol)
        writer.field("status", status)
        writer.field("side", side)
        writer.field("order_type", type)
        writer.field("time_in_force", timeInForce)
        writer.field("quantity", quantity)
        if let price { writer.field("price", price) }
        if let stopPrice { writer.field("stop_price", stopPrice) }
        writer.field("filled_quantity", filled)
        writer.field("remaining_quantity", remaining)
        writer.field("number", command)
        writer.field("report", report)
        writer.field("after", after)
        writer.field("fence", fence)
        if let reason {
            writer.field("reason_code", reason.code)
            writer.field("reason", reason.sentence)
        }
        writer.field("timestamp", timestamp)
        if trades, !self.trades.isEmpty {
            writer.beginArray("trades")
            for trade in self.trades { trade.writeCanonical(into: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Decodes a whole event, its keys in any order.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, order: OrderEvent) {
        let (envelope, order) = try decodeEvent(bytes) { (reader) throws(JSONError) in
            try read(&reader, .whole)
        }
        return (envelope, order)
    }

    /// Reads an object that is the next value of a message. It may have an envelope, which is read over.
    public init(reading reader: inout JSONReader) throws(JSONError) {
        self = try Self.read(&reader, .none).1
    }

    static func read(
        _ reader: inout JSONReader, _ rule: EnvelopeRule
    ) throws(JSONError) -> (EventHead?, OrderEvent) {
        var order = OrderEvent.blank
        var code: String?
        var sentence: String?
        let head = try reader.event("order", rule, of: OrderKey.self) { (key, reader) throws(JSONError) in
            switch key {
            case .reasonCode: code = try reader.nameString(.derived, "reason_code")
            case .reason: sentence = try reader.string().string
            default: try order.read(key, &reader)
            }
        }
        guard (code == nil) == (sentence == nil) else {
            throw JSONError(.missingField, at: reader.offset, field: code == nil ? "reason_code" : "reason")
        }
        if let code, let sentence { order.reason = Reason(code: code, sentence: sentence) }
        try order.checkPrices(at: reader.offset)
        return (head, order)
    }

    private mutating func read(_ key: OrderKey, _ reader: inout JSONReader) throws(JSONError) {
        switch key {
        case .orderID: orderID = try reader.nameString(.derived, "order_id")
        case .strategyID: strategyID = try reader.nameString(.identifier, "strategy_id")
        case .symbol: symbol = try reader.nameString(.symbol, "symbol")
        case .status: status = try reader.word("status")
        case .side: side = try reader.word("side")
        case .orderType: type = try reader.word("order_type")
        case .timeInForce: timeInForce = try reader.word("time_in_force")
        // Of a rejected command whatever it asked for, so no more than a number is demanded.
        case .quantity: quantity = try reader.quantity()
        case .price: price = try reader.price()
        case .stopPrice: stopPrice = try reader.price()
        case .filledQuantity: filled = Quantity(units: try reader.size("filled_quantity"))
        case .remainingQuantity: remaining = Quantity(units: try reader.size("remaining_quantity"))
        case .number: command = try reader.unsigned()
        case .report: report = try reader.unsigned()
        case .after: after = try reader.unsigned()
        case .fence: fence = try reader.unsigned()
        case .timestamp: timestamp = try reader.timestamp()
        case .trades:
            var scope = try reader.openArray()
            while try reader.nextElement(in: &scope) { trades.append(try TradeEvent(reading: &reader)) }
        case .reasonCode, .reason: break
        }
    }

    /// A price belongs to the types that have one, and only to them.
    private func checkPrices(at end: Int) throws(JSONError) {
        if type.hasPrice != (price != nil) {
            throw JSONError(price == nil ? .missingField : .unexpectedValue, at: end, field: "price")
        }
        if type.hasStopPrice != (stopPrice != nil) {
            throw JSONError(stopPrice == nil ? .missingField : .unexpectedValue, at: end, field: "stop_price")
        }
    }

    /// Every field is required or optional here, so nothing of this survives decoding.
    private static let blank: OrderEvent = {
        let report = Report(
            number: 0, status: .accepted, command: 0, order: 0, symbol: .none, side: .buy, type: .market,
            timeInForce: .gtc, quantity: .zero, price: .zero, stopPrice: .zero, filled: .zero,
            remaining: .zero,
            after: 0, timestamp: Timestamp(microseconds: 0))
        return OrderEvent(report, strategy: "", fence: 0, symbol: "")
    }()
}

private enum OrderKey: UInt8, EventKey {
    case orderID, strategyID, symbol, status, side, orderType, timeInForce, quantity, price, stopPrice
    case filledQuantity, remainingQuantity, number, report, after, fence, reasonCode, reason, timestamp,
        trades

    static let keys = makeKeys()
    static var optional: [Self] { [.price, .stopPrice, .reasonCode, .reason, .trades] }

    var wireName: StaticString {
        switch self {
        case .orderID: "order_id"
        case .strategyID: "strategy_id"
        case .symbol: "symbol"
        case .status: "status"
        case .side: "side"
        case .orderType: "order_type"
        case .timeInForce: "time_in_force"
        case .quantity: "quantity"
        case .price: "price"
        case .stopPrice: "stop_price"
        case .filledQuantity: "filled_quantity"
        case .remainingQuantity: "remaining_quantity"
        case .number: "number"
        case .report: "report"
        case .after: "after"
        case .fence: "fence"
        case .reasonCode: "reason_code"
        case .reason: "reason"
        case .timestamp: "timestamp"
        case .trades: "trades"
        }
    }
}

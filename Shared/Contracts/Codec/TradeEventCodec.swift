// The trade event, and the canonical ledger line, which is the same object without source, epoch, seq, prev
// and published_at. Both are written by the same code in the order of DESIGN 5, so they cannot drift apart.

extension TradeEvent {
    /// Appends the whole event.
    public func encode(header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter) {
        header.begin("trade", stamp, into: &writer)
        writeFields(into: &writer)
    }

    /// Appends the canonical object, without a newline.
    public func writeCanonical(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "trade")
        writer.field("version", contractVersion)
        writeFields(into: &writer)
    }

    private func writeFields(into writer: inout JSONWriter) {
        writer.field("trade_id", tradeID)
        writer.field("order_id", orderID)
        writer.field("strategy_id", strategyID)
        writer.field("strategy_seq", strategySeq)
        writer.field("event_type", effect)
        writer.field("symbol", symbol)
        writer.field("side", side)
        writer.field("quantity", quantity)
        writer.field("price", price)
        writer.field("reference_price", referencePrice)
        writer.field("slippage", slippage)
        writer.field("fee", fee)
        writer.field("liquidity", liquidity)
        writer.field("timestamp", timestamp)
        writer.beginObject("performance_data")
        writer.field("position", position)
        writer.field("average_price", averagePrice)
        writer.field("realized_pnl", realizedPnl)
        writer.field("cash", cash)
        writer.endObject()
        writer.endObject()
    }

    /// Decodes a whole event, its keys in any order.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, trade: TradeEvent) {
        let (envelope, trade) = try decodeEvent(bytes) { (reader) throws(JSONError) in
            try read(&reader, .whole)
        }
        return (envelope, trade)
    }

    /// Decodes a canonical object; an envelope beside it is read over.
    public static func decodeCanonical(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> TradeEvent {
        var reader = try JSONReader(bytes)
        let trade = try TradeEvent(reading: &reader)
        try reader.finish()
        return trade
    }

    /// Reads a canonical object that is the next value of a message.
    public init(reading reader: inout JSONReader) throws(JSONError) {
        self = try Self.read(&reader, .none).1
    }

    static func read(
        _ reader: inout JSONReader, _ rule: EnvelopeRule
    ) throws(JSONError) -> (EventHead?, TradeEvent) {
        var trade = TradeEvent.blank
        let head = try reader.event("trade", rule, of: TradeKey.self) { (key, reader) throws(JSONError) in
            try trade.read(key, &reader)
        }
        return (head, trade)
    }

    private mutating func read(_ key: TradeKey, _ reader: inout JSONReader) throws(JSONError) {
        switch key {
        case .tradeID: tradeID = try reader.nameString(.derived, "trade_id")
        case .orderID: orderID = try reader.nameString(.derived, "order_id")
        case .strategyID: strategyID = try reader.nameString(.identifier, "strategy_id")
        case .strategySeq: strategySeq = try reader.unsigned()
        case .eventType: effect = try reader.word("event_type")
        case .symbol: symbol = try reader.nameString(.symbol, "symbol")
        case .side: side = try reader.word("side")
        case .quantity: quantity = Quantity(units: try reader.increment("quantity"))
        case .price: price = try reader.price()
        case .referencePrice: referencePrice = try reader.price()
        case .slippage: slippage = try reader.price()
        case .fee: fee = try reader.money()
        case .liquidity: liquidity = try reader.word("liquidity")
        case .timestamp: timestamp = try reader.timestamp()
        case .performanceData: try readPerformance(&reader)
        }
    }

    private mutating func readPerformance(_ reader: inout JSONReader) throws(JSONError) {
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope, of: TradePerformanceKey.table) {
            switch key {
            case .position: position = try reader.quantity()
            case .averagePrice: averagePrice = try reader.price()
            case .realizedPnl: realizedPnl = try reader.money()
            case .cash: cash = try reader.money()
            }
        }
        for key in TradePerformanceKey.all where !scope.has(key) {
            throw JSONError(.missingField, at: reader.offset, field: "performance_data.\(key.wireName)")
        }
    }

    /// Every field is required, so nothing of this survives decoding.
    private static let blank: TradeEvent = {
        let zero = Timestamp(microseconds: 0)
        let execution = Execution(
            strategySeq: 0, order: 0, fill: 0, effect: .open, side: .buy, liquidity: .taker, symbol: .none,
            quantity: .zero, price: .zero, referencePrice: .zero, slippage: .zero, fee: .zero,
            timestamp: zero,
            position: .zero, averagePrice: .zero, realizedPnl: .zero, cash: .zero)
        return TradeEvent(execution, strategy: "", symbol: "")
    }()

    /// The execution that this is the wire form of; nil unless its ids are `<strategy>:<order>:<fill>`.
    public func execution(symbol: SymbolIndex) -> Execution? {
        guard let order = OrderID.number(of: orderID, strategy: strategyID),
            let fill = OrderID.number(of: tradeID, strategy: orderID).flatMap({ UInt32(exactly: $0) })
        else { return nil }
        return Execution(
            strategySeq: strategySeq, order: order, fill: fill, effect: effect, side: side,
            liquidity: liquidity,
            symbol: symbol, quantity: quantity, price: price, referencePrice: referencePrice,
            slippage: slippage,
            fee: fee, timestamp: timestamp, position: position, averagePrice: averagePrice,
            realizedPnl: realizedPnl, cash: cash)
    }
}

/// Ids made of an owner's id and a number.
package enum OrderID {
    /// The number of an id `<strategy>:<number>`; nil when it is of another form or another owner.
    package static func number(of id: String, strategy: String) -> UInt64? {
        guard id.hasPrefix("\(strategy):") else { return nil }
        let digits = id.utf8.dropFirst(strategy.utf8.count + 1)
        guard let first = digits.first, first != 0x30, digits.allSatisfy({ $0 &- 0x30 <= 9 }) else {
            return nil
        }
        return UInt64(Substring(digits))
    }
}

enum TradeKey: UInt8, EventKey {
    case tradeID, orderID, strategyID, strategySeq, eventType, symbol, side, quantity, price, referencePrice
    case slippage, fee, liquidity, timestamp, performanceData

    static let keys = makeKeys()
    static var optional: [Self] { [] }

    var wireName: StaticString {
        switch self {
        case .tradeID: "trade_id"
        case .orderID: "order_id"
        case .strategyID: "strategy_id"
        case .strategySeq: "strategy_seq"
        case .eventType: "event_type"
        case .symbol: "symbol"
        case .side: "side"
        case .quantity: "quantity"
        case .price: "price"
        case .referencePrice: "reference_price"
        case .slippage: "slippage"
        case .fee: "fee"
        case .liquidity: "liquidity"
        case .timestamp: "timestamp"
        case .performanceData: "performance_data"
        }
    }
}

enum TradePerformanceKey: UInt8, WireNamed {
    case position, averagePrice, realizedPnl, cash

    static let table = KeyTable<TradePerformanceKey>()
    static let all = allCases

    var wireName: StaticString {
        switch self {
        case .position: "position"
        case .averagePrice: "average_price"
        case .realizedPnl: "realized_pnl"
        case .cash: "cash"
        }
    }
}

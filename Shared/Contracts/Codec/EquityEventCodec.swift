// The equity event. `writeCanonical` is the same object without source, epoch, seq, prev and published_at.

extension EquityEvent {
    /// Most positions in one event.
    public static let maximumHoldings = 4_096

    /// Appends the whole event.
    public func encode(header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter) {
        header.begin("equity", stamp, into: &writer)
        writeFields(into: &writer)
    }

    /// Appends the object without an envelope and without a newline.
    public func writeCanonical(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", word: "equity")
        writer.field("version", contractVersion)
        writeFields(into: &writer)
    }

    private func writeFields(into writer: inout JSONWriter) {
        writer.field("strategy_id", strategyID)
        writer.field("number", number)
        writer.field("strategy_seq", strategySeq)
        writer.field("timestamp", timestamp)
        writer.field("equity", equity)
        writer.field("cash", cash)
        writer.field("currency", currency)
        writer.field("periods_per_year", periodsPerYear)
        writer.beginArray("positions")
        for holding in holdings { holding.write(into: &writer) }
        writer.endArray()
        writer.endObject()
    }

    /// The positions alone, as a JSON array.
    public var holdingsJSON: String {
        var writer = JSONWriter()
        writer.beginArray()
        for holding in holdings { holding.write(into: &writer) }
        writer.endArray()
        return writer.string
    }

    /// Positions from their JSON array; nil when they are not one.
    public static func holdings(fromJSON bytes: UnsafeRawBufferPointer) -> [Holding]? {
        guard var reader = try? JSONReader(bytes), var scope = try? reader.openArray() else { return nil }
        var holdings: [Holding] = []
        do throws(JSONError) {
            while try reader.nextElement(in: &scope) { holdings.append(try Holding(reading: &reader)) }
            try reader.finish()
        } catch { return nil }
        return holdings
    }

    /// Decodes a whole event, its keys in any order.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (envelope: Envelope, equity: EquityEvent) {
        let (envelope, equity) = try decodeEvent(bytes) { (reader) throws(JSONError) in
            try read(&reader, .whole)
        }
        return (envelope, equity)
    }

    /// Decodes an object without an envelope; one beside it is read over.
    public static func decodeCanonical(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> EquityEvent {
        var reader = try JSONReader(bytes)
        let equity = try read(&reader, .none).1
        try reader.finish()
        return equity
    }

    static func read(
        _ reader: inout JSONReader, _ rule: EnvelopeRule
    ) throws(JSONError) -> (EventHead?, EquityEvent) {
        var equity = EquityEvent(
            strategyID: "", number: 0, strategySeq: 0, timestamp: Timestamp(microseconds: 0), equity: .zero,
            cash: .zero, currency: "", periodsPerYear: 0, holdings: [])
        let head = try reader.event("equity", rule, of: EquityKey.self) { (key, reader) throws(JSONError) in
            try equity.read(key, &reader)
        }
        return (head, equity)
    }

    private mutating func read(_ key: EquityKey, _ reader: inout JSONReader) throws(JSONError) {
        switch key {
        case .strategyID: strategyID = try reader.nameString(.identifier, "strategy_id")
        case .number: number = try reader.unsigned()
        case .strategySeq: strategySeq = try reader.unsigned()
        case .timestamp: timestamp = try reader.timestamp()
        case .equity: equity = try reader.money()
        case .cash: cash = try reader.money()
        case .currency: currency = try reader.string().string
        case .periodsPerYear:
            let start = reader.offset
            let value = try reader.unsigned()
            guard value == 252 || value == 365 else {
                throw JSONError(.unexpectedValue, at: start, field: "periods_per_year")
            }
            periodsPerYear = Int(value)
        case .positions:
            var scope = try reader.openArray()
            while try reader.nextElement(in: &scope) {
                guard holdings.count < Self.maximumHoldings else {
                    throw JSONError(.unexpectedValue, at: reader.offset, field: "positions")
                }
                holdings.append(try Holding(reading: &reader))
            }
        }
    }
}

extension EquityEvent.Holding {
    fileprivate func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("symbol", symbol)
        writer.field("position", position)
        writer.field("price", price)
        writer.endObject()
    }

    fileprivate init(reading reader: inout JSONReader) throws(JSONError) {
        self.init(symbol: "", position: .zero, price: .zero)
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope, of: HoldingKey.table) {
            switch key {
            case .symbol: symbol = try reader.nameString(.symbol, "symbol")
            case .position: position = try reader.quantity()
            case .price: price = try reader.price()
            }
        }
        for key in HoldingKey.allCases where !scope.has(key) {
            throw JSONError(.missingField, at: reader.offset, field: "positions.\(key.wireName)")
        }
    }
}

private enum EquityKey: UInt8, EventKey {
    case strategyID, number, strategySeq, timestamp, equity, cash, currency, periodsPerYear, positions

    static let keys = makeKeys()
    static var optional: [Self] { [] }

    var wireName: StaticString {
        switch self {
        case .strategyID: "strategy_id"
        case .number: "number"
        case .strategySeq: "strategy_seq"
        case .timestamp: "timestamp"
        case .equity: "equity"
        case .cash: "cash"
        case .currency: "currency"
        case .periodsPerYear: "periods_per_year"
        case .positions: "positions"
        }
    }
}

private enum HoldingKey: UInt8, WireNamed {
    case symbol, position, price

    static let table = KeyTable<HoldingKey>()

    var wireName: StaticString {
        switch self {
        case .symbol: "symbol"
        case .position: "position"
        case .price: "price"
        }
    }
}

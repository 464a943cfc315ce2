// The trade event as other programs send it to the ingest: the fields of the trade event, of which only those
// are required that nobody else can know.

extension OutsideTrade {
    /// Decodes a message, its keys in any order; fields that are not known are read over.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> OutsideTrade {
        var reader = try JSONReader(bytes)
        var trade = OutsideTrade.blank
        var hasSource = false
        var scope = try reader.openObject()
        var typeOffset: Int?
        var isTrade = false
        while true {
            let number = try reader.nextNumber(in: &scope, of: TradeKey.keys.index)
            guard number >= 0 else { break }
            guard number >= EnvelopeFields.count else {
                switch EnvelopeKey(rawValue: UInt8(truncatingIfNeeded: number)) {
                case .type:
                    typeOffset = reader.offset
                    isTrade = try reader.string().equals("trade")
                case .version: try reader.version()
                case .source:
                    trade.source = try reader.nameString(.identifier, "source")
                    hasSource = true
                case .seq: trade.seq = try reader.unsigned()
                default: try reader.skip()
                }
                continue
            }
            if let key = TradeKey(rawValue: UInt8(number - EnvelopeFields.count)) {
                try trade.read(key, &reader)
            }
        }
        try reader.finish()
        guard let typeOffset else { throw JSONError(.missingField, at: reader.offset, field: "type") }
        guard isTrade else { throw JSONError(.unknownType, at: typeOffset, field: "type") }
        guard scope.seen & EnvelopeKey.version.bit != 0 else {
            throw JSONError(.missingField, at: reader.offset, field: "version")
        }
        guard hasSource else { throw JSONError(.missingField, at: reader.offset, field: "source") }
        for key in TradeKey.allCases where !TradeKey.optionalOutside.contains(key) {
            let bit: UInt64 = 1 << UInt64(EnvelopeFields.count + Int(key.rawValue))
            if scope.seen & bit == 0 {
                throw JSONError(.missingField, at: reader.offset, field: "\(key.wireName)")
            }
        }
        return trade
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
    }

    /// Every required field is read, so nothing of this survives decoding.
    private static let blank: OutsideTrade = {
        OutsideTrade(
            source: "", tradeID: "", strategyID: "", strategySeq: 0, seq: 0, symbol: "", side: .buy,
            quantity: .zero, price: .zero, timestamp: Timestamp(microseconds: 0), fee: .zero)
    }()
}

extension TradeKey {
    /// What an outside trade may leave out.
    fileprivate static let optionalOutside: Set<TradeKey> = [
        .orderID, .eventType, .referencePrice, .slippage, .fee, .liquidity, .performanceData,
    ]
}

// The host's lines as the C interface's structures. They come from the platform's own writer, yet they are
// read as strictly as anything else.

import CStrategyABI
import Contracts
import StrategyHost

/// One line of the host.
struct Question {
    var type = ""
    var id: UInt64 = 0
    var batch: UInt64 = 1
    var cash: Int64 = 0
    var seq: UInt64 = 0
    var timer: UInt64 = 0
    /// Commands are counted on from here; nil when nothing has come between.
    var lastCommand: UInt64?
    var due = Timestamp(microseconds: 0)
    var sessionTime = Timestamp(microseconds: 0)
    /// Symbols whose orders are not taken yet.
    var warmingUp: [String] = []
    /// JSON inside of the line, valid as long as the line.
    var config: [UInt8] = []
    var events = UnsafeRawBufferPointer(start: nil, count: 0)
    var order: [UInt8] = []
    var trades: [UInt8] = []
    /// Of `restore`.
    var standing: [UInt8] = []
    var state: [UInt8] = []
}

/// One element of a batch.
enum DeliveredEvent {
    case instrument(slot: Int, price: Int64, size: Int64)
    case data(tr_market_data, now: Int64, cold: [UInt32])
}

struct QuestionReader {
    func read(_ line: UnsafeRawBufferPointer) throws(JSONError) -> Question {
        var question = Question()
        var reader = try JSONReader(line)
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope) {
            switch key.string {
            case "type": question.type = try reader.string().string
            case "id": question.id = try reader.unsigned()
            case "batch": question.batch = try reader.unsigned()
            case "cash_e8": question.cash = try reader.integer()
            case "seq": question.seq = try reader.unsigned()
            case "last_command": question.lastCommand = try reader.unsigned()
            case "timer": question.timer = try reader.unsigned()
            case "due": question.due = try reader.timestamp()
            case "session_time": question.sessionTime = try reader.timestamp()
            case "warming_up": question.warmingUp = try Self.texts(&reader)
            case "config": question.config = Array(try reader.raw())
            case "events": question.events = try reader.raw()
            case "order": question.order = Array(try reader.raw())
            case "trades": question.trades = Array(try reader.raw())
            case "standing": question.standing = Array(try reader.raw())
            case "state":
                guard let state = bytes(base64: try reader.string().string) else {
                    throw JSONError(.unexpectedValue, at: reader.offset, field: "state")
                }
                question.state = state
            default: try reader.skip()
            }
        }
        try reader.finish()
        return question
    }

    private static func texts(_ reader: inout JSONReader) throws(JSONError) -> [String] {
        var texts: [String] = []
        var list = try reader.openArray()
        while try reader.nextElement(in: &list) { texts.append(try reader.string().string) }
        return texts
    }

    private let keys = KeyTable<EventKey>()

    /// Gives every event to `body` until it returns false.
    func events(
        _ array: UnsafeRawBufferPointer, names: [String], _ body: (DeliveredEvent) throws -> Bool
    ) throws {
        var reader = try JSONReader(array)
        var list = try reader.openArray()
        while try reader.nextElement(in: &list) {
            guard try body(event(&reader, names)) else { return }
        }
    }

    private func event(_ reader: inout JSONReader, _ names: [String]) throws(JSONError) -> DeliveredEvent {
        var data = tr_market_data()
        var now: Int64?
        var increments: (price: Int64, size: Int64)?
        var cold: [UInt32] = []
        var scope = try reader.openObject()
        while let key = try reader.nextKey(in: &scope, of: keys) {
            switch key {
            case .seq: data.seq = try reader.unsigned()
            case .symbol: data.symbol = try slot(try reader.string(), names, reader.offset)
            case .kind:
                let word = try reader.string()
                data.kind = word.equals("quote") ? TR_QUOTE : word.equals("trade") ? TR_TRADE : TR_BAR
                if word.equals("instrument") { increments = (0, 0) }
            case .timestamp: data.timestamp_us = try reader.timestamp().microseconds
            case .sessionTime: now = try reader.timestamp().microseconds
            case .price: data.price_e8 = try reader.integer()
            case .volume: data.volume_e8 = try reader.integer()
            case .bid:
                data.bid_e8 = try reader.integer()
                data.presence |= TR_HAS_BID
            case .bidSize: data.bid_size_e8 = try reader.integer()
            case .ask:
                data.ask_e8 = try reader.integer()
                data.presence |= TR_HAS_ASK
            case .askSize: data.ask_size_e8 = try reader.integer()
            case .interval: data.interval_s = UInt32(clamping: try reader.unsigned())
            case .openTime: data.open_time_us = try reader.timestamp().microseconds
            case .open: data.open_e8 = try reader.integer()
            case .high: data.high_e8 = try reader.integer()
            case .low: data.low_e8 = try reader.integer()
            case .close: data.close_e8 = try reader.integer()
            case .exchange: data.code = code(try reader.string())
            case .conditions: data.detail = code(try reader.string())
            case .warmingUp:
                for name in try Self.texts(&reader) {
                    if let slot = names.firstIndex(of: name) { cold.append(UInt32(slot)) }
                }
            case .priceIncrement: increments?.price = try reader.integer()
            case .sizeIncrement: increments?.size = try reader.integer()
            }
        }
        if let increments {
            return .instrument(slot: Int(data.symbol), price: increments.price, size: increments.size)
        }
        return .data(data, now: now ?? data.timestamp_us, cold: cold)
    }

    private func code(_ text: JSONText) -> UInt64 { ShortCode(bytes: text.string.utf8)?.rawValue ?? 0 }

    private func slot(_ text: JSONText, _ names: [String], _ offset: Int) throws(JSONError) -> UInt32 {
        if names.count == 1, text.string == names[0] { return 0 }
        guard let slot = names.firstIndex(of: text.string) else {
            throw JSONError(.unknownWord, at: offset, field: "symbol")
        }
        return UInt32(slot)
    }
}

/// What of an event the C interface has: the whole units.
private enum EventKey: UInt8, WireNamed {
    case seq, symbol, kind, timestamp, sessionTime, price, volume, bid, bidSize, ask, askSize, interval
    case openTime, open, high, low, close, exchange, conditions, priceIncrement, sizeIncrement
    case warmingUp

    var wireName: StaticString {
        switch self {
        case .seq: "seq"
        case .symbol: "symbol"
        case .kind: "kind"
        case .timestamp: "timestamp"
        case .sessionTime: "session_time"
        case .price: "price_e8"
        case .volume: "volume_e8"
        case .bid: "bid_e8"
        case .bidSize: "bid_size_e8"
        case .ask: "ask_e8"
        case .askSize: "ask_size_e8"
        case .interval: "interval"
        case .openTime: "open_time"
        case .open: "open_e8"
        case .high: "high_e8"
        case .low: "low_e8"
        case .close: "close_e8"
        case .exchange: "exchange"
        case .conditions: "conditions"
        case .priceIncrement: "price_increment_e8"
        case .sizeIncrement: "size_increment_e8"
        case .warmingUp: "warming_up"
        }
    }
}

extension Question {
    /// The report that the line carries; symbols are numbered by their slot.
    func report(_ names: [String]) throws -> Report {
        let order = try JSONValue(parsing: order)
        func symbol(_ value: JSONValue) throws -> SymbolIndex {
            guard let slot = names.firstIndex(of: try value.string("symbol")) else {
                throw JSONValueError(field: "symbol", "it is not one of the strategy's")
            }
            return SymbolIndex(Int32(slot))
        }
        let executions = try JSONValue(parsing: trades).asArray ?? []
        let reason = order["reason"]?.asString
        return Report(
            number: try order.unsigned("report"), status: try order.word("status"),
            command: try order.unsigned("command"), order: try order.unsigned("order"),
            symbol: try symbol(order), side: try order.word("side"), type: try order.word("order_type"),
            timeInForce: try order.word("time_in_force"),
            quantity: Quantity(units: try order.integer("quantity_e8")),
            price: Price(units: try order.integer("price_e8")),
            stopPrice: Price(units: try order.integer("stop_price_e8")),
            filled: Quantity(units: try order.integer("filled_e8")),
            remaining: Quantity(units: try order.integer("remaining_e8")),
            after: try order.unsigned("after"), timestamp: try order.timestamp("timestamp"),
            reason: reason.map { Reason(code: order["reason_code"]?.asString ?? "", sentence: $0) },
            executions: try executions.map { try $0.execution(symbol: symbol($0)) })
    }
}

extension JSONValue {
    func word<Word: WireNamed>(_ name: String) throws -> Word {
        guard let word = Word(wireName: try string(name)) else {
            throw JSONValueError(field: name, "it is not a word of the protocol")
        }
        return word
    }

    fileprivate func execution(symbol: SymbolIndex) throws -> Execution {
        Execution(
            strategySeq: try unsigned("strategy_seq"), order: try unsigned("order"),
            fill: UInt32(clamping: try unsigned("fill")), effect: try word("event_type"),
            side: try word("side"), liquidity: try word("liquidity"), symbol: symbol,
            quantity: Quantity(units: try integer("quantity_e8")),
            price: Price(units: try integer("price_e8")),
            referencePrice: Price(units: try integer("reference_price_e8")),
            slippage: Price(units: try integer("slippage_e8")), fee: Money(units: try integer("fee_e8")),
            timestamp: try timestamp("timestamp"), position: Quantity(units: try integer("position_e8")),
            averagePrice: Price(units: try integer("average_price_e8")),
            realizedPnl: Money(units: try integer("realized_pnl_e8")),
            cash: Money(units: try integer("cash_e8")))
    }
}

// What a simulator publishes of its sessions, by type: trades, marks of accounts, reports of orders.

/// One event of a simulator that the tracker keeps.
public enum LedgerEvent: Sendable, Equatable {
    case trade(TradeEvent)
    case equity(EquityEvent)
    case order(OrderEvent)

    /// Decodes a whole event. What is none of the three is refused as a trade would be.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> (head: EventHead, event: LedgerEvent) {
        let type = try EventHead.type(of: bytes)
        let (head, event) = try decodeHeaded(bytes) { (reader) throws(JSONError) in
            if type?.equals("order") == true {
                let (head, order) = try OrderEvent.read(&reader, .whole)
                return (head, LedgerEvent.order(order))
            }
            if type?.equals("equity") == true {
                let (head, equity) = try EquityEvent.read(&reader, .whole)
                return (head, .equity(equity))
            }
            let (head, trade) = try TradeEvent.read(&reader, .whole)
            return (head, .trade(trade))
        }
        return (head, event)
    }

    /// As above of a message that may have no envelope, as a person edits it.
    public static func decodeCanonical(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> LedgerEvent {
        let tree = try JSONValue(parsing: bytes)
        switch tree["type"]?.asString {
        case "order":
            var reader = try JSONReader(bytes)
            let order = try OrderEvent(reading: &reader)
            try reader.finish()
            return .order(order)
        case "equity": return .equity(try EquityEvent.decodeCanonical(bytes))
        default: return .trade(try TradeEvent.decodeCanonical(bytes))
        }
    }

    public var strategyID: String {
        switch self {
        case .trade(let trade): trade.strategyID
        case .equity(let mark): mark.strategyID
        case .order(let order): order.strategyID
        }
    }

    /// The topic that it is published on.
    public var topic: String {
        switch self {
        case .trade(let trade): "trade/\(trade.strategyID)/\(trade.symbol)/"
        case .equity(let mark): "equity/\(mark.strategyID)/"
        case .order(let order): "order/\(order.strategyID)/\(order.symbol)/"
        }
    }
}

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
        let (type, head) = try EventHead.read(bytes)
        if type.equals("order") { return (head, .order(try OrderEvent.decode(bytes).order)) }
        if type.equals("equity") { return (head, .equity(try EquityEvent.decode(bytes).equity)) }
        return (head, .trade(try TradeEvent.decode(bytes).trade))
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

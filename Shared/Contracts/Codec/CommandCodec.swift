// A command on the order entry connection (without an envelope) and in the simulator's journal (with one).

/// Encodes and decodes `Command`.
public enum CommandCodec {
    /// Appends the whole event.
    public static func encode(
        _ command: Command, strategy: String, symbol: String, header: EnvelopeHeader, stamp: EventStamp,
        into writer: inout JSONWriter
    ) {
        header.begin("command", stamp, into: &writer)
        writeFields(command, strategy, symbol, into: &writer)
    }

    /// Appends the object without an envelope: `{"type":"command","version":1,…}`.
    public static func write(
        _ command: Command, strategy: String, symbol: String, into writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.field("type", word: "command")
        writer.field("version", contractVersion)
        writeFields(command, strategy, symbol, into: &writer)
    }

    private static func writeFields(
        _ command: Command, _ strategy: String, _ symbol: String, into writer: inout JSONWriter
    ) {
        writer.field("strategy_id", strategy)
        writer.field("number", command.number)
        writer.field("action", command.action)
        writer.field("order", command.order)
        writer.field("symbol", symbol)
        writer.field("side", command.side)
        writer.field("order_type", command.type)
        writer.field("time_in_force", command.timeInForce)
        writer.field("quantity", command.quantity)
        writer.field("price", command.price)
        writer.field("stop_price", command.stopPrice)
        writer.field("after_event", command.afterEvent)
        writer.field("after_report", command.afterReport)
        writer.field("decided", command.decided)
        writer.endObject()
    }

    /// Decodes one command, with an envelope or without, its keys in any order. A new symbol is made.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, symbols: inout SymbolTable
    ) throws(JSONError) -> (strategy: String, command: Command) {
        var reader = try JSONReader(bytes)
        let decoded = try read(&reader, symbols: &symbols)
        try reader.finish()
        return decoded
    }

    /// Reads a command that is the next value of a message. A new symbol is made.
    public static func read(
        _ reader: inout JSONReader, symbols: inout SymbolTable
    ) throws(JSONError) -> (strategy: String, command: Command) {
        var command = Command(action: .submit, number: 0, order: 0, symbol: .none)
        var strategy = ""
        var symbol = ""
        _ = try reader.event("command", .none, of: CommandKey.self) { (key, reader) throws(JSONError) in
            switch key {
            case .strategyID: strategy = try reader.nameString(.identifier, "strategy_id")
            case .symbol: symbol = try reader.nameString(.symbol, "symbol")
            default: try read(key, &reader, into: &command)
            }
        }
        command.symbol = try symbols.index(ofNew: symbol, at: reader.offset)
        return (strategy, command)
    }

    /// Prices and quantities are whatever the strategy asked for: the simulator rejects what is wrong, with a
    /// report.
    private static func read(
        _ key: CommandKey, _ reader: inout JSONReader, into command: inout Command
    ) throws(JSONError) {
        switch key {
        case .number: command.number = try reader.unsigned()
        case .action: command.action = try reader.word("action")
        case .order: command.order = try reader.unsigned()
        case .side: command.side = try reader.word("side")
        case .orderType: command.type = try reader.word("order_type")
        case .timeInForce: command.timeInForce = try reader.word("time_in_force")
        case .quantity: command.quantity = try reader.quantity()
        case .price: command.price = try reader.price()
        case .stopPrice: command.stopPrice = try reader.price()
        case .afterEvent: command.afterEvent = try reader.unsigned()
        case .afterReport: command.afterReport = try reader.unsigned()
        case .decided: command.decided = try reader.timestamp()
        case .strategyID, .symbol: break
        }
    }
}

private enum CommandKey: UInt8, EventKey {
    case strategyID, number, action, order, symbol, side, orderType, timeInForce, quantity, price, stopPrice
    case afterEvent, afterReport, decided

    static let keys = makeKeys()
    static var optional: [Self] { [] }

    var wireName: StaticString {
        switch self {
        case .strategyID: "strategy_id"
        case .number: "number"
        case .action: "action"
        case .order: "order"
        case .symbol: "symbol"
        case .side: "side"
        case .orderType: "order_type"
        case .timeInForce: "time_in_force"
        case .quantity: "quantity"
        case .price: "price"
        case .stopPrice: "stop_price"
        case .afterEvent: "after_event"
        case .afterReport: "after_report"
        case .decided: "decided"
        }
    }
}

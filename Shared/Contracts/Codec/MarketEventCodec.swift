// Market events on the wire: `tick`, `bar`, `instrument`, `clock`, `end`.
//
// Encoding reserves once and writes fields in the order of DESIGN 5. Decoding takes keys in any order, checks
// what the schemas demand, and changes nothing of the caller's when it refuses: a refused message leaves no
// symbol. Neither allocates once the writer has grown and the symbol is known.

/// When an instrument trades, in the exchange's own time.
public struct TradingSession: Sendable, Equatable {
    /// IANA name, `America/New_York`.
    public var timeZone: String
    /// `HH:MM` in that zone.
    public var open: String
    /// `HH:MM` in that zone; `24:00` for the end of the day.
    public var close: String

    public init(timeZone: String, open: String, close: String) {
        self.timeZone = timeZone
        self.open = open
        self.close = close
    }
}

/// Encodes and decodes `MarketEvent`.
public enum MarketEventCodec {
    /// Appends the whole event to the writer.
    ///
    /// - Parameters:
    ///   - symbol: The symbol's bytes; ignored for clock and end.
    ///   - session: Of an instrument; nil means always open.
    public static func encode(
        _ event: MarketEvent, symbol: UnsafeRawBufferPointer, session: TradingSession? = nil,
        header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter
    ) {
        var cursor = writer.cursor(fixedRoom &+ header.room &+ symbol.count)
        cursor.text("{\"type\":\"")
        switch event.kind {
        case .quote, .trade: cursor.text("tick\",")
        case .bar: cursor.text("bar\",")
        case .instrument: cursor.text("instrument\",")
        case .clock: cursor.text("clock\",")
        case .end: cursor.text("end\",")
        }
        header.write(stamp, into: &cursor)
        if event.kind != .clock, event.kind != .end {
            cursor.text(",\"symbol\":\"")
            cursor.bytes(symbol)
            cursor.byte(0x22)
        }
        switch event.kind {
        case .quote, .trade: writeTick(event, &cursor)
        case .bar: writeBar(event, &cursor)
        case .instrument: writeInstrument(event, &cursor)
        case .clock, .end:
            cursor.text(",\"timestamp\":")
            cursor.timestamp(event.timestamp)
        }
        writer.advance(to: cursor)
        if event.kind == .instrument, let session { write(session, into: &writer) }
        writer.endObject()
    }

    /// As above with the symbol as `SymbolTable` keeps it.
    public static func encode(
        _ event: MarketEvent, symbol: [UInt8], session: TradingSession? = nil,
        header: EnvelopeHeader, stamp: EventStamp, into writer: inout JSONWriter
    ) {
        symbol.withUnsafeBytes {
            encode(event, symbol: $0, session: session, header: header, stamp: stamp, into: &writer)
        }
    }

    /// All literals and numbers of the largest event, a bar with both sides: below 200 + 12 × 24 + 40.
    private static let fixedRoom = 640

    @inline(__always)
    private static func writeTick(_ event: MarketEvent, _ cursor: inout JSONCursor) {
        cursor.text(",\"timestamp\":")
        cursor.timestamp(event.timestamp)
        let isQuote = event.kind == .quote
        if isQuote { cursor.text(",\"kind\":\"quote\"") } else { cursor.text(",\"kind\":\"trade\"") }
        if event.has.contains(.bid) {
            cursor.text(",\"bid\":")
            cursor.amount(event.bid.units)
        }
        if event.has.contains(.ask) {
            cursor.text(",\"ask\":")
            cursor.amount(event.ask.units)
        }
        writeSizes(event, &cursor)
        if !isQuote {
            cursor.text(",\"price\":")
            cursor.amount(event.price.units)
            cursor.text(",\"size\":")
            cursor.amount(event.size.units)
        }
        if !event.code.isEmpty { write(",\"exchange\":\"", event.code, &cursor) }
        if !event.detail.isEmpty { write(",\"conditions\":\"", event.detail, &cursor) }
    }

    @inline(__always)
    private static func writeSizes(_ event: MarketEvent, _ cursor: inout JSONCursor) {
        if event.has.contains(.bid) {
            cursor.text(",\"bid_size\":")
            cursor.amount(event.bidSize.units)
        }
        if event.has.contains(.ask) {
            cursor.text(",\"ask_size\":")
            cursor.amount(event.askSize.units)
        }
    }

    private static func writeBar(_ event: MarketEvent, _ cursor: inout JSONCursor) {
        cursor.text(",\"interval\":\"")
        let (count, unit) = BarInterval.parts(seconds: event.interval)
        cursor.unsigned(UInt64(count))
        cursor.byte(unit)
        cursor.text("\",\"open_time\":")
        cursor.timestamp(event.openTime)
        cursor.text(",\"timestamp\":")
        cursor.timestamp(event.timestamp)
        cursor.text(",\"open\":")
        cursor.amount(event.open.units)
        cursor.text(",\"high\":")
        cursor.amount(event.high.units)
        cursor.text(",\"low\":")
        cursor.amount(event.low.units)
        cursor.text(",\"close\":")
        cursor.amount(event.price.units)
        cursor.text(",\"volume\":")
        cursor.amount(event.size.units)
        if event.has.contains(.bid) {
            cursor.text(",\"bid_close\":")
            cursor.amount(event.bid.units)
        }
        if event.has.contains(.ask) {
            cursor.text(",\"ask_close\":")
            cursor.amount(event.ask.units)
        }
        writeSizes(event, &cursor)
    }

    private static func writeInstrument(_ event: MarketEvent, _ cursor: inout JSONCursor) {
        cursor.text(",\"timestamp\":")
        cursor.timestamp(event.timestamp)
        cursor.text(",\"price_increment\":")
        cursor.amount(event.price.units)
        cursor.text(",\"size_increment\":")
        cursor.amount(event.size.units)
        write(",\"currency\":\"", event.code, &cursor)
        write(",\"asset_class\":\"", event.detail, &cursor)
    }

    /// A code after the text that opens it. Codes hold nothing that JSON would escape.
    private static func write(_ opening: StaticString, _ code: ShortCode, _ cursor: inout JSONCursor) {
        cursor.text(opening)
        var rest = code.rawValue
        while rest != 0 {
            cursor.byte(UInt8(truncatingIfNeeded: rest))
            rest &>>= 8
        }
        cursor.byte(0x22)
    }

    private static func write(_ session: TradingSession, into writer: inout JSONWriter) {
        writer.beginObject("session")
        writer.field("time_zone", session.timeZone)
        writer.field("open", session.open)
        writer.field("close", session.close)
        writer.endObject()
    }
}

/// The length of a bar as its word on the wire: `1s`, `1m`, `1h`, `1d`, in the largest unit that divides it.
public enum BarInterval {
    /// Longest bar, in seconds: 366 days.
    public static let maximumSeconds: UInt32 = 366 * 86_400

    /// The word of a number of seconds, `5m` for 300.
    public static func word(seconds: UInt32) -> String {
        let (count, unit) = parts(seconds: seconds)
        return "\(count)" + String(Unicode.Scalar(unit))
    }

    /// The seconds of a word; nil when it is none, or longer than `maximumSeconds`. `60s` and `1m` are the
    /// same.
    public static func seconds(word: String) -> UInt32? {
        var word = word
        return word.withUTF8 { seconds(UnsafeRawBufferPointer($0)) }
    }

    static func parts(seconds: UInt32) -> (count: UInt32, unit: UInt8) {
        switch seconds {
        case _ where seconds % 86_400 == 0: (seconds / 86_400, 0x64)
        case _ where seconds % 3_600 == 0: (seconds / 3_600, 0x68)
        case _ where seconds % 60 == 0: (seconds / 60, 0x6d)
        default: (seconds, 0x73)
        }
    }

    static func seconds(_ word: UnsafeRawBufferPointer) -> UInt32? {
        guard let unit = word.last, word.count >= 2, word.count <= 9, word[0] != 0x30 else { return nil }
        var count: UInt64 = 0
        for byte in word.dropLast() {
            guard byte &- 0x30 <= 9 else { return nil }
            count = count * 10 + UInt64(byte - 0x30)
        }
        switch unit {
        case 0x73: break
        case 0x6d: count *= 60
        case 0x68: count *= 3_600
        case 0x64: count *= 86_400
        default: return nil
        }
        return count <= UInt64(maximumSeconds) ? UInt32(count) : nil
    }
}

// The topics of DESIGN 5. Each ends in `/`, so that a subscription to `tick/BTC/` never gets `BTCUSDT` too.

/// Builds topics and finds the topic of an event from its JSON.
public enum Topic {
    public static let heartbeat: [UInt8] = Array("heartbeat/".utf8)
    public static let clock: [UInt8] = Array("clock/".utf8)
    public static let end: [UInt8] = Array("end/".utf8)

    public static func instrument(_ symbol: String) -> [UInt8] { Array("instrument/\(symbol)/".utf8) }
    public static func tick(_ symbol: String) -> [UInt8] { Array("tick/\(symbol)/".utf8) }
    /// `interval` in seconds.
    public static func bar(_ interval: UInt32, _ symbol: String) -> [UInt8] {
        Array("bar/\(BarInterval.word(seconds: interval))/\(symbol)/".utf8)
    }
    public static func order(_ strategy: String, _ symbol: String) -> [UInt8] {
        Array("order/\(strategy)/\(symbol)/".utf8)
    }
    public static func trade(_ strategy: String, _ symbol: String) -> [UInt8] {
        Array("trade/\(strategy)/\(symbol)/".utf8)
    }
    /// What the account is worth on the market, now and then.
    public static func equity(_ strategy: String) -> [UInt8] { Array("equity/\(strategy)/".utf8) }
    public static func performance(_ strategy: String) -> [UInt8] { Array("performance/\(strategy)/".utf8) }
    public static func deadLetter(_ reason: String) -> [UInt8] { Array("dead-letter/\(reason)/".utf8) }

    // Journalled and not published.

    /// A session's settings.
    public static func session(_ strategy: String) -> [UInt8] { Array("session/\(strategy)/".utf8) }
    public static func command(_ strategy: String) -> [UInt8] { Array("command/\(strategy)/".utf8) }
    public static func fence(_ strategy: String) -> [UInt8] { Array("fence/\(strategy)/".utf8) }
    /// An input from outside: halt, pause, parameters.
    public static func input(_ strategy: String) -> [UInt8] { Array("input/\(strategy)/".utf8) }

    /// The topic of a market event into a reused array; allocates nothing once that is large enough.
    public static func write(
        _ event: MarketEvent, symbol: UnsafeRawBufferPointer, into topic: inout [UInt8]
    ) {
        topic.removeAll(keepingCapacity: true)
        switch event.kind {
        case .quote, .trade: topic.append("tick/")
        case .instrument: topic.append("instrument/")
        case .clock: return topic.append("clock/")
        case .end: return topic.append("end/")
        case .bar:
            topic.append("bar/")
            topic.append(interval: event.interval)
            topic.append(0x2f)
        }
        topic.append(contentsOf: symbol)
        topic.append(0x2f)
    }
}

extension [UInt8] {
    /// Appends text that is known when the program is compiled.
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends the word of a bar's length without a string in between.
    mutating func append(interval seconds: UInt32) {
        let (count, unit) = BarInterval.parts(seconds: seconds)
        var divisor: UInt32 = 1
        while count / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(0x30 + count / divisor % 10))
            divisor /= 10
        }
        append(unit)
    }
}

/// The keys of all market events, those of one kind of value together, so that one copy of the code reads
/// them.
enum MarketKey: UInt8, WireNamed {
    // Amounts.
    case bid, ask, bidSize, askSize, price, size
    case open, high, low, close, volume, bidClose, askClose, priceIncrement, sizeIncrement
    // Whole numbers.
    case version, seq, prev, position
    // Times.
    case publishedAt, timestamp, openTime
    // Strings.
    case type, source, epoch, symbol, kind, exchange, conditions, interval, currency, assetClass
    // The one object.
    case session

    /// In the order of a quote, which nearly all messages are.
    static let table = KeyTable<MarketKey>(order: [
        .type, .version, .source, .epoch, .seq, .prev, .publishedAt, .symbol, .timestamp, .kind, .bid, .ask,
        .bidSize,
        .askSize,
    ])

    @inline(__always) static var firstWhole: Int { Int(version.rawValue) }
    @inline(__always) static var firstTime: Int { Int(publishedAt.rawValue) }
    @inline(__always) static var firstText: Int { Int(type.rawValue) }
    @inline(__always) static var firstObject: Int { Int(session.rawValue) }
    /// How many keys there are.
    static let count = Int(session.rawValue) + 1

    /// As a bit of `ObjectScope.seen`.
    @inline(__always)
    var bit: UInt64 { 1 &<< UInt64(rawValue) }

    var wireName: StaticString {
        switch self {
        case .type: "type"
        case .version: "version"
        case .source: "source"
        case .epoch: "epoch"
        case .seq: "seq"
        case .prev: "prev"
        case .publishedAt: "published_at"
        case .position: "position"
        case .symbol: "symbol"
        case .timestamp: "timestamp"
        case .kind: "kind"
        case .bid: "bid"
        case .ask: "ask"
        case .bidSize: "bid_size"
        case .askSize: "ask_size"
        case .price: "price"
        case .size: "size"
        case .exchange: "exchange"
        case .conditions: "conditions"
        case .interval: "interval"
        case .openTime: "open_time"
        case .open: "open"
        case .high: "high"
        case .low: "low"
        case .close: "close"
        case .volume: "volume"
        case .bidClose: "bid_close"
        case .askClose: "ask_close"
        case .priceIncrement: "price_increment"
        case .sizeIncrement: "size_increment"
        case .currency: "currency"
        case .assetClass: "asset_class"
        case .session: "session"
        }
    }

    /// What every market event must have.
    @inline(__always)
    static var envelope: UInt64 {
        type.bit | version.bit | source.bit | epoch.bit | seq.bit | prev.bit | publishedAt.bit | timestamp.bit
    }
    @inline(__always)
    static var tick: UInt64 { envelope | symbol.bit | kind.bit }
    @inline(__always)
    static var trade: UInt64 { tick | price.bit | size.bit }
    static var bar: UInt64 {
        envelope | symbol.bit | interval.bit | openTime.bit | open.bit | high.bit | low.bit | close.bit
            | volume.bit
    }
    static var instrument: UInt64 {
        envelope | symbol.bit | priceIncrement.bit | sizeIncrement.bit | currency.bit | assetClass.bit
    }
}

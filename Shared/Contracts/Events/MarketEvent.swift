// One market event as plain integers: what readers make, the gateway numbers, and every loop consumes.
//
// One flat struct of 128 bytes instead of an enum with payloads: no reference counting, no allocation, and a
// ring of them is one block of memory. Which fields mean something depends on `kind`, see each.

/// What happened on the market.
public struct MarketEvent: Sendable, Equatable {
    public enum Kind: UInt8, Sendable {
        /// The best bid and ask as they now stand.
        case quote
        /// A trade on the market.
        case trade
        /// A bar that has ended.
        case bar
        /// Increments and currency of a symbol.
        case instrument
        /// The market is quiet and time has reached `timestamp`.
        case clock
        /// Finite data have ended.
        case end
    }

    /// Which optional amounts are there.
    public struct Presence: OptionSet, Sendable {
        public var rawValue: UInt8
        @inlinable
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        @inlinable
        public static var bid: Presence { Presence(rawValue: 1) }
        @inlinable
        public static var ask: Presence { Presence(rawValue: 2) }
        /// On a bar: `bid` and `ask` hold `bid_close` and `ask_close`, sizes `bid_size` and `ask_size`.
        @inlinable
        public static var both: Presence { Presence(rawValue: 3) }
    }

    /// The gateway's number, 1, 2, 3 …; 0 while there is none.
    public var seq: UInt64 = 0
    /// The market's time; of a bar its end.
    public var timestamp: Timestamp
    public var symbol: SymbolIndex
    public var kind: Kind
    /// Which of bid and ask are there.
    public var has: Presence = []
    /// Seconds of a bar; 0 otherwise.
    public var interval: UInt32 = 0
    /// The best bid and ask that stand after a quote (both sides, whichever changed); `bid_close` of a bar.
    public var bid = Price.zero
    public var ask = Price.zero
    public var bidSize = Quantity.zero
    public var askSize = Quantity.zero
    /// Of a trade its price; of a bar the close; of an instrument the price increment.
    public var price = Price.zero
    /// Of a trade its size; of a bar the volume; of an instrument the size increment.
    public var size = Quantity.zero
    public var open = Price.zero
    public var high = Price.zero
    public var low = Price.zero
    /// Start of a bar.
    public var openTime = Timestamp(microseconds: 0)
    /// Of a quote or trade: exchange code; of an instrument: currency. Up to 8 ASCII bytes.
    public var code = ShortCode.none
    /// Of a trade or quote: sale conditions; of an instrument: asset class. Up to 8 ASCII bytes.
    public var detail = ShortCode.none

    @inlinable
    public init(kind: Kind, symbol: SymbolIndex, timestamp: Timestamp) {
        self.kind = kind
        self.symbol = symbol
        self.timestamp = timestamp
    }
}

/// Up to eight ASCII bytes in one integer: exchange codes, currencies. Compared and copied as a number.
public struct ShortCode: Hashable, Sendable, CustomStringConvertible {
    /// The bytes, the first one in the lowest byte, zeros after the last.
    public var rawValue: UInt64
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable
    public static var none: ShortCode { ShortCode(rawValue: 0) }

    /// Nil when there are more than eight bytes or one that is not printable ASCII.
    public init?(_ text: some StringProtocol) { self.init(bytes: text.utf8) }

    public init?(bytes: some Sequence<UInt8>) {
        var value: UInt64 = 0
        var count: UInt64 = 0
        for byte in bytes {
            guard count < 8, byte > 0x20, byte < 0x7f, byte != 0x22, byte != 0x5c else { return nil }
            value |= UInt64(byte) << (count * 8)
            count += 1
        }
        rawValue = value
    }

    public var isEmpty: Bool { rawValue == 0 }

    public var description: String {
        var text = ""
        var rest = rawValue
        while rest != 0 {
            text.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: rest)))
            rest >>= 8
        }
        return text
    }
}

// The words of an order, each with its wire name. Raw values are local; only `wireName` travels.

/// A closed set of words, each with the name it has on the wire. Raw values count from 0 without a gap.
public protocol WireNamed: CaseIterable, RawRepresentable<UInt8>, Sendable {
    var wireName: StaticString { get }
    /// Cases from this one on never travel.
    static var firstWithoutName: UInt8 { get }
}

extension WireNamed {
    public static var firstWithoutName: UInt8 { .max }

    /// The case with this wire name. By raw values, since `allCases` makes an array at each call.
    public init?(wireName bytes: UnsafeRawBufferPointer) {
        var raw: UInt8 = 0
        while raw < Self.firstWithoutName, let candidate = Self(rawValue: raw) {
            let name = candidate.wireName
            let known = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            if known.count == bytes.count, known.elementsEqual(bytes) {
                self = candidate
                return
            }
            raw += 1
        }
        return nil
    }

    /// The case with this wire name.
    public init?(wireName text: String) {
        var copy = text
        guard let found = copy.withUTF8({ Self(wireName: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = found
    }
}

public enum Side: UInt8, WireNamed {
    case buy, sell
    public var wireName: StaticString { self == .buy ? "buy" : "sell" }
    /// +1 for a buy, −1 for a sell.
    @inlinable public var sign: Int64 { self == .buy ? 1 : -1 }
    @inlinable public var opposite: Side { self == .buy ? .sell : .buy }
}

public enum OrderType: UInt8, WireNamed {
    case market, limit, stop
    public var wireName: StaticString {
        switch self {
        case .market: "market"
        case .limit: "limit"
        case .stop: "stop"
        }
    }
}

public enum TimeInForce: UInt8, WireNamed {
    /// Good till cancelled.
    case gtc
    /// Immediate or cancel: what cannot be filled at once is cancelled.
    case ioc
    public var wireName: StaticString { self == .gtc ? "gtc" : "ioc" }
}

public enum OrderStatus: UInt8, WireNamed {
    case accepted, rejected, replaced, cancelled, expired, filled, partiallyFilled
    public var wireName: StaticString {
        switch self {
        case .accepted: "accepted"
        case .rejected: "rejected"
        case .replaced: "replaced"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .filled: "filled"
        case .partiallyFilled: "partially_filled"
        }
    }
}

/// Whether an execution took liquidity from the book or gave it.
public enum Liquidity: UInt8, WireNamed {
    case taker, maker
    public var wireName: StaticString { self == .taker ? "taker" : "maker" }
}

/// What an execution did to the position.
public enum PositionEffect: UInt8, WireNamed {
    /// From flat.
    case open
    /// Adds to or reduces an open position.
    case update
    /// To flat.
    case close
    public var wireName: StaticString {
        switch self {
        case .open: "open"
        case .update: "update"
        case .close: "close"
        }
    }
}

// One market event as a strategy sees it: a plain value of integers that may be kept.

import CStrategyABI
import Contracts

/// A quote, a trade or a bar of one of the strategy's symbols.
public struct MarketData: Sendable {
    public enum Kind: Sendable {
        case quote, trade, bar
    }

    @usableFromInline let raw: tr_market_data

    /// From its C form, for tests of strategies and for the bridge.
    @inlinable
    public init(_ raw: tr_market_data) { self.raw = raw }

    @inlinable public var kind: Kind {
        switch raw.kind {
        case TR_BAR: .bar
        case TR_TRADE: .trade
        default: .quote
        }
    }
    /// The platform's number of the event.
    @inlinable public var seq: UInt64 { raw.seq }
    /// The market's time; of a bar its end.
    @inlinable public var timestamp: Timestamp { Timestamp(microseconds: raw.timestamp_us) }
    /// The position of the symbol in `context.symbols`.
    @inlinable public var symbol: SymbolIndex { SymbolIndex(Int32(truncatingIfNeeded: raw.symbol)) }
    /// Of a trade its price; of a two-sided quote the mid (halves of 1e-8 down); of a bar the close; of a
    /// one-sided quote the price that the symbol last had.
    @inlinable public var price: Price { Price(units: raw.price_e8) }
    /// Of a trade its size, of a bar its volume; zero on a quote.
    @inlinable public var volume: Quantity { Quantity(units: raw.volume_e8) }
    /// Whether the latest quote of the symbol has both sides.
    @inlinable public var isTwoSided: Bool {
        raw.presence & (TR_HAS_BID | TR_HAS_ASK) == TR_HAS_BID | TR_HAS_ASK
    }
    /// The latest best bid of the symbol, nil when there is none.
    @inlinable public var bid: Price? { raw.presence & TR_HAS_BID != 0 ? Price(units: raw.bid_e8) : nil }
    /// The latest best ask of the symbol, nil when there is none.
    @inlinable public var ask: Price? { raw.presence & TR_HAS_ASK != 0 ? Price(units: raw.ask_e8) : nil }
    @inlinable public var bidSize: Quantity { Quantity(units: raw.bid_size_e8) }
    @inlinable public var askSize: Quantity { Quantity(units: raw.ask_size_e8) }
    /// Of a bar; zero otherwise, like the next four.
    @inlinable public var open: Price { Price(units: raw.open_e8) }
    @inlinable public var high: Price { Price(units: raw.high_e8) }
    @inlinable public var low: Price { Price(units: raw.low_e8) }
    @inlinable public var close: Price { Price(units: raw.close_e8) }
    @inlinable public var openTime: Timestamp { Timestamp(microseconds: raw.open_time_us) }
    /// Seconds of a bar; 0 otherwise.
    @inlinable public var interval: UInt32 { raw.interval_s }
    /// Exchange code of a quote or trade.
    @inlinable public var exchange: ShortCode { ShortCode(rawValue: raw.code) }
    /// Conditions of a quote or trade.
    @inlinable public var conditions: ShortCode { ShortCode(rawValue: raw.detail) }
}

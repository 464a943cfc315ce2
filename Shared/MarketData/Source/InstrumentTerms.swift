// Increments, currency and hours of a symbol: what an `instrument` event says. The defaults are DESIGN 7's.

import Contracts

/// The asset classes we know, as they stand in an instrument event.
package enum AssetClass: String, Sendable, CaseIterable {
    case equity
    case forex
    case crypto

    package var code: ShortCode { ShortCode(rawValue)! }
}

/// What is fixed about a symbol.
package struct InstrumentTerms: Sendable, Equatable {
    package var symbol: String
    /// Prices of orders are multiples of this.
    package var priceIncrement: Price
    /// Sizes of orders are multiples of this.
    package var sizeIncrement: Quantity
    package var currency: ShortCode
    /// `other` when the source does not say.
    package var assetClass: ShortCode
    /// Nil: always open.
    package var session: TradingSession?

    package static let unknownAssetClass = ShortCode("other")!

    package init(
        symbol: String, priceIncrement: Price, sizeIncrement: Quantity, currency: ShortCode,
        assetClass: ShortCode = InstrumentTerms.unknownAssetClass, session: TradingSession? = nil
    ) {
        self.symbol = symbol
        self.priceIncrement = priceIncrement
        self.sizeIncrement = sizeIncrement
        self.currency = currency
        self.assetClass = assetClass
        self.session = session
    }

    /// The event that tells it, at the time of the symbol's first event.
    package func event(symbol index: SymbolIndex, at timestamp: Timestamp) -> MarketEvent {
        var event = MarketEvent(kind: .instrument, symbol: index, timestamp: timestamp)
        event.price = priceIncrement
        event.size = sizeIncrement
        event.code = currency
        event.detail = assetClass
        return event
    }
}

/// What the user's `instruments:` says of one symbol; nil keeps what the source says.
package struct InstrumentOverride: Sendable, Equatable {
    package var priceIncrement: Price?
    package var sizeIncrement: Quantity?
    package var currency: ShortCode?
    package var assetClass: ShortCode?
    /// `.some(nil)`: always open.
    package var session: TradingSession??

    package init(
        priceIncrement: Price? = nil, sizeIncrement: Quantity? = nil, currency: ShortCode? = nil,
        assetClass: ShortCode? = nil, session: TradingSession?? = .none
    ) {
        self.priceIncrement = priceIncrement
        self.sizeIncrement = sizeIncrement
        self.currency = currency
        self.assetClass = assetClass
        self.session = session
    }
}

extension InstrumentTerms {
    /// US equities: a cent, one share, dollars; open 09:30–16:00 New York, or 04:00–20:00 with all hours.
    package static func equity(_ symbol: String, hours: TradingHours) -> InstrumentTerms {
        let session =
            switch hours {
            case .regular: TradingSession(timeZone: "America/New_York", open: "09:30", close: "16:00")
            case .all: TradingSession(timeZone: "America/New_York", open: "04:00", close: "20:00")
            }
        return InstrumentTerms(
            symbol: symbol, priceIncrement: Price(units: 1_000_000), sizeIncrement: Quantity(whole: 1),
            currency: ShortCode("USD")!, assetClass: AssetClass.equity.code, session: session)
    }

    /// Currency pairs: 0.00001, one unit, the currency after the first three letters.
    package static func forex(_ symbol: String) -> InstrumentTerms {
        InstrumentTerms(
            symbol: symbol, priceIncrement: Price(units: 1_000), sizeIncrement: Quantity(whole: 1),
            currency: ShortCode(symbol.suffix(3)) ?? ShortCode("USD")!, assetClass: AssetClass.forex.code)
    }

    /// Coins: 0.01, 0.00000001, and the quote currency that the pair's name ends with.
    package static func crypto(_ symbol: String) -> InstrumentTerms {
        let known = ["USDT", "USDC", "BUSD", "FDUSD", "TUSD"]
        let quote =
            known.first { symbol.hasSuffix($0) && symbol.count > $0.count } ?? String(symbol.suffix(3))
        return InstrumentTerms(
            symbol: symbol, priceIncrement: Price(units: 1_000_000), sizeIncrement: Quantity(units: 1),
            currency: ShortCode(quote) ?? ShortCode("USD")!, assetClass: AssetClass.crypto.code)
    }

    /// The terms with the user's words put over them.
    package func applying(_ override: InstrumentOverride?) -> InstrumentTerms {
        guard let override else { return self }
        var terms = self
        terms.priceIncrement = override.priceIncrement ?? priceIncrement
        terms.sizeIncrement = override.sizeIncrement ?? sizeIncrement
        terms.currency = override.currency ?? currency
        terms.assetClass = override.assetClass ?? assetClass
        if let session = override.session { terms.session = session }
        return terms
    }
}

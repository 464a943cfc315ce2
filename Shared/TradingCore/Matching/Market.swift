// What stands on the market of one symbol: the quote with what is left of it, the last trade, the last close.
//
// Rules kept here:
// - A side of the quote is shown anew when its presence, price or size differs from what stood. An event that
//   changes neither side repeats the quote, and shows both anew. (A one-sided row of an exchange keeps the
//   other side, and the event carries both: what did not change was not shown.) Only then does size that was
//   taken come back.
// - A size of zero means that the source states none: such a side, or trade, has no limit.
// - While no quote was ever shown, the last trade stands for both touches.
// - On a crossed book (bid above ask) there is nothing to take. A locked one (bid = ask) trades.
// - Once a symbol has shown a tick, its bars are ignored.
//
// Not modelled: depth behind the touch, queue position, hidden size, odd lots.

import Contracts

/// What a market order would take at this moment.
struct Touch: Equatable {
    var price: Price
    /// What is left to take; `Market.unlimited` when the source states no size.
    var left: Quantity
}

struct Market: Sendable {
    static let unlimited = Quantity(units: .max)

    private(set) var hasQuoted = false
    private(set) var hasTraded = false
    private(set) var hasBar = false
    /// Orders of this symbol that work; kept by the session so that a tick without any costs one comparison.
    var workingOrders = 0

    private var has: MarketEvent.Presence = []
    private(set) var bid = Price.zero
    private(set) var ask = Price.zero
    private var bidSize = Quantity.zero
    private var askSize = Quantity.zero
    private var bidLeft = Quantity.zero
    private var askLeft = Quantity.zero
    private(set) var last = Price.zero
    private var lastLeft = Quantity.zero
    private var close = Price.zero

    /// Zero while the source has stated none.
    private(set) var priceIncrement = Price.zero
    private(set) var sizeIncrement = Quantity.zero
    private(set) var currency = ShortCode.none
    /// Whether its instrument is crypto, whose year has 365 days.
    private(set) var isCrypto = false

    var hasTicks: Bool { hasQuoted || hasTraded }
    var hasBid: Bool { has.contains(.bid) }
    var hasAsk: Bool { has.contains(.ask) }
    /// Bid above ask: the quote is not to be trusted, nothing fills.
    var isCrossed: Bool { has == .both && bid > ask }

    /// Takes in one event of this symbol. Returns how many orders of it work.
    @inline(__always)
    mutating func show(_ event: borrowing MarketEvent) -> Int {
        switch event.kind {
        case .quote: showQuote(event)
        case .trade:
            hasTraded = true
            last = event.price
            lastLeft = Self.left(ofSize: event.size)
        case .bar:
            guard !hasTicks else { break }
            hasBar = true
            close = event.price
        case .instrument:
            priceIncrement = event.price
            sizeIncrement = event.size
            currency = event.code
            isCrypto = event.detail == ShortCode("crypto")
        case .clock, .end: break
        }
        return workingOrders
    }

    @inline(__always)
    private mutating func showQuote(_ event: borrowing MarketEvent) {
        hasQuoted = true
        let changed = has.symmetricDifference(event.has)
        let isSameBid = bid == event.bid, isSameBidSize = bidSize == event.bidSize
        let isSameAsk = ask == event.ask, isSameAskSize = askSize == event.askSize
        let bidStands = !changed.contains(.bid) && isSameBid && isSameBidSize
        let askStands = !changed.contains(.ask) && isSameAsk && isSameAskSize
        if !bidStands || askStands { bidLeft = Self.left(ofSize: event.bidSize) }
        if !askStands || bidStands { askLeft = Self.left(ofSize: event.askSize) }
        has = event.has
        bid = event.bid
        ask = event.ask
        bidSize = event.bidSize
        askSize = event.askSize
    }

    private static func left(ofSize size: Quantity) -> Quantity {
        size.isZero ? unlimited : max(size, .zero)
    }

    // MARK: prices

    /// What one unit is worth: the mid (halves of 1e-8 down), else the last trade, else the last close, else
    /// the only side of the quote. Nil while nothing was shown.
    var mark: Price? {
        if has == .both {
            let sum = Int128(bid.units) + Int128(ask.units)
            return Price(units: Int64(sum >> 1))
        }
        if hasTraded { return last }
        if hasBar { return close }
        if hasBid { return bid }
        return hasAsk ? ask : nil
    }

    /// What a market order of this side would take now. Nil when there is nothing to take.
    func touch(for side: Side) -> Touch? {
        if hasQuoted {
            guard !isCrossed, side == .buy ? hasAsk : hasBid else { return nil }
            return side == .buy ? Touch(price: ask, left: askLeft) : Touch(price: bid, left: bidLeft)
        }
        return hasTraded ? Touch(price: last, left: lastLeft) : nil
    }

    /// What is left of the last trade.
    var tradeLeft: Quantity { lastLeft }

    /// Removes what was taken at the touch.
    mutating func takeFromTouch(_ quantity: Quantity, for side: Side) {
        if !hasQuoted {
            takeFromTrade(quantity)
        } else if side == .buy {
            Self.take(quantity, from: &askLeft)
        } else {
            Self.take(quantity, from: &bidLeft)
        }
    }

    /// Removes what was taken of the last trade.
    mutating func takeFromTrade(_ quantity: Quantity) { Self.take(quantity, from: &lastLeft) }

    private static func take(_ quantity: Quantity, from left: inout Quantity) {
        guard left != unlimited else { return }
        precondition(quantity <= left, "what is taken from a quote was shown by it")
        left -= quantity
    }
}

/// `workingOrders` is not stored: the session counts its orders.
extension Market: Stored {
    func write(into state: inout StateWriter) {
        state.put(hasQuoted)
        state.put(hasTraded)
        state.put(hasBar)
        state.put(has.rawValue)
        for price in [bid, ask, last, close, priceIncrement] { state.put(price) }
        for size in [bidSize, askSize, bidLeft, askLeft, lastLeft, sizeIncrement] { state.put(size) }
        state.put(bits: currency.rawValue)
        state.put(isCrypto)
    }

    init(from state: inout StateReader) throws(StateError) {
        hasQuoted = try state.take()
        hasTraded = try state.take()
        hasBar = try state.take()
        has = MarketEvent.Presence(rawValue: try state.take())
        bid = try state.take()
        ask = try state.take()
        last = try state.take()
        close = try state.take()
        priceIncrement = try state.take()
        bidSize = try state.take()
        askSize = try state.take()
        bidLeft = try state.take()
        askLeft = try state.take()
        lastLeft = try state.take()
        sizeIncrement = try state.take()
        currency = ShortCode(rawValue: try state.takeBits())
        isCrypto = try state.take()
    }
}

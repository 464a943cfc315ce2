// What a strategy may see, by slot: the latest market data of each symbol and the account by the reports that
// it has handled.
//
// Plain memory, not arrays: these are read and written on every event, and the host is confined to one thread
// at a time, so bounds are checked where a number comes from outside and nowhere else.

import CStrategyABI
import Contracts

final class AccountView {
    /// The latest market data of each slot; handed to the strategy in place.
    let data: UnsafeMutablePointer<tr_market_data>
    /// Signed, in units of 1e-8.
    let positions: UnsafeMutablePointer<Int64>
    /// Orders unanswered or working.
    let openOrders: UnsafeMutablePointer<UInt32>
    let increments: UnsafeMutablePointer<(price: Int64, size: Int64)>
    /// Zero-terminated.
    let names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>>
    private(set) var cash: Money

    private let count: Int
    private let states: UnsafeMutablePointer<SlotState>
    /// Slot of each symbol number, −1 for those of others.
    private let slots: UnsafeMutablePointer<Int32>
    private let slotCount: Int

    private struct SlotState {
        var hasPrice = false
        /// Whether a quote or a trade was ever seen: then bars are not handed over unless asked for.
        var hasTicks = false
    }

    init(symbols: [SymbolIndex], names texts: [String], cash: Money) {
        func block<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
            let block = UnsafeMutablePointer<Element>.allocate(capacity: count)
            block.initialize(repeating: value, count: count)
            return block
        }
        self.cash = cash
        count = symbols.count
        data = block(count, tr_market_data())
        positions = block(count, 0)
        openOrders = block(count, 0)
        increments = block(count, (price: 0, size: 0))
        states = block(count, SlotState())
        slotCount = Int(symbols.map(\.rawValue).max() ?? -1) + 1
        slots = block(slotCount, -1)
        names = UnsafeMutablePointer.allocate(capacity: count)
        for (slot, symbol) in symbols.enumerated() {
            precondition(slots[Int(symbol.rawValue)] < 0, "a symbol is given once")
            slots[Int(symbol.rawValue)] = Int32(slot)
            data[slot].symbol = UInt32(slot)
            let bytes = Array(texts[slot].utf8CString)
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            text.initialize(from: bytes, count: bytes.count)
            (names + slot).initialize(to: text)
        }
    }

    deinit {
        for slot in 0..<count { names[slot].deallocate() }
        names.deallocate()
        data.deallocate()
        positions.deallocate()
        openOrders.deallocate()
        increments.deallocate()
        states.deallocate()
        slots.deallocate()
    }

    /// The slot of a symbol, −1 when it is not the strategy's.
    @inline(__always)
    func slot(of symbol: SymbolIndex) -> Int {
        let index = Int(symbol.rawValue)
        return UInt(bitPattern: index) < UInt(bitPattern: slotCount) ? Int(slots[index]) : -1
    }

    /// Takes an event into the latest data; true when the strategy is to be handed them.
    @inline(__always)
    func take(_ event: borrowing MarketEvent, slot: Int, intervals: [UInt32]) -> Bool {
        let latest = data + slot
        let state = states + slot
        switch event.kind {
        case .quote:
            state.pointee.hasTicks = true
            latest.pointee.presence = UInt32(event.has.rawValue)
            latest.pointee.bid_e8 = event.bid.units
            latest.pointee.ask_e8 = event.ask.units
            latest.pointee.bid_size_e8 = event.bidSize.units
            latest.pointee.ask_size_e8 = event.askSize.units
            latest.pointee.volume_e8 = 0
            if event.has.rawValue == UInt8(TR_HAS_BID | TR_HAS_ASK) {
                latest.pointee.price_e8 = mid(event.bid, event.ask)
                state.pointee.hasPrice = true
            }
        case .trade:
            state.pointee.hasTicks = true
            latest.pointee.price_e8 = event.price.units
            latest.pointee.volume_e8 = event.size.units
            state.pointee.hasPrice = true
        case .bar:
            let interval = event.interval
            guard !state.pointee.hasTicks || intervals.contains(interval) else { return false }
            takeBar(event, latest)
            state.pointee.hasPrice = true
        case .instrument:
            increments[slot] = (event.price.units, event.size.units)
            return false
        case .clock, .end:
            return false
        }
        if event.kind != .bar, latest.pointee.kind == TR_BAR { clearBar(latest) }
        latest.pointee.seq = event.seq
        latest.pointee.timestamp_us = event.timestamp.microseconds
        latest.pointee.kind = UInt32(event.kind.rawValue)
        latest.pointee.code = event.code.rawValue
        latest.pointee.detail = event.detail.rawValue
        return state.pointee.hasPrice
    }

    /// One open order more or less.
    func changeOpenOrders(_ slot: Int, by change: Int) {
        openOrders[slot] = UInt32(clamping: Int(openOrders[slot]) + change)
    }

    /// Counts open orders anew.
    func countOpenOrders(_ orders: [OpenOrder]) {
        for slot in 0..<count { openOrders[slot] = 0 }
        for order in orders { openOrders[order.slot] += 1 }
    }

    /// Takes everything that another view of the same symbols has seen.
    func copy(from other: AccountView) {
        precondition(count == other.count, "versions of a strategy trade the same symbols")
        cash = other.cash
        data.update(from: other.data, count: count)
        positions.update(from: other.positions, count: count)
        openOrders.update(from: other.openOrders, count: count)
        increments.update(from: other.increments, count: count)
        states.update(from: other.states, count: count)
    }

    /// Position and cash after an execution, as the session says.
    func apply(_ execution: Execution) {
        let slot = slot(of: execution.symbol)
        precondition(slot >= 0, "an execution is of one of the session's symbols")
        positions[slot] = execution.position.units
        cash = execution.cash
    }

    /// All of it, for a snapshot.
    var symbols: [HostedSymbol] {
        (0..<count).map { slot in
            var symbol = HostedSymbol()
            symbol.position = positions[slot]
            symbol.priceIncrement = increments[slot].price
            symbol.sizeIncrement = increments[slot].size
            symbol.latest = data[slot]
            symbol.hasPrice = states[slot].hasPrice
            symbol.hasTicks = states[slot].hasTicks
            return symbol
        }
    }

    /// Takes all of a snapshot back.
    func restore(_ symbols: [HostedSymbol], cash: Money, openOrders open: OpenOrders) {
        self.cash = cash
        for (slot, symbol) in symbols.enumerated() {
            positions[slot] = symbol.position
            increments[slot] = (symbol.priceIncrement, symbol.sizeIncrement)
            data[slot] = symbol.latest
            data[slot].symbol = UInt32(slot)
            states[slot] = SlotState(hasPrice: symbol.hasPrice, hasTicks: symbol.hasTicks)
            openOrders[slot] = 0
        }
        for order in open.orders { openOrders[order.slot] += 1 }
    }

    /// Half of the sum, halves of 1e-8 down, without leaving the range on the way.
    private func mid(_ bid: Price, _ ask: Price) -> Int64 {
        (bid.units & ask.units) &+ ((bid.units ^ ask.units) >> 1)
    }

    private func takeBar(_ event: borrowing MarketEvent, _ latest: UnsafeMutablePointer<tr_market_data>) {
        if event.has.rawValue != 0 {
            latest.pointee.presence = UInt32(event.has.rawValue)
            latest.pointee.bid_e8 = event.bid.units
            latest.pointee.ask_e8 = event.ask.units
            latest.pointee.bid_size_e8 = event.bidSize.units
            latest.pointee.ask_size_e8 = event.askSize.units
        }
        latest.pointee.price_e8 = event.price.units
        latest.pointee.close_e8 = event.price.units
        latest.pointee.volume_e8 = event.size.units
        latest.pointee.open_e8 = event.open.units
        latest.pointee.high_e8 = event.high.units
        latest.pointee.low_e8 = event.low.units
        latest.pointee.open_time_us = event.openTime.microseconds
        latest.pointee.interval_s = event.interval
    }

    private func clearBar(_ latest: UnsafeMutablePointer<tr_market_data>) {
        latest.pointee.open_e8 = 0
        latest.pointee.high_e8 = 0
        latest.pointee.low_e8 = 0
        latest.pointee.close_e8 = 0
        latest.pointee.open_time_us = 0
        latest.pointee.interval_s = 0
    }
}

// The stored form of a strategy's snapshot: what the host keeps for it (`HostedState`) and its own bytes.
// Symbols are stored by slot: nothing in it depends on the process. A change is a new
// `SnapshotFrame.format`.

import CStrategyABI
import Contracts
import TradingCore

extension HostedStrategy {
    /// Whether a snapshot may be wanted now. One in a process of its own is asked once nothing of it is under
    /// way; any other must have left no command behind.
    package var takesSnapshots: Bool {
        failure == nil && givesSnapshots && (process != nil || !state.pointee.hasCommands)
    }
}

extension HostedSnapshot {
    /// Where the strategy stood.
    package var position: Progress {
        Progress(event: host.event, report: host.report, command: host.command)
    }

    package var bytes: [UInt8] {
        var state = StateWriter()
        for number in [host.event, host.report, host.command] { state.put(number) }
        state.put(host.time)
        state.put(host.now)
        state.put(host.cash)
        state.put(each: host.symbols) { $0.write(into: &$1) }
        host.orders.write(into: &state)
        host.timers.write(into: &state)
        host.warming.write(into: &state)
        state.put(self.state)
        return state.bytes
    }

    /// - Parameters:
    ///   - symbols: of the strategy, by slot.
    ///   - warmUp: with `ordersFrom`, as the session's terms have it.
    package init(
        bytes: [UInt8], symbols: [SymbolIndex], warmUp: WarmUp = .none, ordersFrom: UInt64 = 0
    ) throws(StateError) {
        var reader = StateReader(bytes)
        let numbers: (UInt64, UInt64, UInt64) = (try reader.take(), try reader.take(), try reader.take())
        let times: (Int64, Int64) = (try reader.take(), try reader.take())
        let cash: Money = try reader.take()
        var known = try reader.take { (state) throws(StateError) in try HostedSymbol(from: &state) }
        guard known.count == symbols.count else { throw StateError() }
        for slot in known.indices { known[slot].latest.symbol = UInt32(slot) }
        let orders = try OpenOrders(from: &reader, symbols: symbols)
        let timers = try TimerQueue(from: &reader)
        let warming = try Warming(warmUp, ordersFrom: ordersFrom, from: &reader)
        guard warming.missing.count == symbols.count else { throw StateError() }
        var host = HostedState(cash: cash, warming: warming)
        (host.event, host.report, host.command) = numbers
        (host.time, host.now) = times
        (host.symbols, host.orders, host.timers) = (known, orders, timers)
        self.init(host: host, state: try reader.takeBytes())
        guard reader.isAtEnd else { throw StateError() }
    }
}

extension HostedSymbol {
    func write(into state: inout StateWriter) {
        for amount in [position, priceIncrement, sizeIncrement] { state.put(amount) }
        latest.write(into: &state)
        state.put(hasPrice)
        state.put(hasTicks)
    }

    init(from state: inout StateReader) throws(StateError) {
        position = try state.take()
        priceIncrement = try state.take()
        sizeIncrement = try state.take()
        latest = try tr_market_data(from: &state)
        hasPrice = try state.take()
        hasTicks = try state.take()
    }
}

extension tr_market_data {
    fileprivate func write(into state: inout StateWriter) {
        state.put(seq)
        state.put(timestamp_us)
        for word in [kind, presence, interval_s] { state.put(word) }
        for amount in [
            price_e8, volume_e8, bid_e8, ask_e8, bid_size_e8, ask_size_e8, open_e8, high_e8, low_e8, close_e8,
            open_time_us,
        ] { state.put(amount) }
        state.put(bits: code)
        state.put(bits: detail)
    }

    fileprivate init(from state: inout StateReader) throws(StateError) {
        self.init()
        seq = try state.take()
        timestamp_us = try state.take()
        kind = try state.take()
        presence = try state.take()
        interval_s = try state.take()
        price_e8 = try state.take()
        volume_e8 = try state.take()
        bid_e8 = try state.take()
        ask_e8 = try state.take()
        bid_size_e8 = try state.take()
        ask_size_e8 = try state.take()
        open_e8 = try state.take()
        high_e8 = try state.take()
        low_e8 = try state.take()
        close_e8 = try state.take()
        open_time_us = try state.take()
        code = try state.takeBits()
        detail = try state.takeBits()
    }
}

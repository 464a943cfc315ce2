// Strategies made for finding differences: what they decide depends on everything that they are shown, in its
// order. Integers only; each run of one makes the same commands from the same calls.

import CStrategyABI
import Contracts
import StrategyHost
import TradingCore

/// The kinds of strategies in a world, one session each.
enum StrategyKind: Int, CaseIterable {
    /// Market orders only; never has two commands under way.
    case crossover
    /// Rests on both sides, replaces and cancels.
    case quoter
    /// Decides by the order of events and reports, with timers, stops and bursts of orders.
    case sensitive

    var id: String { "s\(rawValue)" }

    var symbols: [String] {
        switch self {
        case .crossover: ["A"]
        case .quoter: ["A", "B"]
        case .sensitive: ["B", "A", "D"]
        }
    }

    func makeInstance(_ habits: Habits) -> any StrategyInstance {
        switch self {
        case .crossover: Crossover(habits)
        case .quoter: RestingQuoter(habits)
        case .sensitive: Sensitive(habits)
        }
    }
}

/// What differs between the strategies of two worlds.
struct Habits {
    /// Orders are placed before the first event.
    var beginsEarly = false
    /// Now and then more orders at once than an event may have.
    var bursts = false
    /// No order is placed after so many commands.
    var commandLimit: UInt64 = 400
    /// Added to the quantity of every order.
    var extra: Int64 = 0
    /// The market event at which it fails, counted since its orders are taken; 0 never.
    var failsAt = 0
    /// Makes it decide by chance: it is not deterministic then.
    var dice: (() -> Int64)?
}

/// What the three have in common: calls that do nothing, and short ways to order.
class TestStrategy: StrategyInstance {
    let habits: Habits
    unowned var host: HostedStrategy!
    var count = 0
    private var acted = 0

    init(_ habits: Habits) { self.habits = habits }

    var barIntervals: [UInt32] { [] }
    func create(in host: HostedStrategy) -> Int32 {
        self.host = host
        return 0
    }
    func initialize() -> Int32 { 0 }
    final func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32 {
        if habits.failsAt > 0, !host.isWatching {
            acted += 1
            // What it asks before it fails does not count.
            if acted == habits.failsAt {
                order(0, .buy)
                return 1
            }
        }
        return decide(on: data)
    }
    func decide(on data: UnsafePointer<tr_market_data>) -> Int32 { 0 }
    func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 { 0 }
    func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 { 0 }
    func onTimer(_ timer: UInt64, due: Int64) -> Int32 { 0 }
    func cleanup() -> Int32 { 0 }
    func destroy() {}
    /// All that it decides from, besides what the host tells it.
    var numbers: [Int64] {
        get { [Int64(count)] }
        set { count = Int(newValue[0]) }
    }

    /// Tells whose numbers a snapshot holds.
    var rule: Int64 { 0 }
    /// Whether it begins with nothing where another rule's snapshot is given to it, instead of refusing it.
    var beginsAnew: Bool { true }

    var givesSnapshots: Bool { true }
    func snapshot() -> [UInt8]? {
        var state = StateWriter()
        state.put(each: [rule, Int64(acted)] + numbers) { $1.put($0) }
        return state.bytes
    }

    func restore(_ state: [UInt8]) -> Int32 {
        var reader = StateReader(state)
        guard let kept = try? reader.take(each: { (state) throws(StateError) in try state.take(Int64.self) })
        else { return 1 }
        guard kept.count >= 2 else { return 1 }
        guard kept[0] == rule else { return beginsAnew ? 0 : 1 }
        acted = Int(kept[1])
        numbers = Array(kept.dropFirst(2))
        return 0
    }

    var mayOrder: Bool { host.lastCommand < habits.commandLimit }

    func order(
        _ slot: UInt32, _ side: Side, _ type: OrderType = .market, at price: Int64 = 0, stop: Int64 = 0,
        quantity: Int64 = 10, _ timeInForce: TimeInForce = .gtc
    ) {
        guard mayOrder else { return }
        _ = host.submit(
            slot: slot, side: side, type: type, timeInForce: timeInForce,
            quantity: Quantity(whole: quantity + habits.extra + (habits.dice?() ?? 0)),
            price: Price(units: price), stopPrice: Price(units: stop))
    }

    var working: [OpenOrder] {
        var orders: [OpenOrder] = []
        while let order = host.workingOrder(at: UInt32(orders.count)) { orders.append(order) }
        return orders
    }

    var workingCount: Int {
        var count = 0
        while host.workingOrder(at: UInt32(count)) != nil { count += 1 }
        return count
    }
}

private let one: Int64 = unitsPerOne

private final class Crossover: TestStrategy {
    private var history: [Int64] = []
    override var rule: Int64 { 1 }
    override var beginsAnew: Bool { false }

    override var numbers: [Int64] {
        get { history }
        set { history = newValue }
    }

    override func initialize() -> Int32 {
        if habits.beginsEarly { order(0, .buy) }
        return 0
    }

    override func decide(on data: UnsafePointer<tr_market_data>) -> Int32 {
        let price = data.pointee.price_e8
        history.append(price)
        if history.count > 5 { history.removeFirst() }
        let average = history.reduce(0, +) / Int64(history.count)
        guard host.unansweredCommands == 0, workingCount == 0 else { return 0 }
        let position = host.position(slot: 0)
        if price > average, position <= .zero { order(0, .buy, quantity: 15) }
        if price < average, position >= .zero { order(0, .sell, quantity: 15) }
        return 0
    }
}

private final class RestingQuoter: TestStrategy {
    override var rule: Int64 { 2 }

    override func decide(on data: UnsafePointer<tr_market_data>) -> Int32 {
        count += 1
        let (bid, ask) = (data.pointee.bid_e8, data.pointee.ask_e8)
        guard data.pointee.presence == TR_HAS_BID | TR_HAS_ASK else { return 0 }
        let orders = working
        if count % 2 == 1, !orders.isEmpty {
            let chosen = orders[count % orders.count]
            if count % 5 == 0 {
                _ = host.cancel(order: chosen.number)
            } else {
                let near = chosen.side == .buy ? bid - one : ask + one
                _ = host.replace(
                    order: chosen.number, quantity: .zero,
                    price: Price(units: near + Int64(count % 3 - 1) * one),
                    stopPrice: .zero)
            }
        } else if orders.count + host.unansweredCommands < 4 {
            order(data.pointee.symbol, .buy, .limit, at: bid - one)
            order(data.pointee.symbol, .sell, .limit, at: ask + one)
        }
        return 0
    }

    override func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 {
        let status = update.pointee.status
        guard status == TR_FILLED || status == TR_CANCELLED, count % 2 == 1 else { return 0 }
        let side: Side = update.pointee.side == TR_BUY ? .buy : .sell
        order(update.pointee.symbol, side, .limit, at: update.pointee.price_e8, quantity: 6)
        return 0
    }
}

private final class Sensitive: TestStrategy {
    private var last: [Int64] = [50 * one, 50 * one, 50 * one]
    override var rule: Int64 { 3 }

    override var numbers: [Int64] {
        get { [Int64(count)] + last }
        set { (count, last) = (Int(newValue[0]), Array(newValue.dropFirst())) }
    }

    override func initialize() -> Int32 {
        guard habits.beginsEarly else { return 0 }
        order(1, .buy, .limit, at: 60 * one)
        order(0, .sell)
        _ = host.setTimer(delay: 4)
        return 0
    }

    private func mix(_ value: UInt64) {
        count = (count * 31 + Int(truncatingIfNeeded: value & 0xffff)) % 1_009
    }

    override func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32 {
        mix(trade.pointee.strategy_seq &* 5 &+ UInt64(bitPattern: trade.pointee.position_e8 / one))
        return 0
    }

    override func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32 {
        mix(update.pointee.report &* 7 &+ host.lastEvent &+ UInt64(bitPattern: host.eventTime.microseconds))
        let price = update.pointee.price_e8
        let filled = update.pointee.status == TR_FILLED || update.pointee.status == TR_PARTIALLY_FILLED
        if filled, workingCount < 4 {
            let isBuy = update.pointee.side == TR_BUY
            if count % 3 == 0 || price == 0 {
                order(update.pointee.symbol, isBuy ? .sell : .buy, quantity: 7)
            } else {
                let away = price + (isBuy ? 2 : -2) * one
                order(update.pointee.symbol, isBuy ? .sell : .buy, .limit, at: away)
            }
            if count % 4 == 0, let first = working.first { _ = host.cancel(order: first.number) }
            _ = host.setTimer(delay: Int64(count % 9))
        }
        if update.pointee.status == TR_CANCELLED, count % 2 == 1 { _ = host.setTimer(delay: 3) }
        return 0
    }

    override func onTimer(_ timer: UInt64, due: Int64) -> Int32 {
        mix(timer &+ UInt64(bitPattern: due))
        let orders = working
        if count % 2 == 1, let newest = orders.last {
            _ = host.cancel(order: newest.number)
        } else if orders.count < 4 {
            let slot = UInt32(count % 2)
            if count % 5 == 0 {
                order(slot, .buy, .stop, stop: last[Int(slot)] + one)
            } else {
                order(slot, count % 3 == 0 ? .sell : .buy)
            }
        }
        return 0
    }

    override func decide(on data: UnsafePointer<tr_market_data>) -> Int32 {
        let slot = data.pointee.symbol
        mix(data.pointee.seq)
        last[Int(slot)] = data.pointee.price_e8
        let price = data.pointee.price_e8 / one * one
        if count % 6 == 0 {
            order(slot, count % 4 > 1 ? .sell : .buy, .limit, at: price + Int64(count % 3 - 1) * one)
            _ = host.setTimer(delay: 5)
        }
        if count % 11 == 0, let first = working.first {
            _ = host.replace(
                order: first.number, quantity: .zero,
                price: first.type == .limit ? Price(units: price + one) : .zero, stopPrice: .zero)
        }
        if habits.bursts, count % 41 == 0 {
            for step in 0..<Int64(70) {
                order(slot, .buy, .limit, at: price - step * one / 4, quantity: 1, .ioc)
            }
        }
        return 0
    }
}

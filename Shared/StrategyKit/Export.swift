// The bridge from a Swift strategy to the C interface: `export(_:)` makes the table that a plugin's one entry
// function returns.
//
//     @c(trading_robot_strategy_v1)
//     public func entry() -> UnsafeRawPointer { export(MyStrategy.self) }
//
// A C function cannot capture the strategy's type, so the table calls closures that were made where the type
// is known (`StrategyCalls.init` is inlined into the plugin). Costs: one indirect call more than C; market
// data, trades and orders are plain values, so nothing is allocated per event. Only a reason text of a report
// is.

import CStrategyABI
import Contracts

/// The C table of a strategy; valid for the life of the process. One small allocation a call, on purpose
/// never freed: the platform calls it once and keeps the pointer.
@inlinable
public func export<S: Strategy>(_ type: S.Type) -> UnsafeRawPointer {
    makeTable(metadata: S.metadata.json, StrategyFactory { StrategyCalls(type, StrategyContext($0)) })
}

/// What makes instances of one strategy; the table's context.
@usableFromInline
final class StrategyFactory {
    let make: (UnsafePointer<tr_host>) -> StrategyCalls

    @usableFromInline
    init(_ make: @escaping (UnsafePointer<tr_host>) -> StrategyCalls) { self.make = make }
}

/// One instance: the calls of one strategy with its state, its type already forgotten. Each returns the C
/// status.
@usableFromInline
final class StrategyCalls {
    @usableFromInline let context: StrategyContext
    let initialize: () throws -> Void
    let marketData: (UnsafePointer<tr_market_data>) -> Int32
    let trade: (Execution) throws -> Void
    let order: (Report) throws -> Void
    let timer: (UInt64) throws -> Void
    let cleanup: () throws -> Void
    let snapshot: () throws -> [UInt8]?
    let restore: ([UInt8]) throws -> Void
    let free: () -> Void

    @inlinable
    convenience init<S: Strategy>(_ type: S.Type, _ context: StrategyContext) {
        // The state lives behind a pointer, not in a property: calls never overlap (the C interface says so),
        // so the check of exclusive access on every event would only cost.
        let strategy = UnsafeMutablePointer<S>.allocate(capacity: 1)
        strategy.initialize(to: S())
        self.init(
            context: context,
            initialize: { try strategy.pointee.initialize(in: context) },
            marketData: { raw in
                do {
                    let data = MarketData(raw.pointee)
                    let signal =
                        raw.pointee.kind == TR_BAR
                        ? try strategy.pointee.onBar(data, in: context)
                        : try strategy.pointee.onMarketData(data, in: context)
                    if let signal { try context.take(signal, answering: data.symbol) }
                    return 0
                } catch {
                    context.fail(error)
                    return 1
                }
            },
            trade: { try strategy.pointee.onTradeExecuted($0, in: context) },
            order: { try strategy.pointee.onOrder($0, in: context) },
            timer: { try strategy.pointee.onTimer($0, in: context) },
            cleanup: { try strategy.pointee.cleanup(in: context) },
            snapshot: { try strategy.pointee.snapshot() },
            restore: { try strategy.pointee.restore($0, in: context) },
            free: {
                strategy.deinitialize(count: 1)
                strategy.deallocate()
            })
    }

    @usableFromInline
    init(
        context: StrategyContext, initialize: @escaping () throws -> Void,
        marketData: @escaping (UnsafePointer<tr_market_data>) -> Int32,
        trade: @escaping (Execution) throws -> Void, order: @escaping (Report) throws -> Void,
        timer: @escaping (UInt64) throws -> Void, cleanup: @escaping () throws -> Void,
        snapshot: @escaping () throws -> [UInt8]?, restore: @escaping ([UInt8]) throws -> Void,
        free: @escaping () -> Void
    ) {
        self.context = context
        self.initialize = initialize
        self.marketData = marketData
        self.trade = trade
        self.order = order
        self.timer = timer
        self.cleanup = cleanup
        self.snapshot = snapshot
        self.restore = restore
        self.free = free
    }

    deinit { free() }

    /// Runs a call and turns an error into the C status.
    func status(_ call: () throws -> Void) -> Int32 {
        do {
            try call()
            return 0
        } catch {
            context.fail(error)
            return 1
        }
    }
}

extension Signal {
    /// The order that this signal asks for.
    @inlinable
    func order(answering event: SymbolIndex) -> Order {
        Order(
            symbol ?? event, side, quantity, orderType, price: orderType == .limit ? price : .zero,
            stopPrice: orderType == .stop ? price : .zero)
    }
}

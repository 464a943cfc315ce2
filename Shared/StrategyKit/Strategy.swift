// What a strategy author writes.
//
// Life cycle: `init()`, `initialize`, then market data and what becomes of the orders in the order of session
// time, then `cleanup`. Calls never overlap. A strategy must decide from what it is handed and nothing else:
// no clock, no unseeded random numbers, no files. After a crash the platform feeds it the same events again
// and expects the same orders. An error thrown from any call stops this strategy and no other.

@_exported import Contracts

/// A trading strategy. A struct or a final class; it is made once for each configured strategy.
///
/// Only `metadata`, `init` and `onMarketData` must be written.
public protocol Strategy {
    /// Who it is and what may be configured; read once, when the plugin is loaded.
    static var metadata: StrategyMetadata { get }

    init()

    /// Once, before the first event: read parameters, make windows. Orders placed here meet no quote yet.
    mutating func initialize(in context: StrategyContext) throws

    /// Every quote and trade of the strategy's symbols that has a price. A returned signal becomes an order.
    mutating func onMarketData(_ data: MarketData, in context: StrategyContext) throws -> Signal?

    /// Every bar, if the symbol has had no ticks or the metadata asks for the interval. By default the same
    /// as `onMarketData`.
    mutating func onBar(_ bar: MarketData, in context: StrategyContext) throws -> Signal?

    /// Every execution of the strategy's orders. Position, cash and working orders in `context` already hold
    /// all of the report that it came with.
    mutating func onTradeExecuted(_ trade: Execution, in context: StrategyContext) throws

    /// Every report on an order, after its executions (`report.executions` is empty here).
    mutating func onOrder(_ report: Report, in context: StrategyContext) throws

    /// A timer set with `context.setTimer` is due.
    mutating func onTimer(_ timer: UInt64, in context: StrategyContext) throws

    /// Once, at the end. Orders are refused here.
    mutating func cleanup(in context: StrategyContext) throws

    /// The whole state as bytes, or nil (the default): then the strategy is rebuilt from the session's start.
    func snapshot() throws -> [UInt8]?

    /// Takes the bytes of `snapshot` in a new instance, in place of `initialize`.
    mutating func restore(_ bytes: [UInt8], in context: StrategyContext) throws
}

extension Strategy {
    @inlinable
    public mutating func initialize(in context: StrategyContext) throws {}
    @inlinable
    public mutating func onBar(_ bar: MarketData, in context: StrategyContext) throws -> Signal? {
        try onMarketData(bar, in: context)
    }
    @inlinable
    public mutating func onTradeExecuted(_ trade: Execution, in context: StrategyContext) throws {}
    @inlinable
    public mutating func onOrder(_ report: Report, in context: StrategyContext) throws {}
    @inlinable
    public mutating func onTimer(_ timer: UInt64, in context: StrategyContext) throws {}
    @inlinable
    public mutating func cleanup(in context: StrategyContext) throws {}
    @inlinable
    public func snapshot() throws -> [UInt8]? { nil }
    @inlinable
    public mutating func restore(_ bytes: [UInt8], in context: StrategyContext) throws {
        throw StrategyError("this strategy has no snapshots")
    }
}

/// Why a strategy cannot go on, as one sentence for the person who runs it.
public struct StrategyError: Error, Equatable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

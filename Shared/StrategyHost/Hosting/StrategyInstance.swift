// One running instance of a strategy, whatever it is made of: a shared library in this process now, a child
// process later. `HostedStrategy` is its only caller.

import CStrategyABI

/// The calls of the C interface. Each returns 0, or another number for a failure whose reason was noted with
/// `HostedStrategy.noteFailure`.
package protocol StrategyInstance: AnyObject {
    /// Seconds of the bars that the strategy asks for even of symbols with ticks.
    var barIntervals: [UInt32] { get }
    /// Makes the strategy; called once, before everything else. The host outlives the instance's calls and is
    /// not retained by it.
    func create(in host: HostedStrategy) -> Int32
    func initialize() -> Int32
    func onMarketData(_ data: UnsafePointer<tr_market_data>) -> Int32
    func onTrade(_ trade: UnsafePointer<tr_trade>) -> Int32
    func onOrder(_ update: UnsafePointer<tr_order_update>) -> Int32
    func onTimer(_ timer: UInt64, due: Int64) -> Int32
    func cleanup() -> Int32
    /// Frees the strategy; called once, last.
    func destroy()
    /// Whether it has `snapshot` and `restore` at all.
    var givesSnapshots: Bool { get }
    /// The strategy's state, nil when it has none.
    func snapshot() -> [UInt8]?
    /// Takes the state in the place of `initialize`.
    func restore(_ state: [UInt8]) -> Int32
}

extension StrategyInstance {
    package var givesSnapshots: Bool { false }
}

/// A strategy that cannot go on. It harms nothing but itself.
package struct StrategyFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call that failed.
    package enum Stage: String, Sendable {
        case create, initialize, marketData, trade, order, timer, cleanup, restore
    }

    package var stage: Stage
    /// One sentence: which strategy, where, why.
    package var sentence: String
    package var description: String { sentence }
}

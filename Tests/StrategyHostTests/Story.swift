// What a strategy does over two made symbols: every command and report of a backtest, as text to compare.

import Contracts
import Testing
import TradingCore

@testable import StrategyHost

/// Every command and report of a backtest over made quotes and trades of two symbols.
///
/// - Parameter restarts: events between two snapshots; at each the strategy is begun anew from it.
func story(
    _ plugin: any StrategyPlugin, _ texts: [String], events: Int = 1_500, restarts: Int? = nil
) throws -> [String] {
    let symbols = [SymbolIndex(3), SymbolIndex(5)]
    let values = try ParameterValues(texts, for: plugin.metadata.parameters)
    var story: [String] = []
    func make(_ snapshot: HostedSnapshot?) throws -> HostedStrategy {
        try HostedStrategy(
            id: "x", instance: plugin.makeInstance(waits: true), symbols: symbols, names: ["A", "B"],
            parameters: values, cash: Money(whole: 100_000),
            warmUp: plugin.metadata.warmUp?.warmUp(values) ?? .none, from: snapshot)
    }
    func listen(_ session: BacktestSession) -> BacktestSession {
        session.onCommand = { story.append("\($0)") }
        session.onReport = { story.append("\($0)") }
        return session
    }
    var session = listen(
        BacktestSession(
            strategy: try make(nil), settings: try SessionSettings(fields: []), symbols: symbols))
    var market = StoryMarket()
    for seq in 1...UInt64(events) {
        try session.take(market.next(seq)) { _ in }
        guard let restarts, seq.isMultiple(of: UInt64(restarts)) else { continue }
        try session.strategy.wantState()
        guard case .taken(let snapshot)? = session.strategy.takeState() else {
            Issue.record("there is a snapshot after event \(seq)")
            continue
        }
        session = listen(BacktestSession(continuing: session, with: try make(snapshot)))
    }
    try session.finish { _ in }
    try session.strategy.cleanup()
    return story
}

/// A seeded walk of two symbols with one-sided quotes and sizes that run out.
private struct StoryMarket {
    private var state: UInt64 = 11
    private var mids: [Int64] = [10_000, 4_000]

    private mutating func random(_ count: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64(state >> 33) % count
    }

    mutating func next(_ seq: UInt64) -> MarketEvent {
        let place = Int(random(2))
        mids[place] += random(7) - 3
        let symbol: Int32 = place == 0 ? 3 : 5
        let mid = mids[place] * 1_000_000
        var next =
            random(4) == 0
            ? event(.trade, seq, at: Int64(seq) * 1_000, price: mid, size: 3_000_000_000, symbol: symbol)
            : quote(
                seq, at: Int64(seq) * 1_000, random(9) == 0 ? nil : mid - 1_000_000, mid + 1_000_000,
                symbol: symbol)
        next.bidSize = Quantity(whole: 20 + random(80))
        next.askSize = Quantity(whole: 20 + random(80))
        return next
    }
}

// One strategy of another robot: what it holds, by its booked trades, and the full trade that follows from
// what its robot says.
//
// Guarantees: trades are taken in the order 1, 2, 3 … of their numbers only, so that what is derived (event
// type, position, average price, realised profit, cash) depends on nothing else; the arithmetic is the one
// of the simulator's account. A refused trade changes nothing.

import Contracts
import Persistence
import TradingCore

struct OutsideBook {
    /// Of a strategy whose first trade does not say its cash: what a session of ours starts with.
    static let standardCash = Money(whole: 100_000)
    /// Trades before 1970 or from this moment on (the year 2200) are refused.
    static let endOfTime = Timestamp(seconds: 7_258_118_400)

    let id: String
    let source: String
    private(set) var last: UInt64 = 0
    private var cash: Money?
    private var positions: [String: Position] = [:]
    private var time = Timestamp(microseconds: 0)

    init(id: String, source: String) {
        self.id = id
        self.source = source
    }

    /// Takes in a trade of the ledger, in the order of the numbers.
    mutating func restore(_ trade: TradeEvent) throws(AmountOutOfRange) {
        var position = positions[trade.symbol] ?? Position()
        _ = try position.book(trade.side, trade.quantity, at: trade.price)
        positions[trade.symbol] = position
        cash = trade.cash
        last = trade.strategySeq
        time = trade.timestamp
    }

    /// The whole trade, and the state after it.
    mutating func book(_ trade: OutsideTrade) throws(Refusal) -> TradeEvent {
        precondition(trade.strategySeq == last + 1, "trades are booked in the order of their numbers")
        let outcome: Result<TradeEvent, Refusal>
        do throws(AmountOutOfRange) {
            outcome = try derive(trade)
        } catch {
            throw Refusal(
                reason: .outOfRange, stage: .validate,
                sentence: "trade \(trade.tradeID) would take an amount of \(id) out of range: \(error)")
        }
        return try outcome.get()
    }

    private mutating func derive(
        _ trade: OutsideTrade
    ) throws(AmountOutOfRange) -> Result<TradeEvent, Refusal> {
        if let problem = timeProblem(trade) { return .failure(problem) }
        var position = positions[trade.symbol] ?? Position()
        let closable = position.closable(by: trade.side)
        guard closable.isZero || trade.quantity <= closable else {
            return .failure(
                rule(
                    trade,
                    "it would cross zero: send \(closable) that close and \(trade.quantity - closable) that"
                        + " open as two trades"))
        }
        guard trade.effect != .close || !closable.isZero else {
            return .failure(rule(trade, "it closes, and \(id) holds no \(trade.symbol) that it could close"))
        }
        let (effect, realized) = try position.book(trade.side, trade.quantity, at: trade.price)
        let value = try trade.price.times(trade.quantity)
        let before: Money
        if let cash {
            before = cash
        } else if let said = trade.cash {
            before = try (trade.side == .buy ? said.adding(value) : said.subtracting(value)).adding(trade.fee)
        } else {
            before = Self.standardCash
        }
        let after = try (trade.side == .buy ? before.subtracting(value) : before.adding(value))
            .subtracting(trade.fee)
        let reference = trade.referencePrice ?? trade.price
        let against =
            try trade.side == .buy
            ? trade.price.subtracting(reference) : reference.subtracting(trade.price)
        let event = TradeEvent(
            outside: trade, strategyID: id, effect: effect, slippage: trade.slippage ?? against,
            position: position.quantity, averagePrice: try position.averagePrice(), realizedPnl: realized,
            cash: after)
        if let problem = contradiction(trade, event) { return .failure(rule(trade, problem)) }
        positions[trade.symbol] = position
        cash = after
        last = trade.strategySeq
        time = trade.timestamp
        return .success(event)
    }

    private func timeProblem(_ trade: OutsideTrade) -> Refusal? {
        if trade.timestamp < Timestamp(microseconds: 0) || trade.timestamp >= Self.endOfTime {
            return Refusal(
                reason: .outOfRange, stage: .validate,
                sentence: "trade \(trade.tradeID) is of \(trade.timestamp): a trade is of 1970 to 2199")
        }
        if trade.timestamp < time {
            return rule(trade, "it is of \(trade.timestamp), before the trade before it, which is of \(time)")
        }
        return nil
    }

    private func rule(_ trade: OutsideTrade, _ problem: String) -> Refusal {
        Refusal(
            reason: .businessRule, stage: .validate,
            sentence: "trade \(trade.tradeID), number \(trade.strategySeq) of \(id): \(problem)")
    }

    /// What the message says otherwise than its place in the ledger has it.
    private func contradiction(_ said: OutsideTrade, _ event: TradeEvent) -> String? {
        let problems = said.differences(from: event)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }
}

extension TradeEvent {
    /// The ledger's form of an outside trade: ids below the name of its source, the rest as derived.
    fileprivate init(
        outside trade: OutsideTrade, strategyID: String, effect: PositionEffect, slippage: Price,
        position: Quantity, averagePrice: Price, realizedPnl: Money, cash: Money
    ) {
        let execution = Execution(
            strategySeq: trade.strategySeq, order: 0, fill: 0, effect: effect, side: trade.side,
            liquidity: trade.liquidity ?? .taker, symbol: .none, quantity: trade.quantity, price: trade.price,
            referencePrice: trade.referencePrice ?? trade.price, slippage: slippage, fee: trade.fee,
            timestamp: trade.timestamp, position: position, averagePrice: averagePrice,
            realizedPnl: realizedPnl, cash: cash)
        self.init(execution, strategy: strategyID, symbol: trade.symbol)
        tradeID = trade.ledgerTradeID
        orderID = trade.ledgerOrderID
    }
}

extension OutsideTrade {
    var ledgerStrategyID: String { "\(source).\(strategyID)" }
    var ledgerTradeID: String { "\(source).\(tradeID)" }
    var ledgerOrderID: String { "\(source).\(orderID ?? tradeID)" }
    var reference: TradeReference {
        TradeReference(
            tradeID: ledgerTradeID, strategyID: ledgerStrategyID, strategySeq: strategySeq)
    }

    /// Where what was said differs from a trade of the ledger: `price 181.82, not 181.83`.
    func differences(from trade: TradeEvent) -> [String] {
        let all: [(String, String?, String)] = [
            ("order_id", orderID == nil ? nil : ledgerOrderID, trade.orderID),
            ("symbol", symbol, trade.symbol), ("side", "\(side.wireName)", "\(trade.side.wireName)"),
            ("quantity", "\(quantity)", "\(trade.quantity)"), ("price", "\(price)", "\(trade.price)"),
            ("fee", "\(fee)", "\(trade.fee)"), ("timestamp", "\(timestamp)", "\(trade.timestamp)"),
            ("event_type", effect.map { "\($0.wireName)" }, "\(trade.effect.wireName)"),
            ("reference_price", referencePrice.map { "\($0)" }, "\(trade.referencePrice)"),
            ("slippage", slippage.map { "\($0)" }, "\(trade.slippage)"),
            ("liquidity", liquidity.map { "\($0.wireName)" }, "\(trade.liquidity.wireName)"),
            ("position", position.map { "\($0)" }, "\(trade.position)"),
            ("average_price", averagePrice.map { "\($0)" }, "\(trade.averagePrice)"),
            ("realized_pnl", realizedPnl.map { "\($0)" }, "\(trade.realizedPnl)"),
            ("cash", cash.map { "\($0)" }, "\(trade.cash)"),
        ]
        return all.compactMap { name, said, booked in
            guard let said, said != booked else { return nil }
            return "\(name) is \(booked), not \(said)"
        }
    }
}

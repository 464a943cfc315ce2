import CStrategyABI
import Contracts
import Testing

@testable import StrategyHost

@Suite struct HostedStrategyTests {
    @Test("a command carries the position and the time at which it was decided")
    func decisions() throws {
        let script = ScriptedStrategy()
        script.onData = { host, data in
            if data.seq == 2 || data.seq == 4 { host.buy() }
            return 0
        }
        script.onReport = { host, update in if update.report == 1 { host.buy() } }
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(2, at: 100))
        try strategy.handle(report(1, .accepted, order: 1, after: 2, at: 130, remaining: 1))
        // A market time that goes back does not take session time back.
        try strategy.handle(quote(4, at: 90))
        strategy.advanceClock(to: Timestamp(microseconds: 150))
        script.onData = { host, _ in
            _ = host.cancel(order: 1)
            return 0
        }
        try strategy.handle(quote(6, at: 140))
        let commands = strategy.taken()
        let expected: [(number: UInt64, order: UInt64, event: UInt64, report: UInt64, decided: Int64)] = [
            (1, 1, 2, 0, 100),
            (2, 2, 2, 1, 130),
            (3, 3, 4, 1, 100),
            (4, 1, 6, 1, 150),
        ]
        #expect(commands.count == expected.count)
        for (command, row) in zip(commands, expected) {
            #expect(command.number == row.number && command.order == row.order)
            #expect(command.afterEvent == row.event && command.afterReport == row.report)
            #expect(command.decided == Timestamp(microseconds: row.decided))
        }
        #expect(strategy.lastEvent == 6 && strategy.lastReport == 1 && strategy.lastCommand == 4)
        #expect(!strategy.hasCommands && strategy.taken().isEmpty)
    }

    @Test("it is busy while a command is unanswered or an order works")
    func busy() throws {
        let script = ScriptedStrategy()
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(1, at: 1))
        #expect(!strategy.isBusy)
        strategy.buy()
        strategy.buy()
        let table: [(report: Report, busy: Bool, unanswered: Int, open: UInt32)] = [
            (report(1, .accepted, order: 1, after: 1, at: 1, remaining: 1), true, 1, 2),
            (report(2, .rejected, order: 2, after: 1, at: 1), true, 0, 1),
            (report(3, .filled, order: 1, command: 0, after: 1, at: 1, fill: 1, position: 1), false, 0, 0),
        ]
        for row in table {
            try strategy.handle(row.report)
            #expect(strategy.isBusy == row.busy)
            #expect(strategy.unansweredCommands == row.unanswered)
            #expect(strategy.openOrderCount(slot: 0) == row.open)
        }
        #expect(strategy.position(slot: 0) == Quantity(whole: 1))
        #expect(strategy.cash == Money(whole: 991))
        #expect(strategy.openOrderCount(slot: 1) == 0 && strategy.openOrderCount(slot: 7) == 0)
    }

    @Test("a refused cancel or replace leaves the order working; a late one finds it gone")
    func refusals() throws {
        let strategy = try HostedStrategy.scripted(ScriptedStrategy())
        try strategy.handle(quote(1, at: 1))
        strategy.buy()
        try strategy.handle(report(1, .accepted, order: 1, after: 1, at: 1, remaining: 1))
        #expect(strategy.replace(order: 1, quantity: .zero, price: Price(whole: 8), stopPrice: .zero) == 2)
        try strategy.handle(report(2, .rejected, order: 1, command: 2, after: 1, at: 1, remaining: 1))
        #expect(strategy.workingOrder(at: 0)?.number == 1 && strategy.isBusy)
        #expect(strategy.cancel(order: 1) == 3)
        try strategy.handle(report(3, .filled, order: 1, command: 0, after: 1, at: 1, fill: 1, position: 1))
        #expect(strategy.workingOrder(at: 0) == nil && strategy.isBusy)
        try strategy.handle(report(4, .rejected, order: 1, command: 3, after: 1, at: 1))
        #expect(!strategy.isBusy)
        #expect(strategy.cancel(order: 1) == Int64(TR_UNKNOWN_ORDER))
        #expect(strategy.lastCommand == 3)
    }

    @Test("of one report the account changes first, then each trade is handed over, then the report")
    func callbackOrder() throws {
        let script = ScriptedStrategy()
        var seen: [Quantity] = []
        script.onTrade = { host, _ in seen.append(host.position(slot: 0)) }
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(quote(1, at: 1))
        strategy.buy()
        var both = report(1, .filled, order: 1, after: 1, at: 2, fill: 1, position: 0)
        var second = both.executions[0]
        second.strategySeq = 2
        second.position = Quantity(whole: 5)
        both.executions.append(second)
        try strategy.handle(both)
        #expect(script.calls == ["data 1", "trade 1", "trade 2", "order 1"])
        #expect(seen == [Quantity(whole: 5), Quantity(whole: 5)])
    }

    @Test("price, volume and sides of what is handed over")
    func marketData() throws {
        let both = TR_HAS_BID | TR_HAS_ASK
        typealias Row = (
            event: MarketEvent, price: Int64?, volume: Int64, bid: Int64, ask: Int64, has: UInt32
        )
        let table: [Row] = [
            (quote(1, at: 1, 10, nil), nil, 0, 0, 0, 0),
            (quote(2, at: 1, 10, 13), 11, 0, 10, 13, both),
            (quote(3, at: 1, nil, 13), 11, 0, 0, 13, TR_HAS_ASK),
            (event(.trade, 4, at: 1, price: 20, size: 7), 20, 7, 0, 13, TR_HAS_ASK),
            (quote(5, at: 1, nil, 14), 20, 0, 0, 14, TR_HAS_ASK),
            (quote(6, at: 1, -10, -7), -9, 0, -10, -7, both),
            (quote(7, at: 1, .max, .max - 1), .max - 1, 0, .max, .max - 1, both),
            (quote(8, at: 1, .min, .max), -1, 0, .min, .max, both),
            (event(.bar, 9, at: 1, price: 5, size: 3), nil, 0, 0, 0, 0),
            (event(.bar, 10, at: 1, price: 5, size: 3, interval: 60), 5, 3, .min, .max, both),
            (quote(11, at: 1, 10, 12), 11, 0, 10, 12, both),
            (event(.instrument, 12, at: 1, price: 4, size: 2), nil, 0, 0, 0, 0),
            (event(.trade, 13, at: 1, price: 2, size: 1, symbol: 9), nil, 0, 0, 0, 0),
            (event(.end, 14, at: 1, symbol: -1), nil, 0, 0, 0, 0),
        ]
        let script = ScriptedStrategy(barIntervals: [60])
        var latest: tr_market_data?
        script.onData = { _, data in
            latest = data
            return 0
        }
        let strategy = try HostedStrategy.scripted(script)
        for row in table {
            latest = nil
            try strategy.handle(row.event)
            #expect(latest?.price_e8 == row.price, "event \(row.event.seq)")
            // Another session's event is not handled; everything else is, handed over or not.
            #expect((strategy.lastEvent == row.event.seq) == (row.event.symbol != SymbolIndex(9)))
            guard let latest else { continue }
            #expect(latest.volume_e8 == row.volume && latest.presence == row.has)
            #expect(latest.bid_e8 == row.bid && latest.ask_e8 == row.ask)
            #expect(latest.close_e8 == (row.event.kind == .bar ? row.price : 0))
        }
        #expect(strategy.increments(slot: 0) == (4, 2))
    }

    @Test("bars are handed over until the symbol has ticks")
    func bars() throws {
        let script = ScriptedStrategy()
        let strategy = try HostedStrategy.scripted(script)
        try strategy.handle(event(.bar, 1, at: 1, price: 5, interval: 60))
        try strategy.handle(event(.trade, 2, at: 1, price: 5, symbol: 5))
        try strategy.handle(event(.bar, 3, at: 1, price: 5, interval: 60))
        try strategy.handle(event(.trade, 4, at: 1, price: 5))
        try strategy.handle(event(.bar, 5, at: 1, price: 5, interval: 60))
        #expect(script.calls == ["data 1", "data 2", "data 3", "data 4"])
    }

    @Test("a failure is thrown with its sentence, and the strategy is not called again")
    func failure() throws {
        let script = ScriptedStrategy()
        script.onData = { host, _ in
            host.noteFailure("no more")
            return 7
        }
        let strategy = try HostedStrategy.scripted(script)
        let expected = StrategyFailure(
            stage: .marketData, sentence: "strategy s1 failed in marketData after event 1: no more")
        #expect(throws: expected) { try strategy.handle(quote(1, at: 1)) }
        #expect(throws: expected) { try strategy.handle(quote(2, at: 2)) }
        #expect(script.calls == ["data 1"])
        #expect(strategy.buy() == Int64(TR_NOT_NOW))
    }
}

import Contracts
import Testing

@testable import TradingCore

@Suite struct BarFillTests {
    /// Bars of 100 to 110, opening at 105.
    private static func row(
        _ name: String, _ side: Side, _ type: OrderType, price: String = "0", stop: String = "0",
        _ timeInForce: TimeInForce = .gtc, makes outcome: [String]
    ) -> Row {
        Row(
            name, .free { $0.slippage = Price("0.5") },
            {
                $0.bar("99", "99", "99", "99")
                $0.submit(side, "10", type, at: price, stop: stop, timeInForce)
                $0.bar("105", "110", "100", "107")
            }, makes: ["1 accepted"] + outcome)
    }

    @Test(arguments: [
        row("market buy: at the open", .buy, .market, makes: ["1 filled 10@105.5 taker"]),
        row("market sell: at the open", .sell, .market, makes: ["1 filled 10@104.5 taker"]),
        row("buy limit inside: at its price", .buy, .limit, price: "101", makes: ["1 filled 10@101 maker"]),
        row("buy limit at the low: touched", .buy, .limit, price: "100", makes: ["1 filled 10@100 maker"]),
        row("buy limit below: not reached", .buy, .limit, price: "99.9", makes: []),
        row(
            "buy limit above the open: the gap is better", .buy, .limit, price: "106",
            makes: ["1 filled 10@105 maker"]),
        row("sell limit inside", .sell, .limit, price: "109", makes: ["1 filled 10@109 maker"]),
        row("sell limit below the open", .sell, .limit, price: "104", makes: ["1 filled 10@105 maker"]),
        row("sell limit above: not reached", .sell, .limit, price: "110.1", makes: []),
        row("buy stop inside", .buy, .stop, stop: "108", makes: ["1 filled 10@108.5 taker"]),
        row(
            "buy stop below the open: the gap is worse", .buy, .stop, stop: "103",
            makes: ["1 filled 10@105.5 taker"]),
        row("buy stop above: not reached", .buy, .stop, stop: "110.1", makes: []),
        row("sell stop inside", .sell, .stop, stop: "102", makes: ["1 filled 10@101.5 taker"]),
        row("sell stop above the open", .sell, .stop, stop: "106", makes: ["1 filled 10@104.5 taker"]),
        row(
            "IOC limit not reached by its bar", .buy, .limit, price: "99", .ioc,
            makes: ["1 cancelled immediate_or_cancel"]),
        row("IOC market waits for its bar", .buy, .market, .ioc, makes: ["1 filled 10@105.5 taker"]),
    ])
    func `an order decided on a bar meets the next one`(row: Row) { row.check() }

    @Test func `a stop fills before a target that the same bar touches, whatever their numbers`() {
        var desk = Desk()
        desk.bar("105", "105", "105", "105")
        desk.submit(.buy, "10")
        desk.bar("105", "105", "105", "105")
        desk.submit(.sell, "10", .limit, at: "109")
        desk.submit(.sell, "10", .stop, stop: "101")
        desk.bar("105", "110", "100", "107")
        #expect(desk.lines.suffix(2) == ["3 filled 10@101 taker", "2 filled 10@109 maker"])
    }

    @Test func `a bar that began before the decision fills nothing`() {
        var desk = Desk()
        desk.bar("105", "105", "105", "105")
        desk.bar("50", "50", "50", "50", symbol: spy)
        desk.submit(.buy, "10")
        var late = MarketEvent(kind: .bar, symbol: ibm, timestamp: desk.time)
        late.openTime = desk.time.advanced(byMicroseconds: -1)
        late.open = Price("1")
        late.high = Price("200")
        late.low = Price("1")
        late.price = Price("105")
        desk.apply(late)
        #expect(desk.lines == ["1 accepted"])
        desk.bar("106", "106", "106", "106")
        #expect(desk.lines == ["1 accepted", "1 filled 10@106 taker"])
    }

    @Test func `bars fill nothing and mark nothing once a symbol has shown a tick`() {
        var desk = Desk()
        desk.bar("105", "105", "105", "105")
        desk.submit(.buy, "10", .limit, at: "100")
        desk.quote("104", "106")
        desk.bar("90", "95", "80", "85")
        #expect(desk.lines == ["1 accepted"])
        #expect(desk.book.mark(of: ibm) == Price("105"))
    }
}

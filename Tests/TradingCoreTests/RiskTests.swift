import Contracts
import Testing

@testable import TradingCore

@Suite struct RiskTests {
    private static func limits(_ change: (inout SessionSettings) -> Void) -> SessionSettings {
        var settings = SessionSettings.free
        settings.cash = Money("1000")
        change(&settings)
        return settings
    }

    @Test(arguments: [
        Row(
            "a symbol of another session",
            { $0.submit(.buy, "1", .limit, at: "1", symbol: SymbolIndex(8)) },
            makes: ["1 rejected unknown_symbol"]),
        Row(
            "no symbol at all", { $0.submit(.buy, "1", .limit, at: "1", symbol: .none) },
            makes: ["1 rejected unknown_symbol"]),
        Row(
            "another currency",
            {
                $0.instrument(price: "0.01", size: "1", currency: "EUR")
                $0.submit(.buy, "1", .limit, at: "1")
            },
            makes: ["1 rejected currency_mismatch"]),
        Row(
            "a quantity that is not positive",
            {
                $0.submit(.buy, "0", .limit, at: "1")
                $0.submit(.buy, "-1", .limit, at: "1")
            },
            makes: ["1 rejected invalid_quantity", "2 rejected invalid_quantity"]),
        Row(
            "off the increments",
            {
                $0.instrument(price: "0.01", size: "1", currency: "USD")
                $0.submit(.buy, "1.5", .limit, at: "1")
                $0.submit(.buy, "1", .limit, at: "1.005")
                $0.submit(.buy, "1", .stop, stop: "1.005")
                $0.submit(.buy, "1", .limit, at: "1.01")
            },
            makes: [
                "1 rejected quantity_increment", "2 rejected price_increment",
                "3 rejected price_increment", "4 accepted",
            ]),
        Row(
            "prices that the type does not allow",
            {
                $0.submit(.buy, "1", .limit)
                $0.submit(.buy, "1", .limit, at: "-1")
                $0.submit(.buy, "1", .stop)
                $0.submit(.buy, "1", .limit, at: "1", stop: "1")
                $0.submit(.buy, "1", .stop, at: "1", stop: "1")
            },
            makes: (1...5).map { "\($0) rejected invalid_price" }),
        Row(
            "the price of a market order is noted only",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "1", at: "-5")
            },
            makes: ["1 accepted", "1 filled 1@11 taker"]),
        Row(
            "quantity of one order", limits { $0.maxOrderQuantity = Quantity("10") },
            {
                $0.submit(.buy, "10", .limit, at: "1")
                $0.submit(.buy, "11", .limit, at: "1")
                $0.replace(1, quantity: "11")
            },
            makes: ["1 accepted", "2 rejected max_order_quantity", "1 rejected max_order_quantity"]),
        Row(
            "value of one order", limits { $0.maxNotional = Money("100") },
            {
                $0.submit(.buy, "10", .limit, at: "10")
                $0.submit(.buy, "10", .limit, at: "10.01")
                $0.quote("10", "11", size: "0")
                $0.submit(.buy, "9.1")
                $0.submit(.sell, "10")
            },
            makes: [
                "1 accepted", "2 rejected max_notional", "3 rejected max_notional", "4 accepted",
                "4 filled 10@10 taker",
            ]),
        Row(
            "position with what works", limits { $0.maxPosition = Quantity("10") },
            {
                $0.submit(.buy, "6", .limit, at: "1")
                $0.submit(.buy, "5", .limit, at: "1")
                $0.submit(.buy, "4", .limit, at: "1")
                $0.submit(.sell, "11", .limit, at: "1")
                $0.submit(.sell, "10", .limit, at: "1")
                $0.submit(.buy, "10", .limit, at: "1", symbol: spy)
            },
            makes: [
                "1 accepted", "2 rejected max_position", "3 accepted", "4 rejected max_position",
                "5 accepted", "6 accepted",
            ]),
        Row(
            "no short selling, working sells counted", limits { $0.short = false },
            {
                $0.quote("10", "11")
                $0.submit(.buy, "10")
                $0.submit(.sell, "6", .limit, at: "12")
                $0.submit(.sell, "5", .limit, at: "12")
                $0.submit(.sell, "4", .limit, at: "12")
                $0.replace(2, quantity: "7")
                $0.replace(2, quantity: "5")
            },
            makes: [
                "1 accepted", "1 filled 10@11 taker", "2 accepted", "3 rejected short_not_allowed",
                "4 accepted", "2 rejected short_not_allowed", "2 replaced",
            ]),
        Row(
            "short positions up to the equity", limits { _ in },
            {
                $0.quote("10", "10", size: "0")
                $0.submit(.sell, "101")
                $0.submit(.sell, "60")
                $0.quote("10", "10", size: "0", symbol: spy)
                $0.submit(.sell, "41", symbol: spy)
                $0.submit(.sell, "40", symbol: spy)
            },
            makes: [
                "1 rejected insufficient_equity", "2 accepted", "2 filled 60@10 taker",
                "3 rejected insufficient_equity", "4 accepted", "4 filled 40@10 taker",
            ]),
        Row(
            "cash for the worst price, the fee and what works",
            limits {
                $0.fee = .perShare
                $0.slippage = Price("1")
            },
            {
                $0.submit(.buy, "100", .limit, at: "9.995")
                $0.submit(.buy, "50", .limit, at: "10")
                $0.quote("1", "10", size: "0", symbol: spy)
                $0.submit(.buy, "45.5", symbol: spy)
                $0.submit(.buy, "45.2", symbol: spy)
            },
            makes: [
                "1 rejected insufficient_cash", "2 accepted", "3 rejected insufficient_cash", "4 accepted",
                "4 filled 45.2@11 taker",
            ]),
        Row(
            "a short can always be covered", limits { _ in },
            {
                $0.quote("10", "10", size: "0")
                $0.submit(.sell, "100")
                $0.quote("30", "30", size: "0")
                $0.submit(.buy, "101")
                $0.submit(.buy, "100")
            },
            makes: [
                "1 accepted", "1 filled 100@10 taker", "2 rejected insufficient_cash", "3 accepted",
                "3 filled 100@30 taker",
            ]),
        Row(
            "orders within a second of session time", limits { $0.orderRate = 2 },
            {
                $0.submit(.buy, "1", .limit, at: "1")
                $0.time = $0.time.advanced(byMicroseconds: 600_000)
                $0.submit(.buy, "1", .limit, at: "1")
                $0.replace(1, price: "2")
                $0.cancel(2)
                $0.time = $0.time.advanced(byMicroseconds: 399_999)
                $0.submit(.buy, "1", .limit, at: "1")
                $0.time = $0.time.advanced(byMicroseconds: 1)
                $0.submit(.buy, "1", .limit, at: "1")
                $0.submit(.buy, "1", .limit, at: "1")
            },
            makes: [
                "1 accepted", "2 accepted", "1 rejected order_rate", "2 cancelled", "5 rejected order_rate",
                "6 accepted", "7 rejected order_rate",
            ]),
    ])
    func `the check of`(row: Row) { row.check() }

    @Test func `a rejection says the numbers`() {
        var desk = Desk(Self.limits { $0.maxOrderQuantity = Quantity("10") })
        desk.submit(.buy, "11.5", .limit, at: "1")
        #expect(
            desk.reports[0].reason?.sentence == "the quantity 11.5 is above the limit of 10 for one order")
    }

    @Test func `working orders have a limit`() {
        var desk = Desk()
        for _ in 0...SessionBook.maximumWorkingOrders { desk.submit(.sell, "1", .stop, stop: "1") }
        #expect(desk.book.workingOrders == SessionBook.maximumWorkingOrders)
        #expect(desk.lines.last == "10001 rejected too_many_orders")
    }

    @Test func `whatever the amounts are, nothing traps and every command is answered`() {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, 100_000_000, .max - 1, .max]
        var settings = SessionSettings.free
        settings.slippage = Price(units: .max)
        for settings in [SessionSettings(), .free, settings] {
            var desk = Desk(settings)
            for market in extremes {
                extremeMarket(&desk, market)
                for quantity in extremes {
                    for price in extremes { extremeOrders(&desk, quantity, price) }
                }
            }
            #expect(desk.reports.map(\.number) == Array(1..<UInt64(desk.reports.count) + 1))
            let answered = Set(desk.reports.map(\.command))
            #expect((1...desk.commands).allSatisfy(answered.contains))
        }
    }

    private func extremeMarket(_ desk: inout Desk, _ units: Int64) {
        var event = MarketEvent(kind: .quote, symbol: ibm, timestamp: desk.time)
        event.has = .both
        event.bid = Price(units: units)
        event.ask = Price(units: units)
        event.askSize = Quantity(units: units)
        desk.apply(event)
        event.kind = .trade
        event.price = Price(units: units)
        event.size = Quantity(units: units)
        desk.apply(event)
        event.kind = .bar
        event.symbol = spy
        event.high = Price(units: .max)
        event.low = Price(units: .min)
        event.openTime = Timestamp(microseconds: units)
        desk.apply(event)
        event.kind = .instrument
        desk.apply(event)
    }

    private func extremeOrders(_ desk: inout Desk, _ quantity: Int64, _ price: Int64) {
        for side in Side.allCases {
            for type in OrderType.allCases {
                desk.commands += 1
                desk.run(
                    Command(
                        action: .submit, number: desk.commands, order: desk.commands,
                        symbol: desk.commands % 2 == 0 ? ibm : spy, side: side, type: type,
                        timeInForce: desk.commands % 3 == 0 ? .ioc : .gtc,
                        quantity: Quantity(units: quantity),
                        price: Price(units: type == .stop ? 0 : price),
                        stopPrice: Price(units: type == .stop ? price : 0)))
                desk.commands += 1
                desk.run(
                    Command(
                        action: .replace, number: desk.commands, order: desk.commands - 1, symbol: ibm,
                        quantity: Quantity(units: price), price: Price(units: quantity)))
            }
        }
    }
}

import Contracts
import Testing

@testable import TradingCore

@Suite struct TickFillTests {
    @Test(arguments: [
        Row(
            "takes the touch and is done",
            {
                $0.quote("10", "11"); $0.submit(.buy, "100")
            },
            makes: ["1 accepted", "1 filled 100@11 taker"]),
        Row(
            "a sell takes the bid",
            {
                $0.quote("10", "11"); $0.submit(.sell, "100")
            },
            makes: ["1 accepted", "1 filled 100@10 taker"]),
        Row(
            "the rest works and takes what later quotes show",
            {
                $0.quote("10", "11"); $0.submit(.buy, "250"); $0.quote("10", "12"); $0.quote("10", "13")
            },
            makes: [
                "1 accepted", "1 partially_filled 100@11 taker", "1 partially_filled 100@12 taker",
                "1 filled 50@13 taker",
            ]),
        Row(
            "the rest of an IOC is cancelled",
            {
                $0.quote("10", "11"); $0.submit(.buy, "250", .market, .ioc)
            },
            makes: ["1 accepted", "1 partially_filled 100@11 taker", "1 cancelled immediate_or_cancel"]),
        Row(
            "size taken is not there for the next order",
            {
                $0.quote("10", "11"); $0.submit(.buy, "70"); $0.submit(.buy, "70")
            },
            makes: ["1 accepted", "1 filled 70@11 taker", "2 accepted", "2 partially_filled 30@11 taker"]),
        Row(
            "a side that did not change while the other did is not shown anew",
            {
                $0.quote("10", "11"); $0.submit(.buy, "150"); $0.quote("9", "11")
            },
            makes: ["1 accepted", "1 partially_filled 100@11 taker"]),
        Row(
            "another size shows the side anew",
            {
                $0.quote("10", "11"); $0.submit(.buy, "150"); $0.quote("10", "11", size: "40", bidSize: "100")
            },
            makes: ["1 accepted", "1 partially_filled 100@11 taker", "1 partially_filled 40@11 taker"]),
        Row(
            "a quote repeated as it stood is shown anew",
            {
                $0.quote("10", "11"); $0.submit(.buy, "150"); $0.quote("10", "11")
            },
            makes: ["1 accepted", "1 partially_filled 100@11 taker", "1 filled 50@11 taker"]),
        Row(
            "a size of zero states none and limits nothing",
            {
                $0.quote("10", "11", size: "0"); $0.submit(.buy, "5000"); $0.submit(.buy, "5000")
            },
            makes: ["1 accepted", "1 filled 5000@11 taker", "2 accepted", "2 filled 5000@11 taker"]),
        Row(
            "fill touch ignores sizes", .free { $0.fill = .touch },
            {
                $0.quote("10", "11"); $0.submit(.buy, "5000"); $0.submit(.buy, "5000")
            },
            makes: ["1 accepted", "1 filled 5000@11 taker", "2 accepted", "2 filled 5000@11 taker"]),
        Row(
            "slippage is against the trader", .free { $0.slippage = Price("0.02") },
            {
                $0.quote("10", "11"); $0.submit(.buy, "10"); $0.submit(.sell, "10")
            },
            makes: ["1 accepted", "1 filled 10@11.02 taker", "2 accepted", "2 filled 10@9.98 taker"]),
        Row(
            "on a symbol that has shown nothing it is rejected", { $0.submit(.buy, "1") },
            makes: ["1 rejected no_quote"]),
        Row(
            "without its side of the quote it waits",
            {
                $0.quote("10", nil); $0.submit(.buy, "1"); $0.quote("10", "11")
            },
            makes: ["1 accepted", "1 filled 1@11 taker"]),
        Row(
            "on a crossed book it waits until it uncrosses; a locked one trades",
            {
                $0.quote("12", "11"); $0.submit(.buy, "1"); $0.trade("11"); $0.quote("11", "11")
            },
            makes: ["1 accepted", "1 filled 1@11 taker"]),
        Row(
            "while only trades were shown it takes the last and then each later one",
            {
                $0.trade("11", size: "60"); $0.submit(.buy, "100"); $0.trade("12", size: "60")
            },
            makes: ["1 accepted", "1 partially_filled 60@11 taker", "1 filled 40@12 taker"]),
        Row(
            "a trade is nothing to take once a quote was shown",
            {
                $0.quote("10", nil); $0.trade("11"); $0.submit(.buy, "1")
            }, makes: ["1 accepted"]),
    ])
    func `a market order`(row: Row) { row.check() }

    @Test(arguments: [
        Row(
            "rests below the touch and fills at its price when the touch reaches it",
            {
                $0.quote("10", "11"); $0.submit(.buy, "50", .limit, at: "10.5"); $0.quote("10", "10.4")
            },
            makes: ["1 accepted", "1 filled 50@10.5 maker"]),
        Row(
            "fills when the touch is just at it",
            {
                $0.quote("10", "11"); $0.submit(.sell, "50", .limit, at: "10.5"); $0.quote("10.5", "11")
            },
            makes: ["1 accepted", "1 filled 50@10.5 maker"]),
        Row(
            "that is marketable takes the touch at its price, and the rest works",
            {
                $0.quote("10", "11"); $0.submit(.buy, "150", .limit, at: "12"); $0.quote("10", "11.5")
            },
            makes: ["1 accepted", "1 partially_filled 100@11 taker", "1 filled 50@12 maker"]),
        Row(
            "pays slippage as taker, never beyond its limit", .free { $0.slippage = Price("0.3") },
            {
                $0.quote("10", "11")
                $0.submit(.buy, "10", .limit, at: "11.2")
                $0.submit(.buy, "10", .limit, at: "12")
                $0.submit(.sell, "10", .limit, at: "9.9")
            },
            makes: [
                "1 accepted", "1 filled 10@11.2 taker", "2 accepted", "2 filled 10@11.3 taker",
                "3 accepted", "3 filled 10@9.9 taker",
            ]),
        Row(
            "is filled by a trade through it, not at it, up to the size of the trade",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.trade("10.5")
                $0.trade("10.4", size: "30")
                $0.trade("10.4", size: "30")
            },
            makes: ["1 accepted", "1 partially_filled 30@10.5 maker", "1 filled 20@10.5 maker"]),
        Row(
            "shares a trade with the others in the order of the numbers",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .limit, at: "10.4")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.trade("10.1", size: "70")
            },
            makes: [
                "1 accepted", "2 accepted", "1 filled 50@10.4 maker", "2 partially_filled 20@10.5 maker",
            ]),
        Row(
            "takes no more of a quote than it shows",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.quote("10", "10.5", size: "70")
            },
            makes: [
                "1 accepted", "2 accepted", "1 filled 50@10.5 maker", "2 partially_filled 20@10.5 maker",
            ]),
        Row(
            "is not filled on a crossed book, by a trade neither",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.quote("10.4", "10.3")
                $0.trade("10.2")
                $0.quote("10.3", "10.3")
            },
            makes: ["1 accepted", "1 filled 50@10.5 maker"]),
        Row(
            "immediate or cancel that reaches nothing is cancelled",
            {
                $0.quote("10", "11"); $0.submit(.buy, "50", .limit, at: "10.5", .ioc)
            },
            makes: ["1 accepted", "1 cancelled immediate_or_cancel"]),
        Row(
            "works on a symbol that has shown nothing yet",
            {
                $0.submit(.buy, "50", .limit, at: "10.5"); $0.quote("10", "10.5")
            },
            makes: ["1 accepted", "1 filled 50@10.5 maker"]),
        Row(
            "with only trades shown takes the last if it is through",
            {
                $0.trade("11")
                $0.submit(.buy, "10", .limit, at: "11")
                $0.submit(.buy, "10", .limit, at: "12")
            },
            makes: ["1 accepted", "2 accepted", "2 filled 10@11 taker"]),
        Row(
            "of another symbol is left alone",
            {
                $0.quote("10", "11"); $0.submit(.buy, "5", .limit, at: "10"); $0.quote("1", "2", symbol: spy)
            },
            makes: ["1 accepted"]),
    ])
    func `a limit order`(row: Row) { row.check() }

    @Test(arguments: [
        Row(
            "is triggered by the touch where no trades are shown, and takes at once",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .stop, stop: "12")
                $0.quote("10", "11.9")
                $0.quote("10", "12.1")
            },
            makes: ["1 accepted", "1 filled 50@12.1 taker"]),
        Row(
            "a sell is triggered by the bid",
            {
                $0.quote("10", "11"); $0.submit(.sell, "50", .stop, stop: "9"); $0.quote("9", "11")
            },
            makes: ["1 accepted", "1 filled 50@9 taker"]),
        Row(
            "is triggered by a trade, and takes the quote that stands",
            {
                $0.quote("10", "11"); $0.submit(.buy, "50", .stop, stop: "12"); $0.trade("12")
            },
            makes: ["1 accepted", "1 filled 50@11 taker"]),
        Row(
            "is not triggered by the touch where trades are shown",
            {
                $0.quote("10", "11")
                $0.trade("10.5")
                $0.submit(.buy, "50", .stop, stop: "12")
                $0.quote("10", "12.5")
            },
            makes: ["1 accepted"]),
        Row(
            "that is reached on arrival takes at once",
            {
                $0.quote("10", "11"); $0.submit(.buy, "50", .stop, stop: "10.5")
            },
            makes: ["1 accepted", "1 filled 50@11 taker"]),
        Row(
            "works on as a market order when the size is not there",
            {
                $0.quote("10", "11", size: "20")
                $0.submit(.buy, "50", .stop, stop: "10.5")
                $0.quote("8", "9", size: "40")
            },
            makes: ["1 accepted", "1 partially_filled 20@11 taker", "1 filled 30@9 taker"]),
        Row(
            "immediate or cancel waits for its trigger, then for nothing",
            {
                $0.quote("10", "11", size: "20")
                $0.submit(.buy, "50", .stop, stop: "12", .ioc)
                $0.quote("12", "13", size: "20")
            },
            makes: ["1 accepted", "1 partially_filled 20@13 taker", "1 cancelled immediate_or_cancel"]),
        Row(
            "is triggered by a trade on a crossed book and fills when it uncrosses",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .stop, stop: "12")
                $0.quote("12", "11")
                $0.trade("12")
                $0.quote("9", "10")
            },
            makes: ["1 accepted", "1 filled 50@10 taker"]),
    ])
    func `a stop order`(row: Row) { row.check() }

    @Test func `an execution names the mid at the decision and its slippage against the trader`() {
        var desk = Desk()
        desk.quote("181.78", "181.82")
        desk.submit(.buy, "100")
        desk.submit(.sell, "100")
        #expect(desk.executions.map(\.referencePrice) == [Price("181.8"), Price("181.8")])
        #expect(desk.executions.map(\.slippage) == [Price("0.02"), Price("0.02")])
    }

    @Test
    func `the reference is the mid rounded down, else the last trade, else the close, else the order's own`()
    {
        let limit = Command(
            action: .submit, number: 1, order: 1, symbol: ibm, type: .limit, price: Price("3"))
        var desk = Desk()
        #expect(desk.book.referencePrice(for: limit) == Price("3"))
        desk.bar("4", "4", "4", "5")
        #expect(desk.book.referencePrice(for: limit) == Price("5"))
        desk.trade("6")
        #expect(desk.book.referencePrice(for: limit) == Price("6"))
        desk.quote("6", nil)
        #expect(desk.book.referencePrice(for: limit) == Price("6"))
        desk.quote("0.00000001", "0.00000002")
        #expect(desk.book.referencePrice(for: limit) == Price("0.00000001"))
    }
}

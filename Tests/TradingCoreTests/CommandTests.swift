import Contracts
import Testing

@testable import TradingCore

@Suite struct CommandTests {
    @Test(arguments: [
        Row(
            "cancel ends an order",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "5", .limit, at: "10")
                $0.cancel(1)
                $0.quote("8", "9")
            },
            makes: ["1 accepted", "1 cancelled"]),
        Row(
            "cancel and replace of what has ended come too late",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "5")
                $0.cancel(1)
                $0.replace(1, price: "3")
            },
            makes: [
                "1 accepted", "1 filled 5@11 taker", "1 rejected too_late", "1 rejected too_late",
            ]),
        Row(
            "what was never accepted is unknown",
            {
                $0.submit(.buy, "5")
                $0.cancel(1)
                $0.cancel(99)
                $0.replace(.max, price: "3")
                $0.cancel(0)
            },
            makes: [
                "1 rejected no_quote", "1 rejected unknown_order", "99 rejected unknown_order",
                "18446744073709551615 rejected unknown_order", "0 rejected unknown_order",
            ]),
        Row(
            "replace to a marketable price takes at once",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "5", .limit, at: "10")
                $0.replace(1, price: "12")
            },
            makes: ["1 accepted", "1 replaced", "1 filled 5@11 taker"]),
        Row(
            "replace keeps the priority of the number",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "50", .limit, at: "9")
                $0.submit(.buy, "50", .limit, at: "10.5")
                $0.replace(1, price: "10.5")
                $0.quote("10", "10.5", size: "60")
            },
            makes: [
                "1 accepted", "2 accepted", "1 replaced", "1 filled 50@10.5 maker",
                "2 partially_filled 10@10.5 maker",
            ]),
        Row(
            "replace names the whole quantity, which must be above what is filled",
            {
                $0.quote("10", "11", size: "30")
                $0.submit(.buy, "50", .limit, at: "11")
                $0.replace(1, quantity: "30")
                $0.replace(1, quantity: "31")
                $0.quote("10", "11", size: "50")
            },
            makes: [
                "1 accepted", "1 partially_filled 30@11 taker", "1 rejected quantity_below_filled",
                "1 replaced", "1 filled 1@11 maker",
            ]),
        Row(
            "replace moves a stop",
            {
                $0.quote("10", "11")
                $0.submit(.buy, "5", .stop, stop: "13")
                $0.replace(1, stop: "12")
                $0.quote("11", "12")
            },
            makes: ["1 accepted", "1 replaced", "1 filled 5@12 taker"]),
        Row(
            "market orders and triggered stops cannot be replaced, and go on working",
            {
                $0.quote("10", "11", size: "1")
                $0.submit(.buy, "5")
                $0.quote("10", "12", size: "1")
                $0.submit(.buy, "5", .stop, stop: "12")
                $0.replace(1, quantity: "9")
                $0.replace(2, quantity: "9")
                $0.cancel(1)
            },
            makes: [
                "1 accepted", "1 partially_filled 1@11 taker", "1 partially_filled 1@12 taker",
                "2 accepted", "1 rejected not_replaceable", "2 rejected not_replaceable", "1 cancelled",
            ]),
    ])
    func `a command`(row: Row) { row.check() }

    @Test func `an accepted report holds all terms, a cancelled one has nothing remaining`() {
        var desk = Desk()
        desk.quote("10", "11")
        desk.submit(.sell, "5", .limit, at: "12")
        desk.cancel(1)
        let accepted = Report(
            number: 1, status: .accepted, command: 1, order: 1, symbol: ibm, side: .sell, type: .limit,
            timeInForce: .gtc, quantity: Quantity("5"), price: Price("12"), stopPrice: .zero,
            filled: .zero, remaining: Quantity("5"), after: 1, timestamp: desk.time)
        #expect(desk.reports[0] == accepted)
        #expect(desk.reports[0].isWorking)
        #expect(desk.reports[1].remaining == .zero)
        #expect(desk.reports[1].command == 2)
        #expect(!desk.book.hasWorkingOrders)
    }

    @Test func `a rejected replace shows the order as it goes on working`() {
        var desk = Desk()
        desk.submit(.buy, "5", .limit, at: "12")
        desk.replace(1, price: "-3")
        #expect(desk.lines.last == "1 rejected invalid_price")
        #expect(desk.reports[1].price == Price("12"))
        #expect(desk.reports[1].remaining == Quantity("5"))
        #expect(desk.book.hasWorkingOrders)
    }

    @Test func `fills name the command that caused them, and none when the market did`() {
        var desk = Desk()
        desk.quote("10", "11")
        desk.submit(.buy, "150")
        desk.quote("10", "12")
        #expect(desk.reports.map(\.command) == [1, 1, 0])
        #expect(desk.reports.map(\.after) == [1, 1, 1])
    }

    @Test func `halt cancels everything in the order of the numbers`() {
        var desk = Desk()
        desk.submit(.buy, "5", .limit, at: "12")
        desk.submit(.sell, "5", .limit, at: "14", symbol: spy)
        desk.book.halt(at: desk.time, after: 0, into: &desk.reports)
        #expect(desk.lines.suffix(2) == ["1 cancelled halted", "2 cancelled halted"])
        desk.quote("1", "2")
        #expect(desk.reports.count == 4)
        desk.submit(.buy, "5", .limit, at: "12")
        #expect(desk.lines.last == "3 rejected halted")
    }

    @Test func `a rejection of the driver is numbered with the rest`() {
        var desk = Desk()
        desk.submit(.buy, "5", .limit, at: "12")
        let late = Command(action: .cancel, number: 2, order: 1, symbol: ibm)
        desk.book.reject(
            late, reason: Reason(code: "event_order_limit", sentence: "more than 64"), at: desk.time,
            after: 0, into: &desk.reports)
        #expect(desk.lines.last == "1 rejected event_order_limit")
        #expect(desk.reports.map(\.number) == [1, 2])
        #expect(desk.reports[1].isWorking)
    }

    @Test func `accepted numbers are remembered in any order and sparsely`() {
        var numbers = OrderNumbers()
        let given: [UInt64] = [5, 1, 700, 64, 63, .max, 65, 128]
        for number in given { numbers.insert(number) }
        for number in given { #expect(numbers.contains(number)) }
        for number: UInt64 in [0, 2, 62, 66, 127, 129, 699, .max - 1] { #expect(!numbers.contains(number)) }
    }
}

import Contracts
import Testing

@testable import TradingCore

@Suite struct AccountTests {
    @Test(arguments: [
        // model, price, quantity, fee
        (FeeModel.perShare, "181.82", "100", "1"),
        (.perShare, "181.82", "200", "1"),
        (.perShare, "181.82", "201", "1.005"),
        (.perShare, "10", "300.00000001", "1.5"),
        (.perShare, "10", "300.000001", "1.50000000"),
        (.perShare, "10", "300.000003", "1.50000002"),
        (.perValue, "181.82", "100", "18.182"),
        (.perValue, "0.00000001", "1", "0"),
        (.perValue, "0.000005", "1", "0"),
        (.perValue, "0.000015", "1", "0.00000002"),
        (.none, "181.82", "100", "0"),
    ])
    func `fee of one fill`(model: FeeModel, price: String, quantity: String, fee: String) throws {
        var settings = SessionSettings()
        settings.fee = model
        #expect(try settings.fillFee(price: Price(price), quantity: Quantity(quantity)) == Money(fee))
    }

    @Test func `a fill that crosses zero is a close and an open in one report, and they share its fee`() {
        var settings = SessionSettings.free
        settings.fee = .perShare
        settings.feePerShare = Price("0.01")
        var desk = Desk(settings)
        desk.quote("10", "10", size: "0")
        desk.submit(.buy, "100")
        desk.quote("12", "12", size: "0")
        desk.submit(.sell, "250")
        #expect(desk.lines.last == "2 filled 100@12 taker 150@12 taker")
        let made = desk.executions.suffix(2)
        #expect(made.map(\.effect) == [.close, .open])
        #expect(made.map(\.fee) == [Money("1"), Money("1.5")])
        #expect(made.map(\.realizedPnl) == [Money("200"), .zero])
        #expect(made.map(\.position) == [.zero, Quantity("-150")])
        #expect(made.map(\.averagePrice) == [.zero, Price("12")])
        #expect(made.map(\.fill) == [1, 2])
        #expect(made.map(\.strategySeq) == [2, 3])
        #expect(
            desk.book.account.cash == Money("10001996.5"))
    }

    @Test func `a fee that does not divide goes half to even to the close, the rest to the open`() {
        var settings = SessionSettings.free
        settings.fee = .perShare
        settings.feePerShare = .zero
        settings.feeMinimum = Money("0.00000005")
        var desk = Desk(settings)
        desk.quote("10", "10", size: "0")
        desk.submit(.buy, "1")
        desk.submit(.sell, "2")
        #expect(desk.executions.suffix(2).map(\.fee) == [Money("0.00000002"), Money("0.00000003")])
    }

    @Test(arguments: [
        // script of signed quantity @ price; realised profit and average price after each
        (["3@10", "-1@11", "-1@11", "-1@11"], ["0", "1", "1", "1"], ["10", "10", "10", "0"]),
        (
            ["1@10", "2@11", "-1@12", "-1@12", "-1@12"],
            ["0", "0", "1.33333333", "1.33333333", "1.33333333"],
            ["10", "10.66666667", "10.66666667", "10.66666667", "0"]
        ),
        (
            // 2 of 3 bought for 32 are left: 64/3; with 2 at x it is 4 for 64/3 + 2x, 3 of which are 16 +
            // 1.5x.
            ["3@10.66666667", "-1@12", "2@11.00000001", "-3@12", "-1@12"],
            ["0", "1.33333333", "0", "3.49999998", "1.16666666"],
            ["10.66666667", "10.66666667", "10.83333334", "10.83333334", "0"]
        ),
        (["-2@10", "1@9", "1@12"], ["0", "1", "-2"], ["10", "10", "0"]),
        (["-2@10", "-1@11", "1@9"], ["0", "0", "1.33333333"], ["10", "10.33333333", "10.33333333"]),
    ])
    func `average cost`(script: [String], realized: [String], average: [String]) throws {
        var position = Position()
        for (index, step) in script.enumerated() {
            let parts = step.split(separator: "@").map(String.init)
            let quantity = Quantity(parts[0])
            let booked = try position.book(
                quantity > .zero ? .buy : .sell, quantity.magnitude, at: Price(parts[1]))
            #expect(booked.realized == Money(realized[index]), "step \(index)")
            #expect(try position.averagePrice() == Price(average[index]), "step \(index)")
        }
    }

    @Test func `partial closes do not drift: what a round trip realises is what it earned`() throws {
        var random = Seeded(seed: 11)
        for _ in 0..<200 {
            var position = Position()
            var cash: Int128 = 0
            var realized = 0.0
            for _ in 0..<50 {
                let isBuy = position.quantity.isZero || random.below(2) == 0
                let most = isBuy ? 1000 : position.quantity.units
                let quantity = Quantity(units: 1 + Int64(random.below(UInt64(most))))
                let price = Price(units: 1 + Int64(random.below(10_000_000_000)))
                cash -= Int128(price.units) * Int128(quantity.units) * (isBuy ? 1 : -1)
                realized += try position.book(isBuy ? .buy : .sell, quantity, at: price).realized.approximate
            }
            if !position.quantity.isZero {
                let all = position.quantity
                cash += Int128(100) * Int128(all.units)
                realized += try position.book(.sell, all, at: Price(units: 100)).realized.approximate
            }
            #expect(position.cost == 0)
            // 51 executions, each rounded by at most half a unit.
            #expect(abs(realized - Double(cash) / 1e16) < 51 * 0.5e-8 + 1e-9)
        }
    }

    @Test func `a fill that leaves the range of amounts cancels the order and changes nothing`() {
        var settings = SessionSettings.free
        settings.cash = Money(units: .max - 1)
        settings.short = true
        var desk = Desk(settings)
        desk.quote("10", "10", size: "0")
        desk.submit(.sell, "100")
        #expect(desk.lines == ["1 accepted", "1 cancelled amount_out_of_range"])
        #expect(desk.book.account.cash == settings.cash)
        #expect(desk.book.position(of: ibm) == .zero)
        #expect(desk.book.lastExecution == 0)
    }

    @Test func `equity is cash and positions at their marks`() throws {
        var desk = Desk()
        desk.quote("10", "11")
        desk.submit(.buy, "100")
        #expect(try desk.book.equity() == Money("9999950"))
        desk.bar("20", "20", "20", "20", symbol: spy)
        desk.submit(.sell, "10", symbol: spy)
        desk.bar("20", "22", "20", "22", symbol: spy)
        #expect(try desk.book.equity() == Money("9999930"))
        #expect(desk.book.averagePrice(of: spy) == Price("20"))
    }
}

/// A small seeded generator (SplitMix64), so that a printed seed repeats a failure.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
}

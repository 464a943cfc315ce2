import Contracts
import Testing
import TradingCore

@testable import performance_tracker

@Suite("The books of another robot's strategy") struct OutsideBookTests {
    /// A first trade of 100 at 10, then this one; what became of it.
    private func second(_ change: (inout OutsideTrade) -> Void) -> Result<TradeEvent, Refusal> {
        var book = OutsideBook(id: "bot.s", source: "bot")
        var trade = outside(1)
        _ = try? book.book(trade)
        trade = outside(2, .sell)
        change(&trade)
        do throws(Refusal) { return .success(try book.book(trade)) } catch { return .failure(error) }
    }

    @Test("what the robot does not say is derived: effect, position, profit and cash") func derives() throws {
        let trade = try second { _ in }.get()
        #expect(trade.strategyID == "bot.s" && trade.tradeID == "bot.t2" && trade.orderID == "bot.t2")
        #expect(trade.effect == .close && trade.position == .zero && trade.averagePrice == .zero)
        #expect(trade.realizedPnl == .zero && trade.cash == Money(whole: 99_998))
        #expect(trade.referencePrice == trade.price && trade.slippage == .zero && trade.liquidity == .taker)
    }

    @Test("profit, average price and slippage follow from the trades") func amounts() throws {
        let trade = try second {
            $0.quantity = Quantity(whole: 40)
            $0.price = Price(whole: 12)
            $0.referencePrice = Price(units: 12_10000000)
        }.get()
        #expect(trade.effect == .update && trade.position == Quantity(whole: 60))
        #expect(trade.averagePrice == Price(whole: 10) && trade.realizedPnl == Money(whole: 80))
        #expect(trade.slippage == Price(units: 10000000) && trade.cash == Money(whole: 99_478))
    }

    @Test("cash that the first trade says is where the account begins") func cash() throws {
        var book = OutsideBook(id: "bot.s", source: "bot")
        var trade = outside(1)
        trade.cash = Money(whole: 500)
        #expect(try book.book(trade).cash == Money(whole: 500))
        trade = outside(2, .sell)
        trade.cash = Money(whole: 1_499)
        #expect(try book.book(trade).cash == Money(whole: 1_499))
    }

    @Test(
        "what contradicts the trades before is refused, and changes nothing",
        arguments: [
            ("crosses zero", "would cross zero: send 100 that close and 50 that open"),
            ("closes nothing", "closes, and bot.s holds no MSFT"),
            ("effect", "event_type is close, not open"),
            ("position", "position is 0, not 7"), ("cash", "cash is 99998, not 3"),
            ("profit", "realized_pnl is 0, not 1"), ("average", "average_price is 0, not 10"),
            ("time", "before the trade before it"),
        ]) func contradictions(_ what: String, _ sentence: String) throws
    {
        let outcome = second {
            switch what {
            case "crosses zero": $0.quantity = Quantity(whole: 150)
            case "closes nothing":
                $0.symbol = "MSFT"
                $0.effect = .close
            case "effect": $0.effect = .open
            case "position": $0.position = Quantity(whole: 7)
            case "cash": $0.cash = Money(whole: 3)
            case "profit": $0.realizedPnl = Money(whole: 1)
            case "average": $0.averagePrice = Price(whole: 10)
            default: $0.timestamp = Timestamp(seconds: 1)
            }
        }
        guard case .failure(let refusal) = outcome else {
            Issue.record("\(what) was booked")
            return
        }
        #expect(refusal.reason == .businessRule && refusal.sentence.contains(sentence))
    }

    @Test("amounts and times out of range are refused as such") func range() {
        let cases: [(inout OutsideTrade) -> Void] = [
            {
                $0.quantity = Quantity(units: .max)
                $0.symbol = "MSFT"
            },
            { $0.timestamp = Timestamp(seconds: -1) }, { $0.timestamp = OutsideBook.endOfTime },
        ]
        for change in cases {
            guard case .failure(let refusal) = second(change) else {
                Issue.record("it was booked")
                continue
            }
            #expect(refusal.reason == .outOfRange)
        }
    }

    @Test("books read again from the ledger go on as if they had never been away") func restore() throws {
        var random = SeededNumbers(seed: 71)
        var (kept, position) = (OutsideBook(id: "bot.s", source: "bot"), Int64(0))
        var restored = kept
        for number in 1...500 {
            let trade = randomTrade(UInt64(number), &position, &random)
            var copy = restored
            let event = try kept.book(trade)
            #expect(try copy.book(trade) == event)
            try restored.restore(event)
        }
    }
}

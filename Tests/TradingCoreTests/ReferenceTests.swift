// The session against an independent calculation in whole cents: SMA(10) over SMA(50), 100 at a time, fee in
// millionths of the value, slippage in cents, fills at the touch (or the next bar's open) whatever its size.

import Contracts
import Testing

@testable import TradingCore

@Suite struct ReferenceTests {
    private struct Row {
        var bid: Int64
        var ask: Int64
        var mid2: Int64 { bid + ask }
    }

    private struct Outcome: Equatable {
        var cash8: Int64 = 0
        var fees8: Int64 = 0
        var position: Int64 = 0
        var fills = 0
        var end8: Int64 = 0
    }

    /// +1 to buy, −1 to sell, 0 to do nothing.
    private func side(_ values: [Int64], _ position: Int64) -> Int64 {
        guard values.count >= 50 else { return 0 }
        let slow = values.suffix(50).reduce(0, +)
        let fast = values.suffix(10).reduce(0, +)
        let difference = 50 * fast - 10 * slow
        if difference > 0 && position == 0 { return 1 }
        return difference < 0 && position != 0 ? -1 : 0
    }

    private func rows(_ count: Int) -> [Row] {
        var random = Seeded(seed: 5)
        var bid: Int64 = 18_000
        return (0..<count).map { _ in
            bid += Int64(random.below(21)) - 10
            return Row(bid: bid, ask: bid + 1 + Int64(random.below(4)))
        }
    }

    private func expected(_ rows: [Row], slippage: Int64, ppm: Int64, bars: Bool) -> Outcome {
        var outcome = Outcome()
        var values: [Int64] = []
        var pending: Int64 = 0
        func fill(_ side: Int64, at cents: Int64) {
            let price = cents + side * slippage
            let fee = price * ppm * 100
            outcome.cash8 -= side * price * 100_000_000 + fee
            outcome.fees8 += fee
            outcome.position += side * 100
            outcome.fills += 1
        }
        for row in rows {
            if pending != 0 { fill(pending, at: row.bid) }
            pending = 0
            values.append(bars ? row.ask : row.mid2)
            let side = side(values, outcome.position)
            guard side != 0 else { continue }
            if bars { pending = side } else { fill(side, at: side > 0 ? row.ask : row.bid) }
        }
        let last = bars ? rows[rows.count - 1].ask * 2 : rows[rows.count - 1].mid2
        outcome.end8 = outcome.cash8 + outcome.position / 100 * last * 50_000_000
        return outcome
    }

    @Test(arguments: [(Int64(0), Int64(0)), (1, 0), (2, 35), (0, 1000)], [false, true])
    func `the ledger is the reference's to the last unit`(setting: (Int64, Int64), bars: Bool) throws {
        let rows = rows(3000)
        let expected = expected(rows, slippage: setting.0, ppm: setting.1, bars: bars)
        let settings = try SessionSettings(fields: [
            ("fee", "per-value"), ("fee_per_value", "\(setting.1)"), ("fill", "touch"),
            ("slippage", canonicalDecimal(setting.0 * 1_000_000)),
        ])
        var desk = Desk(settings)
        var values: [Int64] = []
        var decided: Int64 = 0
        for row in rows {
            let bid = canonicalDecimal(row.bid * 1_000_000)
            let ask = canonicalDecimal(row.ask * 1_000_000)
            if bars {
                desk.bar(bid, max(bid, ask), min(bid, ask), ask)
            } else {
                desk.quote(bid, ask, size: "1")
            }
            values.append(bars ? row.ask : row.mid2)
            let side = side(values, decided)
            if side != 0 {
                desk.submit(side > 0 ? .buy : .sell, "100")
                decided += side * 100
            }
        }
        let account = desk.book.account
        let made = Outcome(
            cash8: (account.cash - settings.cash).units, fees8: account.fees.units,
            position: desk.book.position(of: ibm).units / unitsPerOne, fills: desk.executions.count,
            end8: (try desk.book.equity() - settings.cash).units)
        #expect(made == expected)
        #expect(made.fills > 20)
    }
}

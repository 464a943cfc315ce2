// Random sessions against rules that must hold whatever happens, and each rule against sessions that were
// falsified on purpose: a checker that cannot fail checks nothing.

import Contracts
import Testing

@testable import TradingCore

/// What a session did, as its ledger and its market tell it.
struct Record {
    var start: Money
    var end: Money
    var positions: [SymbolIndex: Quantity]
    var reports: [Report]
    /// Executions as taker, each with the number of the display (side and time shown anew) it took from.
    var displays: [Display] = []

    /// One showing of one side, and all that was taken from it.
    struct Display {
        var size: Quantity
        var taken = Quantity.zero
    }

    var executions: [Execution] { reports.flatMap(\.executions) }

    /// Every rule that is broken, by name.
    var violations: [String] {
        var broken: [String] = []
        if reports.map(\.number) != Array(1..<UInt64(reports.count) + 1) { broken.append("report numbers") }
        if executions.map(\.strategySeq) != Array(1..<UInt64(executions.count) + 1) {
            broken.append("execution numbers")
        }
        if !limitsHold { broken.append("limit") }
        if !cashHolds { broken.append("cash") }
        if !positionsHold { broken.append("position") }
        if !quantitiesHold { broken.append("quantity") }
        if displays.contains(where: { $0.taken > $0.size }) { broken.append("displayed size") }
        return broken
    }

    private var limitsHold: Bool {
        reports.allSatisfy { report in
            report.type != .limit
                || report.executions.allSatisfy {
                    $0.side == .buy ? $0.price <= report.price : $0.price >= report.price
                }
        }
    }

    /// Cash after every execution is the cash before it, less what it cost and its fee.
    private var cashHolds: Bool {
        var cash = start
        for execution in executions {
            let product = Int128(execution.price.units) * Int128(execution.quantity.units)
            guard let value = try? divideHalfToEven(product, by: Int128(unitsPerOne)) else { return false }
            cash -= Money(units: execution.side.sign * value) + execution.fee
            if cash != execution.cash { return false }
        }
        return cash == end
    }

    private var positionsHold: Bool {
        var sums: [SymbolIndex: Quantity] = [:]
        for execution in executions {
            let before = sums[execution.symbol, default: .zero]
            let after = before + Quantity(units: execution.side.sign * execution.quantity.units)
            sums[execution.symbol] = after
            let effect: PositionEffect = before.isZero ? .open : after.isZero ? .close : .update
            let crosses = before.units.signum() * after.units.signum() < 0
            if after != execution.position || effect != execution.effect || crosses { return false }
        }
        return positions.allSatisfy { sums[$0.key, default: .zero] == $0.value }
    }

    /// What is filled is the sum of the executions, and with what remains the quantity.
    private var quantitiesHold: Bool {
        var filled: [UInt64: Quantity] = [:]
        for report in reports where report.status != .rejected {
            for execution in report.executions { filled[report.order, default: .zero] += execution.quantity }
            let remaining = report.status == .cancelled ? report.quantity - report.filled : report.remaining
            let sum = filled[report.order, default: .zero]
            if report.filled != sum || sum + remaining != report.quantity { return false }
        }
        return true
    }
}

@Suite struct RandomSessionTests {
    private func random(seed: UInt64) -> Record {
        var random = Seeded(seed: seed)
        var settings = SessionSettings()
        settings.cash = Money(whole: 10_000)
        settings.short = random.below(4) != 0
        settings.slippage = Price(units: Int64(random.below(3)) * 500_000)
        settings.fee = FeeModel.allCases[Int(random.below(3))]
        var desk = Desk(settings)
        var record = Record(start: settings.cash, end: .zero, positions: [:], reports: [])
        var open: [Side: Int] = [:]
        var standing: [Side: (String, String)] = [:]
        for _ in 0..<300 {
            desk.time = desk.time.advanced(byMicroseconds: Int64(random.below(500_000)))
            let before = desk.reports.count
            switch random.below(10) {
            case 0..<5: showQuote(&desk, &random, &record, &open, &standing)
            case 5: desk.bar("10", "12", "9", "11", symbol: spy)
            default: act(&desk, &random)
            }
            count(desk.reports[before...], in: &record, open)
        }
        record.end = desk.book.account.cash
        record.positions = [ibm: desk.book.position(of: ibm), spy: desk.book.position(of: spy)]
        record.reports = desk.reports
        return record
    }

    /// Shows a quote of IBM and opens a display for each side shown anew, by the rule as the contract has it.
    private func showQuote(
        _ desk: inout Desk, _ random: inout Seeded, _ record: inout Record, _ open: inout [Side: Int],
        _ standing: inout [Side: (String, String)]
    ) {
        let bid = 9 + random.below(3)
        let ask = 10 + random.below(3)
        let next: [Side: (String, String)] = [
            .buy: ("\(ask)", "\(10 + random.below(3) * 10)"),
            .sell: ("\(bid)", "\(10 + random.below(3) * 10)"),
        ]
        let changed = Side.allCases.filter {
            standing[$0].map { [$0.0, $0.1] } != next[$0].map { [$0.0, $0.1] }
        }
        for side in changed.isEmpty ? Side.allCases : changed {
            guard let shown = next[side] else { continue }
            open[side] = record.displays.count
            record.displays.append(Record.Display(size: Quantity(shown.1)))
        }
        standing = next
        guard let buy = next[.buy], let sell = next[.sell] else { return }
        desk.quote(sell.0, buy.0, size: buy.1, bidSize: sell.1)
    }

    private func count(_ reports: ArraySlice<Report>, in record: inout Record, _ open: [Side: Int]) {
        for execution in reports.flatMap(\.executions) where execution.symbol == ibm {
            guard let display = open[execution.side] else { continue }
            record.displays[display].taken += execution.quantity
        }
    }

    private func act(_ desk: inout Desk, _ random: inout Seeded) {
        let price = "\(9 + random.below(4))"
        let quantity = "\(1 + random.below(40))"
        let order = 1 + random.below(desk.commands + 2)
        switch random.below(8) {
        case 0: desk.cancel(order)
        case 1: desk.replace(order, quantity: quantity, price: price)
        case 2: desk.replace(order, stop: price)
        default:
            let type = OrderType.allCases[Int(random.below(3))]
            desk.submit(
                random.below(2) == 0 ? .buy : .sell, quantity, type, at: type == .limit ? price : "0",
                stop: type == .stop ? price : "0", random.below(4) == 0 ? .ioc : .gtc,
                symbol: random.below(4) == 0 ? spy : ibm)
        }
    }

    @Test func `random sessions break no rule`() {
        var executions = 0
        var splits = 0
        var statuses = Set<OrderStatus>()
        for seed in 1...400 as ClosedRange<UInt64> {
            let record = random(seed: seed)
            #expect(record.violations == [], "seed \(seed)")
            executions += record.executions.count
            splits += record.reports.filter { $0.executions.count == 2 }.count
            statuses.formUnion(record.reports.map(\.status))
        }
        #expect(executions > 10_000)
        #expect(splits > 400)
        #expect(statuses.count == 6, "all but expired")
    }

    @Test func `the same seed makes the same reports`() {
        #expect(random(seed: 3).reports == random(seed: 3).reports)
    }

    @Test(arguments: [
        "report numbers", "execution numbers", "limit", "cash", "position", "quantity", "displayed size",
    ])
    func `a session falsified in one rule is caught by it`(rule: String) throws {
        var record = random(seed: 2)
        try #require(record.violations == [])
        let fills = record.reports.indices.filter { !record.reports[$0].executions.isEmpty }
        let limit = try #require(fills.first { record.reports[$0].type == .limit })
        let some = fills[fills.count / 2]
        switch rule {
        case "report numbers": record.reports.swapAt(some, some + 1)
        case "execution numbers": record.reports[some].executions[0].strategySeq += 1
        case "limit":
            let worse = Price(units: record.reports[limit].executions[0].side.sign)
            record.reports[limit].executions[0].price = record.reports[limit].price + worse
        case "cash": record.reports[some].executions[0].fee += Money(units: 1)
        case "position": record.positions[ibm, default: .zero] += Quantity(units: 1)
        case "quantity": record.reports[some].filled += Quantity(units: 1)
        default:
            let display = try #require(record.displays.indices.last)
            record.displays[display].taken = record.displays[display].size + Quantity(units: 1)
        }
        #expect(record.violations.contains(rule))
    }
}

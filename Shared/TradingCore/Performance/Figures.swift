// The metrics of an account, a symbol of it or a portfolio over one period, by name: what is stored,
// published and printed is this list, in this order. A figure that means nothing yet is nil, never 0 or NaN.
//
// Costs: linear in the days of the period.

import Contracts

/// One figure under its wire name.
package struct Figure: Sendable, Equatable {
    /// How it is shown to a person.
    package enum Unit: Sendable {
        case count, money, fraction, ratio, seconds, date
    }

    package var name: String
    package var unit: Unit
    /// Seconds since 1970 for a date.
    package var value: Double?
    /// The same, exact, where it is a sum of amounts.
    package var amount: Money?

    init(_ name: String, _ unit: Unit, _ value: Double?) {
        self.name = name
        self.unit = unit
        self.value = value.flatMap { $0.isFinite ? $0 : nil }
    }

    init(_ name: String, _ sum: MoneySum) {
        self.init(name, .money, sum.approximate)
        amount = sum.money
    }

    init(_ name: String, _ count: Int) { self.init(name, .count, Double(count)) }
    init(_ name: String, _ time: Timestamp?) {
        self.init(name, .date, time.map { Double($0.microseconds) / 1e6 })
    }
}

/// What the figures of one period are made of.
package struct PeriodData: Sendable {
    /// Equity before the first day.
    var start: Money
    /// Day before the first one that counts, for the calendar; nil without days.
    var startDay: Int32?
    var days: [(number: Int32, equity: Money)]
    var tally: Tally
    /// Of the account, for the share of time.
    var exposure: Exposure
    var periodsPerYear: Int
    /// Whether the order of trades within days is known, so that streaks and falls within days are.
    var isOrdered = true
}

package struct Figures: Sendable {
    package let list: [Figure]

    init(_ data: PeriodData) {
        let end = data.days.last?.equity ?? data.start
        let returns = dailyReturns(data)
        let summary = returns.flatMap { ReturnSummary($0, periodsPerYear: data.periodsPerYear) }
        list =
            Self.account(data, end) + Self.returns(summary, data) + Self.trading(data)
            + Self.roundTrips(data.tally, isOrdered: data.isOrdered)
    }

    package subscript(_ name: String) -> Double? { list.first { $0.name == name }?.value }

    private static func account(_ data: PeriodData, _ end: Money) -> [Figure] {
        var figures = [
            Figure("start_equity", MoneySum(data.start)),
            Figure("end_equity", MoneySum(end)),
            Figure("total_return", .fraction, TotalReturn.value(from: data.start, to: end)),
        ]
        guard data.isOrdered else { return figures }
        let drawdown = data.tally.drawdown
        figures += [
            Figure("max_drawdown", .fraction, drawdown.value),
            Figure("max_drawdown_amount", .money, drawdown.amount),
            Figure("max_drawdown_start", drawdown.dates?.peak),
            Figure("max_drawdown_end", drawdown.dates?.trough),
        ]
        return figures
    }

    private static func returns(_ summary: ReturnSummary?, _ data: PeriodData) -> [Figure] {
        let tail = summary.map { LowestReturns($0.returns) }
        let fall = summary.flatMap { $0.fall.value > 0 ? $0.fall : nil }
        let span = data.startDay.map { Int((data.days.last?.number ?? $0) - $0) } ?? 0
        func end(of place: Int) -> Timestamp? {
            let number = place == 0 ? data.startDay : data.days[place - 1].number
            return number.map { Timestamp(microseconds: Int64($0) * microsecondsPerDay) }
        }
        return [
            Figure("days", data.days.count),
            Figure("cagr", .fraction, summary.flatMap(AnnualGrowth.byCount)),
            Figure(
                "cagr_calendar", .fraction, summary.flatMap { AnnualGrowth.byCalendar($0, days: span) }),
            Figure("volatility", .fraction, summary.map(Volatility.value)),
            Figure("sharpe", .ratio, summary.flatMap(SharpeRatio.value)),
            Figure("sortino", .ratio, summary.flatMap(SortinoRatio.value)),
            Figure("calmar", .ratio, summary.flatMap(CalmarRatio.value)),
            Figure("daily_max_drawdown", .fraction, summary.map(DailyDrawdown.value)),
            Figure("daily_max_drawdown_start", fall.flatMap { end(of: $0.peak) }),
            Figure("daily_max_drawdown_end", fall.flatMap { end(of: $0.trough) }),
            Figure("value_at_risk_95", .fraction, tail.map(ValueAtRisk.value)),
            Figure("conditional_value_at_risk_95", .fraction, tail.map(ConditionalValueAtRisk.value)),
        ]
    }

    private static func trading(_ data: PeriodData) -> [Figure] {
        let tally = data.tally
        let equities = data.days.map(\.equity.approximate)
        let mean = equities.isEmpty ? nil : equities.reduce(0, +) / Double(equities.count)
        return [
            Figure("trades", tally.trades.count),
            Figure("realized_pnl", tally.realized.total),
            Figure("fees", tally.fees.total),
            Figure("slippage", tally.slippage.total),
            Figure("traded_value", tally.turnover.traded),
            Figure("turnover", .ratio, tally.turnover.value(meanEquity: mean)),
            Figure("exposure", .fraction, tally.exposure.value(of: data.exposure)),
        ]
    }

    private static func roundTrips(_ tally: Tally, isOrdered: Bool) -> [Figure] {
        var figures = [
            Figure("round_trips", tally.wins.roundTrips),
            Figure("win_rate", .fraction, tally.wins.value),
            Figure("profit_factor", .ratio, tally.profits.value),
            Figure("expectancy", .money, Expectancy.value(tally.profits, tally.wins)),
            Figure("average_trade_return", .fraction, tally.tradeReturn.value),
            Figure("system_quality", .ratio, tally.quality.value),
            Figure("mae", .money, tally.excursions.meanAdverse),
            Figure("mae_worst", .money, tally.excursions.largestAdverse),
            Figure("mfe", .money, tally.excursions.meanFavourable),
            Figure("mfe_best", .money, tally.excursions.largestFavourable),
            Figure("holding_time", .seconds, tally.holding.mean),
            Figure("holding_time_longest", .seconds, tally.holding.maximum),
        ]
        guard isOrdered else { return figures }
        figures += [
            Figure("longest_winning_streak", tally.streaks.longestWinning),
            Figure("longest_losing_streak", tally.streaks.longestLosing),
        ]
        return figures
    }
}

/// Equity / equity before − 1 of each day; nil when an equity that is divided by is not above zero.
func dailyReturns(_ data: PeriodData) -> [Double]? {
    var returns: [Double] = []
    returns.reserveCapacity(data.days.count)
    var before = data.start.units
    for day in data.days {
        guard before > 0 else { return nil }
        returns.append(Double(day.equity.units - before) / Double(before))
        before = day.equity.units
    }
    return returns
}

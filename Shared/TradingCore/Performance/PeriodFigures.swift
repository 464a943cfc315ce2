// Figures of a strategy, of a symbol and of a portfolio over a period, from their days.

import Contracts

extension StrategyPerformance {
    /// Of the account; the period ends with its last day.
    package func figures(_ period: Period) -> Figures {
        let days = account.slice(period, through: account.lastDay?.number)
        return Figures(
            PeriodData(
                start: days.start, startDay: days.startDay, days: days.days,
                tally: days.tally, exposure: days.tally.exposure, periodsPerYear: periodsPerYear))
    }

    /// Of one symbol, over the days of the account: on a day without an event of the symbol its equity stays.
    package func figures(of symbol: SymbolLedger, _ period: Period) -> Figures {
        let whole = account.slice(period, through: account.lastDay?.number)
        let own = symbol.days.slice(period, through: account.lastDay?.number)
        var equity = own.start
        var next = own.days[...]
        let days = whole.days.map { day -> (number: Int32, equity: Money) in
            while let first = next.first, first.number <= day.number {
                equity = first.equity
                next.removeFirst()
            }
            return (day.number, equity)
        }
        return Figures(
            PeriodData(
                start: own.start, startDay: whole.startDay, days: days, tally: own.tally,
                exposure: whole.tally.exposure, periodsPerYear: periodsPerYear))
    }
}

/// The days of a period.
struct DaySlice {
    var start: Money
    /// Day before the first one that counts.
    var startDay: Int32?
    var days: [(number: Int32, equity: Money)]
    var tally: Tally
}

extension DaySeries {
    /// Costs the days of the period, not those before it.
    ///
    /// - Parameter last: the day that the period ends with.
    func slice(_ period: Period, through last: Int32?) -> DaySlice {
        guard let length = period.days, let last else {
            return DaySlice(start: start, startDay: firstDay.map { $0 - 1 }, days: equities(0), tally: total)
        }
        let first = place(after: last - length)
        let before = first > 0 ? self[first - 1] : nil
        let startDay = before?.number ?? firstDay.map { $0 - 1 }
        let start = before?.equity ?? self.start
        var tally = Tally()
        let opening = Int64(startDay ?? last) + 1
        tally.mark(start, at: Timestamp(microseconds: opening * microsecondsPerDay - 1))
        for place in first..<count { tally.merge(self[place].tally) }
        return DaySlice(start: start, startDay: startDay, days: equities(first), tally: tally)
    }

    private func equities(_ first: Int) -> [(number: Int32, equity: Money)] {
        (first..<count).map { (self[$0].number, self[$0].equity) }
    }

    /// Place of the first day after this one, by halves.
    private func place(after number: Int32) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Several strategies as one account: equities and starting cash added up by day. A strategy counts with its
/// starting cash before its first day and with its last equity after its last.
///
/// Falls within days and streaks are left out: their order across strategies is not known from days.
package enum PortfolioPerformance {
    /// Nil without a strategy, or when the accounts have different currencies.
    package static func figures(_ strategies: [StrategyPerformance], _ period: Period) -> Figures? {
        guard let first = strategies.first, Set(strategies.map(\.currency)).count == 1 else { return nil }
        guard strategies.count > 1 else { return first.figures(period) }
        let last = strategies.compactMap { $0.account.lastDay?.number }.max()
        let slices = strategies.map { $0.account.slice(period, through: last) }
        var tally = Tally()
        for slice in slices { tally.merge(slice.tally) }
        return Figures(
            PeriodData(
                start: slices.reduce(MoneySum()) { $0 + MoneySum($1.start) }.money,
                startDay: slices.compactMap(\.startDay).min(), days: sum(slices), tally: tally,
                exposure: tally.exposure, periodsPerYear: strategies.map(\.periodsPerYear).min() ?? 252,
                isOrdered: false))
    }

    private static func sum(_ slices: [DaySlice]) -> [(number: Int32, equity: Money)] {
        let changes = slices.enumerated().flatMap { place, slice in
            slice.days.map { (number: $0.number, place: place, equity: $0.equity) }
        }.sorted { ($0.number, $0.place) < ($1.number, $1.place) }
        var equities = slices.map(\.start)
        var sum = equities.reduce(MoneySum()) { $0 + MoneySum($1) }
        var days: [(number: Int32, equity: Money)] = []
        for change in changes {
            sum += MoneySum(change.equity) - MoneySum(equities[change.place])
            equities[change.place] = change.equity
            if days.last?.number == change.number { days.removeLast() }
            days.append((change.number, sum.money))
        }
        return days
    }
}

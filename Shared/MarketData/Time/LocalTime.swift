// Local time to UTC. New York's daylight-saving rules since 1967, each year by the law of its time:
//
//   1967–1973, 1976–1986   last Sunday of April    to  last Sunday of October
//   1974                   6 January               to  last Sunday of October
//   1975                   23 February             to  last Sunday of October
//   1987–2006              first Sunday of April   to  last Sunday of October
//   since 2007             second Sunday of March  to  first Sunday of November
//
// always at 02:00 local time. Source: Uniform Time Act of 1966 and its amendments. A local time that occurs
// twice means the first one; one that does not occur means the moment of the change. So conversion never goes
// back.

import Contracts

/// The time zone that rows of a file are written in.
package enum DataZone: Sendable, Equatable {
    case newYork
    /// A fixed offset from UTC, in minutes.
    case fixed(minutes: Int)

    package static let utc = DataZone.fixed(minutes: 0)

    /// For sentences to people.
    package var name: String {
        switch self {
        case .newYork: "New York time"
        case .fixed(0): "UTC"
        case .fixed(let minutes): "UTC\(minutes < 0 ? "-" : "+")\(abs(minutes) / 60) hours"
        }
    }
}

/// One local day, ready to convert times of that day with one comparison.
package struct LocalDay: Sendable, Equatable {
    /// UTC of local midnight.
    package let start: Timestamp
    /// Local microseconds after midnight at which the clocks change; `Int64.max` on other days.
    private let change: Int64
    /// How far clocks go forward (+1 h) or back (−1 h) then.
    private let shift: Int64

    private static let hour: Int64 = 3_600_000_000

    package init(_ day: CivilDay, in zone: DataZone) {
        let midnight = Int64(day.number) * 24 * Self.hour
        guard case .newYork = zone else {
            guard case .fixed(let minutes) = zone else { preconditionFailure("a zone is one of two kinds") }
            start = Timestamp(microseconds: midnight - Int64(minutes) * 60_000_000)
            (change, shift) = (.max, 0)
            return
        }
        let (spring, autumn) = Self.newYorkChanges(of: day.civil.year)
        let summer = day > spring && day <= autumn
        start = Timestamp(microseconds: midnight + (summer ? 4 : 5) * Self.hour)
        change = day == spring || day == autumn ? 2 * Self.hour : .max
        shift = day == spring ? Self.hour : day == autumn ? -Self.hour : 0
    }

    /// UTC of a local time of that day, in microseconds after local midnight.
    @inline(__always)
    package func utc(_ local: Int64) -> Timestamp {
        if local < change { return start.advanced(byMicroseconds: local) }
        // Clocks forward: times inside the gap are the moment of the change itself.
        let shifted = shift > 0 && local < change + shift ? change + shift : local
        return start.advanced(byMicroseconds: shifted - shift)
    }

    /// The Sundays (1974 and 1975: days) on which New York's clocks go forward and back.
    static func newYorkChanges(of year: Int) -> (spring: CivilDay, autumn: CivilDay) {
        let spring =
            switch year {
            case 2007...: sunday(on: 8, month: 3, year)
            case 1987...2006: sunday(on: 1, month: 4, year)
            case 1975: CivilDay(number: Int32(CivilDay.number(year: 1975, month: 2, day: 23)))
            case 1974: CivilDay(number: Int32(CivilDay.number(year: 1974, month: 1, day: 6)))
            default: sunday(on: 24, month: 4, year)
            }
        let autumn = year >= 2007 ? sunday(on: 1, month: 11, year) : sunday(on: 25, month: 10, year)
        return (spring, autumn)
    }

    /// The first Sunday on or after a date.
    private static func sunday(on day: Int, month: Int, _ year: Int) -> CivilDay {
        let number = CivilDay.number(year: year, month: month, day: day)
        return CivilDay(number: Int32(number + (7 - CivilDay.weekday(number)) % 7))
    }
}

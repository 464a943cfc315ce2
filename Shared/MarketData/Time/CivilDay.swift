// Days of the calendar and New York time, as pure arithmetic: no time zone database is read at run time.

/// A day of the Gregorian calendar, as the number of days since 1970-01-01.
package struct CivilDay: Comparable, Hashable, Sendable, CustomStringConvertible {
    package var number: Int32

    package init(number: Int32) { self.number = number }

    /// Nil when there is no such day, or it lies outside of the years 1967 to 2199 (`years`).
    package init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(in: month, of: year)
        else { return nil }
        number = Int32(Self.number(year: year, month: month, day: day))
    }

    /// `2013-10-08` or `20131008`; nil when it is neither.
    package init?(_ text: some StringProtocol) {
        let digits = text.utf8.filter { $0 != 0x2d }
        guard digits.count == 8, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        guard text.utf8.count == 8 || text.split(separator: "-").map(\.count) == [4, 2, 2] else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        self.init(year: value / 10_000, month: value / 100 % 100, day: value % 100)
    }

    /// The years that dates may lie in: New York's rules are known from 1967 on.
    package static let years = 1967...2199

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// The day after.
    package var next: CivilDay { CivilDay(number: number + 1) }

    package var description: String {
        let (year, month, day) = civil
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(year)-\(two(month))-\(two(day))"
    }

    /// Year, month and day. Algorithm: days are counted from 1 March, so that leap days come last.
    package var civil: (year: Int, month: Int, day: Int) {
        let shifted = Int(number) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// 0 is Sunday.
    var weekday: Int { Self.weekday(Int(number)) }

    static func weekday(_ number: Int) -> Int { ((number + 4) % 7 + 7) % 7 }

    /// Days since 1970-01-01 of a date that exists; the inverse of `civil`.
    static func number(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

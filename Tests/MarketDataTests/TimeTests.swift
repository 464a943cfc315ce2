import Contracts
import Foundation
import Testing

@testable import MarketData

@Suite struct TimeTests {
    @Test func everyDayOfTheCalendarComesBackFromItsNumber() throws {
        var day = try #require(CivilDay(year: 1967, month: 1, day: 1))
        var calendar = (year: 1967, month: 1, day: 1)
        while calendar.year < 2200 {
            #expect(day.civil == calendar)
            #expect(CivilDay(year: calendar.year, month: calendar.month, day: calendar.day) == day)
            day = day.next
            calendar.day += 1
            if calendar.day > CivilDay.days(in: calendar.month, of: calendar.year) {
                calendar = (calendar.year, calendar.month + 1, 1)
            }
            if calendar.month > 12 { calendar = (calendar.year + 1, 1, 1) }
        }
    }

    @Test(
        arguments: [
            ("2013-10-08", "2013-10-08"), ("20131008", "2013-10-08"), ("2016-02-29", "2016-02-29"),
            ("2015-02-29", nil), ("1966-12-31", nil), ("2200-01-01", nil), ("2013-13-01", nil),
            ("2013-1-08", nil),
            ("2013-1008", nil), ("20-131008", nil), ("", nil), ("today", nil),
        ] as [(String, String?)])
    func daysAreReadFromText(text: String, day: String?) {
        #expect(CivilDay(text)?.description == day)
    }

    @Test func newYorkTimeIsThatOfTheTimeZoneDatabase() throws {
        let zone = try #require(TimeZone(identifier: "America/New_York"))
        let first = CivilDay.number(year: 1967, month: 1, day: 1) * 24
        let last = CivilDay.number(year: 2038, month: 1, day: 1) * 24
        var repeated = 0
        for hour in first..<last {
            let seconds = hour * 3600 + 1800
            let local = seconds + zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            let number = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
            let day = LocalDay(CivilDay(number: Int32(number)), in: .newYork)
            let converted = day.utc(Int64(local - number * 86_400) * 1_000_000).microseconds / 1_000_000
            // The second of the two equal hours in autumn is read as the first.
            if converted == Int64(seconds - 3600) {
                repeated += 1
            } else if converted != Int64(seconds) {
                Issue.record("\(seconds) became \(converted)")
                return
            }
        }
        #expect(repeated == 71)
    }

    @Test(arguments: [
        // day, local time in seconds, UTC
        ("2007-03-11", 7_199, "1173596399"), ("2007-03-11", 10_800, "1173596400"),
        ("2007-03-11", 9_000, "1173596400"), ("2007-11-04", 7_199, "1194155999"),
        ("2007-11-04", 7_200, "1194159600"), ("2013-10-08", 34_200, "1381239000"),
        ("1998-01-02", 34_200, "883751400"), ("1987-04-05", 10_800, "544604400"),
    ])
    func localTimesBecomeUTC(day: String, seconds: Int64, utc: String) throws {
        let day = LocalDay(try #require(CivilDay(day)), in: .newYork)
        #expect(day.utc(seconds * 1_000_000).description == utc + ".000000")
    }

    @Test func conversionNeverGoesBackOnTheDaysOfAChange() throws {
        for text in ["2013-03-10", "2013-11-03", "1974-01-06", "2006-10-29"] {
            let day = LocalDay(try #require(CivilDay(text)), in: .newYork)
            var last = Timestamp(microseconds: .min)
            for minute in 0...1440 {
                let utc = day.utc(Int64(minute) * 60_000_000)
                #expect(utc >= last)
                last = utc
            }
        }
    }

    @Test(
        arguments: [
            ("1381239000", "1381239000.000000"), ("1381239000.1234567", "1381239000.123456"),
            ("2013-10-08T13:30:00Z", "1381239000.000000"), ("2013-10-08 13:30", "1381239000.000000"),
            ("2013-10-08T13:30:00.5+00:00", "1381239000.500000"),
            ("2013-10-08T09:30:00-0400", "1381239000.000000"),
            ("2013-10-08", "1381190400.000000"), ("-10.5", "-10.500000"),
            ("1381239000123", nil), ("13:30", nil), ("2013-10-08T25:00:00Z", nil),
            ("2013-10-08T13:30:00X", nil),
            ("1381239000.", nil), ("12e5", nil), ("2013-02-30", nil), ("2013-10-08T13:30:61", nil),
        ] as [(String, String?)])
    func timestampsOfCSVFilesAreReadOrRefused(text: String, expected: String?) {
        let parsed = Array(text.utf8).withUnsafeBufferPointer { parseTimestamp($0) }
        #expect(parsed?.description == expected)
    }

    @Test(
        arguments: [
            ("60", 60), ("60s", 60), ("1m", 60), ("4h", 14_400), ("1d", 86_400), ("60d", 5_184_000),
            ("61d", nil),
            ("0", nil), ("m", nil), ("1x", nil), ("1mm", nil), ("-60", nil), ("99999999d", nil),
        ] as [(String, UInt32?)])
    func intervalsAreReadOrRefused(text: String, expected: UInt32?) {
        #expect(Array(text.utf8).withUnsafeBufferPointer { parseInterval($0) } == expected)
    }
}

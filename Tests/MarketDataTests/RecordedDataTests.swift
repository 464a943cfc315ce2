// The recorded LEAN files. Skipped where they are not on the machine.

import Contracts
import Testing

@testable import MarketData

@Suite(.enabled(if: recordedData != nil, "the recorded data are not here: set TRADING_ROBOT_DATA"))
struct RecordedDataTests {
    private func file(_ path: String) -> String { recordedData! + "/" + path }

    @Test func theIBMDayIsReadWhole() throws {
        let data = try open([file("equity/usa/tick/ibm")]) { $0.hours = .all }
        let reading = try readAll(data.makeSource())
        #expect(reading.of(.trade).count == 33_381)
        // 125,750 rows, one of them flagged suspicious.
        #expect(reading.of(.quote).count == 125_749)
        #expect(data.description.contains("1 row flagged suspicious: left out."))
        #expect(data.eventCount == UInt64(reading.events.count))
        #expect(reading.events[0].kind == .instrument)
        #expect(reading.events.last?.kind == .end)
        #expect(reading.of(.instrument).count == 1)
        let first = reading.events[1]
        #expect(first.timestamp.description == "1381219200.640000")
        #expect(first.bid == price("180.01"))
        #expect(first.bidSize == quantity("200"))
        #expect(first.has == .bid)
        #expect(first.code.description == "P")
        let second = reading.events[2]
        #expect(second.has == .both)
        #expect(second.bid == price("180.01"))
        #expect(second.ask == price("182.62"))
    }

    @Test func eventsComeInOrderOfTimeThenQuotesBeforeTrades() throws {
        let reading = try readAll([file("equity/usa/tick/ibm")]) { $0.hours = .all }
        for (left, right) in zip(reading.events.dropFirst(), reading.events.dropFirst(2)) {
            let ordered = (left.timestamp, left.kind.rawValue) <= (right.timestamp, right.kind.rawValue)
            if !ordered { Issue.record("\(left) before \(right)") }
        }
    }

    @Test func regularHoursAreTheDefault() throws {
        let data = try open([file("equity/usa/tick/ibm")])
        let reading = try readAll(data.makeSource())
        #expect(reading.of(.quote).count == 124_242)
        #expect(reading.of(.trade).count == 33_323)
        #expect(
            data.description.contains {
                $0 == "Hours: regular, equities from 09:30 up to 16:00 New York time (1566 rows left out); "
                    + "--hours all takes every row."
            })
        let terms = try #require(data.instrument("IBM"))
        #expect(terms.session == TradingSession(timeZone: "America/New_York", open: "09:30", close: "16:00"))
        #expect(terms.priceIncrement == price("0.01"))
    }

    @Test func everythingTogetherIsOneOrderedStream() throws {
        let data = try open([recordedData!])
        let reading = try readAll(data.makeSource())
        #expect(data.instruments.map(\.symbol) == ["AAPL", "BTCUSD", "EURUSD", "IBM", "SPY"])
        #expect(reading.of(.instrument).count == 5)
        #expect(data.fingerprint.count == 17)
        var last = Timestamp(microseconds: .min)
        for event in reading.events {
            if event.timestamp < last { Issue.record("back in time at \(event.timestamp)") }
            last = event.timestamp
        }
        #expect(try open([recordedData!]).identity == data.identity)
    }

    @Test func forexTicksAreInUTCAndShowTheDefaultSize() throws {
        let data = try open([file("forex")])
        let reading = try readAll(data.makeSource())
        #expect(reading.of(.quote).count == 44_864 + 41_367)
        let first = reading.events[1]
        #expect(first.timestamp.description == "1399334400.158000")
        #expect(first.bid == price("1.38742"))
        #expect(first.ask == price("1.38755"))
        #expect(first.bidSize == quantity("1000000"))
        #expect(data.description.contains("Forex files hold no sizes: each side shows 1000000."))
        #expect(data.instruments[0].currency.description == "USD")
        #expect(data.instruments[0].priceIncrement == price("0.00001"))
    }

    @Test func cryptoMinutesJoinTradesAndQuotes() throws {
        let data = try open([file("crypto/coinbase/minute")])
        let reading = try readAll(data.makeSource())
        let bars = reading.of(.bar)
        let first = try #require(bars.first)
        #expect(first.openTime.description == "1522800000.000000")
        #expect(first.timestamp.description == "1522800060.000000")
        #expect(
            [first.open, first.high, first.low, first.price].map(\.description)
                == ["7424.91", "7424.91", "7422", "7422"])
        #expect(first.size == quantity("7.14319709"))
        #expect(first.has == .both)
        #expect(first.bid == price("7424.9"))
        #expect(first.askSize == quantity("33.35399601"))
        #expect(bars.contains { $0.size == .zero && $0.has == .both })
        #expect(data.description.contains { $0.contains("finer than 0.00000001: rounded half to even.") })
        let starts = bars.map(\.openTime)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func equityMinutesEndAfterTheirStart() throws {
        let bars = try readAll([file("equity/usa/minute/spy")]).of(.bar)
        #expect(bars.count == 2 * 390)
        #expect(bars.first?.timestamp.description == "1381152660.000000")
        #expect(bars.last?.timestamp.description == "1381262400.000000")
        #expect(bars.allSatisfy { $0.has == .both && $0.interval == 60 })
    }

    @Test func dailyBarsEndAtTheNextMidnightAndNameSplits() throws {
        let data = try open([file("equity/usa/daily/aapl.zip")])
        let bars = try readAll(data.makeSource()).of(.bar)
        #expect(bars.count == 5_849)
        #expect(bars[0].openTime.description == "883717200.000000")
        #expect(bars[0].timestamp.description == "883803600.000000")
        for day in ["2000-06-21", "2005-02-28", "2014-06-09", "2020-08-31"] {
            #expect(
                data.description.contains {
                    $0.hasPrefix("AAPL \(day): opens at ") && $0.contains("possible split")
                })
        }
    }

    @Test func secondsOfCryptoAreRead() throws {
        let bars = try readAll([file("crypto/coinbase/second")]).of(.bar)
        #expect(bars.count == 4_063)
        #expect(bars[0].timestamp.microseconds - bars[0].openTime.microseconds == 1_000_000)
    }

    @Test func aRealZipCutOffIsRefused() throws {
        let folder = TemporaryFolder()
        let path = file("equity/usa/minute/spy/20131007_trade.zip")
        guard case .file(let identity) = try pathKind(path) else { return }
        let bytes = try readBytes(path, identity, at: 0, count: Int(identity.size))
        for length in stride(from: 0, to: bytes.count, by: 64) {
            let cut = folder.write("equity/usa/minute/spy/20131007_trade.zip", Array(bytes[..<length]))
            #expect(failure { _ = try readAll([cut]) }?.code == .badArchive)
        }
    }
}

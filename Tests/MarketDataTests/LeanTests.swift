import Contracts
import Testing

@testable import MarketData

@Suite struct LeanTests {
    @Test(
        arguments: [
            ("/d/equity/usa/tick/ibm/20131008_quote.zip", "equity/usa tick quote IBM 2013-10-08"),
            ("/d/Equity/USA/second/brk.b/20131008_trade.zip", "equity/usa second trade BRK.B 2013-10-08"),
            ("/d/equity/usa/daily/aapl.zip", "equity/usa daily trade AAPL -"),
            ("/d/equity/usa/hour/aapl.zip", "equity/usa hour trade AAPL -"),
            ("/d/forex/oanda/tick/eurusd/20140506_quote.zip", "forex/oanda tick quote EURUSD 2014-05-06"),
            ("/d/forex/fxcm/daily/eurusd.zip", "forex/fxcm daily quote EURUSD -"),
            ("/d/crypto/coinbase/daily/btcusd_quote.zip", "crypto/coinbase daily quote BTCUSD -"),
            (
                "/d/crypto/coinbase/minute/btcusd/20180404_trade.zip",
                "crypto/coinbase minute trade BTCUSD 2018-04-04"
            ),
            ("/d/equity/india/daily/abc.zip", nil),
            ("/d/option/usa/minute/goog/20151223_quote_american.zip", nil),
            ("/d/equity/usa/tick/ibm/20131308_quote.zip", nil),
            ("/d/equity/usa/tick/ibm/20131008_openinterest.zip", nil),
            ("/d/equity/usa/factor_files/factor_files_20131008.zip", nil), ("20131008_quote.zip", nil),
        ] as [(String, String?)])
    func pathsSayWhatFilesHold(path: String, expected: String?) {
        let text = LeanName(path: path).map { name in
            "\(name.market.folder) \(name.resolution.rawValue) \(name.kind.rawValue) \(name.symbol) "
                + (name.day?.description ?? "-")
        }
        #expect(text == expected)
    }

    @Test func aZipElsewhereIsKnownByItsMemberOrRefused() throws {
        let folder = TemporaryFolder()
        let known = folder.zip(
            "q.zip", ["34200000,1800100,200,0,0,P,1,0"], member: "20131008_ibm_Quote_Tick.csv")
        #expect(try open([known]).instruments.map(\.symbol) == ["IBM"])
        let unknown = folder.zip("m.zip", ["34200000,1,1,1,1,1"], member: "20131008_ibm_minute_trade.csv")
        let error = failure { _ = try open([unknown]) }
        #expect(error?.code == .unrecognised)
        #expect(error?.description.contains("expected a LEAN path like equity/usa/tick/ibm") == true)
    }

    @Test func anEquityQuoteRowReplacesOneSideAndKeepsTheOther() throws {
        let folder = TemporaryFolder()
        folder.zip(
            "equity/usa/tick/ibm/20131008_quote.zip",
            [
                "34200000,1800000,200,0,0,P,1,0", "34200001,0,0,1800200,300,N,800,0",
                "34200002,9,9,0,0,P,1,1",
                "34200003,1799900,100,0,0,Q,123456789,0", "34200004,0,0,0,0,Q,1,0",
            ])
        folder.zip("equity/usa/tick/ibm/20131009_quote.zip", ["34200000,0,0,1810000,5,P,1,0"])
        let data = try open([folder.path])
        let quotes = try readAll(data.makeSource()).of(.quote)
        #expect(quotes.map(\.has) == [.bid, .both, .both, .both, .ask])
        #expect(quotes.map(\.bid) == ["180", "180", "179.99", "179.99", "0"].map(price))
        #expect(quotes.map(\.bidSize) == ["200", "200", "100", "100", "0"].map(quantity))
        #expect(quotes.map(\.ask) == ["0", "180.02", "180.02", "180.02", "181"].map(price))
        #expect(quotes.map(\.detail.description) == ["1", "800", "", "1", "1"])
        #expect(data.description.contains("1 row flagged suspicious: left out."))
    }

    @Test func regularHoursBeginAtHalfPastNineAndEndBeforeFour() throws {
        let folder = TemporaryFolder()
        let rows = ["34199999", "34200000", "57599999.999", "57600000"].map { $0 + ",1800000,1,P,1,0" }
        folder.zip("equity/usa/tick/ibm/20131008_trade.zip", rows)
        #expect(
            try readAll([folder.path]).of(.trade).map(\.timestamp.description)
                == ["1381239000.000000", "1381262399.999999"])
        #expect(try readAll([folder.path]) { $0.hours = .all }.of(.trade).count == 4)
        folder.zip("equity/usa/tick/ibm/20131008_trade.zip", [rows[0]])
        let error = failure { _ = try open([folder.path]) }
        #expect(
            error?.description.contains("1 row left out for lying outside of 09:30–16:00, see --hours all")
                == true)
    }

    @Test func daysOfAClockChangeKeepTheirOpening() throws {
        let folder = TemporaryFolder()
        for day in ["20130308", "20130311", "20131101", "20131104"] {
            folder.zip("equity/usa/tick/ibm/\(day)_trade.zip", ["34200000,1800000,1,P,1,0"])
        }
        folder.zip("equity/usa/daily/spy.zip", ["20130310 00:00,1,1,1,1,1", "20131103 00:00,1,1,1,1,1"])
        let reading = try readAll([folder.path])
        // 09:30 is 14:30 UTC in winter and 13:30 in summer.
        #expect(
            reading.of(.trade).map { $0.timestamp.microseconds / 1_000_000 % 86_400 / 60 } == [
                870, 810, 810, 870,
            ])
        // One day has 23 hours, the other 25.
        #expect(
            reading.of(.bar).map { ($0.timestamp.microseconds - $0.openTime.microseconds) / 3_600_000_000 }
                == [23, 25])
    }

    @Test func filesAreMergedByTimeThenKindThenSymbol() throws {
        let folder = TemporaryFolder()
        for symbol in ["bb", "aa", "ab"] {
            folder.zip(
                "equity/usa/tick/\(symbol)/20131008_trade.zip",
                [
                    "34260000,1800000,1,P,1,0", "34260000,1800001,2,P,1,0", "34260001,1800001,2,P,1,0",
                ])
            folder.zip("equity/usa/tick/\(symbol)/20131008_quote.zip", ["34260000,1800000,1,0,0,P,1,0"])
            folder.zip("equity/usa/minute/\(symbol)/20131008_trade.zip", ["34200000,1,2,1,2,5"])
            folder.zip("equity/usa/second/\(symbol)/20131008_trade.zip", ["34259000,1,2,1,2,5"])
        }
        let reading = try readAll([folder.path])
        let at = "1381239060"
        var expected: [String] = []
        for symbol in ["AA", "AB", "BB"] {
            expected += ["instrument \(symbol) \(at)", "quote \(symbol) \(at)"]
        }
        for symbol in ["AA", "AB", "BB"] { expected += ["trade \(symbol) \(at)", "trade \(symbol) \(at)"] }
        for symbol in ["AA", "AB", "BB"] { expected += ["bar \(symbol) \(at)", "bar \(symbol) \(at)"] }
        for symbol in ["AA", "AB", "BB"] { expected += ["trade \(symbol) 1381239060.001"] }
        #expect(reading.outline == expected + ["end 1381239060.001"])
        #expect(reading.of(.trade).prefix(2).map(\.size) == ["1", "2"].map(quantity))
        #expect(reading.of(.bar).map(\.interval) == [1, 60, 1, 60, 1, 60])
    }

    @Test func tradeAndQuoteBarsOfOneStartAreOneBar() throws {
        let folder = TemporaryFolder()
        let name = "crypto/coinbase/minute/btcusd/20180404"
        folder.zip(name + "_trade.zip", ["60000,10,12,9,11,3", "120000,11,11,11,11,1", "240000,5,5,5,5,1"])
        folder.zip(
            name + "_quote.zip",
            [
                "0,9,9,9,9,1.5,10,10,10,10.00000001,2", "120000,10,10,10,10,1,11,11,11,11,2",
                "180000,,,,,,7,8,6,7,4",
                "240000,4,4,4,4,1,0,0,0,0,0",
            ])
        let bars = try readAll([folder.path]).of(.bar)
        #expect(bars.map { $0.openTime.microseconds / 60_000_000 - 1_522_800_000 / 60 } == [0, 1, 2, 3, 4])
        #expect(bars.map(\.has) == [.both, [], .both, .ask, .bid])
        #expect(bars.map(\.price) == ["9.5", "11", "11", "7", "5"].map(price))
        #expect(bars.map(\.size) == ["0", "3", "1", "0", "1"].map(quantity))
        #expect(bars[0].open == price("9.5"))
        #expect(bars[0].ask == price("10.00000001"))
        #expect(bars[0].bidSize == quantity("1.5"))
        #expect(bars[3].high == price("8"))
    }

    @Test func barsOfManyDaysJoinEvenWhenFilesAreMissing() throws {
        let folder = TemporaryFolder()
        let name = "crypto/coinbase/minute/btcusd/"
        for day in [4, 5, 7] {
            folder.zip(name + "2018040\(day)_trade.zip", ["0,1,1,1,1,1", "86340000,1,1,1,1,1"])
        }
        for day in [5, 6, 7] { folder.zip(name + "2018040\(day)_quote.zip", ["0,1,1,1,1,1,2,2,2,2,1"]) }
        folder.zip(name + "20180408_trade.zip", [""])
        let bars = try readAll([folder.path]).of(.bar)
        #expect(
            bars.map { ($0.openTime.microseconds / 1_000_000 - 1_522_800_000) / 60 }
                == [0, 1439, 1440, 2879, 2880, 4320, 5759])
        #expect(bars.map(\.has) == [[], [], .both, [], .both, .both, []])
    }

    @Test func rowsThatCannotBeReadAreLeftOutAndKept() throws {
        let folder = TemporaryFolder()
        let path = folder.zip(
            "equity/usa/tick/ibm/20131008_trade.zip",
            [
                "34200000,1800000,1,P,1,0", "34200001,18x,1,P,1,0", "", "34200002,1800000,1",
                "34199000,1800000,1,P,1,0",
                "34200003,0,1,P,1,0", "34200003,1800000,-1,P,1,0", "34200004,1800000,1,P,1,0,7",
                "34200005,1800000,2,P,1,0\r",
            ])
        let data = try open([path]) { $0.hours = .all }
        var source = data.makeSource()
        var symbols = SymbolTable()
        try source.skip(to: 100, symbols: &symbols)
        #expect(source.position == 4)
        let rejected = source.takeRejected()
        #expect(rejected.map(\.line) == [2, 4, 5, 6, 7, 8])
        #expect(
            rejected.map(\.problem) == [
                "column 2 is not a number", "column 4 is missing", "the row goes back in time",
                "a price is zero or negative", "column 3 is negative", "column 7 is one too many",
            ])
        #expect(rejected[0].bytes == Array("34200001,18x,1,P,1,0".utf8))
        #expect(source.takeRejected().isEmpty)
        #expect(
            data.description.contains {
                $0.hasPrefix("6 rows could not be read: left out (the first: \(path), line 2")
            })
    }

    @Test func aFileThatHoldsOtherRowsThanItsPathSaysIsRefused() throws {
        let folder = TemporaryFolder()
        let path = folder.zip("equity/usa/minute/ibm/20131008_trade.zip", ["34200000,1800000,1,P,1,0"])
        let error = failure { _ = try open([path]) }
        #expect(error?.code == .badRow)
        #expect(error?.line == 1)
        let fine = folder.zip(
            "crypto/coinbase/tick/btcusd/20180404_trade.zip", ["0,1.5,1", "1,1.123456789,1"])
        let tooFine = failure { _ = try open([fine]) }
        #expect(tooFine?.code == .priceTooFine)
        #expect(
            tooFine?.description == "\(fine), line 2: column 2 has more than eight decimals; "
                + "prices are exact to 0.00000001; the file is refused")
    }

    @Test func sizesThatAreTooFineAreRoundedHalfToEvenAndCounted() throws {
        let folder = TemporaryFolder()
        folder.zip(
            "crypto/coinbase/tick/btcusd/20180404_trade.zip", ["0,1.5,0.000000015", "1,1.5,0.000000025,0"])
        let data = try open([folder.path])
        #expect(try readAll(data.makeSource()).of(.trade).map(\.size.units) == [2, 2])
        #expect(data.description.contains("2 sizes finer than 0.00000001: rounded half to even."))
    }

    @Test func aFileIsOpenedWhenItsDayHasCome() throws {
        let folder = TemporaryFolder()
        folder.zip("equity/usa/tick/ibm/20131008_trade.zip", ["34200000,1800000,1,P,1,0"])
        let bad = makeZip([("a.csv", Array("34200000,1800000,1,P,1,0".utf8))], crcError: 1)
        let path = folder.write("equity/usa/tick/ibm/20131009_trade.zip", bad)
        #expect(failure { _ = try open([folder.path]) }?.path == path)
        let data = try open([folder.path]) { $0.surveyBytes = 0 }
        #expect(data.eventCount == nil)
        var source = data.makeSource()
        var symbols = SymbolTable()
        try source.skip(to: 2, symbols: &symbols)
        #expect(failure { try source.skip(to: 9, symbols: &symbols) }?.code == .damaged)
    }

    @Test func symbolsAndDaysAreChosen() throws {
        let folder = TemporaryFolder()
        for symbol in ["ibm", "spy"] {
            for day in 7...9 {
                folder.zip("equity/usa/tick/\(symbol)/2013100\(day)_trade.zip", ["34200000,1,1,P,1,0"])
            }
        }
        folder.zip("equity/usa/daily/spy.zip", (7...9).map { "2013100\($0) 00:00,1,1,1,1,1" })
        let one = try readAll([folder.path]) { $0.symbols = ["SPY"] }
        #expect(one.of(.trade).count == 3)
        #expect(one.of(.bar).count == 3)
        let days = try readAll([folder.path]) {
            $0.from = CivilDay("2013-10-08")
            $0.to = CivilDay("2013-10-08")
        }
        #expect(days.of(.trade).count == 2)
        #expect(days.of(.bar).map(\.timestamp.description) == ["1381291200.000000"])
        let error = failure { _ = try open([folder.path]) { $0.symbols = ["MSFT"] } }
        #expect(error?.description == "\(folder.path): there is no MSFT; the data hold IBM, SPY")
        let none = failure {
            _ = try open([folder.path]) {
                $0.symbols = ["IBM"]; $0.from = CivilDay("2020-01-01")
            }
        }
        #expect(none?.code == .unrecognised)
    }

    @Test func oneSymbolInTwoMarketsOrOneDayTwiceIsRefused() throws {
        let folder = TemporaryFolder()
        let a = folder.zip("a/forex/oanda/tick/eurusd/20140506_quote.zip", ["1,1.1,1.2"])
        let b = folder.zip("a/forex/fxcm/tick/eurusd/20140506_quote.zip", ["1,1.1,1.2"])
        let c = folder.zip("c/forex/oanda/tick/eurusd/20140506_quote.zip", ["1,1.1,1.2"])
        #expect(failure { _ = try open([a, b]) }?.code == .badSymbol)
        #expect(failure { _ = try open([a, c]) }?.code == .badSymbol)
        #expect(try readAll([a, a]).of(.quote).count == 1)
        // fxcm writes UTC−5.
        #expect(try readAll([b]).of(.quote)[0].timestamp.description == "1399352400.001000")
    }

    @Test func instrumentsCanBeOverridden() throws {
        let folder = TemporaryFolder()
        folder.zip("forex/oanda/tick/usdjpy/20140506_quote.zip", ["1,101.1,101.2"])
        let data = try open([folder.path]) {
            $0.instruments["USDJPY"] = InstrumentOverride(priceIncrement: price("0.001"))
        }
        let event = try readAll(data.makeSource()).events[0]
        #expect(event.kind == .instrument)
        #expect(event.price == price("0.001"))
        #expect(event.code.description == "JPY")
        #expect(event.detail.description == "forex")
        #expect(event.timestamp.description == "1399334400.001000")
    }

    @Test func otherDataHaveAnotherIdentity() throws {
        let folder = TemporaryFolder()
        let name = "equity/usa/tick/ibm/20131008_trade.zip"
        let path = folder.zip(name, ["34200000,1800000,1,P,1,0"])
        let copy = folder.zip("copy/" + name, ["34200000,1800000,1,P,1,0"])
        let identity = try open([path]).identity
        #expect(try open([copy]).identity == identity)
        #expect(try open([path]) { $0.hours = .all }.identity != identity)
        folder.zip(name, ["34200000,1800000,2,P,1,0"])
        #expect(try open([path]).identity != identity)
    }

    @Test func foldersWithoutDataSaySo() throws {
        let folder = TemporaryFolder()
        folder.write("notes.txt", "none")
        #expect(failure { _ = try open([folder.path]) }?.code == .unrecognised)
        #expect(failure { _ = try open([folder.path + "/missing"]) }?.code == .unreadable)
        #expect(failure { _ = try open([]) }?.code == .badSetting)
    }
}

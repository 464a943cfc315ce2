import Contracts
import Testing

@testable import MarketData

@Suite struct CSVTests {
    private func read(_ text: String) throws -> Reading {
        let folder = TemporaryFolder()
        return try readAll([folder.write("data.csv", text)])
    }

    @Test func quotesTradesAndBarsAreRows() throws {
        let reading = try read(
            """
            timestamp,symbol,bid,ask,bid_size,ask_size,price,size,exchange
            1381239000,BTC/USD,100.5,100.6,2,3,,,X
            1381239000.5,BTC/USD,,100.7,,1,,,
            1381239001,BTC/USD,,,,,100.6,0.25,
            2013-10-08T13:30:02Z,IBM,10,11,1,1,10.5,4,N
            """)
        #expect(
            reading.outline == [
                "instrument BTC-USD 1381239000", "quote BTC-USD 1381239000", "quote BTC-USD 1381239000.5",
                "trade BTC-USD 1381239001", "instrument IBM 1381239002", "quote IBM 1381239002",
                "trade IBM 1381239002",
                "end 1381239002",
            ])
        let quotes = reading.of(.quote)
        #expect(quotes.map(\.has) == [.both, .ask, .both])
        #expect(quotes[1].bid == .zero)
        #expect(quotes[0].code.description == "X")
        #expect(reading.of(.trade).map(\.size) == ["0.25", "4"].map(quantity))
        let terms = reading.of(.instrument)
        #expect(terms.map(\.price) == ["0.01", "0.01"].map(price))
        #expect(terms.map(\.size) == ["0.01", "1"].map(quantity))
    }

    @Test func barsCarryTheirEnd() throws {
        let bar = try read(
            "symbol,interval,open,high,low,close,volume,timestamp\r\nIBM,1m,1,3,0.5,2,7,60\r\n"
        ).of(.bar)[0]
        #expect(bar.interval == 60)
        #expect(bar.openTime.microseconds == 0)
        #expect(bar.timestamp.microseconds == 60_000_000)
        #expect([bar.open, bar.high, bar.low, bar.price] == ["1", "3", "0.5", "2"].map(price))
        #expect(bar.size == quantity("7"))
    }

    @Test func quotedFieldsSpacesAndAByteOrderMarkAreRead() throws {
        let reading = try read(
            "\u{feff}\"timestamp\", Symbol ,price,\"size\"\n\"1\",\"IBM\" , 2 ,\"3\"\n\n2,IBM,4,5")
        #expect(reading.of(.trade).map(\.price) == ["2", "4"].map(price))
    }

    @Test func incrementsAreAsFineAsTheRows() throws {
        let reading = try read("timestamp,symbol,price,size\n1,A,1.00001,5\n1,B,1.1,0.001\n2,B,3,1\n")
        #expect(reading.of(.instrument).map(\.price) == ["0.00001", "0.01"].map(price))
        #expect(reading.of(.instrument).map(\.size) == ["1", "0.001"].map(quantity))
    }

    @Test(
        arguments: [
            ("", 1, "column \"timestamp\" is missing"),
            ("time,symbol,price,size\n", 1, "column 1 \"time\" is not known"),
            ("timestamp,price,size\n", 1, "column \"symbol\" is missing"),
            ("timestamp,symbol\n", 1, "there are no prices"),
            ("timestamp,symbol,price\n", 1, "column \"price\" needs a column \"size\""),
            ("timestamp,symbol,bid,ask,bid_size\n", 1, "column \"ask\" needs a column \"ask_size\""),
            (
                "timestamp,symbol,open,high,low,close,volume\n", 1,
                "column \"open\" needs a column \"interval\""
            ),
            ("timestamp,symbol,price,size,price\n", 1, "column \"price\" is there twice"),
            ("timestamp,symbol,\"price,size\n", 1, "a quoted field does not end in its line"),
            (
                "timestamp,symbol,price,size\n1,A,2\n", 2,
                "there are 3 fields, but the first line names 4 columns"
            ),
            ("timestamp,symbol,price,size\n1,A,2,3\n1,A,x,3\n", 3, "column \"price\": \"x\" is not a number"),
            ("timestamp,symbol,price,size\n1,A,2,-3\n", 2, "column \"size\": \"-3\" is negative"),
            ("timestamp,symbol,price,size\n1,A,2,\n", 2, "column \"size\" is empty"),
            ("timestamp,symbol,price,size\n1,A,,\n", 2, "the row has no price"),
            ("timestamp,symbol,price,size\n,A,2,3\n", 2, "column \"timestamp\" is empty"),
            ("timestamp,symbol,price,size\n1,,2,3\n", 2, "column \"symbol\" is empty"),
            ("timestamp,symbol,price,size\n1,A B,2,3\n", 2, "symbol \"A B\" is not allowed"),
            ("timestamp,symbol,price,size\n1381239000000,A,2,3\n", 2, "\"1381239000000\" is no time"),
            (
                "timestamp,symbol,price,size\n2,A,2,3\n1,A,2,3\n", 3,
                "the row is earlier than the one before it"
            ),
            ("timestamp,symbol,price,size\n1,A,1.123456789,3\n", 2, "more than eight decimals"),
            ("timestamp,symbol,price,size\n1,A,99999999999,3\n", 2, "is outside of"),
            ("timestamp,symbol,price,size\n1,\"A,2,3\n", 2, "a quoted field does not end"),
            ("timestamp,symbol,bid,bid_size\n1,A,2,\n", 2, "column \"bid_size\" is empty"),
            ("timestamp,symbol,open,high,low,close,interval\n1,A,2,2,2,2,0\n", 2, "\"0\" is no interval"),
            (
                "timestamp,symbol,open,high,low,close,interval\n1,A,2,,2,2,5\n", 2,
                "a bar needs open, high, low, close"
            ),
        ] as [(String, Int, String)])
    func whatIsWrongIsSaidWithItsLine(text: String, line: Int, words: String) {
        let error = failure { _ = try read(text) }
        #expect(error?.line == line)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
    }

    @Test func aFileWithoutRowsIsRefused() {
        #expect(failure { _ = try read("timestamp,symbol,price,size\n") }?.code == .unrecognised)
    }

    @Test func aLineOfManyColumnsIsRefused() {
        let many = (0..<70).map { "c\($0)" }.joined(separator: ",")
        #expect(failure { _ = try read(many + "\n") }?.description.contains("there are 70 columns") == true)
        let error = failure { _ = try read("timestamp,symbol,price,size\n" + many + "\n") }
        #expect(error?.description.contains("there are 70 fields") == true)
    }

    @Test func aLineWithoutEndIsRefused() {
        let text = "timestamp,symbol,price,size\n1,A,1,1\n" + String(repeating: "x", count: 300_000)
        #expect(failure { _ = try read(text) }?.description.contains("longer than 65536 bytes") == true)
    }

    @Test func longFilesAreReadBlockByBlock() throws {
        var text = "timestamp,symbol,price,size\n"
        for row in 0..<60_000 { text += "\(row).5,S\(row % 7),\(row % 1000 + 1).25,\(row + 1)\n" }
        let trades = try read(text).of(.trade)
        #expect(trades.count == 60_000)
        for (row, trade) in trades.enumerated() where trade.size != Quantity(whole: Int64(row) + 1) {
            Issue.record("row \(row) is \(trade)")
        }
    }

    @Test func severalFilesAndSymbolsAreMerged() throws {
        let folder = TemporaryFolder()
        let one = folder.write("1.csv", "timestamp,symbol,price,size\n1,B,1,1\n3,B,1,1\n3,A,1,1\n")
        let two = folder.write("2.csv", "timestamp,symbol,bid,bid_size\n1,B,1,1\n2,C,1,1\n3,A,1,1\n")
        let reading = try readAll([one, two]) { $0.symbols = ["A", "B"] }
        #expect(
            reading.outline.filter { !$0.hasPrefix("instrument") }
                == ["quote B 1", "trade B 1", "quote A 3", "trade B 3", "trade A 3", "end 3"])
    }
}

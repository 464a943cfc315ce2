import Contracts
import Testing

@testable import MarketData

@Suite struct ZipTests {
    private let name = "equity/usa/tick/ibm/20131008_trade.zip"
    private var rows: [String] {
        (0..<150).map { "\(34_200_000 + $0 * 7),\(1_800_000 + $0 * 100),100,N,1,0" }
    }

    @Test(arguments: [true, false])
    func membersStoredAndDeflatedAreRead(deflated: Bool) throws {
        let folder = TemporaryFolder()
        let bytes = Array(rows.joined(separator: "\n").utf8)
        folder.write(name, makeZip([("a.csv", bytes)], deflated: deflated, comment: "a comment"))
        let reading = try readAll([folder.path])
        #expect(reading.of(.trade).count == 150)
        #expect(reading.of(.trade).last?.price == price("181.49"))
    }

    @Test func sizesInTheWideFieldAreReadAndMadeUpOnesRefused() throws {
        let folder = TemporaryFolder()
        let bytes = Array(rows.joined(separator: "\n").utf8)
        let whole = makeZip([("a.csv", bytes)], wide: true)
        #expect(try readAll([folder.write(name, whole)]).of(.trade).count == 150)
        // The field's sixteen bytes of sizes are the last ones before the end record.
        let field = whole.count - 22 - 16
        for place in field..<(field + 16) {
            for value in [0x7f, 0xff] as [UInt8] {
                var made = whole
                made[place] = value
                let error = failure { _ = try readAll([folder.write(name, made)]) }
                #expect(error?.code == .badArchive || error?.code == .damaged, "\(place - field)")
            }
        }
        var missing = whole
        missing[field - 4] = 9
        #expect(failure { _ = try readAll([folder.write(name, missing)]) }?.code == .badArchive)
    }

    @Test(arguments: [true, false])
    func aZipCutOffAnywhereGivesASentence(deflated: Bool) throws {
        let folder = TemporaryFolder()
        let whole = makeZip([("a.csv", Array(rows.joined(separator: "\n").utf8))], deflated: deflated)
        for length in Array(stride(from: 0, to: whole.count, by: 64)) + [whole.count - 1] {
            let path = folder.write(name, Array(whole[..<length]))
            let error = failure { _ = try readAll([path]) }
            #expect(error?.code == .badArchive, "\(length)")
            #expect(error?.path == path)
        }
    }

    @Test func aZipWithOneByteChangedGivesAnErrorOrTheSameRows() throws {
        let folder = TemporaryFolder()
        let whole = makeZip([("a.csv", Array(rows.prefix(60).joined(separator: "\n").utf8))])
        let path = folder.write(name, whole)
        let right = try readAll([path]).events
        var errors = 0
        for place in stride(from: 0, to: whole.count, by: 7) {
            var bytes = whole
            bytes[place] ^= 0x11
            folder.write(name, bytes)
            var events: [MarketEvent]?
            if failure({ events = try readAll([path]).events }) == nil {
                #expect(events == right, "\(place)")
            } else {
                errors += 1
            }
        }
        #expect(errors > whole.count / 14)
    }

    @Test func whatIsNotReadIsRefusedWithItsReason() throws {
        let folder = TemporaryFolder()
        let one = [("a.csv", Array("1,2".utf8))]
        var zip64 = makeZip(one)
        for offset in zip64.count - 6..<zip64.count - 2 { zip64[offset] = 0xff }
        var parts = makeZip(one)
        parts[parts.count - 18] = 1
        for (bytes, words) in [
            (makeZip(one, flags: 1), "encrypted"), (makeZip(one, method: 93), "method 93"),
            (zip64, "zip64 directories"),
            (parts, "several parts"), (makeZip(one + one), "holds 2 members"),
            (makeZip([]), "holds 0 members"),
            ([], "cut off or no zip"), (Array("hello".utf8), "cut off or no zip"),
        ] {
            let path = folder.write(name, bytes)
            let error = failure { _ = try readAll([path]) }
            #expect(error?.code == .badArchive)
            #expect(error?.description.contains(words) == true, "\(words): \(error?.description ?? "none")")
        }
    }

    @Test func aWrongChecksumIsDamage() throws {
        let folder = TemporaryFolder()
        for deflated in [true, false] {
            let bytes = makeZip([("a.csv", Array(rows[0].utf8))], deflated: deflated, crcError: 1)
            let path = folder.write(name, bytes)
            let error = failure { _ = try open([path]) }
            #expect(error?.code == .damaged)
            #expect(error?.description.contains("does not match its checksum") == true)
        }
    }

    @Test func aMemberLongerThanItsDirectorySaysIsDamage() throws {
        let folder = TemporaryFolder()
        let bytes = Array(rows.joined(separator: "\n").utf8)
        var zip = makeZip([("a.csv", bytes)])
        let directory = zip.count - 22 - 46 - 5
        #expect(zip[directory] == 0x50)
        zip[directory + 24] &-= 1
        let error = failure { _ = try open([folder.write(name, zip)]) }
        #expect(error?.code == .damaged)
    }

    @Test func aFileThatIsReplacedWhileItIsReadIsNoticed() throws {
        let folder = TemporaryFolder()
        let path = folder.zip(name, rows)
        var source = try open([path]).makeSource()
        folder.zip(name, rows + rows.map { "4" + $0 })
        let error = failure {
            var symbols = SymbolTable()
            try source.skip(to: 10_000, symbols: &symbols)
        }
        #expect(error?.code == .changed)
    }
}

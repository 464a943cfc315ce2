// Databases of every earlier format, opened by this program. The files in Formats hold what the programs of
// those formats made, byte for byte, and are never edited; hashes and seals in them were computed apart from
// this code.

import Contracts
import Foundation
import Testing

@testable import Persistence

/// Databases as earlier programs left them.
enum EarlierFormat {
    /// By format, from 1. A later format without a file is made from the last one by the migrations up to it.
    private static let files = [
        "format-1.sql", "format-2.sql", "format-3.sql", "format-4.sql", "format-5.sql",
    ]

    static func script(_ version: Int64, _ dialect: Dialect) throws -> String {
        let file = files[min(Int(version), files.count) - 1]
        let path = URL(filePath: #filePath).deletingLastPathComponent().path + "/Formats/" + file
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let tables = dialect.markAsOurs + dialect.tables(text)
        // The same bytes as each database writes them.
        return dialect == .postgresql ? tables.replacing("X'", with: "'\\x") : tables
    }

    static func make(_ version: Int64, in folder: Folder) throws {
        let driver: any StoreDriver =
            switch folder.backend {
            case .sqlite: try SQLiteDriver(path: folder.database, options: StoreOptions())
            case .postgresql: try PostgreSQLDriver(folder.location, options: StoreOptions())
            }
        try driver.withConnection { connection in
            try connection.execute(script(version, connection.dialect))
            let early = Migrations.all.filter { $0.version <= version }
            try Migrations.run(on: connection, programVersion: "0.1.0", migrations: early)
        }
        try driver.close()
    }
}

@Suite("Databases of earlier formats", .onEveryStore) struct FormatTests {
    /// The trades in the files.
    private let trades = (1...25).map { trade($0 % 3 == 0 ? "b" : "a", $0) }

    private func columns(_ store: DatabaseStore) throws -> [String] {
        let query =
            switch store.dialect {
            case .sqlite:
                """
                SELECT m.name || ' ' || c.name || ' ' || c.type || ' ' || c."notnull"
                FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1
                """
            case .postgresql:
                """
                SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
                FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1
                """
            }
        return try texts(query, store)
    }

    private func texts(_ query: String, _ store: DatabaseStore) throws -> [String] {
        var found: [String] = []
        try store.access { try $0.makeStatement(query).forEachRow { found.append($0.text(0)) } }
        return found
    }

    @Test(
        "a database of each earlier format goes on as one that was made anew",
        arguments: 1..<Migrations.latest)
    func fromEarlier(version: Int64) throws {
        let (old, folder) = (try Folder(), try Folder())
        try EarlierFormat.make(version, in: old)
        #expect(storeError { _ = try old.open(StoreOptions(access: .readOnly)) }?.code == .olderVersion)
        let (opened, new) = (try old.open(), try folder.open())
        try new.book(batch(1, trades)) { _ in
            BookingFollowUp(performance: [performance("a", trades: 9)])
        }
        #expect(try columns(opened) == columns(new))
        #expect(try opened.integer("SELECT count(*) FROM schema_versions") == Migrations.latest)
        #expect(try opened.ledger() == new.ledger())
        #expect(try opened.ledgerHeads() == new.ledgerHeads())
        #expect(try opened.positions() == new.positions())
        #expect(try opened.metrics() == new.metrics())
        #expect(
            try opened.checkpoint(source: "simulator")?.seq == new.checkpoint(source: "simulator")?.seq)
        #expect(try opened.checkLedger(noted: nil).faults == [])
        #expect(try opened.rebuildPositions(isDryRun: true) == [])
        // And it goes on.
        #expect(try opened.book(batch(1, trades + [trade("a", 26)])).booked == 1)
        #expect(try opened.checkLedger(noted: nil).isWhole)
        // Number 3 of strategy a is b's in these files, so that only the first two go.
        let last = Timestamp(seconds: 2_000_000_000)
        #expect(try opened.archiveTrades(before: last, isDryRun: false).strategies.map(\.through) == [2, 0])
        #expect(try opened.ledger().count == 26 && opened.checkLedger(noted: nil).isWhole)
    }

    @Test("what lies beside the trades is kept", arguments: 1..<Migrations.latest)
    func beside(version: Int64) throws {
        let old = try Folder()
        try EarlierFormat.make(version, in: old)
        let store = try old.open()
        let letters = try store.deadLetters(after: 0, limit: 9)
        #expect(letters.map(\.letter.reason) == [.schemaViolation, .conflictingDuplicate, .sequenceConflict])
        #expect(
            letters.map(\.letter.original) == ["{\"a\":", "{\"b\":1}", "{\"c\":1}"].map { Array($0.utf8) })
        #expect(letters.allSatisfy { $0.state == .open && $0.count == 2 && $0.firstSeen < $0.letter.seen })
        #expect(letters.allSatisfy { $0.sha256 == $0.letter.fingerprint })
        let strategy = try #require(try store.strategies().first)
        #expect(strategy.strategy.id == "s" && strategy.strategy.symbols == ["IBM", "AAPL"])
        #expect(strategy.strategy.parameters == "{\"fast\":10}" && strategy.fence == 7)
        #expect(strategy.strategy.start == (version < 5 ? 1 : 3))
        #expect(strategy.standing.state == (version < 5 ? .waiting : .failed))
        var marks = 0
        try store.forEachMark(strategy: "a") { _ in marks += 1 }
        #expect(marks == (version < 2 ? 0 : 2))
        #expect(try store.days(strategy: "a").count == (version < 2 ? 0 : 2))
        #expect(try store.outsideStrategies().map(\.id) == (version < 4 ? [] : ["bot.s"]))
        #expect(try store.history(ofDeadLetter: 2).map(\.by) == (version < 4 ? [] : ["ann"]))
        #expect(letters[1].edited == (version < 4 ? nil : Array("{\"b\":2}".utf8)))
        #expect(try store.claim(runner: "r", limit: 9, term: nil).map(\.fence) == [8])
    }
}

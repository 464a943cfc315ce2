// What only a server can do to a store: not answer, lose the connection, lock.

import Contracts
import Foundation
import Testing

@testable import Persistence

@Suite("PostgreSQL") struct PostgreSQLTests {
    /// A schema on the server, or nil with the reason printed.
    private func folder() throws -> Folder? {
        guard Server.isThere() else { return nil }
        return try Backend.$current.withValue(.postgresql) { try Folder() }
    }

    /// Ends the connections of stores in this schema, at once and for good.
    private func cut(_ folder: Folder) throws {
        try Server.execute(
            """
            SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
            WHERE application_name = 'TradingRobotPlug \(folder.path.suffix(36))'
            """)
    }

    /// The location with a name by which `cut` finds its connections.
    private func open(_ folder: Folder, _ options: StoreOptions = StoreOptions()) throws -> DatabaseStore {
        let location = folder.location + "&application_name=TradingRobotPlug%20\(folder.path.suffix(36))"
        return try #require(try openStore(location, options: options) as? DatabaseStore)
    }

    @Test("a server that does not answer is a transient error without the password") func unreachable() {
        let location = "postgresql://robot:secret@127.0.0.1:1/trading"
        let error = storeError { _ = try openStore(location) }
        #expect(error?.code == .unreachable && error?.isTransient == true)
        #expect(error?.sentence.contains("the PostgreSQL database trading on 127.0.0.1:1") == true)
        #expect(error?.sentence.contains("secret") == false)
    }

    @Test("a location that is no URL is refused without the password") func malformed() {
        let error = storeError { _ = try openStore("postgresql://robot:secret@[::1/trading") }
        #expect(error?.code == .unsupported && error?.sentence.contains("secret") == false)
    }

    @Test("parameters are numbered as PostgreSQL wants them, outside of quotes only") func parameters() {
        #expect(
            Dialect.postgresql.parameters("a = ? AND b = ? AND c = '?'") == (
                "a = $1 AND b = $2 AND c = '?'", 2
            ))
        #expect(Dialect.postgresql.parameters("a = ?2, b = ?1, c = ?2") == ("a = $2, b = $1, c = $2", 2))
    }

    @Test("a schema with tables of another program is refused") func foreign() throws {
        guard let folder = try folder() else { return }
        let schema = try #require(folder.location.split(separator: "%3D").last)
        try Server.execute("CREATE TABLE \(schema).trades (id bigint)")
        #expect(storeError { _ = try open(folder) }?.code == .notADatabase)
    }

    @Test("a connection that was cut between two calls is made again") func cutBetween() throws {
        guard let folder = try folder() else { return }
        let store = try open(folder)
        try store.book(batch(1, [trade("a", 1)]))
        try cut(folder)
        #expect(try store.book(batch(2, [trade("a", 2)])).booked == 1)
        #expect(try store.ledger().count == 2)
    }

    @Test(
        "a connection cut inside a transaction is transient, and the batch is booked once",
        arguments: [1, 50])
    func cutInside(count: UInt64) throws {
        guard let folder = try folder() else { return }
        let store = try open(folder)
        let one = batch(1, (1...count).map { trade("a", $0) })
        let error = storeError {
            try store.book(one) { _ in
                try cut(folder)
                return BookingFollowUp(performance: [performance("a", trades: 1)])
            }
        }
        #expect(error?.code == .unreachable && error?.isTransient == true)
        #expect(try store.checkpoint(source: "simulator") == nil)
        #expect(try store.book(one).booked == Int(count))
        #expect(try store.ledger().count == Int(count))
    }

    @Test("trades whose commit was not answered are booked for the caller, once for the ledger")
    func unansweredCommit() throws {
        guard let folder = try folder() else { return }
        let store = try open(folder)
        let trades = (1...20).map { trade("a", $0) }
        try store.book(batch(1, trades))
        // As if the answer to that commit had been lost on its way.
        store.unanswered.withLock { $0 = Set(trades.prefix(15).map(\.tradeID)) }
        let again = try store.book(batch(1, trades + [trade("a", 21)]))
        #expect(again.booked == 16 && again.duplicates == 5)
        #expect(try store.positions().first?.trades == 21)
        #expect(try store.book(batch(1, trades)).duplicates == 20)
    }

    @Test("a locked database is a transient error, and the same call succeeds later") func locked() throws {
        guard let folder = try folder() else { return }
        let store = try open(folder, StoreOptions(busyTimeout: .zero))
        let other = try open(folder)
        try other.transaction { _ in
            let error = storeError { try store.book(batch(1, [trade("a", 1)])) }
            #expect(error?.code == .busy && error?.isTransient == true)
            let lines = try store.ledger()
            #expect(lines.isEmpty)
        }
        #expect(try store.book(batch(1, [trade("a", 1)])).booked == 1)
    }

    @Test("a text with a zero byte is kept with a replacement") func zeroByte() throws {
        guard let folder = try folder() else { return }
        let record = try open(folder).record(letter("x", topic: "a\u{0}b"))
        #expect(record.letter.topic == "a\u{fffd}b")
    }

    @Test("more calls at once than connections wait for one another") func pool() throws {
        guard let folder = try folder() else { return }
        let store = try open(folder)
        try store.book(batch(1, (1...100).map { trade("a", $0) }))
        let lock = NSLock()
        nonisolated(unsafe) var counts: [Int] = []  // guarded by `lock`
        DispatchQueue.concurrentPerform(iterations: PostgreSQLDriver.maximumConnections * 4) { _ in
            let count = (try? store.ledger().count) ?? -1
            lock.withLock { counts.append(count) }
        }
        #expect(counts == Array(repeating: 100, count: PostgreSQLDriver.maximumConnections * 4))
        try store.close()
        #expect(storeError { _ = try store.positions() }?.code == .closed)
    }

    @Test(
        "any mixture of new, repeated and contradicting trades comes out as in SQLite",
        arguments: [1, 2, 3, 4] as [UInt64])
    func sameOutcomes(seed: UInt64) throws {
        guard let folder = try folder() else { return }
        let plain = try Backend.$current.withValue(.sqlite) { try Folder() }
        let stores = [try open(folder), try plain.open()]
        var numbers = SeededNumbers(seed: seed)
        for first in stride(from: 1, to: 400, by: 20) as StrideTo<UInt64> {
            let trades = (0..<20).map { _ in
                var one = trade(
                    ["a", "b"].randomElement(using: &numbers) ?? "a",
                    UInt64.random(in: 1...150, using: &numbers))
                switch Int.random(in: 0..<12, using: &numbers) {
                case 0: one.price.units += 1
                case 1: one.tradeID += "x"
                case 2: one.strategySeq = .max
                default: break
                }
                return one
            }
            let results = try stores.map { try $0.book(batch(first, trades)) }
            #expect(results[0] == results[1], "seed \(seed), batch \(first)")
        }
        #expect(try stores[0].ledger() == stores[1].ledger(), "seed \(seed)")
        #expect(try stores[0].positions() == stores[1].positions(), "seed \(seed)")
    }
}

// A running tracker whose PostgreSQL server is killed, and whose connection is cut in the middle of a
// transaction: nothing is lost, nothing is booked twice, nothing becomes a dead letter.

import Contracts
import Foundation
import Persistence
import Testing

@testable import performance_tracker

@Suite(
    "A running tracker without its server", .serialized,
    .enabled(if: OwnServer.programs != nil, "\(OwnServer.missing)"))
struct ServerTroubleTests {
    private func expectBooked(_ url: String, _ trades: [TradeEvent], outside count: Int) throws {
        let store = try openStore(url)
        defer { try? store.close() }
        #expect(try store.trades(strategy: "sim", after: 0, limit: .max >> 1) == trades)
        #expect(try store.trades(strategy: "bot.s", after: 0, limit: 10_000).count == count)
        #expect(try store.deadLetters(after: 0, limit: 9).isEmpty)
        #expect(try store.checkLedger(noted: nil).faults == [])
        #expect(try store.rebuildPositions(isDryRun: true) == [])
        #expect(try store.orders(strategy: "sim", after: 0, limit: .max >> 1).count == trades.count)
    }

    private func events(_ trades: ArraySlice<TradeEvent>) -> [LedgerEvent] {
        trades.flatMap { [$0.report, .trade($0)] }
    }

    @Test("the server killed under load and started again: health is red, then everything is booked once")
    func killed() async throws {
        let (folder, server) = (try Folder(), try OwnServer())
        let simulator = try await LiveSimulator.started(in: folder)
        let tracker = try LiveTracker(folder, database: server.url, simulator: simulator)
        let robot = try Robot(tracker.ingest)
        let trades = try simulatedTrades("sim", 6_000, seed: 621)
        let others = (1...300).map { json(outside(UInt64($0))) }
        simulator.publish(events(trades[..<2_000]))
        robot.send(Array(others[..<100]))
        try await tracker.wait("some are booked") { tracker.figure("checkpoint_seq") ?? 0 > 500 }
        for round in 1...2 {
            try server.kill()
            simulator.publish(events(trades[round * 2_000..<round * 2_000 + 2_000]))
            robot.send(Array(others[round * 100..<round * 100 + 100]))
            try await tracker.wait("health is red") {
                tracker.served("/health")?.body.contains("the PostgreSQL database") == true
            }
            try server.start()
            try await tracker.wait("it goes on") {
                tracker.figure("checkpoint_seq") ?? 0 > Double(round * 4_000)
            }
        }
        try await tracker.wait("all is booked") {
            robot.receive()
            return tracker.figure("checkpoint_seq") == 12_000 && robot.answers.count == 300
        }
        #expect(robot.answers.allSatisfy { $0.type == "booked" || $0.type == "duplicate" })
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
        try expectBooked(server.url, trades, outside: 300)
        try await simulator.stop()
    }

    @Test("the connection cut in the middle of transactions, again and again: each trade is booked once")
    func cut()
        async throws
    {
        let (folder, server) = (try Folder(), try OwnServer())
        try openStore(server.url).close()
        // A transaction that inserts goes no further until it is cut, as long as `lingering` has a row.
        try server.query(
            """
            CREATE TABLE lingering AS SELECT 1;
            CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(600) FROM lingering; RETURN NULL; END $$;
            CREATE TRIGGER lingers AFTER INSERT ON trades FOR EACH STATEMENT EXECUTE FUNCTION linger();
            """)
        let simulator = try await LiveSimulator.started(in: folder)
        let tracker = try LiveTracker(folder, database: server.url, simulator: simulator)
        let trades = try simulatedTrades("sim", 4_000, seed: 622)
        func lingering(_ what: String) throws -> Int {
            let found = try server.query(
                """
                SELECT \(what) FROM pg_stat_activity
                WHERE application_name = 'TradingRobotPlug' AND wait_event = 'PgSleep'
                """)
            return Int(found) ?? 0
        }
        let cuts = 7
        for round in 0..<20 {
            simulator.publish(events(trades[round * 200..<round * 200 + 200]))
            guard round < cuts else { continue }
            try await tracker.wait("a transaction to cut") { try lingering("count(*)") > 0 }
            if round == cuts - 1 { try server.query("DELETE FROM lingering") }
            #expect(try lingering("count(pg_terminate_backend(pid))") == 1)
        }
        try await tracker.wait("all is booked") { tracker.figure("checkpoint_seq") == 8_000 }
        #expect(tracker.log.contains("was lost"))
        tracker.end(SIGTERM)
        #expect(tracker.endCode == 0, "\(tracker.log)")
        try expectBooked(server.url, trades, outside: 0)
        try await simulator.stop()
    }
}

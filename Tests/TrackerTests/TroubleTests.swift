import Contracts
import ChildProcesses
import Foundation
import GRDB
import Persistence
import Testing

@testable import performance_tracker

/// Trouble with the database that passes: nothing is lost, nothing is booked twice, nothing becomes a dead
/// letter.
@Suite("A running tracker in trouble") struct TroubleTests {
    private func trades(_ count: UInt64) -> [[UInt8]] {
        var (random, position) = (SeededNumbers(seed: 95), Int64(0))
        return (1...count).map { json(randomTrade($0, &position, &random)) }
    }

    private func expectBooked(_ messages: [[UInt8]], in folder: Folder, _ answers: [Answer]) throws {
        #expect(answers.allSatisfy { $0.type == "booked" || $0.type == "duplicate" })
        let (desk, other) = (try Desk(folder), try Desk(try Folder()))
        other.send(messages)
        try other.book()
        #expect(try desk.ledger() == other.ledger() && desk.letters().isEmpty)
    }

    @Test("a file locked for longer than the busy timeout: the tracker says so, waits, and books everything")
    func locked() async throws {
        let folder = try Folder()
        let tracker = try LiveTracker(folder)
        let robot = try Robot(tracker.ingest)
        let messages = trades(600)
        robot.send(Array(messages[..<300]))
        try await tracker.wait("the first answers") {
            robot.receive()
            return robot.answers.count == 300
        }
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let blocker = try DatabaseQueue(path: folder.database, configuration: configuration)
        try await blocker.writeWithoutTransaction { database in try database.execute(sql: "BEGIN IMMEDIATE") }
        robot.send(Array(messages[300...]))
        try await tracker.wait("the tracker says that the database is locked") {
            tracker.log.contains("is locked by another process")
        }
        robot.receive()
        #expect(robot.answers.count == 300)
        try await blocker.writeWithoutTransaction { database in try database.execute(sql: "ROLLBACK") }
        try await tracker.wait("all answers") {
            robot.receive()
            return robot.answers.count == 600
        }
        tracker.end(SIGTERM)
        try expectBooked(messages, in: folder, robot.answers)
    }

    @Test("killed again and again between trades, and sent again what was not answered: each is booked once")
    func killed() async throws {
        print("seed 96")
        var random = SeededNumbers(seed: 96)
        let (folder, messages) = (try Folder(), trades(2_000))
        var answered = 0
        for round in 1...4 {
            let tracker = try LiveTracker(folder)
            let robot = try Robot(tracker.ingest)
            let part = round == 4 ? messages[answered...] : messages[answered..<answered + 600]
            robot.send(Array(part))
            let enough = round == 4 ? part.count : Int.random(in: 1...500, using: &random)
            try await tracker.wait("\(enough) answers") {
                robot.receive()
                return robot.answers.count >= enough
            }
            tracker.end(round == 4 ? SIGTERM : SIGKILL)
            robot.receive()
            #expect(robot.answers.allSatisfy { $0.type != "dead_letter" })
            answered += robot.answers.count
        }
        #expect(answered == messages.count)
        try expectBooked(messages, in: folder, [])
    }

    /// Whether this user may make a file system of its own in a name space of its own.
    static let mayMount: Bool = {
        let trial = ChildProgram(
            "/usr/bin/unshare", ["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"],
            output: .nothing, errors: .nothing)
        return (try? trial.start().waitForEnd()) == .exited(0)
    }()

    @Test(
        "a full disk: the tracker says so, waits, and books everything once there is room",
        .enabled(if: mayMount, "SKIP mount: unshare -rm may not mount a tmpfs here"))
    func diskFull() async throws {
        let folder = try Folder()
        let small = folder.path + "/small"
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        // The ballast goes when `room` appears; at `stop` the tracker ends and the database is copied out.
        let script = """
            mount -t tmpfs -o size=48m tmpfs \(small) && head -c 49800000 /dev/zero >\(small)/ballast
            (until [ -e \(folder.path)/room ]; do kill -0 $$ || exit; sleep 0.05; done
             rm \(small)/ballast) &
            "$@" --parent-pid $$ & tracker=$!
            until [ -e \(folder.path)/stop ]; do kill -0 $tracker || exit; sleep 0.05; done
            kill -TERM $tracker; wait $tracker
            cp \(small)/trading.db* \(folder.path)/
            """
        let tracker = try LiveTracker(
            folder, database: small + "/trading.db",
            wrapped: ["/usr/bin/unshare", "-rm", "/bin/bash", "-c", script, "tracker"])
        let robot = try Robot(tracker.ingest)
        let messages = trades(2_500)
        robot.send(messages)
        try await tracker.wait("the tracker says that the disk is full") {
            robot.receive()
            return tracker.log.contains("free some disk space")
        }
        #expect(robot.answers.count < messages.count)
        try Data().write(to: URL(filePath: folder.path + "/room"))
        try await tracker.wait("all answers, of which \(robot.answers.count) came") {
            robot.receive()
            return robot.answers.count == messages.count
        }
        try Data().write(to: URL(filePath: folder.path + "/stop"))
        try await tracker.wait("the end") { !tracker.process.isRunning }
        try expectBooked(messages, in: folder, robot.answers)
    }
}

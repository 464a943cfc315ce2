// A real tracker process, and a robot that talks to its ingest through a DEALER.

import ChildProcesses
import Foundation
import Messaging
import Persistence
import ServiceKit
import ZeroMQ

@testable import performance_tracker

/// Something that a test waited for and that did not come.
struct Awaited: Error, CustomStringConvertible { var description: String }

/// The executable beside the tests', on sockets in a folder. It does not outlive its last reference.
final class LiveTracker {
    /// How long anything may take before a test gives up.
    static let patience = Duration.seconds(120)
    static let executable: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let folder = ProcessInfo.processInfo.environment["TRADING_ROBOT_BIN"] ?? root + "/.build/release"
        return folder + "/performance-tracker"
    }()

    let folder: Folder
    let process: ChildProcess
    var ingest: String { "ipc://\(folder.path)/i" }
    var performance: String { "ipc://\(folder.path)/p" }
    private var logPath: String { "\(folder.path)/log" }

    /// - Parameters:
    ///   - database: a folder of its own for the database.
    ///   - simulator: whose trades are booked; nobody's if nil.
    ///   - more: further simulators.
    ///   - flags: more settings.
    ///   - wrapped: a command that gets the tracker's command line as its arguments.
    init(
        _ folder: Folder, database: String? = nil, simulator: LiveSimulator? = nil,
        more: [LiveSimulator] = [], flags: [String] = [], wrapped: [String] = []
    ) throws {
        self.folder = folder
        let arguments =
            wrapped + [
                Self.executable, "--data-dir", folder.path, "--database-url", database ?? folder.database,
                "--trades-endpoint", simulator?.trades ?? "ipc://\(folder.path)/t",
                "--trade-replay-endpoint", simulator?.replay ?? "ipc://\(folder.path)/r",
                "--simulator", simulator?.name ?? "simulator", "--performance-endpoint",
                "ipc://\(folder.path)/p",
                "--ingest-endpoint", "ipc://\(folder.path)/i", "--health-endpoint", "http://127.0.0.1:0",
                "--sources",
                "bot,second",
            ] + more.flatMap { ["--more-simulators", $0.address] } + flags
            + (wrapped.isEmpty ? ["--parent-pid", "\(ProcessInfo.processInfo.processIdentifier)"] : [])
        process = try ChildProgram(
            arguments[0], Array(arguments.dropFirst()), output: .end(ofFile: folder.path + "/log"),
            errors: .end(ofFile: folder.path + "/log")
        ).start()
    }

    deinit { end(SIGKILL) }

    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// What it serves under a path of its health server; nil while nobody answers.
    func served(_ path: String) -> HTTPAnswer? {
        let words = log.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("endpoint=") }
        guard let address = words.last.flatMap({ HTTPAddress(String($0.dropFirst(9))) }) else { return nil }
        return HealthClient(timeout: .seconds(5)).get(path, at: address)
    }

    /// A figure of `/metrics`, with its labels as they are written.
    func figure(_ name: String, _ labels: String = "") -> Double? {
        guard let text = served("/metrics")?.body else { return nil }
        return PrometheusText(text).samples.first { $0.name == name && $0.labels == labels }?.value
    }

    func end(_ signal: Int32) {
        process.send(signal)
        _ = process.waitForEnd()
    }

    /// Once it has ended.
    var endCode: Int32? { process.poll()?.code }

    func wait(_ what: String, until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw Awaited(description: "\(what): \(log)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// What a tracker answered.
struct Answer: Equatable {
    var type: String
    var tradeID: String?
}

/// A robot with many messages under way. Confined to one thread.
final class Robot {
    private let context: Context
    private let socket: Socket
    private let frame = Message()
    private(set) var answers: [Answer] = []

    init(_ endpoint: String) throws {
        context = try Context()
        socket = try context.socket(.dealer)
        try socket.set(.sendHighWaterMark, 0)
        try socket.connect(endpoint)
    }

    deinit { socket.close() }

    func send(_ messages: [[UInt8]]) {
        for message in messages {
            while socket.send(Array("trade/s/IBM/".utf8), more: true) != .done { receive() }
            _ = socket.send(message)
            receive()
        }
    }

    /// Takes what has come.
    func receive() {
        while socket.receive(into: frame) == .done {
            let tree = try? JSONSerialization.jsonObject(with: Data(frame.array)) as? [String: Any]
            answers.append(
                Answer(type: tree?["type"] as? String ?? "?", tradeID: tree?["trade_id"] as? String))
        }
    }
}

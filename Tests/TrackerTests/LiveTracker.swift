// A real tracker process, and a robot that talks to its ingest through a DEALER.

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
    let process = Process()
    var ingest: String { "ipc://\(folder.path)/i" }
    var health: String { "\(folder.path)/log" }

    /// - Parameters:
    ///   - database: a folder of its own for the database.
    ///   - wrapped: a command that gets the tracker's command line as its arguments.
    init(_ folder: Folder, database: String? = nil, wrapped: [String] = []) throws {
        self.folder = folder
        let arguments =
            wrapped + [
                Self.executable, "--data-dir", folder.path, "--database-url", database ?? folder.database,
                "--trades-endpoint", "ipc://\(folder.path)/t", "--trade-replay-endpoint",
                "ipc://\(folder.path)/r", "--performance-endpoint", "ipc://\(folder.path)/p",
                "--ingest-endpoint", ingest, "--health-endpoint", "http://127.0.0.1:0", "--sources",
                "bot,second",
            ] + (wrapped.isEmpty ? ["--parent-pid", "\(ProcessInfo.processInfo.processIdentifier)"] : [])
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let log = URL(filePath: health)
        if !FileManager.default.fileExists(atPath: health) { try Data().write(to: log) }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
    }

    deinit { end(SIGKILL) }

    var log: String { (try? String(contentsOfFile: health, encoding: .utf8)) ?? "" }

    func end(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
    }

    func wait(_ what: String, until condition: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try !condition() {
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

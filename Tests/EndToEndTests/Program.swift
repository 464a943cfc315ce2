// Starts the real release executables, as a user would, and tells what they printed and how they ended.

import ChildProcesses
import Foundation

/// How a program ended and what it said.
struct Outcome {
    /// The exit code; 128 + the signal where a signal ended it, as a shell says it.
    var code: Int32
    var output: String
    var errors: String
    /// From the start to the end.
    var seconds: Double
}

/// A folder of its own for one test, removed with its last reference.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "trading-robot-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        return file(name)
    }
}

enum Place {
    private static let environment = ProcessInfo.processInfo.environment

    /// The folder of Package.swift.
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The release executables, in the configuration that the tests are built in too.
    static let executables = environment["TRADING_ROBOT_BIN"] ?? package + "/.build/release"

    /// Recorded market data, or nil where there are none on this machine.
    static let data: String? = {
        let path = environment["TRADING_ROBOT_DATA"] ?? package + "/../shared/data"
        return FileManager.default.fileExists(atPath: path + "/lean") ? path : nil
    }()

    /// The IBM ticks of 8 October 2013.
    static let ibm = (data ?? "/nowhere") + "/lean/equity/usa/tick/ibm"

    /// Why a test on recorded data is skipped.
    static let noData = "SKIP data: no recorded market data; TRADING_ROBOT_DATA names their folder"

    /// The whole forms of the long tests, which take minutes.
    static let isFull = environment["FULL"] == "1"

    static func number(_ variable: String) -> UInt64? { environment[variable].flatMap { UInt64($0) } }
}

/// A running program. It does not outlive its last reference.
final class Program {
    let process: ChildProcess
    let started = ContinuousClock.now
    private let outputFile: String
    private let errorFile: String

    /// - Parameter name: an executable of ours, or an absolute path.
    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let folder = NSTemporaryDirectory()
        outputFile = folder + "trading-robot-out-\(UUID().uuidString)"
        errorFile = folder + "trading-robot-err-\(UUID().uuidString)"
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process = try ChildProgram(
            name.hasPrefix("/") ? name : Place.executables + "/" + name, arguments,
            environment: all.map { "\($0)=\($1)" }, output: .end(ofFile: outputFile),
            errors: .end(ofFile: errorFile)
        ).start()
    }

    deinit {
        process.send(SIGKILL)
        for file in [outputFile, errorFile] { try? FileManager.default.removeItem(atPath: file) }
    }

    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) { process.send(signal) }

    /// Waits for the end; kills the program and says so when it takes longer than `seconds`.
    func wait(seconds: Double = 120) async throws -> Outcome {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var remark = ""
        while process.isRunning {
            if remark.isEmpty, ContinuousClock.now > deadline {
                send(SIGKILL)
                remark = "\n(killed by the test: still running after \(seconds) s)"
            }
            try await Task.sleep(for: .milliseconds(3))
        }
        var outcome = printed
        outcome.errors += remark
        return outcome
    }

    /// What was printed so far; the code is −1 while it runs.
    var printed: Outcome {
        // Its end first: what it wrote before is there then.
        let code = process.poll()?.code ?? -1
        let text = { (file: String) in (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        return Outcome(
            code: code, output: text(outputFile), errors: text(errorFile),
            seconds: (ContinuousClock.now - started) / .seconds(1))
    }
}

/// Runs `trading-robot` with these arguments to its end.
func robot(_ arguments: String..., seconds: Double = 120) async throws -> Outcome {
    try await Program("trading-robot", arguments).wait(seconds: seconds)
}

/// As above, with the arguments in a list.
func robot(
    _ arguments: [String], seconds: Double = 120, environment: [String: String] = [:]
) async throws -> Outcome {
    try await Program("trading-robot", arguments, environment: environment).wait(seconds: seconds)
}

/// A process of this machine.
struct RunningProcess: Equatable {
    var id: Int32
    /// The executable's name without its folder.
    var name: String

    /// Every process that has this text in one of its arguments.
    static func all(mentioning text: String) -> [RunningProcess] {
        commandLines().compactMap { id, words in
            guard let first = words.first, words.contains(where: { $0.contains(text) }) else { return nil }
            return RunningProcess(id: id, name: String(first.split(separator: "/").last ?? ""))
        }
    }

    private static func commandLines() -> [(Int32, [String])] {
        #if os(Linux)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { name in
                // A process that has ended meanwhile, or waits to be reaped, has no arguments.
                guard let id = Int32(name),
                    let bytes = FileManager.default.contents(atPath: "/proc/\(id)/cmdline")
                else { return nil }
                return (id, bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
            }
        #else
            let list = ChildProgram("/bin/ps", ["-axo", "pid=,args="], output: .nothing, errors: .nothing)
            guard let (_, output) = try? list.run() else { return [] }
            let text = String(decoding: output, as: UTF8.self)
            return text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                return words.first.flatMap { Int32($0) }.map { ($0, Array(words.dropFirst())) }
            }
        #endif
    }
}

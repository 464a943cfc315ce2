// A PostgreSQL server of a test's own, to be killed and started again: made from Debian's package in a
// temporary folder, on a free port, as an unprivileged user. Gone with its last reference.

import ChildProcesses
import Foundation
import Glibc

final class OwnServer {
    /// The folder of the newest server that is installed.
    static let programs: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let found = versions.compactMap { Int($0) }.max().map { "\(root)/\($0)/bin" }
        return found.flatMap { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") ? $0 : nil }
    }()
    static let missing = "SKIP postgresql: no server; apt-get install postgresql"

    private let folder: String
    private let port: Int
    var url: String { "postgresql://postgres@127.0.0.1:\(port)/postgres" }

    init() throws {
        folder = NSTemporaryDirectory() + "own-server-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // As root the server belongs to the user of the package: initdb refuses root.
        if geteuid() == 0 { try Self.run("/bin/chown", ["postgres:", folder]) }
        port = try Self.freePort()
        try program(
            "initdb", "-D", folder + "/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        try start()
    }

    deinit {
        _ = try? program("pg_ctl", "-D", folder + "/data", "-m", "immediate", "-w", "stop")
        try? FileManager.default.removeItem(atPath: folder)
    }

    func start() throws {
        // After a kill the children notice in their own time that their parent is gone, and until the last
        // has ended their memory is in use.
        var left = 200
        while true {
            do { return try tryToStart() } catch {
                left -= 1
                guard left > 0 else { throw error }
                usleep(50_000)
            }
        }
    }

    private func tryToStart() throws {
        try program(
            "pg_ctl", "-D", folder + "/data", "-w", "-t", "120", "-l", folder + "/log", "-o",
            "-p \(port) -c listen_addresses=127.0.0.1 -c unix_socket_directories=\(folder)", "start")
    }

    /// Ends every process of the server at once, as a power switch would; it recovers at the next start.
    func kill() throws {
        let file = try String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
        guard let pid = file.split(separator: "\n").first.flatMap({ Int32($0) }) else {
            throw Awaited(description: "no process in postmaster.pid")
        }
        Glibc.kill(pid, SIGKILL)
    }

    /// What a query prints, without headings.
    @discardableResult
    func query(_ sql: String) throws -> String {
        try program(
            "psql", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-qtA", "-v", "ON_ERROR_STOP=1",
            "-c", sql)
    }

    @discardableResult
    private func program(_ name: String, _ arguments: String...) throws -> String {
        let path = (Self.programs ?? "") + "/" + name
        guard geteuid() == 0 else { return try Self.run(path, arguments) }
        return try Self.run(
            "/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path] + arguments)
    }

    @discardableResult
    private static func run(_ path: String, _ arguments: [String]) throws -> String {
        let (output, errors) = (FileHandle.temporary(), FileHandle.temporary())
        let program = ChildProgram(
            "/usr/bin/env", ["-C", "/", path] + arguments, output: .descriptor(output.fileDescriptor),
            errors: .descriptor(errors.fileDescriptor))
        guard try program.start().waitForEnd() == .exited(0) else {
            throw Awaited(description: "\(path) \(arguments): \(errors.all)")
        }
        return output.all.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func freePort() throws -> Int {
        let script = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        guard let port = Int(try run("/usr/bin/python3", ["-c", script])) else {
            throw Awaited(description: "no free port")
        }
        return port
    }
}

extension FileHandle {
    /// A file without a name: a pipe would stay open in a server that was started through it.
    fileprivate static func temporary() -> FileHandle {
        guard let file = tmpfile() else { preconditionFailure("a temporary file can be made") }
        return FileHandle(fileDescriptor: fileno(file), closeOnDealloc: true)
    }

    fileprivate var all: String {
        try? seek(toOffset: 0)
        return String(decoding: (try? readToEnd()) ?? Data(), as: UTF8.self)
    }
}

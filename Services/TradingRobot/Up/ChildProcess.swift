// One service as a child process: started with posix_spawn in a process group of its own, so that Ctrl-C in
// the terminal reaches `up` alone, which then stops its children in order.

import Foundation
import ServiceKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What one service is started with.
struct ChildCommand: Sendable {
    /// Shown in the status and the name of the log file.
    var name: String
    var executable: String
    var arguments: [String]
    var logFile: String
}

/// How a child ended.
enum ChildEnd: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    var sentence: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .killed(let signal): "was ended by signal \(signal)"
        }
    }
}

/// A running child. Confined to the supervisor's thread.
struct ChildProcess {
    let id: pid_t

    /// Starts the program; its standard output and error go to the end of its log file.
    ///
    /// - Throws: `Failure` with a sentence when the program or the log file cannot be opened.
    init(_ command: ChildCommand) throws(Failure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, command.logFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([command.executable] + command.arguments).map {
            strdup($0)
        }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, command.executable, &actions, &attributes, words, environ)
        guard result == 0 else {
            throw Failure(
                "spawn",
                "cannot start \(command.executable): \(String(cString: strerror(result)))"
            )
        }
        id = child
    }

    /// How it ended, or nil while it runs. Must not be called again after an answer.
    func poll() -> ChildEnd? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    func send(_ signal: Int32) { kill(id, signal) }
}

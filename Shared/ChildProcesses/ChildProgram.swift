// Starts programs with posix_spawn. Foundation's `Process` reads past the end of a directory entry when it
// looks for open files (swift-corelibs-foundation #5472) and now and then takes the whole program with it.

import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a standard file of a child leads.
package enum StandardFile: Sendable {
    case nothing
    /// A file of this process; it stays open here.
    case descriptor(Int32)
    /// Written to its end; made if it is not there.
    case end(ofFile: String)
}

/// Why a program was not started.
package struct ChildFailure: Error, CustomStringConvertible {
    package var description: String
}

/// A program to start. Of this process's files it gets the three standard ones, no other.
package struct ChildProgram: Sendable {
    /// A path; nothing is searched for.
    package var executable: String
    package var arguments: [String]
    /// `NAME=value`; nil is the environment of this process.
    package var environment: [String]?
    package var input: StandardFile
    package var output: StandardFile
    package var errors: StandardFile
    /// Signals from a terminal reach the group of this process only.
    package var hasOwnGroup: Bool

    package init(
        _ executable: String, _ arguments: [String], environment: [String]? = nil,
        input: StandardFile = .nothing, output: StandardFile, errors: StandardFile, hasOwnGroup: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.output = output
        self.errors = errors
        self.hasOwnGroup = hasOwnGroup
    }

    /// Starts it, with no signal blocked and every signal as it is for a new program.
    package func start() throws(ChildFailure) -> ChildProcess {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
            let closing = Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
            let closing: Int32 = 0
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, file) in [input, output, errors].enumerated() {
            let target = Int32(target)
            switch file {
            case .nothing: posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, target)
            case .end(let path):
                posix_spawn_file_actions_addopen(&actions, target, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            }
        }
        spawn_close_from(&actions, 3)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = hasOwnGroup ? Int32(POSIX_SPAWN_SETPGROUP) : 0
        let flags = group | closing | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var child: pid_t = 0
        let result = withCStrings([executable] + arguments) { words in
            guard let environment else {
                return posix_spawn(&child, executable, &actions, &attributes, words, environ)
            }
            return withCStrings(environment) {
                posix_spawn(&child, executable, &actions, &attributes, words, $0)
            }
        }
        guard result == 0 else {
            throw ChildFailure(
                description: "cannot start \(executable): \(String(cString: strerror(result)))")
        }
        return ChildProcess(id: child)
    }

    /// Runs it to its end and returns what it wrote to its standard output.
    package func run() throws(ChildFailure) -> (end: ChildEnd, output: [UInt8]) {
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else {
            throw ChildFailure(description: "no pipe: \(String(cString: strerror(errno)))")
        }
        for descriptor in pipes { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        var program = self
        program.output = .descriptor(pipes[1])
        let started: Result<ChildProcess, ChildFailure>
        do { started = .success(try program.start()) } catch { started = .failure(error) }
        close(pipes[1])
        let process = try started.get()
        var (output, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = read(pipes[0], &buffer, buffer.count)
            if count > 0 { output += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return (process.waitForEnd(), output)
    }
}

private func withCStrings<Result>(
    _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = words.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}

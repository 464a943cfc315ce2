// The pipes of one plugin's process: a socket to its standard input, pipes from its standard output and its
// standard error.
//
// Guarantees: nothing here waits, except `wait` for as long as it was told. Writing to a process that has
// ended raises no signal. Closing ends the process and leaves no zombie.

import ChildProcesses

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program with its arguments and all of its environment.
package struct ChildCommand: Sendable, Equatable {
    package var executable: String
    package var arguments: [String]
    package var environment: [String]

    package init(executable: String, arguments: [String], environment: [String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// Confined to one thread at a time.
package final class PluginChannel {
    /// What the plugin answers on; to be watched for reading.
    package let answers: Int32
    /// What the plugin prints; to be watched for reading. −1 for none.
    package let prints: Int32
    /// What the plugin reads; to be watched for writing while `hasUnsent`.
    package let input: Int32
    private var process: pid_t
    private var unsent: [UInt8] = []
    private var sent = 0
    /// How the process ended, once that is known.
    private(set) var ending: String?

    /// A channel to somebody who is there already.
    package init(answers: Int32, input: Int32, prints: Int32 = -1, process: Int32 = 0) {
        (self.answers, self.input, self.prints, self.process) = (answers, input, prints, process)
        for descriptor in [answers, input, prints] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    /// Starts a program; nil with the reason when it cannot be started.
    package static func start(_ command: ChildCommand) -> Result<PluginChannel, ChannelError> {
        var pairs: [[Int32]] = [[-1, -1], [-1, -1], [-1, -1]]
        #if canImport(Darwin)
            let stream = SOCK_STREAM
        #else
            let stream = Int32(SOCK_STREAM.rawValue)
        #endif
        guard socketpair(AF_UNIX, stream, 0, &pairs[0]) == 0, pipe(&pairs[1]) == 0, pipe(&pairs[2]) == 0
        else {
            let why = String(cString: strerror(errno))
            for descriptor in pairs.joined() where descriptor >= 0 { close(descriptor) }
            return .failure(ChannelError("no pipes for a plugin: \(why); raise the limit of open files"))
        }
        for descriptor in pairs.joined() { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let theirs = [pairs[0][1], pairs[1][1], pairs[2][1]]
        defer { for descriptor in theirs { close(descriptor) } }
        let program = ChildProgram(
            command.executable, command.arguments, environment: command.environment,
            input: .descriptor(theirs[0]), output: .descriptor(theirs[1]), errors: .descriptor(theirs[2]),
            hasOwnGroup: true)
        do {
            let process = try program.start().id
            return .success(
                PluginChannel(
                    answers: pairs[1][0], input: pairs[0][0], prints: pairs[2][0], process: process))
        } catch {
            for descriptor in [pairs[0][0], pairs[1][0], pairs[2][0]] { close(descriptor) }
            return .failure(ChannelError(error.description))
        }
    }

    deinit { end() }

    // MARK: Bytes

    /// Whether something waits until the plugin reads on.
    package var hasUnsent: Bool { sent < unsent.count }

    /// Sends bytes, now or as soon as the plugin takes them (`flush`).
    package func send(_ bytes: UnsafeRawBufferPointer) {
        // Nearly always all of it is taken at once.
        let taken = hasUnsent ? 0 : max(0, write(bytes))
        guard taken < bytes.count else { return }
        unsent.append(contentsOf: bytes[taken...])
        flush()
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            #if canImport(Darwin)
                let count = Darwin.write(input, bytes.baseAddress, bytes.count)
            #else
                let count = Glibc.send(input, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            #endif
            if count < 0 && errno == EINTR { continue }
            return count
        }
    }

    /// Sends what waits, as much as the plugin takes.
    package func flush() {
        while hasUnsent {
            let count = unsent[sent...].withUnsafeBytes { write($0) }
            // An ended process is noticed by reading from it.
            guard count > 0 else { return }
            sent += count
        }
        unsent.removeAll(keepingCapacity: true)
        sent = 0
    }

    enum Reading { case bytes(Int), nothing, end }

    /// Reads what is there, at most the buffer, without waiting.
    func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        while true {
            #if canImport(Darwin)
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            return errno == EAGAIN || errno == EWOULDBLOCK ? .nothing : .end
        }
    }

    /// Waits until there is something to read or to send, at most so long. Says where something is to be
    /// read; an end counts.
    @discardableResult
    func wait(milliseconds: Int32) -> (answers: Bool, prints: Bool) {
        // A negative descriptor is left out by the system.
        let entries = (
            pollfd(fd: answers, events: Int16(POLLIN), revents: 0),
            pollfd(fd: prints, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hasUnsent ? input : -1, events: Int16(POLLOUT), revents: 0)
        )
        return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 3) { polled in
            (polled[0], polled[1], polled[2]) = entries
            guard poll(polled.baseAddress, 3, milliseconds) > 0 else { return (false, false) }
            if polled[2].revents != 0 { flush() }
            return (polled[0].revents != 0, polled[1].revents != 0)
        }
    }

    // MARK: End

    /// No more is said; a well-behaved plugin ends by itself.
    package func finishInput() { shutdown(input, Int32(SHUT_WR)) }

    /// Kills the process, waits until it is gone and closes everything. Idempotent.
    package func end() {
        guard !isClosed else { return }
        isClosed = true
        if process > 0, ending == nil {
            kill(process, SIGKILL)
            reap(waits: true)
        }
        close(input)
        close(answers)
        if prints >= 0 { close(prints) }
    }

    private var isClosed = false

    /// Notes how the process ended, if it has.
    func reap(waits: Bool) {
        guard process > 0, ending == nil else { return }
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(process, &status, waits ? 0 : WNOHANG) } while result < 0 && errno == EINTR
        guard result != 0 else { return }
        let signal = status & 0x7f
        ending =
            signal == 0
            ? "it ended by itself with code \((status >> 8) & 0xff)"
            : "it was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
    }
}

/// Why there is no channel.
package struct ChannelError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

// One service as a child process, in a process group of its own, so that Ctrl-C in the terminal reaches `up`
// alone, which then stops its children in order.

import ChildProcesses
import ServiceKit

/// What one service is started with.
struct ChildCommand: Sendable {
    /// Shown in the status and the name of the log file.
    var name: String
    var executable: String
    var arguments: [String]
    var logFile: String

    /// Starts the program; its standard output and error go to the end of its log file.
    ///
    /// - Throws: `Failure` with a sentence when the program or the log file cannot be opened.
    func start() throws(Failure) -> ChildProcess {
        let program = ChildProgram(
            executable, arguments, output: .end(ofFile: logFile), errors: .end(ofFile: logFile),
            hasOwnGroup: true)
        do {
            return try program.start()
        } catch {
            throw Failure("spawn", error.description)
        }
    }
}

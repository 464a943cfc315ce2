// What a plugin's process may use, and what happens when it wants more. The kernel holds memory, processor
// time, files, processes and network (CSandbox); the host holds the rest, and stops the plugin.

package struct ProcessLimits: Sendable, Equatable {
    /// Bytes of address space; more is refused to the plugin, which then usually ends. Numpy needs half.
    package var memory: UInt64 = 1 << 30
    /// Seconds of processor time over its whole life; then the kernel ends it.
    package var processorSeconds: UInt64 = 86_400
    /// Open files.
    package var files: UInt64 = 256
    /// Milliseconds for one answer, counted only while this process itself runs.
    package var answerMilliseconds = 10_000
    /// Milliseconds for the answer to `hello`: an interpreter starts and imports in it.
    package var startMilliseconds = 30_000
    /// Market events in one message, at most.
    package var batch = 64

    /// Bytes of one line of a plugin; a longer one stops it.
    package static let lineBytes = 1 << 20
    /// Actions in one answer; one more stops it. The session rejects the 65th command of an event by itself.
    package static let actions = 1_024
    /// Bytes of a strategy's state; with a larger one it has no snapshot. They fit into a line as text.
    package static let stateBytes = 700_000
    /// Bytes that a plugin may say and print from one question to the next; with more it is stopped.
    package static let saidBytes = 4 << 20
    /// Lines of its output that are kept to explain a failure.
    package static let tailLines = 10
    /// Bytes of one logged line; the rest is cut.
    package static let logLineBytes = 1_024
    /// Logged lines over the life of a process, and from one question to the next; further ones are left out.
    package static let logLines = 10_000
    package static let logLinesPerQuestion = 200
    /// Bytes taken from one pipe in one turn.
    package static let bytesPerTurn = 64 << 10

    package init() {}
}
